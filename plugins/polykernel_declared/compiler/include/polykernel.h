/* Shows the value of the last expression of a cell, by its type. */
#ifndef POLYKERNEL_H
#define POLYKERNEL_H
#include <stdio.h>
#include <stdlib.h>
static inline FILE *polykernel_open(void) {
    char path[4096];
    const char *folder = getenv("POLYKERNEL_DISPLAY");
    snprintf(path, sizeof path, "%s/result.txt", folder ? folder : ".");
    return fopen(path, "w");
}
#define POLYKERNEL_SHOWS(name, type, format, ...)              \
    static inline void polykernel_##name(type value) {         \
        FILE *polykernel_file = polykernel_open();             \
        if (polykernel_file) {                                 \
            fprintf(polykernel_file, format, __VA_ARGS__);     \
            fclose(polykernel_file);                           \
        }                                                      \
    }
POLYKERNEL_SHOWS(bool, _Bool, "%s", value ? "true" : "false")
POLYKERNEL_SHOWS(char, char, "%c", value)
POLYKERNEL_SHOWS(integer, long long, "%lld", value)
POLYKERNEL_SHOWS(natural, unsigned long long, "%llu", value)
POLYKERNEL_SHOWS(float, float, "%.7g", value)
POLYKERNEL_SHOWS(double, double, "%.15g", value)
POLYKERNEL_SHOWS(long_double, long double, "%.18Lg", value)
POLYKERNEL_SHOWS(complex_float, float _Complex, "%.7g%+.7gi", __real__ value, __imag__ value)
POLYKERNEL_SHOWS(complex, double _Complex, "%.15g%+.15gi", __real__ value, __imag__ value)
POLYKERNEL_SHOWS(text, const char *, "%s", value ? value : "(null)")
POLYKERNEL_SHOWS(pointer, const volatile void *, "%p", (void *)value)
#define polykernel_value(value) _Generic((value), _Bool: polykernel_bool, char: polykernel_char, \
    signed char: polykernel_integer, short: polykernel_integer, int: polykernel_integer, \
    long: polykernel_integer, long long: polykernel_integer, unsigned char: polykernel_natural, \
    unsigned short: polykernel_natural, unsigned: polykernel_natural, \
    unsigned long: polykernel_natural, unsigned long long: polykernel_natural, \
    float: polykernel_float, double: polykernel_double, long double: polykernel_long_double, \
    float _Complex: polykernel_complex_float, double _Complex: polykernel_complex, \
    char *: polykernel_text, const char *: polykernel_text, \
    default: polykernel_pointer)(value)
#endif
