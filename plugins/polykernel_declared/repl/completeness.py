"""Tells whether code can be run as it is, by what a declaration says of the language."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from polykernel_declared.repl.settings import Settings


class Completeness:
    """How complete code is told from incomplete code.

    Args:
        settings: ``complete``, ``incomplete``, ``brackets``, ``quotes`` and ``comment``.
    """

    def __init__(self, settings: Settings) -> None:
        self._complete = settings.text("complete")
        self._incomplete = settings.text("incomplete")
        brackets = settings.text("brackets")
        self._closing = dict(zip(brackets[::2], brackets[1::2]))
        self._comment = settings.text("comment")
        self._quotes = settings.text("quotes")
        skipped = [_quoted(quote) for quote in self._quotes]
        if self._comment:
            skipped.append(f"(?:{self._comment})[^\n]*")
        wanted = re.escape(brackets) or "\\Z"
        self._token = re.compile("|".join([*skipped, f"[{wanted}]" if brackets else "(?!)"]))

    def of(self, code: str) -> str:
        """Give ``"complete"``, ``"incomplete"`` or ``"invalid"``."""
        if not code.strip():
            return "complete"
        brackets = self._of_brackets(code)
        if brackets != "complete":
            return brackets
        if self._incomplete and re.search(self._incomplete, code, re.MULTILINE):
            return "incomplete"
        if self._complete and not re.search(self._complete, code, re.MULTILINE):
            return "incomplete"
        return "complete"

    def _of_brackets(self, code: str) -> str:
        open_brackets = []
        for found in self._token.finditer(code):
            token = found.group()
            if token in self._closing:
                open_brackets.append(self._closing[token])
            elif token in self._closing.values():
                if not open_brackets or open_brackets.pop() != token:
                    return "invalid"
            elif token[0] in self._quotes and not _is_closed(token):
                return "incomplete"
        return "incomplete" if open_brackets else "complete"


def _quoted(quote: str) -> str:
    each = re.escape(quote)
    return f"{each}(?:[^{each}\\\\]|\\\\.)*(?:{each}|\\\\?\\Z)"


def _is_closed(token: str) -> bool:
    return len(token) > 1 and token[-1] == token[0]
