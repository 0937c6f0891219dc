"""What users are told of evaluators that died: in which cell, and how often."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from polykernel.content import error_content, excess_content

if TYPE_CHECKING:
    from polykernel.watcher import Death

LAST_WORDS = 10  # lines of a dead evaluator's that its cell shows

_LOST = "What its cells defined is lost. The next cell runs in a fresh evaluator."

# a crash report names the files of the runtime too, which tell the user nothing
_OURS = os.path.dirname(__file__)


class Obituary:
    """Owns what is still to be told."""

    def __init__(self) -> None:
        self._start_words: list[str] = []
        self._lost_because = ""
        self._untold: dict[str, Any] | None = None

    def died_at_start(self, death: Death, stderr: str) -> None:
        """Keep what it said, for whoever asks why nothing starts."""
        self._start_words = _last_words(death, stderr)
        if death.excess is not None:
            self._start_words.append(death.excess.advice)

    def died_in_cell(self, death: Death, stderr: str) -> dict[str, Any]:
        """Content of the error of the cell that it died in; the next one is told of the loss."""
        self._lost_because = f"the last one ended with {death.status}"
        return _content(death, stderr)

    def died_idle(self, death: Death, stderr: str) -> None:
        """Let the next cell tell it, instead of running on lost state."""
        self._untold = _content(death, stderr)

    def untold(self, quiet: bool) -> dict[str, Any] | None:
        """Content of the error that a cell gives instead of running, or ``None``.

        Args:
            quiet: The cell shows nothing: the next one that does still has to tell it.
        """
        untold = self._untold
        if not quiet:
            self._untold = None
        return untold

    def lost(self) -> str:
        """Say what a cell in a fresh evaluator begins with, once; empty where nothing is lost."""
        because, self._lost_because = self._lost_because, ""
        if not because:
            return ""
        return (
            f"This cell runs in a fresh evaluator: {because}. What earlier cells defined is lost.\n"
        )

    def forget(self) -> None:
        """Tell nothing more of evaluators that another one was put in the place of."""
        self._lost_because, self._untold = "", None
        self._start_words.clear()

    def no_start(self, error: str, *, passing: bool) -> dict[str, Any]:
        """Content of the error of each cell where no evaluator can be started.

        Args:
            error: Why.
            passing: Each cell tries again.
        """
        way_out = "run the cell again" if passing else "restart the kernel"
        lines = [error, *self._start_words, f"Mend the cause, then {way_out}."]
        return error_content("EvaluatorStartError", error, lines)


def _content(death: Death, stderr: str) -> dict[str, Any]:
    if death.excess is None:
        evalue = f"the evaluator ended with {death.status}"
        lines = [f"\x1b[31mEvaluatorDied\x1b[39m: {evalue}", *_last_words(death, stderr)]
        return error_content("EvaluatorDied", evalue, [*lines, _LOST])
    return excess_content(death.excess, *_last_words(death, stderr), _LOST)


def _last_words(death: Death, stderr: str) -> list[str]:
    """Tell what an evaluator said at its end: its crash report, or the end of its stderr."""
    report = [line for line in death.last_words.splitlines() if line and _OURS not in line]
    words = report[:LAST_WORDS] or stderr.splitlines()[-LAST_WORDS:]
    return ["Its last words:", *(f"  {word}" for word in words)] if words else []
