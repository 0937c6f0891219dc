"""What the operators do with values of any kind: numbers, lists, truth values."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Callable

from polykernel_calc.arithmetic import (
    add,
    compare,
    divide,
    equal,
    floor_divide,
    modulo,
    multiply,
    number,
    real,
    subtract,
)
from polykernel_calc.errors import type_error
from polykernel_calc.powers import power
from polykernel_calc.values import Complex, Number, Value, kind

if TYPE_CHECKING:
    from polykernel_calc.limits import Meter

OPERATORS: dict[str, Callable[[Number, Number], Number]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "of": multiply,
    "/": divide,
    "//": floor_divide,
    "mod": modulo,
    "^": power,
}


class Operations:
    """Arithmetic that counts its work.

    Args:
        meter: Of the running cell.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def operate(self, operator: str, a: Value, b: Value) -> Value:
        """Apply an arithmetic operator, to each number of lists.

        Raises:
            CalcError: The operands do not fit, or the result is too large.
        """
        if isinstance(a, tuple) or isinstance(b, tuple):
            return self._operate_on_lists(operator, a, b)
        self._meter.spend(1)
        result = OPERATORS[operator](number(a), number(b))
        self.spend(result)
        return result

    def _operate_on_lists(self, operator: str, a: Value, b: Value) -> Value:
        if isinstance(a, tuple) and isinstance(b, tuple):
            if len(a) != len(b):
                raise type_error(f"the lists have {len(a)} and {len(b)} numbers")
            pairs = list(zip(a, b))
        elif isinstance(a, tuple):
            pairs = [(each, number(b)) for each in a]
        else:
            assert isinstance(b, tuple)
            pairs = [(number(a), each) for each in b]
        results: list[Number] = []
        for left, right in pairs:
            self._meter.spend(1)
            results.append(OPERATORS[operator](left, right))
            self.spend(results[-1])
        return tuple(results)

    def spend(self, *values: Value) -> None:
        """Count large numbers for more than one step, as they take longer."""
        for value in values:
            work = _work(value)
            if work:
                self._meter.spend(work)


def _work(value: Value) -> int:
    """Give the steps that making this number counts for, beside one."""
    if isinstance(value, int):
        return value.bit_length() // 200
    if isinstance(value, Fraction):
        # a fraction is reduced, which takes quadratic time
        bits = value.numerator.bit_length() + value.denominator.bit_length()
        return bits * bits // 1_000_000
    if isinstance(value, Complex):
        return _work(value.re) + _work(value.im)
    return 0


def holds(sign: str, left: Value, right: Value) -> bool:
    """Tell whether a comparison is true.

    Raises:
        CalcError: The values cannot be compared.
    """
    if sign in ("=", "==", "!="):
        return _equal(left, right) is (sign != "!=")
    order = compare(real(left), real(right))
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[sign]


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(equal(a, b) for a, b in zip(left, right))
    if isinstance(left, bool) and isinstance(right, bool):
        return left is right
    if isinstance(left, (bool, tuple)) or isinstance(right, (bool, tuple)):
        raise type_error(f"{kind(left)} cannot be compared with {kind(right)}")
    return equal(left, right)
