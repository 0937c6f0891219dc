"""The keys of the table ``[repl]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polykernel_declared.fields import Field

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = (
    Field("command", "a list of strings", "The program and its arguments", required=True),
    Field("environment", "a table of strings", "Variables that its environment gets"),
)


def check(table: Mapping[str, Any]) -> None:
    """Look at keys that must go together.

    Raises:
        WrongDeclaration: Some do not.
    """


def programs(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the programs that must be on the ``PATH``."""
    return tuple(table["command"][:1])
