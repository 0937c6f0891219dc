"""The values of calc, from exact to approximate.

- ``bool``: a truth value, which is no number;
- ``int`` and ``Fraction``: exact; a fraction with denominator 1 is always an ``int``;
- ``Decimal``: what the user wrote with a point or an exponent, and every irrational result;
- ``Complex``: two of the above, and never a real number;
- ``tuple``: a list of numbers.
"""

from __future__ import annotations

from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from fractions import Fraction
from typing import Tuple, Union

SHOWN = 28  # significant digits of a decimal that are shown
GUARD = 22  # digits that are computed besides, so that 1.0/3*3 is 1
NOISE = 10  # last digits of a computed decimal that say nothing

MAX_EXPONENT = 50_000  # decimals lie between 10^-MAX_EXPONENT and 10^MAX_EXPONENT

Real = Union[int, Fraction, Decimal]


class Complex:
    """A number with an imaginary part; ``arithmetic.complex_`` makes it real where that is zero."""

    __slots__ = ("im", "re")

    def __init__(self, re: Real, im: Real) -> None:
        self.re = re
        self.im = im

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Complex) and (self.re, self.im) == (other.re, other.im)

    def __hash__(self) -> int:
        return hash((self.re, self.im))

    def __repr__(self) -> str:
        return f"Complex({self.re!r}, {self.im!r})"


Number = Union[int, Fraction, Decimal, Complex]
Items = Tuple[Number, ...]
Value = Union[bool, int, Fraction, Decimal, Complex, Items]


class BasedInteger(int):
    """An integer that is shown in base 2, 8 or 16; arithmetic with it gives plain integers."""

    base: int

    def __new__(cls, value: int, base: int) -> BasedInteger:
        """Make one of an integer and its base."""
        self = super().__new__(cls, value)
        self.base = base
        return self


class FullDecimal(Decimal):
    """A decimal that is shown with all its digits; arithmetic with it gives plain decimals."""


def context(digits: int = SHOWN) -> Context:
    """Give the decimal context that computes so many digits, and some more than are shown."""
    return Context(
        prec=digits + GUARD,
        Emax=MAX_EXPONENT,
        Emin=-MAX_EXPONENT,
        traps=[DivisionByZero, InvalidOperation, Overflow],
    )


def kind(value: Value) -> str:
    """Name the kind of a value, with its article, for messages and help."""
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, int):
        return "an integer"
    if isinstance(value, Fraction):
        return "a fraction"
    if isinstance(value, Decimal):
        return "a decimal"
    if isinstance(value, Complex):
        return "a complex number"
    return "a list"
