"""``sys.stdout`` and ``sys.stderr`` of user code.

Lines are kept together per thread, and written as soon as they are whole. A line that is begun and
not ended is shown before anything else of its cell, and after a moment in any case.
"""

from __future__ import annotations

import io
import os
import sys
from _thread import get_ident
from time import sleep as _sleep  # user code may rebind what modules have

from polykernel.evaluator.bare import SimpleQueue
from polykernel.evaluator.lines import write_all
from polykernel.evaluator.outlet import MANY, STDOUT, STREAM_NAMES, current
from polykernel.evaluator.ownership import owner
from polykernel.evaluator.requests import start_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable

    from polykernel.evaluator.outlet import Outlet
    from polykernel.evaluator.ownership import Origin

MOMENT = 0.1  # seconds; longer than a crowd of printing threads needs to finish its lines
STEPS = 20  # of a moment: where the machine is so busy that they need longer, so do these


class TextStream(io.TextIOBase):
    """A text stream whose text goes to the cell that the caller works for.

    Args:
        outlet: Where it goes.
        index: 0 for stdout, 1 for stderr.
    """

    encoding = "utf-8"
    errors = "backslashreplace"
    newlines = None
    line_buffering = True
    write_through = False
    mode = "w"

    def __init__(self, outlet: Outlet, index: int) -> None:
        self._outlet = outlet
        self._index = index
        self.name = f"<{STREAM_NAMES[index]}>"
        self.buffer = ByteStream(outlet, index, self.name)
        if index == STDOUT:
            self.write = _fast_write(outlet, self.write)  # type: ignore[method-assign,assignment]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r} encoding={self.encoding!r}>"

    def write(self, text: str) -> int:
        """Print text (``io.TextIOBase``)."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        self._outlet.text(current(self._outlet), self._index, text)
        return len(text)

    def close(self) -> None:
        """Refuse what is written from now on (``io.IOBase``)."""
        self.__dict__.pop("write", None)
        super().close()

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override]
        """Print several texts (``io.TextIOBase``)."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Show the lines that the calling thread has begun (``io.TextIOBase``)."""
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        self._outlet.flush(current(self._outlet))

    def fileno(self) -> int:
        """1 or 2: what is written there appears in the notebook."""
        return self._index + 1

    def isatty(self) -> bool:
        """Never: a notebook is no terminal."""
        return False

    def writable(self) -> bool:
        """Say that it is."""
        return True

    def reconfigure(self, **_options: Any) -> None:
        """As ``io.TextIOWrapper`` has it; lines are written as they are, whatever is asked."""
        self.flush()

    def __del__(self) -> None:
        pass  # the base class would close it


def _fast_write(outlet: Outlet, write: Callable[[str], int]) -> Callable[[str], int]:
    """Do what ``write`` does, at twice the speed, for what ``print`` does in the main thread."""
    get_owner, main_thread, os_write, many = owner.get, get_ident(), os.write, MANY
    # half as dear as `with`, which calls with arguments
    acquire, release = outlet.lock.acquire, outlet.lock.release

    def write_fast(text: str) -> int:
        origin = outlet.quick
        if (
            origin is None
            or get_owner() is not origin
            or get_ident() != main_thread
            or text.__class__ is not str
        ):
            return write(text)
        parts = outlet.main_parts
        if text == "\n":
            if not parts:
                return write(text)
            outlet.quick = None  # what is printed within this is printed later
            try:
                acquire()
                parts.append(text)
                line = "".join(parts)
                parts.clear()
                try:
                    data = line.encode()
                    written = os_write(1, data)
                except (UnicodeEncodeError, BlockingIOError):
                    data, written = line.encode("utf-8", "backslashreplace"), 0
                if written != len(data):
                    write_all(1, data[written:])
                outlet.quick = origin
                release()
            except BaseException:  # a handler of the user's may raise anywhere, also in release()
                outlet.quick = origin
                if outlet.is_locked_here():
                    release()
                raise
            if outlet.deferred or outlet.late:
                outlet.settled()
            return 1
        if not origin.watched or "\n" in text or len(parts) > many:
            return write(text)
        parts.append(text)
        return len(text)

    return write_fast


class ByteStream(io.BufferedIOBase):
    """``sys.stdout.buffer``: bytes, in order with the text."""

    mode = "wb"

    def __init__(self, outlet: Outlet, index: int, name: str) -> None:
        self._outlet = outlet
        self._index = index
        self.name = name

    @property
    def raw(self) -> ByteStream:
        """Itself: it is not buffered."""
        return self

    def write(self, data: Any) -> int:
        """Print bytes (``io.BufferedIOBase``)."""
        if isinstance(data, str):
            raise TypeError("a bytes-like object is required, not 'str'")
        data = memoryview(data).cast("B")
        self._outlet.raw(current(self._outlet), self._index, bytes(data))
        return len(data)

    def flush(self) -> None:
        """Show the lines that the calling thread has begun."""
        self._outlet.flush(current(self._outlet))

    def fileno(self) -> int:
        """1 or 2."""
        return self._index + 1

    def writable(self) -> bool:
        """Say that it is."""
        return True

    def __del__(self) -> None:
        pass


class Watcher:
    """Shows begun lines after a moment, in a thread that starts with the first one."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self.restart()

    def restart(self) -> None:
        """Begin anew: in a forked child the thread is gone."""
        self._origins: SimpleQueue[Origin] = SimpleQueue()
        self._started = False

    def watch(self, origin: Origin) -> None:
        """See that the cell's begun lines are shown soon."""
        if not self._started:
            try:
                start_thread(self._run)
            except RuntimeError:
                return  # user code has taken all threads: the line is shown when it ends
            self._started = True
        origin.watched = True
        self._origins.put(origin)

    def _run(self) -> None:
        while True:
            origin = self._origins.get()
            before = _begun(origin)
            for _ in range(STEPS):
                _sleep(MOMENT / STEPS)
            for key, parts in before.items():
                stream, ident = key
                if origin.begun[stream][ident] == parts:
                    self._show(origin, stream, ident)
            origin.watched = False
            if _begun(origin) and not origin.watched:
                self.watch(origin)

    def _show(self, origin: Origin, stream: int, ident: int) -> None:
        try:
            self._outlet.flush_line(origin, stream, ident)
        except OSError:
            pass  # user code has closed descriptor 1


def _begun(origin: Origin) -> dict[tuple[int, int], list[str]]:
    return {
        (stream, ident): parts[:]
        for stream, begun in enumerate(origin.begun)
        for ident, parts in list(begun.items())
        if parts
    }


def install(outlet: Outlet) -> Watcher:
    """Become ``sys.stdout`` and ``sys.stderr``, and their originals too."""
    watcher = Watcher(outlet)
    outlet.watch = watcher.watch
    sys.stdout = sys.__stdout__ = TextStream(outlet, 0)  # type: ignore[misc,assignment]
    sys.stderr = sys.__stderr__ = TextStream(outlet, 1)  # type: ignore[misc,assignment]
    return watcher
