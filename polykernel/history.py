"""The history facet: what this kernel's cells were, for the front ends that ask.

Specification: "History". Kept in memory, for this session.
"""

from __future__ import annotations

import fnmatch
from typing import Any

import msgspec

from polykernel.message import Message, from_json

SESSION = 1  # the only one that is known
REMEMBERED = 10_000  # cells


class HistoryRequest(msgspec.Struct, frozen=True):
    """Content of a history request."""

    hist_access_type: str = "tail"
    raw: bool = True
    output: bool = False
    session: int = 0
    start: int = 0
    stop: int | None = None
    n: int | None = None
    pattern: str = "*"
    unique: bool = False


class History:
    """Owns the inputs of this session."""

    def __init__(self) -> None:
        self._inputs: dict[int, str] = {}

    def add(self, count: int, code: str) -> None:
        """Remember a cell that counts."""
        self._inputs[count] = code
        if len(self._inputs) > REMEMBERED:
            del self._inputs[next(iter(self._inputs))]

    def answer(self, message: Message) -> dict[str, Any]:
        """Give the content of a history reply.

        Raises:
            msgspec.DecodeError: The request's content is malformed.
        """
        request = from_json(message.content, HistoryRequest)
        found = self._find(request)
        entries = [
            (SESSION, count, (code, None) if request.output else code) for count, code in found
        ]
        return {"status": "ok", "history": entries}

    def _find(self, request: HistoryRequest) -> list[tuple[int, str]]:
        if request.hist_access_type == "range":
            stop = request.stop if request.stop is not None else 1 << 62
            here = request.session in (0, SESSION)
            return [
                (count, code)
                for count, code in self._inputs.items()
                if here and request.start <= count < stop
            ]
        found = list(self._inputs.items())
        if request.hist_access_type == "search":
            found = [entry for entry in found if fnmatch.fnmatchcase(entry[1], request.pattern)]
            if request.unique:
                found = sorted({code: (count, code) for count, code in found}.values())
        return found[-request.n :] if request.n else found
