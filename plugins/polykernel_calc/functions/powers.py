"""Roots, exponentials and logarithms."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from polykernel_calc.arithmetic import (
    as_integer,
    clean,
    decimal,
    divide,
    equal,
    integer,
    number,
    real,
)
from polykernel_calc.errors import math_error
from polykernel_calc.powers import power
from polykernel_calc.registry import function
from polykernel_calc.roots import exact_root
from polykernel_calc.transcendental import complex_exp, complex_ln, guard, size, square_root
from polykernel_calc.values import Complex, Number, Real, Value


@function(
    "sqrt(x)",
    "The square root: exact where it is, imaginary for negative numbers. Also written √x.",
    ("sqrt(16)", "4"),
    ("sqrt(1/4)", "1/2 = 0.5"),
    ("sqrt(-4)", "2i"),
    ("sqrt(2)", "1.414213562373095048801688724"),
)
def _sqrt(x: Number) -> Value:
    return square_root(x)


@function("cbrt(x)", "The real cube root.", ("cbrt(-27)", "-3"), ("cbrt(2)^3", "2"), check=real)
def _cbrt(x: Real) -> Value:
    return _root(x, 3)


@function(
    "root(x, n)",
    "The real n-th root.",
    ("root(81, 4)", "3"),
    ("root(-32, 5)", "-2"),
    check=real,
)
def _root(x: Real, n: Real) -> Value:
    degree = integer(n)
    if degree == 0:
        raise math_error("there is no zeroth root")
    if x < 0 and degree % 2 == 0:
        raise math_error("an even root of a negative number is not real; see sqrt and ^")
    if degree < 0:
        return divide(1, number(_root(x, -degree)))
    size = x if x >= 0 else -x
    if not isinstance(size, Decimal):
        found = exact_root(size, degree)
        if found is not None:
            return -found if x < 0 else found
    if size == 0:
        return 0
    with guard(5):
        value = (decimal(size).ln() / degree).exp() if degree > 2 else decimal(size).sqrt()
    return +value.copy_sign(decimal(x))


@function("exp(x)", "e to the power x.", ("exp(0)", "1"), ("exp(i*pi)", "-1"))
def _exp(x: Number) -> Value:
    return complex_exp(x)


@function(
    "ln(x)",
    "The natural logarithm, base e; complex for negative numbers.",
    ("ln(1)", "0"),
    ("ln(e^2)", "2"),
    ("ln(-1)", "3.141592653589793238462643383i"),
)
def _ln(x: Number) -> Value:
    return complex_ln(x)


@function(
    "log(x, base=10)",
    "The logarithm to base 10, or to another base.",
    ("log(1000)", "3"),
    ("log(8, 2)", "3"),
    ("log(1/8, 2)", "-3"),
)
def _log(x: Number, base: Number = 10) -> Value:
    if base == 1 or base == 0:
        raise math_error(f"there are no logarithms to base {base}")
    top, bottom = complex_ln(x), complex_ln(base)
    result = clean(divide(top, bottom))
    found = _exact_logarithm(x, base, result)
    return result if found is None else found


def _exact_logarithm(x: Number, base: Number, result: Number) -> int | None:
    if not isinstance(x, (int, Fraction)) or not isinstance(base, (int, Fraction)):
        return None
    if isinstance(result, Complex):
        return None
    nearest = as_integer(result)
    return nearest if nearest is not None and equal(power(base, nearest), x) else None


@function("log2(x)", "The logarithm to base 2.", ("log2(1024)", "10"))
def _log2(x: Number) -> Value:
    return _log(x, 2)


@function("log10(x)", "The logarithm to base 10.", ("log10(0.01)", "-2"))
def _log10(x: Number) -> Value:
    return _log(x, 10)


@function("hypot(x, y)", "The length of the vector (x, y).", ("hypot(3, 4)", "5"), check=real)
def _hypot(x: Real, y: Real) -> Value:
    return size(Complex(x, y))
