"""Finds what is no code in a text: comments, and the insides of strings."""

from __future__ import annotations

import re
from typing import Sequence

_CHARACTER = re.compile(r"[^\n]")


class Hidden:
    """Finds comments and strings.

    Args:
        comments: ``//`` to the line's end, ``/* */`` from here to there.
        strings: Quotes.
        escape: What takes the next character's meaning in a string; may be empty.
    """

    def __init__(self, comments: Sequence[str], strings: Sequence[str], escape: str) -> None:
        found, closed, begins = [], [], []
        for comment in comments:
            begin, _, end = comment.partition(" ")
            if end:
                begins.append(begin)
                inside = f"{re.escape(begin)}(?:(?!{re.escape(end)})[\\s\\S])*"
                found.append(f"{inside}(?:{re.escape(end)})?")
                closed.append(inside + re.escape(end))
            else:
                found.append(f"{re.escape(begin)}[^\\n]*")
                closed.append(found[-1])
        for quote in strings:
            own, special = re.escape(quote), re.escape(escape)
            escaped = f"{special}[\\s\\S]|" if escape else ""
            # no string goes on in the next line: the compiler will say so
            inside = f"{own}(?:{escaped}[^{own}{special}\\n])*"
            found.append(f"{inside}{own}?")
            closed.append(inside + own)
        self._all = re.compile("|".join(found) or r"(?!)")
        self._closed = re.compile("|".join(closed) or r"(?!)")
        self._quotes = tuple(strings)
        self._begins = sorted(begins, key=len, reverse=True)

    def bare(self, code: str, *, keep_open: bool = False) -> str:
        """Blank comments and the insides of strings; lengths and lines stay as they are.

        Args:
            code: The code.
            keep_open: Whether what begins a comment that does not end is left as it is.
        """
        bare = self._all.sub(self._blanked, code)
        begin = self._open(code) if keep_open else None
        if begin is None or begin.group().startswith(self._quotes):
            return bare
        kept = next(each for each in self._begins if begin.group().startswith(each))
        start, end = begin.start(), begin.start() + len(kept)
        return bare[:start] + kept + bare[end:]

    def _blanked(self, match: re.Match[str]) -> str:
        text = match.group()
        if not text.startswith(self._quotes):
            return _CHARACTER.sub(" ", text)
        end = text[-1] if len(text) > 1 and text[-1] == text[0] else " " * (len(text) > 1)
        return text[0] + _CHARACTER.sub(" ", text[1:-1]) + end

    def is_open(self, code: str) -> bool:
        """Say whether the text ends within a comment or a string."""
        return self._open(code) is not None

    def _open(self, code: str) -> re.Match[str] | None:
        last = None
        for match in self._all.finditer(code):
            last = match
        if last is None or last.end() < len(code) or self._closed.fullmatch(last.group()):
            return None
        return last
