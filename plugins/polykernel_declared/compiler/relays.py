"""Passes on what a program prints, where it can't print straight to the notebook."""

from __future__ import annotations

import os
import pty
import select
import sys
import termios
from typing import Sequence

_CHUNK = 1 << 16


class Relay:
    """Passes on one stream. State: what is left of the part that is not to be shown.

    Args:
        source: A descriptor, which is ours to close.
        target: Where it goes: 1 or 2.
        mark: Nothing before this, and it neither, is passed on; all is where it is empty.
    """

    def __init__(self, source: int, target: int, mark: bytes = b"") -> None:
        self.source = source
        self._target = target
        self._mark = mark
        self._held = b""

    @property
    def hidden(self) -> bool:
        """Whether the mark has not come."""
        return bool(self._mark)

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
        if not self._mark:
            return data
        data = self._held + data
        _before, mark, after = data.partition(self._mark)
        if mark:
            self._mark = self._held = b""
            return after
        self._held = data[-len(self._mark) :]
        return b""

    def _write(self, data: bytes) -> None:
        if self._target == 1:
            sys.stdout.flush()
        while data:
            data = data[os.write(self._target, data) :]

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self.source)


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
        mark: What it prints before this, on both streams, is not shown.
    """

    def __init__(self, terminal: bool, mark: str) -> None:
        self.relays: list[Relay] = []
        self._its: list[int] = []
        hidden = mark.encode()
        self.stdout = self._open(1, terminal, hidden) if terminal or mark else None
        self.stderr = self._open(2, False, hidden) if mark else None

    def _open(self, target: int, terminal: bool, mark: bytes) -> int:
        ours, its = open_terminal() if terminal else os.pipe()
        self.relays.append(Relay(ours, target, mark))
        self._its.append(its)
        return its

    @property
    def hidden(self) -> bool:
        """Whether the mark has not come."""
        return any(relay.hidden for relay in self.relays)

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
