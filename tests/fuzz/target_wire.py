"""Fuzzes `polykernel.wire`: any frames at all are a message or refused, and nothing else.

The first byte says how the rest is cut into frames, and whether they are signed rightly.
"""

from __future__ import annotations

import json

from polykernel.errors import WireError
from polykernel.message import from_json
from polykernel.wire import DELIMITER, Wire

KEY = "a key"
BOUNDARY = b"\xfe\xfe"


def frames_of(data: bytes, wire: Wire) -> list[bytes]:
    """Cut bytes into frames; sign the right ones where the first bit says so."""
    frames = data[1:].split(BOUNDARY)
    if data[:1] and data[0] & 1:
        signed = frames[:4]
        signature = wire._signature(signed)
        return [b"identity", DELIMITER, signature, *frames]
    return [DELIMITER if each == b"D" else each for each in frames]


def try_one(data: bytes) -> None:
    """Decode it with and without a key; what is taken is what was sent, and can be answered."""
    for key in (KEY, ""):
        wire = Wire(key, "hmac-sha256", "user")
        frames = frames_of(data, wire)
        try:
            message = wire.decode(frames)
        except WireError:
            continue
        at = frames.index(DELIMITER)
        assert message.identities == tuple(frames[:at])
        assert message.buffers == tuple(frames[at + 6 :])
        assert message.raw_header == frames[at + 2]
        header = json.loads(message.raw_header)
        assert header["msg_id"] == message.header.msg_id
        assert header["msg_type"] == message.msg_type
        reply = wire.encode(message.reply("reply", {"status": "ok"}))
        again = Wire(key, "hmac-sha256", "user").decode(reply)
        assert again.identities == message.identities
        assert from_json(again.content) == {"status": "ok"}
        if key:
            _is_refused_again(wire, frames)


def _is_refused_again(wire: Wire, frames: list[bytes]) -> None:
    try:
        wire.decode(frames)
    except WireError:
        return
    raise AssertionError("a replay was taken")
