"""The messages on the channel, typed (docs/channel.md): JSON-RPC 2.0, one a line."""

from __future__ import annotations

import re
from collections import deque
from typing import Any, cast

import msgspec

VERSION = 1
BEGINNING = b'{"jsonrpc"'  # of a message, as most programs write it
PARSE_ERROR, METHOD_NOT_FOUND, INTERNAL_ERROR = -32700, -32601, -32603  # JSON-RPC's


class Failure(msgspec.Struct, frozen=True):
    """A JSON-RPC error."""

    code: int
    message: str
    data: dict[str, Any] | None = None


class Params(msgspec.Struct, frozen=True, gc=False):
    """The params of an event or of an evaluator's request."""

    cell: int | None = None
    mark: int = 0
    content: msgspec.Raw = msgspec.Raw(b"{}")
    metadata: msgspec.Raw = msgspec.Raw(b"{}")
    buffers: list[int | bytes] = []  # where it is a number, so many bytes follow the line ...
    parcel: int = 0  # ... or are in the parcel of this number

    def tails(self) -> list[int]:
        """List the lengths of the buffers that follow the line."""
        return [each for each in self.buffers if isinstance(each, int)]

    def unpack(self, parcel: memoryview) -> None:
        """Take from a parcel what would follow the line."""
        at = 0
        for place, length in enumerate(self.buffers):
            if isinstance(length, int):
                self.buffers[place] = cast(bytes, parcel[at : at + length])
                at += length

    def binary(self) -> tuple[bytes, ...]:
        """Give the buffers, when they have come."""
        return tuple(each for each in self.buffers if not isinstance(each, int))


class Line(msgspec.Struct, frozen=True, gc=False):
    """One message from an evaluator: event, request or response."""

    id: int | str | None = None
    method: str | None = None
    params: Params = Params()
    result: msgspec.Raw = msgspec.Raw()  # a union with Raw would be decoded
    error: Failure | None = None


_ID = re.compile(rb'"id"\s*:\s*(\d+)')
_HEAD = 100  # bytes of a line in which most programs put its id
decode_line = msgspec.json.Decoder(Line).decode


def envelope(data: bytes) -> tuple[int | str | None, str | None]:
    """Find the id and the method of a line that is refused, as far as they can be made out."""
    import json  # takes the NaN and the lone surrogates that sloppy encoders write

    try:
        line = json.loads(data.decode(errors="replace"))
    except (ValueError, RecursionError):
        found = _ID.search(data[:_HEAD])
        line = {"id": int(found[1])} if found and b'"method"' not in data[:_HEAD] else {}
    if not isinstance(line, dict):
        return None, None
    number, method = line.get("id"), line.get("method")
    return number if isinstance(number, (int, str)) else None, method


class Tail:
    """Owns the buffers of a line while they come.

    Raises:
        ValueError: A length is negative.
        MemoryError, OverflowError: They are too large.
    """

    def __init__(self, line: Line) -> None:
        if min(line.params.tails()) < 0:
            raise ValueError("a buffer of negative length")
        self.line = line
        self._places: deque[int] = deque()
        self._at = 0
        for place, length in enumerate(line.params.buffers):
            if isinstance(length, int):
                line.params.buffers[place] = cast(bytes, bytearray(length))
                self._places.append(place)
        self._skip_full()

    @property
    def whole(self) -> bool:
        """All has come."""
        return not self._places

    @property
    def missing(self) -> int:
        """How many bytes of the present buffer have not come."""
        return len(self._present()) - self._at

    def take(self, data: bytes) -> bytes:
        """Take bytes; what is behind the last buffer comes back."""
        rest = memoryview(data)
        while rest and self._places:
            piece = rest[: self.missing]
            self._present()[self._at : self._at + len(piece)] = piece
            self._at += len(piece)
            rest = rest[len(piece) :]
            self._skip_full()
        return bytes(rest)

    def _present(self) -> bytearray:
        return cast(bytearray, self.line.params.buffers[self._places[0]])

    def _skip_full(self) -> None:
        while self._places and not self.missing:
            self._places.popleft()
            self._at = 0
