"""The thread that reads what the host sends."""

from __future__ import annotations

import sys
from binascii import a2b_base64

# user code may rebind what modules have
from os import getpgrp, getpid, kill, killpg
from os import read as _read
from os import readv as _readv
from time import sleep as _sleep

from polykernel.evaluator.bare import decode, signal
from polykernel.evaluator.own_threads import own_threads
from polykernel.evaluator.reports import formatter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_SIGKILL = signal.SIGKILL
SHORT = 1 << 13  # bytes: most requests end in them, and the memory behind is never touched
CHUNK = 1 << 16  # of a longer one; for more, malloc would ask the system each time
SHORT_OF_MEMORY = 0.1  # seconds until it is tried again


class Reader:
    """Reads lines, and the binary data behind some of them. Owns what has been read too far.

    Args:
        descriptor: Where from.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._data = b""
        self._at = 0

    def line(self) -> bytes | None:
        """Give the next line without its end; ``None`` at the end of file."""
        begun: list[bytes] = []  # joined once, at the line's end: growing bytes is quadratic
        while True:
            end = self._data.find(b"\n", self._at)
            if end >= 0:
                begun.append(self._data[self._at : end])
                self._at = end + 1
                return begun[0] if len(begun) == 1 else b"".join(begun)
            begun.append(self._data[self._at :])
            self._at = 0
            self._data = self._read(CHUNK if any(begun) else SHORT) or b""
            if not self._data:
                return None

    def exactly(self, count: int) -> memoryview | None:
        """Give so many bytes; ``None`` where the file ends before."""
        buffer = memoryview(_allocate(count))
        here = self._data[self._at : self._at + count]
        self._at += len(here)
        buffer[: len(here)] = here
        filled = len(here)
        while filled < count:
            try:
                got = _readv(self._descriptor, [buffer[filled:]])
            except OSError:
                return None
            if not got:
                return None
            filled += got
        return buffer.toreadonly()

    def _read(self, size: int) -> bytes | None:
        while True:
            try:
                return _read(self._descriptor, size)
            except OSError:  # noqa: PERF203
                return None
            except MemoryError:  # a cell has taken all: that is for the cell to hear
                _sleep(SHORT_OF_MEMORY)


def _allocate(count: int) -> bytearray:
    while True:
        try:
            return bytearray(count)
        except MemoryError:  # noqa: PERF203
            _sleep(SHORT_OF_MEMORY)


def start(descriptor: int, receive: Callable[[dict[str, Any]], None]) -> None:
    """Hand each message to ``receive``, in a thread of its own; end with the host."""
    start_thread(lambda: _run(descriptor, receive))


def start_thread(work: Callable[[], None]) -> None:
    """Start a thread of the runtime's own.

    Not a ``threading.Thread``: user code that lists or counts threads sees its own. Signals never
    come to it, not even while it starts: they must wake the main thread.

    Raises:
        RuntimeError: The process may have no more threads.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        # a handler may raise out of this, when they are blocked already
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        own_threads.start(work)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(descriptor: int, receive: Callable[[dict[str, Any]], None]) -> None:
    reader = Reader(descriptor)
    try:
        while True:
            line = reader.line()
            if line is None:
                return
            try:
                message = decode(line.decode("utf-8", "surrogatepass"))
                if isinstance(message, dict):
                    _take_buffers(message.get("params"), reader)
                    receive(message)
            except Exception as error:  # it must not cost the state of the cells
                _tell(error)
    finally:
        die()


def _take_buffers(params: Any, reader: Reader) -> None:
    """Put the buffers in the place of their lengths: they follow the line, or are in base64."""
    if not isinstance(params, dict) or not isinstance(params.get("buffers"), list):
        return
    buffers: list[memoryview] = []
    for each in params["buffers"]:
        if isinstance(each, int):
            buffer = reader.exactly(each)
            if buffer is None:
                return
            buffers.append(buffer)
        else:
            buffers.append(memoryview(a2b_base64(each)))
    params["buffers"] = buffers


def _tell(error: Exception) -> None:
    lines = ["a message of the host's can't be taken:", *formatter.lines(error), ""]
    try:
        sys.stderr.write("\n".join(lines))
    except Exception:
        pass  # there is nobody left to tell, and the next message may be better


def die() -> None:
    """End with the host: nothing that was started here may be left."""
    if getpgrp() == getpid():
        killpg(0, _SIGKILL)
    kill(getpid(), _SIGKILL)
