"""The table of functions and constants: each with its signature, help and examples."""

from __future__ import annotations

from decimal import getcontext
from typing import Callable, NamedTuple, Sequence, Tuple

from polykernel_calc.arithmetic import integer, number, real
from polykernel_calc.errors import CalcError, type_error
from polykernel_calc.values import Value

Example = Tuple[str, str]


class Function(NamedTuple):
    """One function.

    Attributes:
        name: Its name.
        signature: As shown: ``log(x, base=10)``. Its parameters give how many arguments it takes.
        text: What it does, in one or two sentences.
        examples: Code, and the plain text that it gives.
        apply: Takes the list of arguments. ``None`` for a form, whose arguments the interpreter
            evaluates itself.
        check: What each argument must be: ``number``, ``real`` or ``integer`` of
            :mod:`polykernel_calc.arithmetic`; ``None`` lets all through.
        gathers: It takes any number of arguments, or one list of them.
        work: Steps that one call counts for, by the arguments.
    """

    name: str
    signature: str
    text: str
    examples: Sequence[Example]
    apply: Callable[..., Value] | None
    check: Callable[[Value], Value] | None
    gathers: bool
    work: Callable[[Sequence[Value]], int]

    def call(self, arguments: Sequence[Value]) -> Value:
        """Check the arguments and give the result.

        Raises:
            CalcError: There are too many or too few, or one is of the wrong kind, or out of range.
        """
        assert self.apply is not None
        if self.gathers and len(arguments) == 1 and isinstance(arguments[0], tuple):
            arguments = arguments[0]
        self.check_count(len(arguments))
        if self.check is None:
            return self.apply(*arguments)
        if len(arguments) == 1:
            return self.apply(self.check(arguments[0]))
        return self.apply(*(self._checked(n, each) for n, each in enumerate(arguments, 1)))

    def _checked(self, n: int, argument: Value) -> Value:
        assert self.check is not None
        try:
            return self.check(argument)
        except CalcError as error:
            error.message = f"argument {n} of {self.name}: {error.message}"
            raise

    def check_count(self, count: int) -> None:
        """Require a fitting number of arguments.

        Raises:
            CalcError: There are too many or too few.
        """
        least, most = arity(self.signature)
        if self.gathers and count == 0:
            raise type_error(f"{self.name} needs at least one number: {self.signature}")
        if count < least or (most is not None and count > most):
            raise type_error(f"{self.signature} takes {_amount(least, most)}, not {count}")


class Constant(NamedTuple):
    """One constant: ``value`` computes it in the running precision."""

    name: str
    text: str
    value: Callable[[], Value]
    latex: str
    examples: Sequence[Example]


FUNCTIONS: dict[str, Function] = {}
CONSTANTS: dict[str, Constant] = {}


def arity(signature: str) -> tuple[int, int | None]:
    """Read the least and the largest number of arguments from a signature."""
    inside = signature[signature.index("(") + 1 : signature.rindex(")")]
    names = [part.strip() for part in inside.split(",") if part.strip()]
    if "..." in names:
        return sum(1 for part in names[: names.index("...")] if "=" not in part), None
    return sum(1 for part in names if "=" not in part), len(names)


def _amount(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} argument{'s' * (least != 1)}"
    if least == most:
        return f"{least} argument{'s' * (least != 1)}" if least else "no arguments"
    return f"{least} to {most} arguments"


def _usual_work(_arguments: Sequence[Value]) -> int:
    # what computes decimals takes more than in proportion to their digits
    return 3 + (getcontext().prec - 50) ** 2 // 50


Implementation = Callable[..., Value]


def function(
    signature: str,
    text: str,
    *examples: Example,
    check: Callable[[Value], Value] | None = number,
    gathers: bool = False,
    work: Callable[[Sequence[Value]], int] = _usual_work,
) -> Callable[[Implementation], Implementation]:
    """Enter the decorated Python function into the table."""

    def enter(apply: Implementation) -> Implementation:
        name = signature[: signature.index("(")]
        FUNCTIONS[name] = Function(name, signature, text, examples, apply, check, gathers, work)
        return apply

    return enter


def form(signature: str, text: str, *examples: Example) -> None:
    """Enter a form: a function whose arguments the interpreter evaluates itself."""
    name = signature[: signature.index("(")]
    FUNCTIONS[name] = Function(name, signature, text, examples, None, None, False, _usual_work)


def constant(
    name: str, text: str, value: Callable[[], Value], latex: str, *examples: Example
) -> None:
    """Enter a constant."""
    CONSTANTS[name] = Constant(name, text, value, latex, examples)


def known_names() -> list[str]:
    """Give the names of all functions and constants."""
    return [*FUNCTIONS, *CONSTANTS]


__all__ = [
    "CONSTANTS",
    "FUNCTIONS",
    "Constant",
    "Function",
    "arity",
    "constant",
    "form",
    "function",
    "integer",
    "known_names",
    "number",
    "real",
]
