"""From one notation to another: fraction, decimal, hexadecimal, binary, octal."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Callable

from polykernel_calc.arithmetic import (
    complex_,
    decimal,
    equal,
    exact,
    integer,
    simple,
)
from polykernel_calc.registry import function
from polykernel_calc.values import BasedInteger, Complex, Number, Real, Value


def by_parts(value: Number, convert: Callable[[Real], Real]) -> Number:
    """Convert a real number, or both parts of a complex one."""
    if isinstance(value, Complex):
        return complex_(convert(value.re), convert(value.im))
    return convert(value)


@function(
    "decimal(x)",
    "x as a decimal.",
    ("decimal(1/8)", "0.125"),
    ("decimal(1/3)", "0.3333333333333333333333333333"),
)
def _decimal(x: Number) -> Value:
    return by_parts(x, lambda part: +decimal(part))


@function(
    "frac(x)",
    "x as a fraction. A computed decimal gives the simplest fraction that is shown like it.",
    ("frac(0.75)", "3/4 = 0.75"),
    ("frac(1.0/3)", "1/3 ≈ 0.3333333333"),
)
def _frac(x: Number) -> Value:
    return by_parts(x, _fraction)


def _fraction(x: Real) -> Real:
    if not isinstance(x, Decimal):
        return x
    whole = exact(x)
    near = simple(Fraction(whole).limit_denominator(10**12))
    return near if equal(near, x) else whole


@function(
    "hex(n)", "n in hexadecimal.", ("hex(255)", "0xff"), ("hex(0b1010)", "0xa"), check=integer
)
def _hex(n: int) -> Value:
    return BasedInteger(n, 16)


@function("bin(n)", "n in binary.", ("bin(10)", "0b1010"), check=integer)
def _bin(n: int) -> Value:
    return BasedInteger(n, 2)


@function("oct(n)", "n in octal.", ("oct(8)", "0o10"), check=integer)
def _oct(n: int) -> Value:
    return BasedInteger(n, 8)


@function("dec(n)", "n in the usual notation.", ("dec(0xff)", "255"), check=integer)
def _dec(n: int) -> Value:
    return int(n)
