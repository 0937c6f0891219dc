"""What the parser makes of the code: a small tree, each node with its place in the text.

``span`` is where an error of this node points: an operator's own sign, a function's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from polykernel_calc.errors import Span
    from polykernel_calc.values import Value


class Literal(NamedTuple):
    """A number or truth value, as written."""

    value: Value
    span: Span


class Name(NamedTuple):
    """A variable, parameter or constant."""

    name: str
    span: Span


class Prefix(NamedTuple):
    """``-x``, ``+x``, ``not x`` or ``√x``."""

    operator: str
    operand: Node
    span: Span


class Postfix(NamedTuple):
    """``n!``, ``n!!``, ``p%`` or ``a°``."""

    operator: str
    operand: Node
    span: Span


class Binary(NamedTuple):
    """An arithmetic operator between two operands; ``implicit`` where the ``*`` is not written."""

    operator: str
    left: Node
    right: Node
    span: Span
    implicit: bool = False


class Comparison(NamedTuple):
    """``a < b <= c``: the first operand, and the others with the signs before them."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    span: Span


class Logic(NamedTuple):
    """Operands between ``and``, or between ``or``."""

    operator: str
    operands: tuple[Node, ...]
    span: Span


class Call(NamedTuple):
    """``f(x, y)``; ``span`` is that of the name."""

    name: str
    arguments: tuple[Node, ...]
    span: Span


class Items(NamedTuple):
    """``[1, 2, 3]``."""

    items: tuple[Node, ...]
    span: Span


Node = Union[Literal, Name, Prefix, Postfix, Binary, Comparison, Logic, Call, Items]


class Evaluate(NamedTuple):
    """An expression, for its value."""

    expression: Node


class Assign(NamedTuple):
    """``x = 3``; ``span`` is that of the name."""

    name: str
    expression: Node
    span: Span


class Define(NamedTuple):
    """``f(x, y) = x^2 + y``; ``text`` is the definition as written, ``span`` that of the name."""

    name: str
    parameters: tuple[str, ...]
    body: Node
    text: str
    span: Span


class Delete(NamedTuple):
    """``del x, y``: each name with its place."""

    names: tuple[Name, ...]


class Help(NamedTuple):
    """``help``, or ``help(sin)``: the topic is empty, a name or an operator."""

    topic: str
    span: Span


class Variables(NamedTuple):
    """``vars``."""


Action = Union[Evaluate, Assign, Define, Delete, Help, Variables]


class Statement(NamedTuple):
    """One statement of a cell.

    Attributes:
        action: What it does.
        text: Its text, without surrounding space.
        hidden: A ``;`` follows: its value is not shown.
    """

    action: Action
    text: str
    hidden: bool
