"""Exponential, trigonometric and hyperbolic functions, in the running decimal precision.

Each real function takes and gives decimals; the complex ones are made of them. All compute with
guard digits and round once, at the end.
"""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Context, Decimal, getcontext, localcontext
from typing import Iterator

from polykernel_calc.arithmetic import (
    add,
    as_integer,
    clean,
    complex_,
    decimal,
    divide,
    is_computed,
    is_noise,
    multiply,
    negate,
    parts,
    subtract,
)
from polykernel_calc.errors import math_error
from polykernel_calc.roots import exact_root
from polykernel_calc.values import Complex, Number, Real

_MAX_ANGLE = 1_000  # digits before the point; the sine of a larger number needs as many of pi

_pi_digits: dict[int, Decimal] = {}


@contextmanager
def guard(digits: int) -> Iterator[Context]:
    """Compute with so many digits more."""
    with localcontext() as wide:
        wide.prec += digits
        yield wide


def pi() -> Decimal:
    """Give pi, by Machin's formula on integers."""
    digits = getcontext().prec
    if digits not in _pi_digits:
        one = 10 ** (digits + 10)
        value = 4 * (4 * _arccot(5, one) - _arccot(239, one))
        _pi_digits[digits] = +Decimal(value).scaleb(-digits - 10)
    return _pi_digits[digits]


def _arccot(x: int, one: int) -> int:
    term = one // x
    total, n, sign = term, 1, 1
    while term:
        term //= x * x
        n, sign = n + 2, -sign
        total += sign * (term // n)
    return total


def sine_cosine(x: Decimal) -> tuple[Decimal, Decimal]:
    """Give sine and cosine; zero where what is left of a multiple of pi/2 is noise."""
    if x.adjusted() > _MAX_ANGLE:
        raise math_error(f"the angle is too large (limit: {_MAX_ANGLE:,} digits)")
    with guard(15 + max(0, x.adjusted())):
        quarters = int((x / (pi() / 2)).to_integral_value())
        rest = x - quarters * (pi() / 2)
    # only a computed angle, such as 10pi, has noise; one with few digits was written as it is
    if quarters and is_computed(x) and is_noise(rest, x):
        rest = Decimal(0)
    with guard(10):
        sine, cosine = _sine_cosine_series(+rest)
    turn = quarters % 4
    if turn % 2:
        sine, cosine = cosine, -sine
    if turn >= 2:
        sine, cosine = -sine, -cosine
    return +sine, +cosine


def _sine_cosine_series(x: Decimal) -> tuple[Decimal, Decimal]:
    smallest = Decimal(1).scaleb(-getcontext().prec - 5)
    term = sine = x
    n = 1
    while abs(term) > smallest * abs(x):
        term *= -x * x / ((n + 1) * (n + 2))
        sine += term
        n += 2
    term = cosine = Decimal(1)
    n = 0
    while abs(term) > smallest:
        term *= -x * x / ((n + 1) * (n + 2))
        cosine += term
        n += 2
    return sine, cosine


def arctangent(x: Decimal) -> Decimal:
    """Give the angle between -pi/2 and pi/2."""
    with guard(15):
        if abs(x) > 1:
            result = (pi() / 2).copy_sign(x) - _arctangent_series(1 / x)
        else:
            result = _arctangent_series(x)
    return +result


def _arctangent_series(x: Decimal) -> Decimal:
    halvings = 0
    while abs(x) > Decimal("0.1"):
        x = x / (1 + (1 + x * x).sqrt())
        halvings += 1
    smallest = Decimal(1).scaleb(-getcontext().prec - 5)
    term = total = x
    n = 1
    while abs(term) > smallest * abs(x):
        term *= -x * x
        n += 2
        total += term / n
    return total * (1 << halvings)


def arctangent2(y: Decimal, x: Decimal) -> Decimal:
    """Give the angle of the point (x, y), between -pi and pi."""
    if x == 0:
        return Decimal(0) if y == 0 else (pi() / 2).copy_sign(y)
    with guard(5):
        angle = arctangent(y / x)
        if x < 0:
            angle += pi() if y >= 0 else -pi()
    return +angle


def arcsine(x: Decimal) -> Decimal:
    """Give the angle between -pi/2 and pi/2 whose sine this is."""
    if abs(x) > 1:
        raise math_error("the inverse sine is known for numbers from -1 to 1")
    with guard(10):
        result = arctangent2(x, ((1 - x) * (1 + x)).sqrt())
    return +result


def arccosine(x: Decimal) -> Decimal:
    """Give the angle between 0 and pi whose cosine this is."""
    if abs(x) > 1:
        raise math_error("the inverse cosine is known for numbers from -1 to 1")
    with guard(10):
        result = arctangent2(((1 - x) * (1 + x)).sqrt(), x)
    return +result


def hyperbolic(x: Decimal) -> tuple[Decimal, Decimal]:
    """Give hyperbolic sine and cosine."""
    # e^x - e^-x loses as many digits as x has zeros behind the point
    with guard(10 + min(2 * getcontext().prec, max(0, -x.adjusted()))):
        if x.adjusted() < -getcontext().prec:
            sine, cosine = x, Decimal(1)
        else:
            growth = x.exp()
            sine, cosine = (growth - 1 / growth) / 2, (growth + 1 / growth) / 2
    return +sine, +cosine


def inverse_hyperbolic_sine(x: Decimal) -> Decimal:
    """Give the number whose hyperbolic sine this is."""
    size = abs(x)
    with guard(10 + min(2 * getcontext().prec, max(0, -x.adjusted()))):
        if x.adjusted() < -getcontext().prec:
            result = size
        else:
            result = (size + (size * size + 1).sqrt()).ln()
    return +result.copy_sign(x)


def inverse_hyperbolic_cosine(x: Decimal) -> Decimal:
    """Give the positive number whose hyperbolic cosine this is."""
    if x < 1:
        raise math_error("the inverse hyperbolic cosine is known from 1 upwards")
    with guard(getcontext().prec):
        result = (x + ((x - 1) * (x + 1)).sqrt()).ln()
    return +result


def inverse_hyperbolic_tangent(x: Decimal) -> Decimal:
    """Give the number whose hyperbolic tangent this is."""
    if abs(x) >= 1:
        raise math_error("the inverse hyperbolic tangent is known between -1 and 1")
    with guard(10 + min(2 * getcontext().prec, max(0, -x.adjusted()))):
        result = x if x.adjusted() < -getcontext().prec else ((1 + x) / (1 - x)).ln() / 2
    return +result


def exponential(x: Decimal) -> Decimal:
    """Give e^x."""
    return x.exp()


def size(value: Number) -> Real:
    """Give the absolute value: exact where it is."""
    if not isinstance(value, Complex):
        return value if value >= 0 else -value
    squares = parts(add(multiply(value.re, value.re), multiply(value.im, value.im))).re
    if not isinstance(squares, Decimal):
        root = exact_root(squares, 2)
        if root is not None:
            return root
    return decimal(squares).sqrt()


def angle(value: Number) -> Decimal:
    """Give the argument, between -pi and pi."""
    both = parts(value)
    return arctangent2(decimal(both.im), decimal(both.re))


def complex_exp(value: Number) -> Number:
    """Give e^z for any number."""
    if as_integer(value) == 0:
        return 1
    if not isinstance(value, Complex):
        return exponential(decimal(value))
    growth = exponential(decimal(value.re))
    sine, cosine = sine_cosine(decimal(value.im))
    return clean(complex_(growth * cosine, growth * sine))


def complex_ln(value: Number) -> Number:
    """Give the principal value of the natural logarithm.

    Raises:
        CalcError: The number is zero.
    """
    if value == 0:
        raise math_error("zero has no logarithm")
    if isinstance(value, Complex) or value < 0:
        return complex_(decimal(size(value)).ln(), angle(value))
    return 0 if value == 1 else decimal(value).ln()


def square_root(value: Number) -> Number:
    """Give the principal square root: exact where it is, imaginary for negative numbers."""
    if isinstance(value, Complex):
        return _complex_square_root(value)
    if value < 0:
        return complex_(0, parts(square_root(-value)).re)
    if not isinstance(value, Decimal):
        root = exact_root(value, 2)
        if root is not None:
            return root
    return decimal(value).sqrt()


def _complex_square_root(value: Complex) -> Number:
    # the half-angle formulas stay exact for (3+4i), whose root is 2+i
    re = square_root(divide(add(size(value), value.re), 2))
    im = parts(square_root(divide(subtract(size(value), value.re), 2))).re
    return clean(complex_(parts(re).re, im if value.im > 0 else -im))


def complex_sine_cosine(value: Complex) -> tuple[Number, Number]:
    """Give sine and cosine of a complex number."""
    sine, cosine = sine_cosine(decimal(value.re))
    hyper_sine, hyper_cosine = hyperbolic(decimal(value.im))
    return (
        clean(complex_(sine * hyper_cosine, cosine * hyper_sine)),
        clean(complex_(cosine * hyper_cosine, -sine * hyper_sine)),
    )


def complex_hyperbolic(value: Complex) -> tuple[Number, Number]:
    """Give hyperbolic sine and cosine of a complex number: sinh z is -i sin iz."""
    sine, cosine = complex_sine_cosine(Complex(negate_part(value.im), value.re))
    return multiply(Complex(0, -1), sine), cosine


def negate_part(value: Real) -> Real:
    """Give the negative of one part of a complex number."""
    return parts(negate(value)).re
