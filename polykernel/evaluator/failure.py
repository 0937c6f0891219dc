"""The exceptions by which an evaluator's author tells the user that something went wrong."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence


def headline(ename: str, evalue: str) -> str:
    """Make the one line that names an error, coloured as Jupyter's front ends show them."""
    return f"\x1b[31m{ename}\x1b[39m: {evalue}" if evalue else f"\x1b[31m{ename}\x1b[39m"


def shown_lines(traceback: Any, ename: str, evalue: str) -> list[str]:
    """Give the lines of a traceback, also of a text; the headline where there are none."""
    lines = traceback.split("\n") if isinstance(traceback, str) else traceback
    try:
        return [str(line) for line in lines]
    except TypeError:
        return [headline(ename, evalue)]


class CellError(Exception):
    """The user's cell is wrong: shown as it is, without the evaluator's own Python frames.

    Any other exception that leaves an evaluator's method is taken for a bug of the plugin, and is
    shown with the plugin's name, version and traceback.

    Args:
        evalue: What is wrong, in one line.
        ename: The kind of error, in the language's own words (``"SyntaxError"``).
        traceback: The lines that the front end shows, ANSI colours allowed; made from ``ename``
            and ``evalue`` where it is left out.
    """

    ename: str
    evalue: str
    traceback: list[str]

    def __init__(
        self, evalue: str, *, ename: str = "Error", traceback: Sequence[str] | None = None
    ) -> None:
        super().__init__(evalue)
        self.ename = ename
        self.evalue = evalue
        self.traceback = shown_lines(traceback, ename, evalue)


class InputRefused(Exception):
    """The front end does not allow input requests, or the cell that asks is over."""
