"""An object as plain text: ``repr``, with long containers laid out over several lines."""

from __future__ import annotations

from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WIDTH = 79
ITEMS = 1000  # shown of one container, as in IPython
TOTAL = 20_000  # objects shown in all, however they are nested

_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    dict: ("{", "}"),
}


def text_of(value: object) -> str:
    """Give ``repr(value)``; containers that are too wide for a line are laid out, and bounded.

    Raises:
        BaseException: Whatever the ``__repr__`` of a user's class raises.
    """
    if type(value) not in _BRACKETS:
        return repr(value)
    return _Layout().lay_out(value, 0)


class _Layout:
    """One layout; owns the count of the objects that may still be shown."""

    def __init__(self) -> None:
        self._left = TOTAL
        self._around: list[int] = []

    def lay_out(self, value: Any, indent: int) -> str:
        self._left -= 1
        brackets = _BRACKETS.get(type(value))
        if brackets is None or not value:
            return repr(value)
        if id(value) in self._around:
            return f"{brackets[0]}...{brackets[1]}"
        self._around.append(id(value))
        try:
            items = self._items(value, indent + len(brackets[0]))
        finally:
            self._around.pop()
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        line = f"{brackets[0]}{', '.join(items)}{comma}{brackets[1]}"
        if len(line) + indent <= WIDTH and "\n" not in line:
            return line
        separator = ",\n" + " " * (indent + len(brackets[0]))
        return f"{brackets[0]}{separator.join(items)}{comma}{brackets[1]}"

    def _items(self, value: Any, indent: int) -> list[str]:
        items: list[str] = []
        # a copy, since another thread may change the container meanwhile
        parts = list(islice(value.items() if isinstance(value, dict) else value, ITEMS))
        for part in parts:
            if self._left <= 0:
                break
            if isinstance(value, dict):
                key = self.lay_out(part[0], indent)
                items.append(f"{key}: {self.lay_out(part[1], indent + len(key) + 2)}")
            else:
                items.append(self.lay_out(part, indent))
        if len(items) < len(value):
            items.append("...")
        return items
