"""Arithmetic on the tower: exact as long as the operands are, sized before it is computed.

Decimals are computed in the running ``decimal`` context, which owns the precision.
"""

from __future__ import annotations

from decimal import Decimal, getcontext
from fractions import Fraction
from typing import Union

from polykernel_calc.errors import math_error, type_error
from polykernel_calc.limits import check_bits, too_many_digits
from polykernel_calc.values import (
    MAX_EXPONENT,
    NOISE,
    Complex,
    FullDecimal,
    Number,
    Real,
    Value,
    kind,
)

Exact = Union[int, Fraction]


def number(value: Value) -> Number:
    """Require a number.

    Raises:
        CalcError: It is a truth value or a list.
    """
    if isinstance(value, (bool, tuple)):
        raise type_error(f"a number is needed here, not {kind(value)}")
    return value


def real(value: Value) -> Real:
    """Require a real number.

    Raises:
        CalcError: It is something else.
    """
    if isinstance(value, (bool, tuple, Complex)):
        raise type_error(f"a real number is needed here, not {kind(value)}")
    return value


def integer(value: Value) -> int:
    """Require an integer; a decimal that differs from one by noise only is taken for it.

    Raises:
        CalcError: It is something else.
    """
    found = as_integer(value)
    if found is None:
        raise type_error(f"an integer is needed here, not {kind(value)}")
    return found


def as_integer(value: Value) -> int | None:
    """Give the integer that this value is, or ``None``."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Decimal) and value.adjusted() < getcontext().prec:
        nearest = value.to_integral_value()
        if is_noise(value - nearest, value):
            return int(nearest)
    elif isinstance(value, Decimal) and value.adjusted() < MAX_EXPONENT:
        return int(value) if value == value.to_integral_value() else None
    return None


def simple(value: Fraction) -> Exact:
    """Make an integer of a fraction that is one, after checking its size."""
    check_bits(value.numerator.bit_length())
    check_bits(value.denominator.bit_length())
    return value.numerator if value.denominator == 1 else value


def decimal(value: Real) -> Decimal:
    """Give the nearest decimal of the running precision; decimals stay as they are."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(value)


def exact(value: Real) -> Exact:
    """Give the fraction or integer that a real number is, digit by digit."""
    if not isinstance(value, Decimal):
        return value
    if abs(value.adjusted()) > MAX_EXPONENT:
        raise too_many_digits(abs(value.adjusted()))
    return simple(Fraction(value))


def complex_(re: Real, im: Real) -> Number:
    """Make a number of its parts: real where the imaginary part is zero."""
    return re if im == 0 else Complex(re, im)


def parts(value: Number) -> Complex:
    """Give any number as a complex one, whose imaginary part may be zero."""
    return value if isinstance(value, Complex) else Complex(value, 0)


def is_noise(rest: Decimal, scale: Decimal) -> bool:
    """Tell whether ``rest`` is below what numbers as large as ``scale`` can hold."""
    if rest == 0:
        return True
    return rest.adjusted() < scale.adjusted() - (getcontext().prec - NOISE)


def is_computed(value: Decimal) -> bool:
    """Tell whether a decimal has so many digits that the last ones are noise."""
    if isinstance(value, FullDecimal):
        return False  # the user wrote it so, or asked for it
    return len(value.as_tuple().digits) > getcontext().prec - NOISE


def clean(value: Number) -> Number:
    """Drop the part of a computed complex number that is noise beside the other one."""
    if isinstance(value, Complex):
        re, im = decimal(value.re), decimal(value.im)
        if is_noise(im, re) and re != 0:
            return value.re
        if is_noise(re, im):
            return complex_(0, value.im)
    return value


# the four operations on real numbers


def _add_real(a: Real, b: Real) -> Real:
    if isinstance(a, Decimal) or isinstance(b, Decimal):
        left, right = decimal(a), decimal(b)
        total = left + right
        if total and _is_cancelled(total, left, right):
            return Decimal(0)
        return total
    if isinstance(a, int) and isinstance(b, int):
        check_bits(max(a.bit_length(), b.bit_length()))
        return a + b
    return simple(Fraction(a) + Fraction(b))


def _is_cancelled(total: Decimal, left: Decimal, right: Decimal) -> bool:
    # sqrt(2)^2 - 2 is 0: only the noise of a computed operand is left. Operands with few digits
    # were written by the user and hold no noise.
    return (is_computed(left) or is_computed(right)) and is_noise(total, max(abs(left), abs(right)))


def _is_exact_zero(value: Real) -> bool:
    return value == 0 and not isinstance(value, Decimal)


def _multiply_real(a: Real, b: Real) -> Real:
    if _is_exact_zero(a) or _is_exact_zero(b):
        return 0  # so that 1/3 + 0.5i keeps its exact real part
    if isinstance(a, Decimal) or isinstance(b, Decimal):
        return decimal(a) * decimal(b)
    if isinstance(a, int) and isinstance(b, int):
        check_bits(a.bit_length() + b.bit_length() - 1)
        return a * b
    return simple(Fraction(a) * Fraction(b))


def divide_real(a: Real, b: Real) -> Real:
    """Give ``a / b``.

    Raises:
        CalcError: ``b`` is zero.
    """
    if b == 0:
        raise math_error("division by zero")
    if isinstance(a, Decimal) or isinstance(b, Decimal):
        return decimal(a) / decimal(b)
    return simple(Fraction(a) / Fraction(b))


def is_real(a: Number) -> bool:
    """Tell whether this is no complex number."""
    return not isinstance(a, Complex)


def add(a: Number, b: Number) -> Number:
    """Give ``a + b``."""
    if isinstance(a, Complex) or isinstance(b, Complex):
        x, y = parts(a), parts(b)
        return complex_(_add_real(x.re, y.re), _add_real(x.im, y.im))
    return _add_real(a, b)


def negate(a: Number) -> Number:
    """Give ``-a``."""
    if isinstance(a, FullDecimal):
        return FullDecimal(a.copy_negate())
    return Complex(-a.re, -a.im) if isinstance(a, Complex) else -a


def subtract(a: Number, b: Number) -> Number:
    """Give ``a - b``."""
    return add(a, negate(b))


def multiply(a: Number, b: Number) -> Number:
    """Give ``a * b``."""
    if not (isinstance(a, Complex) or isinstance(b, Complex)):
        return _multiply_real(a, b)
    x, y = parts(a), parts(b)
    re = _add_real(_multiply_real(x.re, y.re), -_multiply_real(x.im, y.im))
    im = _add_real(_multiply_real(x.re, y.im), _multiply_real(x.im, y.re))
    return complex_(re, im)


def divide(a: Number, b: Number) -> Number:
    """Give ``a / b``.

    Raises:
        CalcError: ``b`` is zero.
    """
    if not (isinstance(a, Complex) or isinstance(b, Complex)):
        return divide_real(a, b)
    x, y = parts(a), parts(b)
    size = _add_real(_multiply_real(y.re, y.re), _multiply_real(y.im, y.im))
    top = parts(multiply(x, Complex(y.re, -y.im)))
    return complex_(divide_real(top.re, size), divide_real(top.im, size))


def floor(value: Real) -> int:
    """Give the largest integer that is not above; noise below an integer does not count."""
    found = as_integer(value)
    if found is not None:
        return found
    whole = exact(value)
    return whole.numerator // whole.denominator


def floor_divide(a: Number, b: Number) -> Number:
    """Give the floor of ``a / b``."""
    x, y = real(a), real(b)
    if y == 0:
        raise math_error("division by zero")
    return floor(divide_real(exact(x), exact(y)))


def modulo(a: Number, b: Number) -> Number:
    """Give the rest of the division, with the sign of ``b``."""
    x, y = real(a), real(b)
    if y == 0:
        raise math_error("division by zero")
    top, bottom = exact(x), exact(y)
    rest = simple(Fraction(top) - Fraction(bottom) * floor(divide_real(top, bottom)))
    return +decimal(rest) if isinstance(x, Decimal) or isinstance(y, Decimal) else rest


def compare(a: Real, b: Real) -> int:
    """Give -1, 0 or 1; decimals that differ by noise only are equal."""
    if isinstance(a, Decimal) or isinstance(b, Decimal):
        left, right = decimal(a), decimal(b)
        if left == right or is_noise(left - right, max(abs(left), abs(right))):
            return 0
        return -1 if left < right else 1
    return (a > b) - (a < b)


def equal(a: Number, b: Number) -> bool:
    """Tell whether two numbers are equal."""
    x, y = parts(a), parts(b)
    return compare(x.re, y.re) == 0 and compare(x.im, y.im) == 0
