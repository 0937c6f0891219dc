"""How results are told: line by line in a terminal, as they come, and as JSON."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polykernel.plugins import FoundLanguage, Outdated
    from polykernel.testing.conformance.run import Result

_WIDTH = 96  # columns
_LABEL = 12  # of a status
_COLOURS = {"passed": "32", "failed": "1;31", "not offered": "2", "not tried": "33"}
_WORDS = {
    "passed": "ok",
    "failed": "FAILED",
    "not offered": "not offered",
    "not tried": "not tried",
}


class Terminal:
    """Writes results where somebody watches.

    Args:
        out: Where to.
        colours: Whether it shows colours.
    """

    def __init__(self, out: TextIO, *, colours: bool) -> None:
        self._out = out
        self._colours = colours
        self._topic = ""

    def begin(self, found: FoundLanguage, outdated: Sequence[Outdated]) -> None:
        """Name what is checked, and what its plugin uses that a later polykernel will not have."""
        language = found.language
        facts = f"{language.display_name} {language.version}".rstrip()
        self._write(f"{language.name}: {facts}, of {found.plugin}")
        for each in outdated:
            self._write(f"outdated: {each.reason} ({each.file}, line {each.line})")

    def tell(self, result: Result) -> None:
        """Tell one result."""
        check = result.check
        if check.topic != self._topic:
            self._topic = check.topic
            self._write(f"\n{check.topic}")
        label = self._coloured(_WORDS[result.status], result.status)
        padding = " " * (_LABEL - len(_WORDS[result.status]))
        name = check.name.partition(".")[2]
        note = f": {result.note}" if result.note else ""
        self._write(f"  {label}{padding}{name:26}{check.title}{note}")
        if result.status == "failed":
            self._explain(result)

    def _explain(self, result: Result) -> None:
        check = result.check
        parts = {
            "sent": result.sent or "nothing: see the rule",
            "came": result.came,
            "rule": f"{check.rule} [{check.section}]",
            "mend": result.mend,
        }
        for label, text in parts.items():
            lines = [
                line
                for part in text.splitlines()
                for line in textwrap.wrap(part, _WIDTH - 22, break_long_words=False) or [""]
            ]
            for number, line in enumerate(lines):
                self._write(f"{'' if number else label:>18}  {line}")

    def end(self, results: Sequence[Result], seconds: float) -> None:
        """Sum up."""
        count = counts(results)
        told = ", ".join(f"{number} {status}" for status, number in count.items() if number)
        self._write(f"\n{told}, in {seconds:.1f} s")
        failed = [result.check.name for result in results if result.status == "failed"]
        if failed:
            self._write(f"failed: {', '.join(failed)}")

    def _coloured(self, text: str, status: str) -> str:
        return f"\x1b[{_COLOURS[status]}m{text}\x1b[0m" if self._colours else text

    def _write(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()


def counts(results: Sequence[Result]) -> dict[str, int]:
    """Count the results of each status."""
    return {status: sum(result.status == status for result in results) for status in _WORDS}


def as_json(
    found: FoundLanguage, outdated: Sequence[Outdated], results: Sequence[Result], seconds: float
) -> dict[str, Any]:
    """Give all results for a program to read."""
    return {
        "language": found.language.name,
        "display_name": found.language.display_name,
        "plugin": found.plugin.distribution,
        "plugin_version": found.plugin.version,
        "module": found.plugin.module,
        "outdated": [
            {"reason": each.reason, "file": each.file, "line": each.line} for each in outdated
        ],
        "seconds": round(seconds, 3),
        "counts": counts(results),
        "checks": [result.as_json() for result in results],
    }
