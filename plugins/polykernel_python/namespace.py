"""The module ``__main__`` that cells run in, and what it keeps of earlier cells."""

from __future__ import annotations

import builtins
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

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
    """``In``, ``Out``, ``_`` and their kin, which it puts into the namespace and owns there."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._inputs: list[str] = [""]
        self._outputs: dict[int, Any] = {}
        self._last: dict[str, object] = {"_": "", "__": "", "___": ""}
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

    def remember(self, value: object, execution_count: int) -> None:
        """Record a cell's result."""
        if value is self._outputs:
            return  # Out[n] that holds Out is no use, and keeps it alive
        self.shift(value)
        self._outputs[execution_count] = value
        self._namespace[f"_{execution_count}"] = value
        while len(self._outputs) > KEPT:
            oldest = next(iter(self._outputs))
            del self._outputs[oldest]
            self._namespace.pop(f"_{oldest}", None)

    def shift(self, value: object) -> None:
        """Let ``_`` be the value, unless the user has given ``_`` a meaning (as gettext does)."""
        space, last = self._namespace, self._last
        if any(space.get(name) is not kept for name, kept in last.items()):
            return
        self._last = {"_": value, "__": last["_"], "___": last["__"]}
        space.update(self._last)
