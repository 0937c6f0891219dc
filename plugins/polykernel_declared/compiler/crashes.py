"""From addresses in shared objects to lines of cells: where a program crashed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Sequence

from polykernel.evaluator import CellError

if TYPE_CHECKING:
    from polykernel_declared.compiler.tools import Tools

_CELL = re.compile(r"(?:^|/)(In\[\d+\]\+*):(\d+)")
ENTRY = "polykernel_cell"


class Frame(NamedTuple):
    """A function that ran.

    Args:
        function: Its name; empty for a cell's statements.
        file: Its cell.
        line: Where in the cell.
    """

    function: str
    file: str
    line: int

    def __str__(self) -> str:
        """Say where it is."""
        where = f"{self.file}, line {self.line}"
        return f"{self.function}, {where}" if self.function else where


def frames(tools: Tools, addresses: Sequence[tuple[str, str]]) -> list[Frame]:
    """Find the lines of cells.

    Args:
        tools: Runs ``addr2line``.
        addresses: File and offset, the innermost first.
    """
    found = []
    for file, offset in addresses:
        if not file.startswith(tools.temporary):
            continue
        try:
            outcome = tools.run(["addr2line", "-f", "-e", file, offset])
        except CellError:
            return []  # it is not installed: what happened is told all the same
        function, _, place = outcome.output.partition("\n")
        match = _CELL.search(place)
        if match:
            name = "" if function.startswith(ENTRY) else function
            found.append(Frame(name, match.group(1), int(match.group(2))))
    return found
