"""Passes on what a program prints, where it can't print straight to the notebook."""

from __future__ import annotations

import os
import pty
import select
import sys
import termios
from typing import NamedTuple, Sequence

_CHUNK = 1 << 16


class Marks(NamedTuple):
    """What a program prints that is not shown.

    Args:
        begin: Nothing before this, and it neither, is shown; all is where it is empty.
        end: What it prints with its last statement; empty where it prints nothing then.
    """

    begin: str = ""
    end: str = ""


UNMARKED = Marks()


class Relay:
    """Passes on one stream. State: the marks that have not come, and what may be half a mark.

    Args:
        source: A descriptor, which is ours to close.
        target: Where it goes: 1 or 2.
        marks: What is not shown.
    """

    def __init__(self, source: int, target: int, marks: Marks = UNMARKED) -> None:
        self.source = source
        self._target = target
        self._begin, self._end = marks.begin.encode(), marks.end.encode()
        self._held = b""

    @property
    def begun(self) -> bool:
        """Whether what is shown has begun."""
        return not self._begin

    @property
    def reached_end(self) -> bool:
        """Whether no mark is to come."""
        return not self._begin and not self._end

    def pass_on(self) -> bool:
        """Read once, and write; tell whether there may be more."""
        try:
            data = os.read(self.source, _CHUNK)
        except OSError:  # nobody has the other end of the terminal
            return False
        if not data:
            return False
        self._write(self._shown(data))
        return True

    def _shown(self, data: bytes) -> bytes:
        data, self._held = self._held + data, b""
        if self._begin:
            _before, mark, after = data.partition(self._begin)
            if not mark:
                self._held = data[-len(self._begin) :]
                return b""
            self._begin, data = b"", after
        if self._end:
            before, mark, after = data.partition(self._end)
            if mark:
                self._end = b""
                return before + after
            shown = len(data) - _begun(self._end, data)
            data, self._held = data[:shown], data[shown:]
        return data

    def release(self) -> None:
        """Pass on what might have been half a mark: the program does something else."""
        if not self._begin and self._held:
            held, self._held = self._held, b""
            self._write(held)

    def _write(self, data: bytes) -> None:
        if self._target == 1:
            sys.stdout.flush()
        while data:
            data = data[os.write(self._target, data) :]

    def close(self) -> None:
        """Close the descriptor."""
        self.release()
        os.close(self.source)


def _begun(mark: bytes, data: bytes) -> int:
    """Say how much of a mark stands at the end of a text."""
    sizes = range(min(len(mark) - 1, len(data)), 0, -1)
    return next((size for size in sizes if data.endswith(mark[:size])), 0)


def open_terminal() -> tuple[int, int]:
    """Make a terminal that leaves the text alone; give our end, and the program's."""
    ours, its = pty.openpty()
    attributes = termios.tcgetattr(its)
    attributes[1] &= ~termios.OPOST  # or each line would get a carriage return
    termios.tcsetattr(its, termios.TCSANOW, attributes)
    return ours, its


class Streams:
    """Where the output of one program goes. Owns descriptors and relays.

    Args:
        terminal: Its standard output is a terminal, so that it comes line by line.
        marks: What it prints on both streams, and is not shown.
    """

    def __init__(self, terminal: bool, marks: Marks) -> None:
        self.relays: list[Relay] = []
        self._all: list[Relay] = []
        self._its: list[int] = []
        self._marks = marks
        marked = any(marks)
        self.stdout = self._open(1, terminal) if terminal or marked else None
        self.stderr = self._open(2, False) if marked else None

    def _open(self, target: int, terminal: bool) -> int:
        ours, its = open_terminal() if terminal else os.pipe()
        self.relays.append(Relay(ours, target, self._marks))
        self._all = [*self.relays]
        self._its.append(its)
        return its

    @property
    def begun(self) -> bool:
        """Whether what is shown has begun; the program may have closed one of the streams."""
        return not self._marks.begin or any(relay.begun for relay in self._all)

    @property
    def reached_end(self) -> bool:
        """Whether the program has come to its last statement."""
        return not self._marks.end or any(relay.reached_end for relay in self._all)

    def started(self) -> None:
        """Close what only the program is to have."""
        while self._its:
            os.close(self._its.pop())

    def pass_on(self, ready: Sequence[int]) -> None:
        """Pass on what has come; forget what has ended."""
        for relay in list(self.relays):
            if relay.source in ready and not relay.pass_on():
                relay.close()
                self.relays.remove(relay)

    def release(self) -> None:
        """Pass on what might have been half a mark: the program waits for input."""
        for relay in self.relays:
            relay.release()

    def drain(self) -> None:
        """Pass on what is left."""
        while self.relays:
            sources = [relay.source for relay in self.relays]
            ready = select.select(sources, [], [], 0)[0]
            if not ready:
                return
            self.pass_on(ready)

    def close(self) -> None:
        """Close all."""
        self.started()
        for relay in self.relays:
            relay.close()
        self.relays = []
