"""Every way to spoil a message that we could think of, frame by frame, and what must become of it.

What a mutation needs to be recognised is kept: each message has an id of its own.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

DELIMITER = b"<IDS|MSG>"
DROPPED, ANSWERED, EITHER = "dropped", "answered", "either"
NAMES = ("delimiter", "signature", "header", "parent_header", "metadata", "content", "buffer")
SIGNED = slice(2, 6)

#: every kind of JSON, and what is none; all that begins with a brace may be taken for an object
VALUES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "true": b"true",
    "list": b"[]",
    "list of objects": b"[{}]",
    "number": b"17",
    "negative": b"-1",
    "float": b"1.5",
    "string": b'"text"',
    "1e999": b"1e999",
    "2**70": b"%d" % 2**70,
    "400 digits": b"9" * 400,
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "lone surrogate": rb'"\ud800"',
    "invalid UTF-8": b'"\xff\xfe"',
    "cut UTF-8": b'"\xc3"',
    "overlong UTF-8": b'"\xc0\x80"',
    "NUL": b"\0",
    "NUL in a string": rb'"\u0000"',
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep lists without an end": b"[" * 100_000,
    "megabyte": b'"' + b"x" * 1_000_000 + b'"',
    "no JSON": b"no JSON",
    "two": b"{} {}",
    "delimiter": DELIMITER,
}
OBJECTS: dict[str, bytes] = {
    "empty": b"{}",
    "spaced": b" \n{\t}\r\n",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "doubled keys": b'{"a":1,"a":2,"code":"1","code":"2"}',
    "brace": b"{",
    "without an end": b'{"a":',
    **{f"with {name}": b'{"more":' + value + b"}" for name, value in VALUES.items() if value},
}


@dataclass
class Message:
    """One message, before it is spoilt.

    Attributes:
        channel: Where it is sent.
        msg_type: Its type.
        content: Its content.
        replies: It has a reply, where it is not spoilt.
        buffers: Its buffers.
    """

    channel: str
    msg_type: str
    content: dict[str, Any] = field(default_factory=dict)
    replies: bool = True
    buffers: Sequence[bytes] = ()

    def __str__(self) -> str:
        return f"{self.msg_type} on {self.channel}"


@dataclass
class Mutation:
    """One spoilt message.

    Attributes:
        name: What was done.
        channel: Where it is sent.
        msg_id: Its id, as far as it still has one.
        frames: The frames.
        fate: What must become of it.
    """

    name: str
    channel: str
    msg_id: str
    frames: list[bytes]
    fate: str


class Mutator:
    """Spoils messages.

    Args:
        sign: Signs the four signed frames.
    """

    def __init__(self, sign: Callable[[list[bytes]], bytes]) -> None:
        self._sign = sign
        self._count = itertools.count(1)

    def _fresh(self, message: Message, **header: Any) -> tuple[str, list[bytes]]:
        msg_id = f"mutation-{next(self._count)}"
        fields = {
            "msg_id": msg_id,
            "msg_type": message.msg_type,
            "session": "mutant",
            "username": "user",
            "date": "2024-01-01T00:00:00Z",
            "version": "5.4",
            **header,
        }
        parts = [json.dumps(fields).encode(), b"{}", b'{"m":1}']
        parts.append(json.dumps(message.content).encode())
        return msg_id, [DELIMITER, self._sign(parts), *parts, *message.buffers]

    def _signed(self, frames: list[bytes]) -> list[bytes]:
        return [*frames[:1], self._sign(frames[SIGNED]), *frames[2:]]

    # frames

    def of_frames(self, message: Message) -> Iterator[Mutation]:
        """Spoil each frame, and leave the signature as it was."""
        count = 6 + len(message.buffers)
        for at, (name, spoil) in itertools.product(range(count), _SPOILT.items()):
            msg_id, frames = self._fresh(message)
            spoilt = spoil(frames, at)
            what = f"{message}: {NAMES[min(at, 6)]} {name}"
            harmless = spoilt[:6] == frames[:6]  # buffers are not signed
            extra = at == 0 and name == "doubled"  # the second one is where the signature should be
            fate = EITHER if harmless and not extra else DROPPED
            yield Mutation(what, message.channel, msg_id, spoilt, fate)

    def of_identities(self, message: Message) -> Iterator[Mutation]:
        """Put frames before the delimiter, where identities stand."""
        for identities in ([b""], [b"x"], [b"", b""], [b"\0" * 300], [b"a"] * 50, [b"{}"] * 5):
            msg_id, frames = self._fresh(message)
            what = f"{message}: {len(identities)} more identities"
            yield Mutation(what, message.channel, msg_id, [*identities, *frames], EITHER)

    def of_signed_frames(self, message: Message) -> Iterator[Mutation]:
        """Remove, double and swap the dictionaries, and sign what there is then."""
        for at, name in itertools.product(range(2, 6), ("removed", "doubled", "swapped")):
            msg_id, frames = self._fresh(message)
            spoilt = self._signed(_SPOILT[name](frames, at))
            what = f"{message}: {NAMES[at]} {name}, signed"
            yield Mutation(what, message.channel, msg_id, spoilt, EITHER)

    # what is in them

    def of_values(self, message: Message, *, safe: bool = True) -> Iterator[Mutation]:
        """Replace each dictionary by every kind of value, and sign that.

        Args:
            message: The message.
            safe: It may be carried out.
        """
        for at, (name, value) in itertools.product(range(2, 6), {**VALUES, **OBJECTS}.items()):
            if not safe and name in OBJECTS and at != 2:
                continue
            msg_id, frames = self._fresh(message)
            frames[at] = value
            what = f"{message}: {NAMES[at]} is {name}, signed"
            fate = self._fate(message, at, name)
            yield Mutation(what, message.channel, msg_id, self._signed(frames), fate)

    def _fate(self, message: Message, at: int, name: str) -> str:
        kind = NAMES[at]
        if kind == "header":
            return DROPPED  # whatever it is, no id and type are in it
        is_object = name in OBJECTS or (name in ("nothing", "null") and kind != "content")
        if not is_object and name != "two":  # which begins as one
            return DROPPED
        return ANSWERED if message.replies else EITHER

    def of_header_fields(self, message: Message) -> Iterator[Mutation]:
        """Leave out each field of the header, and give it every kind of value."""
        fields = ("msg_id", "msg_type", "session", "username", "date", "version", "subshell_id")
        values = {name: value for name, value in VALUES.items() if value and name != "two"}
        for name, (kind, value) in itertools.product(fields, {"left out": b"", **values}.items()):
            msg_id, frames = self._fresh(message, **{name: "@@"})
            if value:
                frames[2] = frames[2].replace(b'"@@"', value)
            else:
                header = json.loads(frames[2])
                del header[name]
                frames[2] = json.dumps(header).encode()
            needed = name in ("msg_id", "msg_type")
            is_text = kind in ("string", "megabyte", "NUL in a string")
            fate = EITHER if not needed or (name == "msg_id" and is_text) else DROPPED
            what = f"{message}: {name} in the header is {kind}"
            own = "" if name == "msg_id" else msg_id
            yield Mutation(what, message.channel, own, self._signed(frames), fate)


def _remove(frames: list[bytes], at: int) -> list[bytes]:
    return frames[:at] + frames[at + 1 :]


def _empty(frames: list[bytes], at: int) -> list[bytes]:
    return [*frames[:at], b"", *frames[at + 1 :]]


def _double(frames: list[bytes], at: int) -> list[bytes]:
    return [*frames[: at + 1], *frames[at:]]


def _swap(frames: list[bytes], at: int) -> list[bytes]:
    other = at + 1 if at + 1 < len(frames) else at - 1
    swapped = frames[:]
    swapped[at], swapped[other] = frames[other], frames[at]
    return swapped


def _cut(frames: list[bytes], at: int) -> list[bytes]:
    return [*frames[:at], frames[at][: len(frames[at]) // 2], *frames[at + 1 :]]


def _flip(frames: list[bytes], at: int) -> list[bytes]:
    if not frames[at]:
        return [*frames[:at], b"\1", *frames[at + 1 :]]
    middle = len(frames[at]) // 2
    flipped = frames[at][:middle] + bytes([frames[at][middle] ^ 1]) + frames[at][middle + 1 :]
    return [*frames[:at], flipped, *frames[at + 1 :]]


def _only(frames: list[bytes], at: int) -> list[bytes]:
    return [frames[at]]


def _up_to(frames: list[bytes], at: int) -> list[bytes]:
    return frames[:at] or [b""]


_SPOILT: dict[str, Callable[[list[bytes], int], list[bytes]]] = {
    "removed": _remove,
    "emptied": _empty,
    "doubled": _double,
    "swapped": _swap,
    "truncated": _cut,
    "with a bit flipped": _flip,
    "alone": _only,
    "and all behind it removed": _up_to,
}
