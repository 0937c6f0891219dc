"""Roots of exact numbers, where they are exact."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt, log2

from polykernel_calc.arithmetic import Exact, simple


def exact_root(a: Exact, n: int) -> Exact | None:
    """Give the n-th root of an exact number that is not negative, if it is exact."""
    top = _int_root(a.numerator, n)
    bottom = _int_root(a.denominator, n)
    if top**n != a.numerator or bottom**n != a.denominator:
        return None
    return simple(Fraction(top, bottom))


def _int_root(a: int, n: int) -> int:
    """Give the floor of the n-th root: Newton's steps on integers, from just above."""
    if a < 2 or n == 1:
        return a
    if n == 2:
        return isqrt(a)
    if n >= a.bit_length():
        return 1
    size = log2(a) / n
    lead = int(2 ** (size % 1 + 52) * (1 + 1e-9))
    shift = int(size) - 52
    x = (lead << shift if shift >= 0 else lead >> -shift) + 1
    while True:
        y = ((n - 1) * x + a // x ** (n - 1)) // n
        if y >= x:
            return x
        x = y
