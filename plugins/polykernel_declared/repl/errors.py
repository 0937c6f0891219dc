"""Makes a cell's errors: of what the program says, and of code that it can't be sent."""

from __future__ import annotations

import re

from polykernel.evaluator import CellError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Match

_KEYS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_COLOURS = re.compile("\x1b\\[[0-9;]*m")


def of_output(text: str, pattern: str) -> CellError:
    """Make an error of what the program has said.

    Args:
        text: All of it.
        pattern: With groups whose names begin with ``ename`` and ``evalue``.
    """
    found = list(re.finditer(pattern, text, re.MULTILINE))
    lines = text.rstrip("\n").split("\n")
    ename = _group("ename", found) or "Error"
    evalue = _group("evalue", found) or lines[0].strip()
    return CellError(_plain(evalue), ename=_plain(ename), traceback=lines)


def _group(name: str, found: list[Match[str]]) -> str:
    """Give the text of the first group whose name begins so, of the first match that has one."""
    for match in found:
        for group, text in match.groupdict().items():
            if group.startswith(name) and text and text.strip():
                return text.strip()
    return ""


def _plain(text: str) -> str:
    return _COLOURS.sub("", text)


def incomplete(code: str) -> CellError:
    """Tell that more code must follow."""
    last = code.rstrip().rpartition("\n")[2].strip()
    return CellError(f"the code is not complete: more must follow {last!r}", ename="Incomplete")


def refuse_keys(code: str) -> None:
    """Look for characters that are keys to a program in a terminal.

    Raises:
        CellError: There is one; says which, and where.
    """
    found = _KEYS.search(code)
    if found:
        line = code.count("\n", 0, found.start()) + 1
        raise CellError(
            f"line {line} has the control character U+{ord(found.group()):04X}, which is a key "
            "for a program in a terminal, and no text",
            ename="ControlCharacter",
        )
