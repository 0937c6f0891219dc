"""Keeps variables by running the statements of earlier cells again, unseen, before each cell.

For languages whose variables can't stay in a process: where the declaration asks for it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Callable, NamedTuple, Sequence

from polykernel_declared.compiler.alternatives import STATEMENTS
from polykernel_declared.compiler.building import ALONE, Around, Built
from polykernel_declared.compiler.definitions import Part
from polykernel_declared.compiler.relays import UNMARKED, Marks

if TYPE_CHECKING:
    from polykernel.evaluator import Cell

_ENDED = "The program has ended before its last statement: this cell's statements are not kept.\n"


class Ran(NamedTuple):
    """How a program went that ended well.

    Args:
        answers: The lines that the user has written.
        reached_end: Whether it has come to its last statement.
    """

    answers: Sequence[str]
    reached_end: bool


class Replay:
    """Knows what is run again. State: the statements of cells that went well, and their input.

    Args:
        statement: Prints ``{mark}`` on both streams; empty where nothing is run again.
    """

    def __init__(self, statement: str) -> None:
        self._begin, self._end = (f"[{os.urandom(8).hex()}]" for _ in range(2))
        self._statement = statement
        self._parts: list[Part] = []
        self._answers: list[str] = []

    def around(self) -> Around:
        """Give what is run before a cell and behind it, with marks of what is not shown."""
        if not self._statement:
            return ALONE
        before = (*self._parts, self._marked(self._begin)) if self._parts else ()
        return Around(before, (self._marked(self._end),))

    def _marked(self, mark: str) -> Part:
        return Part(STATEMENTS, self._statement.replace("{mark}", mark), "", 0, 0, 0)

    def run(self, built: Built, cell: Cell, run: Callable[[Marks, Sequence[str]], Ran]) -> None:
        """Run a cell, and remember it if it went well.

        Args:
            built: The cell as it is compiled.
            cell: The cell.
            run: Runs it: with its marks, and the lines that it finds as its input.
        """
        if not self._statement:
            run(UNMARKED, ())
            return
        ran = run(Marks(self._begin if built.earlier else "", self._end), self._answers)
        if not ran.reached_end:
            cell.write(_ENDED, "stderr")  # it would end each later cell as well
            return
        self._parts = [*built.earlier[:-1], *built.statements]
        self._answers += ran.answers
