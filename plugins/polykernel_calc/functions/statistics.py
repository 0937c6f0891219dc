"""Sums and statistics of several numbers, or of one list."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Sequence

from polykernel_calc.arithmetic import (
    add,
    compare,
    divide,
    integer,
    multiply,
    number,
    real,
    subtract,
)
from polykernel_calc.errors import math_error, type_error
from polykernel_calc.formatting import plain
from polykernel_calc.registry import function
from polykernel_calc.transcendental import square_root

if TYPE_CHECKING:
    from polykernel_calc.values import Number, Real, Value


def _total(numbers: Sequence[Number]) -> Number:
    result: Number = 0
    for each in numbers:
        result = add(result, each)
    return result


def _fraction_work(arguments: Sequence[Value]) -> int:
    # the denominator of a sum may grow to the product of all
    items = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], tuple) else arguments
    bits = sum(each.denominator.bit_length() for each in items if isinstance(each, Fraction))
    return 3 + len(items) * (1 + bits * bits // 1_000_000)


def _sorted(numbers: Sequence[Real]) -> list[Real]:
    from functools import cmp_to_key

    return sorted(numbers, key=cmp_to_key(compare))


@function(
    "min(x, ...)",
    "The smallest of numbers, or of a list.",
    ("min(3, 1, 2)", "1"),
    ("min([3, 1, 2])", "1"),
    check=real,
    gathers=True,
)
def _min(*numbers: Real) -> Value:
    return _sorted(numbers)[0]


@function(
    "max(x, ...)",
    "The largest of numbers, or of a list.",
    ("max(3, 1/2, 2.5)", "3"),
    check=real,
    gathers=True,
)
def _max(*numbers: Real) -> Value:
    return _sorted(numbers)[-1]


@function(
    "mean(x, ...)",
    "The arithmetic mean of numbers, or of a list.",
    ("mean(1, 2, 3, 4)", "5/2 = 2.5"),
    gathers=True,
    work=_fraction_work,
)
def _mean(*numbers: Number) -> Value:
    return divide(_total(numbers), len(numbers))


@function(
    "median(x, ...)",
    "The middle one of numbers in order, or the mean of the two in the middle.",
    ("median(5, 1, 3)", "3"),
    ("median([1, 2, 3, 10])", "5/2 = 2.5"),
    check=real,
    gathers=True,
)
def _median(*numbers: Real) -> Value:
    ordered = _sorted(numbers)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return divide(add(ordered[middle - 1], ordered[middle]), 2)


@function(
    "variance(x, ...)",
    "The variance of a sample: divided by n - 1.",
    ("variance(2, 4, 4, 4, 5, 5, 7, 9)", "32/7 ≈ 4.571428571"),
    check=real,
    gathers=True,
    work=_fraction_work,
)
def _variance(*numbers: Real) -> Number:
    if len(numbers) < 2:
        raise math_error("a variance needs two numbers at least")
    mean = divide(_total(numbers), len(numbers))
    differences = [subtract(each, mean) for each in numbers]
    return divide(_total([multiply(each, each) for each in differences]), len(numbers) - 1)


@function(
    "stdev(x, ...)",
    "The standard deviation of a sample: divided by n - 1.",
    ("stdev(1, 2, 3, 4, 5)^2", "2.5"),
    ("stdev(1, 3, 5)", "2"),
    check=real,
    gathers=True,
    work=_fraction_work,
)
def _stdev(*numbers: Real) -> Value:
    return square_root(number(_variance(*numbers)))


@function(
    "sort(x, ...)",
    "The numbers in order, as a list.",
    ("sort([3, 1, 2])", "[1, 2, 3]"),
    check=real,
    gathers=True,
)
def _sort(*numbers: Real) -> Value:
    return tuple(_sorted(numbers))


@function("len(items)", "How many numbers a list has.", ("len([3, 1, 2])", "3"), check=None)
def _len(items: Value) -> Value:
    if not isinstance(items, tuple):
        raise type_error("len needs a list, such as [1, 2, 3]")
    return len(items)


@function(
    "item(items, n)",
    "The n-th number of a list; the first is 1, the last is -1.",
    ("item([10, 20, 30], 2)", "20"),
    ("item(factor(360), -1)", "5"),
    check=None,
)
def _item(items: Value, n: Value) -> Value:
    if not isinstance(items, tuple):
        raise type_error("item needs a list, such as [1, 2, 3]")
    place = integer(number(n))
    if not 1 <= abs(place) <= len(items):
        raise math_error(f"the list has {len(items)} numbers, so there is no number {plain(place)}")
    return items[place - 1 if place > 0 else place]
