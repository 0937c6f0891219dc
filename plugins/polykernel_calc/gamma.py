"""Factorials and the gamma function."""

from __future__ import annotations

from decimal import Decimal, getcontext
from math import factorial, lgamma, log
from typing import TYPE_CHECKING, Sequence

from polykernel_calc.arithmetic import as_integer, decimal
from polykernel_calc.errors import math_error
from polykernel_calc.limits import check_bits
from polykernel_calc.transcendental import guard, pi, sine_cosine

if TYPE_CHECKING:
    from polykernel_calc.values import Real, Value

_tangents: list[int] = []


def fact(n: Real) -> Real:
    """Give ``n!``, for any real number by the gamma function.

    Raises:
        CalcError: A negative integer, or a result that is too large.
    """
    whole = as_integer(n)
    if whole is None:
        return gamma(decimal(n) + 1)
    if whole < 0:
        raise math_error("negative integers have no factorial")
    check_bits(lgamma(min(whole, 10**15) + 1) / log(2))
    return factorial(whole)


def double_fact(n: int) -> int:
    """Give ``n!!``, the product of every other integer down from n.

    Raises:
        CalcError: A negative number, or a result that is too large.
    """
    if n < 0:
        raise math_error("negative integers have no double factorial")
    check_bits(lgamma(min(n, 10**15) + 1) / log(2) / 2)
    half = n // 2
    if n % 2 == 0:
        return factorial(half) << half
    return factorial(n) // (factorial(half) << half)


def gamma(x: Decimal) -> Decimal:
    """Give the gamma function, by Stirling's series far from zero.

    Raises:
        CalcError: x is zero or a negative integer.
    """
    whole = as_integer(x)
    if whole is not None and whole <= 0:
        raise math_error("the gamma function has no value at zero and negative integers")
    with guard(15 + max(0, x.adjusted())):
        # the reflection, for x below one half
        result = pi() / (sine_cosine(pi() * x)[0] * _gamma(1 - x)) if 2 * x < 1 else _gamma(x)
    return +result


def gamma_work(_arguments: Sequence[Value]) -> int:
    """Give the steps that one value of the gamma function counts for."""
    return 30 + int(getcontext().prec) ** 3 // 10_000


def _gamma(x: Decimal) -> Decimal:
    far = getcontext().prec // 2 + 10
    product = Decimal(1)
    while x < far:
        product *= x
        x += 1
    return _stirling(x) / product


def _stirling(x: Decimal) -> Decimal:
    smallest = Decimal(1).scaleb(-getcontext().prec - 3)
    total = (x - Decimal("0.5")) * x.ln() - x + (2 * pi()).ln() / 2
    k, factor = 1, 1 / x
    while True:
        term = _bernoulli(k) / (2 * k * (2 * k - 1)) * factor
        total += term
        if abs(term) < smallest:
            return total.exp()
        k, factor = k + 1, factor / (x * x)


def _bernoulli(k: int) -> Decimal:
    """B(2k), from the tangent numbers."""
    if k > len(_tangents):
        _tangents[:] = _tangent_numbers(max(2 * k, 40))
    sign = 1 if k % 2 else -1
    power = 1 << 2 * k
    return Decimal(sign * 2 * k * _tangents[k - 1]) / (power * (power - 1))


def _tangent_numbers(count: int) -> list[int]:
    # Brent and Harvey, "Fast computation of Bernoulli, tangent and secant numbers", algorithm 3
    numbers = [1] * count
    for k in range(1, count):
        numbers[k] = k * numbers[k - 1]
    for k in range(1, count):
        for j in range(k, count):
            numbers[j] = (j - k) * numbers[j - 1] + (j - k + 2) * numbers[j]
    return numbers
