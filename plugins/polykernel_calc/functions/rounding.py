"""Size, sign and rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from polykernel_calc.arithmetic import decimal, exact, floor, integer, multiply, real
from polykernel_calc.errors import limit_error
from polykernel_calc.powers import power
from polykernel_calc.registry import function
from polykernel_calc.transcendental import size

if TYPE_CHECKING:
    from polykernel_calc.values import Number, Real, Value

_MAX_PLACES = 1_000


@function(
    "abs(x)",
    "The absolute value; of a complex number, its distance from zero.",
    ("abs(-3)", "3"),
    ("abs(3 + 4i)", "5"),
)
def _abs(x: Number) -> Value:
    return size(x)


@function("sign(x)", "-1, 0 or 1: the sign of a real number.", ("sign(-2.5)", "-1"), check=real)
def _sign(x: Real) -> Value:
    return (x > 0) - (x < 0)


@function("floor(x)", "The largest integer that is not above x.", ("floor(-1.5)", "-2"), check=real)
def _floor(x: Real) -> Value:
    return floor(x)


@function("ceil(x)", "The smallest integer that is not below x.", ("ceil(1.2)", "2"), check=real)
def _ceil(x: Real) -> Value:
    return -floor(-x)


@function("trunc(x)", "x without its fractional part.", ("trunc(-1.7)", "-1"), check=real)
def _trunc(x: Real) -> Value:
    return floor(x) if x >= 0 else -floor(-x)


@function(
    "round(x, places=0)",
    "x rounded, halves away from zero; to so many places behind the point.",
    ("round(2.5)", "3"),
    ("round(-2.5)", "-3"),
    ("round(2/3, 4)", "0.6667"),
    ("round(12345, -2)", "12300"),
    check=real,
)
def _round(x: Real, places: Real = 0) -> Value:
    digits = integer(places)
    if abs(digits) > _MAX_PLACES:
        raise limit_error(f"that is too many places to round to (limit: {_MAX_PLACES:,})")
    scale = power(10, digits)
    scaled = real(multiply(exact(x), scale))
    whole = floor(abs(Fraction(exact(scaled))) + Fraction(1, 2))
    rounded = Fraction(whole if x >= 0 else -whole) / Fraction(exact(real(scale)))
    if digits > 0 and not (isinstance(x, int)):
        return +decimal(rounded)
    return rounded.numerator


@function(
    "fractional(x)",
    "What trunc(x) cuts off.",
    ("fractional(3.25)", "0.25"),
    ("fractional(7/3)", "1/3 ≈ 0.3333333333"),
    check=real,
)
def _fractional(x: Real) -> Value:
    whole = floor(x) if x >= 0 else -floor(-x)
    return decimal(x) - whole if isinstance(x, Decimal) else x - whole
