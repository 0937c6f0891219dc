"""Fuzzes the host's end of the channel: any bytes in any pieces on real pipes.

Nothing is raised, nothing hangs, no text is lost.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from typing import TYPE_CHECKING

from tornado.ioloop import IOLoop

from polykernel.channel import Channel
from polykernel.launch import Pipes

if TYPE_CHECKING:
    from polykernel.channel_lines import Line
    from polykernel.errors import ChannelError

TOKEN = "0123456789abcdef"


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

    def close_but_the_channel(self) -> None:
        """Close the evaluator's ends; the host's are closed when the channel is finished."""
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
    failures: list[object] = []
    told = _Told(failures)
    logging.getLogger("tornado.application").addHandler(told)
    loop = IOLoop(make_current=True)
    asyncio_loop = loop.asyncio_loop
    asyncio_loop.set_exception_handler(lambda _, context: failures.append(context))
    ends = Ends()
    try:
        if data[:1] and data[0] & 1:
            ends.channel.offers_marks(TOKEN)
        written = _write(loop, ends, data[1:])
        ends.channel.finish()
        _check(ends.listener, written)
        assert not failures, failures
    finally:
        logging.getLogger("tornado.application").removeHandler(told)
        ends.close_but_the_channel()
        loop.close()
        asyncio.set_event_loop(None)


class _Told(logging.Handler):
    """Keeps what Tornado tells of exceptions in callbacks."""

    def __init__(self, failures: list[object]) -> None:
        super().__init__()
        self._failures = failures

    def emit(self, record: logging.LogRecord) -> None:
        self._failures.append(record.getMessage())


def _write(loop: IOLoop, ends: Ends, data: bytes) -> dict[str, bytes]:
    """Write pieces; gives what the evaluator has printed."""
    written = {"stdout": b"", "stderr": b""}
    for where, piece in pieces(data):
        if where == 3:
            loop.run_sync(_turn)
        if piece:
            os.write((ends.events, ends.stdout, ends.stderr, ends.events)[where], piece)
            if where in (1, 2):
                written["stdout" if where == 1 else "stderr"] += piece
    loop.run_sync(_turn)
    return written


async def _turn() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _check(listener: Listener, written: dict[str, bytes]) -> None:
    """Hold that no text is lost but marks."""
    assert listener.text["stderr"] == written["stderr"]
    if b"\x1b_polykernel" not in written["stdout"]:
        assert listener.text["stdout"] == written["stdout"]
    else:
        assert len(listener.text["stdout"]) <= len(written["stdout"])
