"""The module ``__main__`` that cells run in, and what it keeps of earlier cells."""

from __future__ import annotations

import builtins
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Iterator

NAMED = 100  # last cells whose `_5` and `_i5` are there, whether or not a text has them
LONGEST = 12  # characters of such a name, but for its underscore
KEPT = 1000  # results that Out holds, as in IPython: it must not hold all memory in the end


def make_main() -> ModuleType:
    """Make a fresh ``__main__`` and put it in ``sys.modules``.

    A real module: pickle, dataclasses and multiprocessing look it up there.
    """
    main = type(sys)("__main__", None)
    main.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = main
    return main


class History:
    """``In``, ``Out``, ``_`` and their kin, which it puts into the namespace and owns there.

    ``In`` has all cells, ``Out`` the last :data:`KEPT` results. A name for each would weigh more
    than most of them: of cells longer ago, ``_5`` and ``_i5`` are there when a text has them.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._inputs: list[str] = [""]
        self._outputs: dict[int, Any] = {}
        self._last: dict[str, object] = {"_": "", "__": "", "___": ""}
        self._asked: set[str] = set()  # names that a text has
        namespace.update(self._last, In=self._inputs, Out=self._outputs, _i="", _ii="", _iii="")

    def begin(self, code: str, execution_count: int) -> None:
        """Record a cell's text, before it runs."""
        # an evaluator that replaces a dead one does not begin with cell 1
        missing = execution_count - len(self._inputs)
        self._inputs.extend([""] * missing)
        del self._inputs[execution_count:]
        space = self._namespace
        for place, name in enumerate(("_i", "_ii", "_iii"), 1):
            space[name] = self._inputs[-place] if place <= len(self._inputs) else ""
        self._inputs.append(code)
        space[f"_i{execution_count}"] = code
        for name in (f"_i{execution_count - NAMED}", f"_{execution_count - NAMED}"):
            if name not in self._asked:
                self._remove(name, self._value(name))

    def recall(self, text: str) -> None:
        """Make the names ``_5`` and ``_i5`` that a text has, where they are not there any more."""
        for name in _names(text):
            self._asked.add(name)
            value = self._value(name)
            if value is not None:
                self._namespace.setdefault(name, value)

    def forget(self) -> None:
        """At the end: keep no result from its finalizer."""
        self._outputs.clear()
        self._last = dict.fromkeys(self._last)

    def _value(self, name: str) -> object:
        """Give what ``_5`` or ``_i5`` stands for, or ``None``."""
        number = int(name.lstrip("_i"))
        if not name.startswith("_i"):
            return self._outputs.get(number)
        return self._inputs[number] if 0 < number < len(self._inputs) else None

    def _remove(self, name: str, value: object) -> None:
        """Remove a name, unless the user has given it a meaning."""
        if value is not None and self._namespace.get(name) is value:
            del self._namespace[name]

    def remember(self, value: object, execution_count: int) -> None:
        """Record a cell's result."""
        if value is self._outputs:
            return  # Out[n] that holds Out is no use, and keeps it alive
        self.shift(value)
        self._outputs[execution_count] = value
        self._namespace[f"_{execution_count}"] = value
        while len(self._outputs) > KEPT:
            oldest = next(iter(self._outputs))
            self._remove(f"_{oldest}", self._outputs.pop(oldest))

    def shift(self, value: object) -> None:
        """Let ``_`` be the value, unless the user has given ``_`` a meaning (as gettext does)."""
        space, last = self._namespace, self._last
        if any(space.get(name) is not kept for name, kept in last.items()):
            return
        self._last = {"_": value, "__": last["_"], "___": last["__"]}
        space.update(self._last)


def _names(text: str) -> Iterator[str]:
    """Find the names ``_5`` and ``_i5``, also in strings that may be evaluated."""
    before, *pieces = text.split("_")
    for piece in pieces:
        number = piece[1:] if piece[:1] == "i" else piece
        if "1" <= number[:1] <= "9" and not before[-1:].isalnum():
            rest = number.lstrip("0123456789")
            end = len(piece) - len(rest)
            if not rest[:1].isalnum() and end <= LONGEST:
                yield f"_{piece[:end]}"
        before = piece
