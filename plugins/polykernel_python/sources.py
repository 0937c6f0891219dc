"""The texts of cells, and from a code object's file name back to its cell."""

from __future__ import annotations

import sys
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` costs three milliseconds of each start
    from types import ModuleType
    from typing import Any, Dict, Sequence

    _Entries = Dict[str, Any]
else:
    _Entries = dict

LAST = 1000  # cells whose functions a debugger can stop in that was begun after them
SHARED = 256  # texts of the last cells that are looked at for an equal one
_NUMBERED = "<cell In["  # how file names begin
_UNNUMBERED = "<unnumbered cell "


def name_of(execution_count: int, subshell: str | None = None) -> str:
    """Give the file name of a numbered cell's code.

    The angle brackets keep ``pdb``, ``inspect`` and ``linecache`` from taking it for a file.
    """
    return f"{_NUMBERED}{execution_count}]{_of(subshell)}>"


def _of(subshell: str | None) -> str:
    return "" if subshell is None else f" of {subshell}"


class Sources:
    """The texts of all cells, which it owns, and gives to ``linecache`` as far as it asks for them.

    A cell costs its text and a place in a list: names and titles are made when they are asked for.
    ``linecache`` is loaded only when something needs it: :meth:`publish` is called then.
    """

    def __init__(self) -> None:
        self._numbered: dict[str, list[str | None]] = {}  # by what follows the number in names
        self._unnumbered: list[str] = []
        self._numbers: dict[str, int] = {}  # of the unnumbered ones: their place, from 1
        self._files: dict[str, tuple[str, str]] = {}  # title and text
        self._last: deque[str] = deque(maxlen=LAST)
        self._shared: dict[str, str] = {}

    def share(self, code: str) -> str:
        """Give the text itself, or the equal one of a cell not long ago, which is kept already."""
        code = self._shared.pop(code, code)
        self._shared[code] = code
        if len(self._shared) > SHARED:
            del self._shared[next(iter(self._shared))]
        return code

    def add(
        self,
        code: str,
        execution_count: int | None,
        subshell: str | None = None,
        file: str | None = None,
    ) -> str:
        """Remember a cell's text.

        Args:
            code: The text.
            execution_count: Its number, or ``None`` where it has none of its own.
            subshell: The subshell that counts, if it is not the main shell.
            file: The file name to compile it under, where a debugger has one.

        Returns:
            The file name under which its code is to be compiled.
        """
        if file is not None:
            name = file
            self._files[file] = (_title(execution_count), code)
        elif execution_count is not None:
            name = name_of(execution_count, subshell)
            texts = self._numbered.setdefault(_of(subshell), [])
            # an evaluator that replaces a dead one does not begin with cell 1
            texts.extend([None] * (execution_count + 1 - len(texts)))
            texts[execution_count] = code
        else:
            number = self._numbers.get(code)
            if number is not None:  # extensions of front ends run the same text again and again
                return f"{_UNNUMBERED}{number}>"
            self._unnumbered.append(code)
            number = self._numbers[code] = len(self._unnumbered)
            name = f"{_UNNUMBERED}{number}>"
        self._last.append(name)
        linecache = sys.modules.get("linecache")
        if linecache is not None:
            self.publish(linecache)  # somebody may have put another cache into it
        return name

    def publish(self, linecache: ModuleType) -> None:
        """Let the module ``linecache`` find all texts, for tracebacks and inspect."""
        cache = getattr(linecache, "cache", None)
        # a module that has none is the user's own
        if isinstance(cache, dict) and not isinstance(cache, _Cache):
            linecache.cache = _Cache(self, cache)  # type: ignore[attr-defined]

    def named(self) -> list[tuple[str, str]]:
        """Give texts and file names of the last cells, the latest first; each text once."""
        found: dict[str, str] = {}
        for name in reversed(self._last):
            text = self.text(name)
            if text is not None:
                found.setdefault(text[:-1], name)
        return list(found.items())

    def title(self, name: str) -> str | None:
        """Give what a person calls the cell of that file name, or ``None`` if it is no cell."""
        found = self._find(name)
        return None if found is None else found[0]

    def text(self, name: str) -> str | None:
        """Give the text of the cell of that file name, or ``None`` if it is no cell."""
        found = self._find(name)
        return None if found is None else found[1].replace("\r\n", "\n") + "\n"

    def lines(self, name: str) -> list[str] | None:
        """Give all lines of a cell, with their ends, or ``None`` if it is no cell."""
        text = self.text(name)
        return None if text is None else [line + "\n" for line in text[:-1].split("\n")]

    def line(self, name: str, number: int) -> str | None:
        """Give one line of a cell, counted from 1, or ``None``."""
        lines = self.lines(name)
        if lines is None or not 1 <= number <= len(lines):
            return None
        return lines[number - 1]

    def _find(self, name: str) -> tuple[str, str] | None:
        """Find the title and the text of the cell of a file name."""
        if name in self._files:
            return self._files[name]
        texts: Sequence[str | None]
        if name.startswith(_NUMBERED):
            digits, _, of = name[len(_NUMBERED) : -1].partition("]")
            texts, number = self._numbered.get(of, []), _number(digits)
            title = _title(number)
        else:
            number = _number(name[len(_UNNUMBERED) : -1]) if name.startswith(_UNNUMBERED) else 0
            texts, number = self._unnumbered, number - 1
            title = _title(None)
        text = texts[number] if 0 <= number < len(texts) else None
        return None if text is None else (title, text)


class _Cache(_Entries):
    """What ``linecache`` has in memory, and all cells, whose entries are made when looked at."""

    def __init__(self, sources: Sources, entries: dict[str, Any]) -> None:
        super().__init__(entries)
        self._sources = sources

    def __missing__(self, name: str) -> object:
        lines = self._sources.lines(name)
        if lines is None:
            raise KeyError(name)
        # without a modification time, linecache.checkcache keeps the entry
        return (sum(map(len, lines)) - 1, None, lines, name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (
            isinstance(name, str) and self._sources.title(name) is not None
        )

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


def _title(execution_count: int | None) -> str:
    return "Unnumbered cell" if execution_count is None else f"Cell In[{execution_count}]"


def _number(digits: str) -> int:
    return int(digits) if digits.isdecimal() and len(digits) < 12 else -1
