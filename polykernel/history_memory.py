"""What a history is made of and asked for, and the answer from this session's cells in memory.

Specification: "History". Memory answers where no file is to be kept or the file can't be used.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Literal

import msgspec

SESSION = 1  # the number of the only session that memory knows
ENTRIES_KEPT = 10_000  # where there is no file
ENTRIES_BESIDE = 1_000  # where there is one, which may fail
BYTES_KEPT = 16_000_000
UNBOUNDED = 1 << 62


class HistoryRequest(msgspec.Struct, frozen=True):
    """Content of a history request; ``raw`` changes nothing, since inputs are kept as they came."""

    hist_access_type: Literal["range", "tail", "search"] = "tail"
    raw: bool = True
    output: bool = False
    session: int = 0
    start: int = 0
    stop: int | None = None
    n: int | None = None
    pattern: str = "*"
    unique: bool = False

    @property
    def limit(self) -> int:
        """How many entries at most, for ``tail`` and ``search``; without or below 0: all."""
        return UNBOUNDED if self.n is None or self.n < 0 else min(self.n, UNBOUNDED)

    def lines(self, end: int) -> tuple[int, int]:
        """Give the first line of a ``range`` and the one behind its last.

        Negative ones count from the session's end; no ``stop``, or 0, is the end.

        Args:
            end: The line behind the last one of the session.
        """
        start = self.start + end if self.start < 0 else self.start
        stop = self.stop or UNBOUNDED
        stop = stop + end if stop < 0 else stop
        return max(0, min(start, UNBOUNDED)), max(0, min(stop, UNBOUNDED))


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One cell of the history."""

    session: int
    line: int
    input: str
    output: str | None


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Entry).decode


class Counted(msgspec.Struct, frozen=True, gc=False):
    """A cell that has begun; ``serial`` is its number in its session, and is unique there."""

    serial: int
    line: int
    code: str


class Result(msgspec.Struct, frozen=True, gc=False):
    """The plain text of a cell's result."""

    serial: int
    text: str


Change = Counted | Result


class Memory:
    """Owns the last cells of this session, packed: as objects they take three times more.

    Args:
        kept: How many at most.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._entries: deque[bytes] = deque()
        self._first = 1  # the serial number of the first that is kept
        self._size = 0

    def add(self, line: int, code: str) -> int:
        """Remember a cell.

        Returns:
            Its serial number in this session; lines may be equal, in subshells.
        """
        packed = _pack(Entry(SESSION, line, code, None))
        self._entries.append(packed)
        self._size += len(packed)
        serial = self._first + len(self._entries) - 1
        while len(self._entries) > self._kept or self._size > BYTES_KEPT:
            self._size -= len(self._entries.popleft())
            self._first += 1
        return serial

    def set_output(self, serial: int, text: str) -> None:
        """Remember the result of a cell."""
        at = serial - self._first
        if at >= 0:
            before = self._entries[at]
            self._entries[at] = _pack(msgspec.structs.replace(_unpack(before), output=text))
            self._size += len(self._entries[at]) - len(before)

    def find(self, request: HistoryRequest) -> list[Entry]:
        """Find what a request asks for, the latest last."""
        found = [_unpack(each) for each in self._entries]
        if request.hist_access_type == "range":
            if request.session not in (0, SESSION):
                return []
            start, stop = request.lines(max((each.line for each in found), default=0) + 1)
            return [each for each in found if start <= each.line < stop]
        if request.hist_access_type == "search":
            matches = re.compile(_regular(request.pattern), re.DOTALL).fullmatch
            found = [each for each in found if matches(each.input)]
            if request.unique:
                latest = {each.input: at for at, each in enumerate(found)}
                found = [found[at] for at in sorted(latest.values())]
        return found[max(0, len(found) - request.limit) :]


def _regular(pattern: str) -> str:
    """Write a pattern of SQLite's GLOB as a regular expression that needs no backtracking."""
    runs = [""]  # of what matches one character each, with stars between them
    at = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*":
            runs.append("")
        elif character == "?":
            runs[-1] += "."
        elif character == "[":
            members, at = _regular_set(pattern, at)
            runs[-1] += members
        else:
            runs[-1] += re.escape(character)
    first, *others = runs
    if not others:
        return first
    return first + "".join(f"(?>.*?{run})" for run in others[:-1]) + f".*{others[-1]}"


def _regular_set(pattern: str, at: int) -> tuple[str, int]:
    """Write the set that begins behind a ``[``; one without an end matches nothing.

    Returns:
        The regular expression, and the place behind the set.
    """
    inverted = pattern.startswith("^", at)
    at += inverted
    ranges = []
    if pattern.startswith("]", at):
        ranges.append(("]", "]"))
        at += 1
    before = ""  # what a range could begin with
    while at < len(pattern) and pattern[at] != "]":
        if pattern[at] == "-" and before and pattern[at + 1 : at + 2] not in ("", "]"):
            ranges.append((before, pattern[at + 1]))
            before = ""
            at += 2
        else:
            before = pattern[at]
            ranges.append((before, before))
            at += 1
    if at == len(pattern):
        return "(?!)", at
    members = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in ranges if low <= high)
    if not members:
        return "." if inverted else "(?!)", at + 1
    return f"[{'^' if inverted else ''}{members}]", at + 1
