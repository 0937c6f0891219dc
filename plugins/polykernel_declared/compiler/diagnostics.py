"""What a compiler says → places in cells, and how that is shown."""

from __future__ import annotations

import re
from typing import Callable, Iterable, NamedTuple, Pattern

# as gcc, clang and many others have it; the linker's lines have neither column nor severity
GNU = (
    r"^(?P<file>(?!In file included)[^\s:][^:\n]*):(?P<line>\d+):(?:(?P<column>\d+):)?[ \t]*"
    r"(?:(?P<severity>(?:fatal )?error|warning|note):[ \t]*)?(?P<message>\S.*)$"
)
_COLOURS = {"error": "31", "warning": "35", "note": "36"}
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_ANSI = re.compile(r"\x1b\[[\d;]*[A-Za-z]")


class Diagnostic(NamedTuple):
    """One message of the compiler's.

    Args:
        file: The cell, ``In[3]``; or another file; empty where it is about none.
        line: From 1; 0 where it is about none.
        column: In code points from 1; 0 where the compiler names none.
        severity: ``error``, ``warning`` or ``note``.
        message: What it says.
    """

    file: str
    line: int
    column: int
    severity: str
    message: str

    @property
    def is_error(self) -> bool:
        """Whether nothing can be run."""
        return self.severity == "error"


class Place(NamedTuple):
    """A line of the compiled source: where it stands in a cell."""

    file: str
    line: int


def parse(
    output: str,
    pattern: Pattern[str],
    locate: Callable[[str, int], Place | None],
    text_of: Callable[[str, int], str],
) -> list[Diagnostic]:
    """Read what a compiler has printed.

    Args:
        output: All of it.
        pattern: Finds one message, by the groups ``file``, ``line``, ``column``, ``severity`` and
            ``message``.
        locate: From the file and line that are named to a cell's; ``None`` for other files.
        text_of: The text of a line of a cell, empty where there is none.
    """
    found = []
    for match in pattern.finditer(_ANSI.sub("", output).replace("\r\n", "\n")):
        groups = match.groupdict()
        severity = (groups.get("severity") or "error").lower().split(" ")[-1]
        if severity not in _COLOURS:
            severity = "note" if severity in ("hint", "info") else "error"
        file, line = groups.get("file") or "", int(groups.get("line") or 0)
        column = int(groups.get("column") or 0)
        place = locate(file, line)
        if place is not None:
            file, line = place
            column = _in_code_points(text_of(file, line), column)
        found.append(Diagnostic(file, line, column, severity, groups["message"].strip()))
    return found


def _in_code_points(text: str, column: int) -> int:
    if text.isascii() or column == 0:
        return column
    return len(text.encode("utf-8", "surrogatepass")[: column - 1].decode("utf-8", "ignore")) + 1


def render(diagnostics: Iterable[Diagnostic], text_of: Callable[[str, int], str]) -> list[str]:
    """Show messages as lines, coloured, each with the line of its cell and a caret."""
    lines: list[str] = []
    shown = ("", 0)
    for each in diagnostics:
        place = (each.file, each.line)
        is_told = each.severity == "note" and place == shown
        lines += _rendered(each, "" if is_told else text_of(*place))
        shown = place
    return lines


def _rendered(each: Diagnostic, text: str) -> list[str]:
    colour = f"\x1b[1;{_COLOURS[each.severity]}m"
    where = ":".join(str(part) for part in (each.file, each.line, each.column) if part)
    head = f"{_BOLD}{where}:{_PLAIN} " if where else ""
    lines = [f"{head}{colour}{each.severity}:{_PLAIN} {each.message}"]
    if text.strip():
        number = str(each.line)
        lines.append(f"{number:>5} | {text}")
        if each.column:
            # tabs stay tabs, so that the caret stands where the character does
            pad = "".join("\t" if one == "\t" else " " for one in text[: each.column - 1])
            lines.append(f"      | {pad}{colour}^{_PLAIN}")
    return lines


def first_error(found: Iterable[Diagnostic]) -> tuple[int, int]:
    """Find line and column of the first error."""
    return min(((each.line, each.column) for each in found if each.is_error), default=(0, 0))
