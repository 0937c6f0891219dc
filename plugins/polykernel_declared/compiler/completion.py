"""Completes words: those that a declaration names, and those of the cells so far."""

from __future__ import annotations

import re
from typing import Iterable

from polykernel.evaluator import Completions

_BEFORE = re.compile(r"[^\W\d]\w*\Z")
_WORD = re.compile(r"[^\W\d]\w+")
NEAR = 100_000  # characters around the cursor that are looked at
MOST = 1000  # words of one cell that are learnt


class Words:
    """Knows words. State: those that were seen.

    Args:
        keywords: Those that the declaration names.
    """

    def __init__(self, keywords: Iterable[str]) -> None:
        self._kinds: dict[str, str] = {str(word): "keyword" for word in keywords}

    def learn(self, code: str) -> None:
        """Remember the words of a cell that has run."""
        for number, match in enumerate(_WORD.finditer(code)):
            if number == MOST:
                return
            self._kinds.setdefault(match.group(), "text")

    def complete(self, code: str, cursor_pos: int) -> Completions:
        """Find the words that begin as the one before the cursor does."""
        match = _BEFORE.search(code, max(0, cursor_pos - NEAR), cursor_pos)
        if match is None:
            return Completions([], cursor_pos, cursor_pos)
        begun = match.group()
        kinds = dict(self._kinds)
        before = code[max(0, match.start() - NEAR) : match.start()]
        for word in _WORD.findall(f"{before} {code[cursor_pos : cursor_pos + NEAR]}"):
            kinds.setdefault(word, "text")
        found = sorted(word for word in kinds if word.startswith(begun) and word != begun)
        return Completions(found, match.start(), cursor_pos, [kinds[word] for word in found])
