"""The thread that reads what the host sends."""

from __future__ import annotations

import json
import signal
import sys
from _thread import start_new_thread

# user code may rebind what modules have
from os import getpgrp, getpid, kill, killpg
from os import read as _read
from time import sleep as _sleep

from polykernel.evaluator.reports import formatter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

_SIGKILL = signal.SIGKILL
_decode: Callable[[str], Any] = json.JSONDecoder().decode
CHUNK = 1 << 18
SHORT_OF_MEMORY = 0.1  # seconds until it is tried again


def read_lines(descriptor: int) -> Iterator[bytes]:
    """Each line that comes, without its end, until end of file."""
    begun: list[bytes] = []
    while True:
        try:
            chunk = _read(descriptor, CHUNK)
        except OSError:
            return
        except MemoryError:  # a cell has taken all: that is for the cell to hear
            _sleep(SHORT_OF_MEMORY)
            continue
        if not chunk:
            return
        if b"\n" not in chunk:
            begun.append(chunk)  # joined once, at the line's end: growing bytes is quadratic
            continue
        lines = chunk.split(b"\n")
        begun.append(lines[0])
        lines[0] = b"".join(begun)
        begun = [lines.pop()]
        yield from lines


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
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        start_new_thread(work, ())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(descriptor: int, receive: Callable[[dict[str, Any]], None]) -> None:
    try:
        for line in read_lines(descriptor):
            try:
                message = _decode(line.decode("utf-8", "surrogatepass"))
                if isinstance(message, dict):
                    receive(message)
            except Exception as error:  # noqa: PERF203 - it must not cost the state of the cells
                _tell(error)
    finally:
        die()


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
