"""What a calculator remembers between cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from polykernel_calc.nodes import Node
    from polykernel_calc.values import Value


class UserFunction(NamedTuple):
    """A function of the user's own.

    Attributes:
        name: Its name.
        parameters: The names of its parameters.
        body: What it gives.
        text: The definition, as written.
        source: The cell that it is from, into which the spans of the body point.
    """

    name: str
    parameters: tuple[str, ...]
    body: Node
    text: str
    source: str

    @property
    def signature(self) -> str:
        """The name with the parameters: ``f(x, y)``."""
        return f"{self.name}({', '.join(self.parameters)})"


class Session:
    """Owns the variables, the functions and the last result.

    Attributes:
        names: What the user has defined, in order.
        ans: The last result, or ``None``.
    """

    def __init__(self) -> None:
        self.names: dict[str, Value | UserFunction] = {}
        self.ans: Value | None = None
