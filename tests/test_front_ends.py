"""The way to front ends: what is sent in one turn of the loop arrives whole and in order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import zmq
from support.loops import run_until

from polykernel.connection import ConnectionInfo
from polykernel.front_ends import FrontEnds
from polykernel.message import NOBODY, Message
from polykernel.transport import BURST, TRACKED
from polykernel.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tornado.ioloop import IOLoop


class Reader:
    """A front end that reads IOPub."""

    def __init__(self, loop: IOLoop) -> None:
        info = ConnectionInfo(key="secret")
        self._loop = loop
        self.front_ends = FrontEnds(info)
        self.front_ends.transport.start(loop)  # type: ignore[arg-type]
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.subscribe(b"")
        port = self.front_ends.transport.ports["iopub_port"]
        self._socket.connect(info.address(port))
        self.texts: list[str] = []
        self.wait(1)  # the status behind the welcome
        self.texts.clear()

    def say(self, text: str, *buffers: bytes) -> None:
        self.front_ends.send("iopub", NOBODY.child("status", {"text": text}, buffers=buffers))

    def wait(self, count: int) -> list[str]:
        """Read so many messages."""
        run_until(self._loop, lambda: self._read() >= count, f"{count} messages")
        return self.texts

    def _read(self) -> int:
        while self._socket.poll(0):
            frames = self._socket.recv_multipart()
            content = json.loads(frames[frames.index(b"<IDS|MSG>") + 5])
            if "subscription" not in content:
                self.texts.append(content.get("text", ""))
        return len(self.texts)

    def close(self) -> None:
        self._socket.close(0)
        self._context.term()
        self.front_ends.transport.close()


@pytest.fixture
def reader(loop: IOLoop) -> Iterator[Reader]:
    reader = Reader(loop)
    yield reader
    reader.close()


def test_what_is_sent_in_a_turn_arrives_in_order_at_its_end(reader: Reader) -> None:
    with reader.front_ends.transport.turn:
        for number in range(5):
            reader.say(str(number))
    reader.say("after")
    assert reader.wait(6) == ["0", "1", "2", "3", "4", "after"]


@pytest.mark.parametrize("how", ["content", "buffers"])
def test_what_is_large_is_not_kept_and_overtakes_nothing(reader: Reader, how: str) -> None:
    large = "x" * TRACKED
    with reader.front_ends.transport.turn:
        reader.say("before")
        if how == "content":
            reader.say(large)
        else:
            reader.say("large", large.encode())
        assert len(reader.wait(2)) == 2, "it waited for the end of the turn"
        reader.say("after")
    assert reader.wait(3) == ["before", large if how == "content" else "large", "after"]


def test_a_long_turn_keeps_no_more_than_a_burst(reader: Reader) -> None:
    with reader.front_ends.transport.turn:
        for number in range(BURST + 1):
            reader.say(str(number))
        assert len(reader.wait(BURST)) == BURST


def test_a_message_that_cannot_be_made_costs_no_other(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = Wire.encode

    def refuse_one(wire: Wire, message: Message) -> list[bytes]:
        if b"bad" in message.content:
            raise MemoryError
        return encode(wire, message)

    monkeypatch.setattr(Wire, "encode", refuse_one)
    with reader.front_ends.transport.turn:
        for text in ("before", "bad", "after"):
            reader.say(text)
    assert reader.wait(2) == ["before", "after"]
