"""Keeps variables by running the statements of earlier cells again, unseen, before each cell.

For languages whose variables can't stay in a process: where the declaration asks for it.
"""

from __future__ import annotations

import os
from typing import Callable, Sequence

from polykernel_declared.compiler.building import STATEMENTS, Built
from polykernel_declared.compiler.definitions import Part


class Replay:
    """Knows what is run again. State: the statements of cells that went well, and their input.

    Args:
        statement: Prints ``{mark}`` on both streams; empty where nothing is run again.
    """

    def __init__(self, statement: str) -> None:
        self._mark = f"[{os.urandom(8).hex()}]"
        self._statement = statement.replace("{mark}", self._mark)
        self._parts: list[Part] = []
        self._answers: list[str] = []

    def statements(self) -> Sequence[Part]:
        """Give what is run before a cell; the last one ends what is not shown."""
        if not self._parts:
            return ()
        return (*self._parts, Part(STATEMENTS, self._statement, "", 0, 0, 0))

    def run(self, built: Built, run: Callable[[str, Sequence[str]], list[str]]) -> None:
        """Run a cell, and remember it if it went well.

        Args:
            built: The cell.
            run: Runs it: with the mark before which nothing is shown, and the lines that it finds
                as its input; gives those that the user has written.
        """
        if not self._statement:
            run("", ())
            return
        answers = run(self._mark if built.earlier else "", self._answers)
        self._parts = [*built.earlier[:-1], *built.statements]
        self._answers += answers
