"""Frames to messages and back: length checks, HMAC signatures, JSON.

Specification: "The wire protocol". Knows no socket.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import os
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from polykernel.errors import ConnectionFileError, WireError
from polykernel.message import EMPTY, Header, Message, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

PROTOCOL_VERSION = "5.5"
DELIMITER = b"<IDS|MSG>"
REMEMBERED = 65536  # signatures at most, as in jupyter_client: 1 MB when that many have come
ROWS = 512  # of a table of signatures: each is short enough to be searched in half a microsecond

# each escape as a whole: a pair of surrogates, a lone one, or any other
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
_decode_header = msgspec.json.Decoder(Header).decode


class Wire:
    """Signs and checks with one key; gives outgoing messages their ids.

    Args:
        key: The connection file's key; empty for no signatures at all.
        signature_scheme: ``hmac-`` and the name of a hash of :mod:`hashlib`.
        username: The name in our headers.

    Raises:
        ConnectionFileError: The scheme is unknown, or its hash has no fixed length.
    """

    def __init__(self, key: str, signature_scheme: str, username: str) -> None:
        self.session = os.urandom(16).hex()
        self._hmac = _hmac(key.encode(), signature_scheme)
        self._replays = _Replays()
        self._count = itertools.count(1)
        self._dates = _Dates()
        # every header of ours differs from the last one in three places only
        quoted = encode(
            {"username": username, "session": self.session, "version": PROTOCOL_VERSION}
        )
        self._header_end = b'",' + quoted[1:]
        self._header_begin = f'{{"msg_id":"{self.session}_{os.getpid()}_'.encode()

    def _next_id(self) -> bytes:
        return b"%b%d" % (self._header_begin, next(self._count))

    def _signature(self, frames: Sequence[bytes]) -> bytes:
        if self._hmac is None:
            return b""
        digest = self._hmac.copy()
        digest.update(b"".join(frames[:-1]))  # without the last, which may be large
        digest.update(frames[-1])
        return digest.hexdigest().encode()

    def seal(self, content: bytes) -> list[bytes]:
        """Sign a content that is no whole message (specification, "Kernel startup handshake")."""
        return [DELIMITER, self._signature([content]), content]

    def unseal(self, frames: Sequence[bytes]) -> bytes:
        """Give the content of such a message.

        Raises:
            WireError: No delimiter, not one frame of content, or a wrong signature.
        """
        at = _delimiter(frames)
        if len(frames) != at + 3:
            raise WireError(f"{len(frames) - at - 1} frames after the delimiter, not 2")
        if self._hmac is not None and not hmac.compare_digest(
            self._signature(frames[at + 2 :]), frames[at + 1]
        ):
            raise WireError("wrong signature")
        return frames[at + 2]

    def decode(self, frames: Sequence[bytes]) -> Message:
        """Check the frames of a received message.

        Raises:
            WireError: Too few frames, no delimiter, a wrong signature, the signature of a message
                that has come before, an id of our own, or JSON that is none.
        """
        at = _delimiter(frames)
        if len(frames) < at + 6:
            raise WireError(f"{len(frames) - at - 1} frames after the delimiter, at least 5 needed")
        signed = frames[at + 2 : at + 6]
        if self._hmac is not None:
            if not hmac.compare_digest(self._signature(signed), frames[at + 1]):
                raise WireError("wrong signature")
            if self._replays.has_come(frames[at + 1]):
                raise WireError("this signature has come before")
        raw_header, parent_header, metadata, content = signed
        raw_header = _well_formed(raw_header)
        header = _header(raw_header)
        if self._hmac is not None and header.msg_id.startswith(self.session):
            raise WireError("it is one of this kernel's own")  # somebody has it from IOPub
        return Message(
            header=header,
            raw_header=raw_header,
            parent_header=_object(parent_header, "parent_header"),
            metadata=_well_formed(_object(metadata, "metadata")),
            content=_well_formed(_object(content, "content")),
            identities=tuple(frames[:at]),
            buffers=tuple(frames[at + 6 :]),
        )

    def encode(self, message: Message) -> list[bytes]:
        """Give a message its date, and an id if it has none; sign it, and lay it out in frames."""
        own = message.header.msg_id
        header = b'%b","date":"%b","msg_type":"%b%b' % (
            b'{"msg_id":"' + own.encode() if own else self._next_id(),
            self._dates.now(),
            message.header.msg_type.encode(),
            self._header_end,
        )
        signed = [header, message.parent_header, message.metadata, message.content]
        frames = [*message.identities, DELIMITER, self._signature(signed), *signed]
        if message.buffers:
            frames += message.buffers
        return frames


class _Dates:
    """Gives dates in ISO 8601; those of one second have their text in common."""

    def __init__(self) -> None:
        self._second = -1
        self._text = b""

    def now(self) -> bytes:
        second, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        if second != self._second:
            self._second = second
            self._text = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}".encode()
        return b"%b.%06d+00:00" % (self._text, nanoseconds // 1000)


class _Replays:
    """Remembers the signatures that have come; of very many the latest, at least half of them.

    Every message differs from all others in its header's id, and so in its signature: what comes
    twice was recorded by somebody and sent again. Only 64 bits of each are kept, in two tables of
    which the older one is dropped when the newer one is full; 64 bits that are equal by chance
    would lose one message in some 10**14.
    """

    def __init__(self) -> None:
        self._count = 0  # in the newer table
        self._newer = _table()
        self._older = _table()

    def has_come(self, signature: bytes) -> bool:
        """Tell whether a signature, which must be right, has come before; and remember it."""
        number = hash(signature)
        short = number.to_bytes(8, "little", signed=True)
        place = number % ROWS
        row = self._newer[place]
        if short in row or short in self._older[place]:
            return True
        row += short
        self._count += 1
        if self._count >= REMEMBERED // 2:
            self._count, self._newer, self._older = 0, _table(), self._newer
        return False


def _table() -> list[bytearray]:
    """Make a table of numbers of 8 bytes: a set of Python's takes eight times as much memory.

    A number is looked for in one row, at any byte: that makes its chance not much greater.
    """
    return [bytearray() for _ in range(ROWS)]


def _delimiter(frames: Sequence[bytes]) -> int:
    try:
        return frames.index(DELIMITER)
    except ValueError:
        raise WireError("no delimiter frame <IDS|MSG>") from None


def _header(raw: bytes) -> Header:
    try:
        raw.decode()  # the decoder does not look into fields that it skips
        return _decode_header(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"malformed header: {error}") from None


def _object(raw: bytes, name: str) -> bytes:
    """Check cheaply that a frame can be an object; who reads it decodes it."""
    if raw[:1] == b"{" or raw.lstrip()[:1] == b"{":
        return raw
    if name != "content" and raw.strip() in (b"", b"null"):
        return EMPTY
    raise WireError(f"{name} is not a JSON object")


def _well_formed(data: bytes) -> bytes:
    r"""Put U+FFFD in the place of lone surrogates.

    Front ends send them as ``\ud83d``, where an emoji was cut in two: JSON has them, UTF-8 has not.
    """
    if b"\\ud" in data or b"\\uD" in data:
        return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], data)
    return data


def _hmac(key: bytes, scheme: str) -> hmac.HMAC | None:
    if not key:
        return None
    family, _, name = scheme.partition("-")
    if family != "hmac" or name not in hashlib.algorithms_available:
        raise ConnectionFileError(f"unknown signature_scheme {scheme!r}")
    try:
        if not hashlib.new(name).digest_size:
            raise ValueError("its digest has no fixed length")
        return hmac.new(key, digestmod=name)
    except ValueError as error:
        raise ConnectionFileError(f"unusable signature_scheme {scheme!r}: {error}") from None
