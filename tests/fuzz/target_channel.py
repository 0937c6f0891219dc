"""Fuzzes the host's end of the channel: any bytes in any pieces on real pipes.

Nothing is raised, nothing hangs, what is held back is bounded, and after any garbage the lines that
an evaluator then sends are told.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING, Any

from polykernel.channel import Channel
from polykernel.launch import Pipes

if TYPE_CHECKING:
    from polykernel.channel_lines import Line
    from polykernel.errors import ChannelError

LAST = b'\n{"method":"stream","params":{"content":{"the":"last"}}}\n'
TOKEN = "0123456789abcdef"
LONGEST_TAIL = 1 << 24  # a length that a line may claim without the input being skipped


class Listener:
    """Counts what is told."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.refused: list[str] = []
        self.text = {"stdout": b"", "stderr": b""}

    def on_text(self, stream: str, data: bytes) -> None:
        assert data
        self.text[stream] += data

    def on_line(self, line: Line) -> None:
        self.lines.append(line)
        assert all(not isinstance(each, int) for each in line.params.buffers)

    def on_refused(self, error: ChannelError) -> None:
        self.refused.append(str(error))


class Ends:
    """Both ends of an evaluator's pipes."""

    def __init__(self) -> None:
        self.requests, requests = os.pipe()
        events, self.events = os.pipe()
        stdout, self.stdout = os.pipe()
        stderr, self.stderr = os.pipe()
        last_words, self.last_words = os.pipe()
        for each in (requests, events, stdout, stderr, last_words, self.requests):
            os.set_blocking(each, False)
        parcels, self._parcels = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parcels.setblocking(False)
        self.listener = Listener()
        pipes = Pipes(requests, events, stdout, stderr, last_words, parcels.detach())
        self.channel = Channel(pipes, self.listener)

    def close(self) -> None:
        self.channel.finish()
        self._parcels.close()
        for each in (self.requests, self.events, self.stdout, self.stderr, self.last_words):
            os.close(each)


def pieces(data: bytes) -> list[tuple[int, bytes]]:
    """Cut bytes into pieces: a byte that says where to and how long, then as many bytes."""
    found = []
    at = 0
    while at < len(data):
        head = data[at]
        size = (head >> 2) + 1
        found.append((head & 3, data[at + 1 : at + 1 + size]))
        at += 1 + size
    return found


def try_one(data: bytes) -> None:
    """Write the pieces, let the channel read between them, and end it."""
    from tornado.ioloop import IOLoop

    failures: list[dict[str, Any]] = []
    loop = IOLoop(make_current=True)
    loop.asyncio_loop.set_exception_handler(lambda _, context: failures.append(context))  # type: ignore[attr-defined]
    ends = Ends()
    try:
        if data[:1] and data[0] & 1:
            ends.channel.offers_marks(TOKEN)
        written = {"stdout": b"", "stderr": b""}
        for where, piece in pieces(data[1:]):
            if not piece:
                continue
            if where == 3:
                loop.run_sync(_turn)
            target = {0: ends.events, 1: ends.stdout, 2: ends.stderr, 3: ends.events}[where]
            os.write(target, piece)
            if where in (1, 2):
                written["stdout" if where == 1 else "stderr"] += piece
        loop.run_sync(_turn)
        ends.channel.finish()
        ends.channel = _Finished()  # type: ignore[assignment]
        _check(ends.listener, written)
        assert not failures, failures
    finally:
        ends.close()
        loop.close()
        asyncio.set_event_loop(None)


async def _turn() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


class _Finished:
    def finish(self) -> None:
        """Do nothing: it has."""


def _check(listener: Listener, written: dict[str, bytes]) -> None:
    """Hold that no text is lost but marks."""
    assert listener.text["stderr"] == written["stderr"]
    if b"\x1b_polykernel" not in written["stdout"]:
        assert listener.text["stdout"] == written["stdout"]
    else:
        assert len(listener.text["stdout"]) <= len(written["stdout"])
