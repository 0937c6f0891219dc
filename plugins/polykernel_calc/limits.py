"""How much a cell may ask for. Every limit names itself in the error that it gives."""

from __future__ import annotations

import contextlib
import sys
from typing import Iterator, NamedTuple

from polykernel_calc.errors import CalcError, limit_error

MAX_CODE = 100_000  # characters of a cell
MAX_NESTING = 100  # brackets, signs and powers inside each other
MAX_POSTFIX = 8  # signs such as ! after one operand
MAX_DIGITS = 50_000  # decimal digits of a numerator or denominator; ten powers of a decimal
MAX_BITS = MAX_DIGITS * 3322 // 1000
MAX_TERMS = 1_000_000  # of sum() and product()
MAX_ITEMS = 10_000  # of a list
MAX_PRECISION = 1_000  # digits of approx()

# Two to four Python frames for each nested evaluation, and some for the callers.
_PYTHON_FRAMES = 12_000


class Limits(NamedTuple):
    """What one cell may use.

    Attributes:
        steps: Evaluations of a part of an expression; large numbers count for more.
        depth: Evaluations inside each other, calls of functions included.
    """

    steps: int = 5_000_000
    depth: int = 2_000


class Meter:
    """Counts what one cell uses.

    Owns the numbers of steps and of nested evaluations.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.steps
        self._depth = 0

    def enter(self) -> None:
        """Count one evaluation inside the running one.

        Raises:
            CalcError: The cell takes too many steps, or nests too deeply.
        """
        self._depth += 1
        self._left -= 1
        if self._depth > self._limits.depth:
            raise limit_error(
                f"functions call each other too deeply (limit: {self._limits.depth:,} steps inside"
                " each other); is there a recursion that does not end?"
            )
        if self._left < 0:
            self._refuse()

    def leave(self) -> None:
        """End the evaluation that began last."""
        self._depth -= 1

    def spend(self, steps: int) -> None:
        """Count work that is more than one step.

        Raises:
            CalcError: The cell takes too many steps.
        """
        self._left -= steps
        if self._left < 0:
            self._refuse()

    def _refuse(self) -> None:
        raise limit_error(f"this takes too long (limit: {self._limits.steps:,} steps in a cell)")


def check_bits(bits: float) -> None:
    """Refuse a number of this size before it is computed.

    Raises:
        CalcError: It has more than ``MAX_DIGITS`` digits.
    """
    if bits > MAX_BITS:
        # an integer may be too large for a float
        raise too_many_digits(min(bits, 1e16) * 0.30103)


def too_many_digits(digits: float) -> CalcError:
    """Say that a result would be too long, and how long."""
    if digits < 1e15:
        size = f"about {int(digits):,} digits"
    else:
        size = "a number of digits that itself has more than 15 digits"
    return limit_error(f"the result would have {size} (limit: {MAX_DIGITS:,})")


@contextlib.contextmanager
def deep_stack() -> Iterator[None]:
    """Let Python nest as deeply as ``Limits.depth`` needs, so that our own limit comes first."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _PYTHON_FRAMES))
    try:
        yield
    finally:
        # refused where the stack is still deeper than that, as in a test's own recursion
        with contextlib.suppress(RecursionError):
            sys.setrecursionlimit(before)
