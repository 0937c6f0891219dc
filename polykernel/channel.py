"""The host's end of the pipes to one evaluator process (docs/channel.md).

Moves lines and bytes, in the order that :mod:`polykernel.merge` restores; knows no Jupyter.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import logging
import os
import termios
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec
from tornado.ioloop import IOLoop

from polykernel.assembly import Assembly
from polykernel.channel_lines import BEGINNING, PARSE_ERROR, Failure, Line, decode_line, envelope
from polykernel.errors import ChannelError
from polykernel.merge import Merge
from polykernel.parcels import Parcels
from polykernel.rests import Rests

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from polykernel.launch import Pipes

_CHUNK = 256 * 1024  # the size of our pipes

log = logging.getLogger("polykernel.channel")

_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")

_BROKEN = (ValueError, MemoryError, OverflowError, RecursionError)  # what is wrong with a line
_encode = msgspec.json.Encoder().encode
NO_TURN = contextlib.nullcontext()


class _Rest(NamedTuple):
    """A message that stands behind half a line."""

    at: int
    line: Line


class Listener(Protocol):
    """What the channel tells, in order."""

    def on_text(self, stream: str, data: bytes) -> None:
        """Take bytes of descriptor 1 or 2."""

    def on_line(self, line: Line) -> None:
        """Take an event, a request or a response."""

    def on_refused(self, error: ChannelError) -> None:
        """Take notice of a line that broke the channel's rules and was left out."""


class Channel:
    """Owns the descriptors of one evaluator process.

    Args:
        pipes: The host's ends, non-blocking.
        listener: Who is told what comes.
        turn: Entered while messages are told.
    """

    def __init__(
        self, pipes: Pipes, listener: Listener, turn: AbstractContextManager[None] = NO_TURN
    ) -> None:
        self._turn = turn
        self._pipes = pipes
        self._listener = listener
        self._loop = IOLoop.current()
        self._merge: Merge[Line] = Merge(self)
        self._assembly = Assembly(self._take_line, self._queue, self._refuse)
        self._unsent: deque[memoryview] = deque()
        self._reading = False
        self._finishing = False
        self._parcels = Parcels(pipes.parcels)
        self._rests = Rests(self._loop, self._watch, self._look)
        self._open = {pipes.events, pipes.stdout, pipes.stderr}
        self._size = array.array("i", [0])
        self.resume()

    # to the evaluator

    def send(
        self, message: dict[str, Any], buffers: Sequence[bytes] = (), *, raw: bool = False
    ) -> None:
        """Write one message; what does not fit into the pipe goes when there is room.

        Args:
            message: What can be encoded as JSON.
            buffers: Binary data of a request.
            raw: The evaluator takes buffers as they are, behind the line; else in base64.
        """
        if buffers:
            lengths = [len(each) for each in buffers] if raw else buffers
            message = {**message, "params": {**message["params"], "buffers": lengths}}
        line = _encode({"jsonrpc": "2.0", **message})
        if b"\n" in line or b"\r" in line:  # between the tokens of what a front end wrote
            line = line.translate(_ONE_LINE)
        pieces = [line + b"\n", *(buffers if raw else ())]
        waiting = bool(self._unsent)
        for piece in pieces:
            rest = memoryview(piece) if self._unsent else self._write(memoryview(piece))
            if rest:
                self._unsent.append(rest)
        if self._unsent and not waiting:
            self._loop.add_handler(self._pipes.requests, self._flush, IOLoop.WRITE)

    def _write(self, data: memoryview) -> memoryview:
        """Write what fits; what is left of it comes back."""
        try:
            while data:
                data = data[os.write(self._pipes.requests, data) :]
        except BlockingIOError:
            pass
        except OSError as error:
            log.debug("the evaluator reads no more: %s", error.strerror)
            return data[:0]
        return data

    def _flush(self, descriptor: int, events: int) -> None:
        while self._unsent:
            rest = self._write(self._unsent.popleft())
            if rest:
                self._unsent.appendleft(rest)
                return
        self._loop.remove_handler(descriptor)

    # from the evaluator

    def offers_marks(self, token: str) -> None:
        """Look for marks with this token in descriptor 1."""
        self._merge.set_token(token)

    def pause(self) -> None:
        """Stop reading: the evaluator waits, instead of our memory growing."""
        if self._reading:
            self._reading = False
            self._rests.end()
            for descriptor in self._open:
                self._loop.remove_handler(descriptor)

    def resume(self) -> None:
        """Read on."""
        if not self._reading:
            self._reading = True
            for descriptor in self._open:
                self._watch(descriptor)
            self._loop.add_callback(self._merge.advance)

    def _watch(self, descriptor: int) -> None:
        if descriptor in self._open:
            self._loop.add_handler(descriptor, self._readable, IOLoop.READ)

    def stalled(self) -> bool:
        """Whether what has been read must wait too."""
        return not self._reading and not self._finishing

    def _readable(self, descriptor: int, events: int) -> None:
        if descriptor == self._pipes.events:
            with self._turn:
                self._read_lines(_CHUNK)
                self._merge.advance()
            return
        size = self._look(descriptor)
        if self._reading and size:
            self._rests.after(descriptor, size)

    def _look(self, descriptor: int) -> int:
        size = self._read_text(descriptor, _CHUNK)
        self._merge.advance()
        return size

    def _read(self, descriptor: int, size: int) -> bytes | None:
        """Read; ``None`` where nothing is there, and at the end of file, which is remembered."""
        if descriptor not in self._open:
            return None
        try:
            data = os.read(descriptor, size)
        except BlockingIOError:
            return None
        if not data:
            self._open.discard(descriptor)
            if self._reading:
                self._loop.remove_handler(descriptor)
            return None
        return data

    def _read_text(self, descriptor: int, size: int) -> int:
        """Read a piece of text and hand it on; gives how many bytes that were."""
        data = self._read(descriptor, size)
        if data is None:
            return 0
        if descriptor == self._pipes.stdout:
            self._merge.feed(data)
        else:
            self._listener.on_text("stderr", data)
        return len(data)

    def _read_lines(self, size: int) -> bool:
        """Read a piece of the channel and queue its messages; false where nothing was there."""
        try:
            data = self._read(self._pipes.events, self._assembly.at_most(size))
        except MemoryError:
            if not self._assembly.relieve():
                raise
            return True
        if data is None:
            return False
        self._assembly.feed(data)
        return True

    def _take_line(self, data: bytes) -> Line | None:
        """Queue a line's message; it comes back where its buffers have to be read first."""
        try:
            line = _decode(data)
        except _BROKEN as error:
            rest = _behind_half_a_line(data)
            self._refuse(data if rest is None else data[: rest.at], error)
            if rest is None:
                return None
            line = rest.line
        tails = line.params.tails() if line.params.buffers else ()
        if tails and not line.params.parcel:
            return line
        try:
            if tails:
                if min(tails) < 0:
                    raise ValueError("a buffer of negative length")
                line.params.unpack(self._parcels.take(line.params.parcel, sum(tails)))
            self._queue(line)
        except _BROKEN as error:
            self._refuse(data, error)
        return None

    def _queue(self, line: Line) -> None:
        self._merge.add(line, line.params.mark)

    def _refuse(self, data: bytes, error: Exception) -> None:
        """Leave a line out, but let nobody wait for what it was to bring."""
        reason = f"{error} in {data[:200]!r}"
        self._parcels.accept()
        number, method = envelope(data)
        if number is not None and method is None:
            self._merge.add(Line(id=number, error=Failure(PARSE_ERROR, reason)))
            return
        if number is not None:
            self.send({"id": number, "error": {"code": PARSE_ERROR, "message": reason}})
        self._listener.on_refused(ChannelError(reason))

    # what Merge asks for

    def text(self, data: bytes) -> None:
        """Hand on bytes of descriptor 1."""
        self._listener.on_text("stdout", data)

    def event(self, event: Line) -> None:
        """Hand on a line of the channel."""
        self._listener.on_line(event)

    def drain(self) -> None:
        """Read what is in both pipes at this moment; what comes meanwhile is left for later."""
        for descriptor in (self._pipes.stdout, self._pipes.stderr):
            if descriptor in self._open:
                fcntl.ioctl(descriptor, termios.FIONREAD, self._size)
                if self._size[0]:
                    self._read_text(descriptor, self._size[0])

    def receive(self) -> bool:
        """Read a piece of the channel; false where nothing was there."""
        return self._read_lines(_CHUNK)

    # the end

    def last_words(self) -> str:
        """Read what a dying evaluator has left for its obituary."""
        try:
            return os.read(self._pipes.last_words, _CHUNK).decode(errors="replace")
        except BlockingIOError:
            return ""

    def finish(self) -> None:
        """Hand on all that a dead evaluator has left, and close.

        A grandchild may hold the pipes open: what is there now is read, and no more waited for.
        """
        self.drain()
        while self.receive():
            pass
        self._merge.advance()
        self.drain()
        self._merge.finish()
        self.pause()
        if self._unsent:
            self._loop.remove_handler(self._pipes.requests)
        self._parcels.close()
        for descriptor in self._pipes[:-1]:
            os.close(descriptor)


def _decode(data: bytes) -> Line:
    if not data.isascii():
        data.decode()  # the decoder does not look into what it leaves raw
    return decode_line(data)


def _behind_half_a_line(data: bytes) -> _Rest | None:
    """Find the message that somebody has put half a line before: it must not be lost."""
    at = data.find(BEGINNING, 1)
    try:
        return _Rest(at, _decode(data[at:])) if at > 0 else None
    except _BROKEN:
        return None
