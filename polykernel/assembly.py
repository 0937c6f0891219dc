"""Puts the lines of a channel, and the binary data behind them, together from the pieces that come.

Pure logic. What is kept of one message is bounded: a line without an end must not take all memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polykernel.channel_lines import Line, Tail

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 1 << 30  # bytes of one message, its buffers included
_MIB = 1 << 20
_SHOWN = 1000  # bytes of a line that is too large
_IMPOSSIBLE = 1 << 40  # bytes that nobody has written, whatever a line announces


class TooLarge(ValueError):
    """A message is larger than what is kept."""

    def __init__(self) -> None:
        super().__init__(f"a message of more than {LARGEST // _MIB} MiB")


class NoMemory(ValueError):
    """There is no memory for a message."""

    def __init__(self) -> None:
        super().__init__("the host has no memory for this message")


class Assembly:
    """Owns the message whose end has not come.

    Args:
        on_line: Takes a line, and gives its message where buffers follow.
        on_message: Takes a message whose buffers have come.
        on_refused: Takes the beginning of a line that is left out, and why.
    """

    def __init__(
        self,
        on_line: Callable[[bytes], Line | None],
        on_message: Callable[[Line], None],
        on_refused: Callable[[bytes, Exception], None],
    ) -> None:
        self._on_line = on_line
        self._on_message = on_message
        self._on_refused = on_refused
        self._partial = bytearray()  # of a line whose end has not come
        self._size = 0  # bytes of that line so far
        self._trouble: ValueError | None = None  # why that line is left out
        self._tail: Tail | None = None  # of a line that has come
        self._skip = 0  # bytes of buffers that are left out

    def at_most(self, size: int) -> int:
        """Say how many bytes to read at once, of that many: buffers are copied only once."""
        return size if self._tail is None else min(self._tail.missing, size)

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        while data:
            if self._skip:
                left_out = min(self._skip, len(data))
                self._skip -= left_out
                data = data[left_out:]
            elif self._tail is not None:
                data = self._fill(self._tail, data)
            else:
                data = self._split(data)

    def _fill(self, tail: Tail, data: bytes) -> bytes:
        """Take buffers; what is behind them comes back."""
        rest = tail.take(data)
        if tail.whole:
            self._tail = None
            self._on_message(tail.line)
        return rest

    def _split(self, data: bytes) -> bytes:
        """Take lines; what is behind one with buffers comes back."""
        *lines, last = data.split(b"\n")
        if lines and self._size:
            lines[0] = self._end(lines[0])
        for at, line in enumerate(lines, start=1):
            if line and self._take(line):
                return b"\n".join([*lines[at:], last])
        if last:
            self._keep(last)
        return b""

    def _keep(self, piece: bytes) -> None:
        """Keep the next piece of a line, and of one that is too large its beginning alone."""
        self._size += len(piece)
        if self._trouble is None and self._size > LARGEST:
            self._leave_out(TooLarge())
        if self._trouble is None:
            try:
                self._partial += piece  # one block, that grows in place and is given back whole
            except MemoryError:
                self._leave_out(NoMemory())

    def _leave_out(self, trouble: ValueError) -> None:
        """Keep of the line that has begun no more than what is shown of it."""
        self._trouble = trouble
        self._partial = self._partial[:_SHOWN]

    def relieve(self) -> bool:
        """Give back what is kept of a line, for want of memory; false where that is nothing."""
        kept = len(self._partial) > _SHOWN
        if kept:
            self._leave_out(NoMemory())
        return kept

    def _end(self, piece: bytes) -> bytes:
        """Put a line together with its last piece; nothing comes of one that is refused."""
        self._keep(piece)
        try:
            line = bytes(self._partial)
        except MemoryError:
            self._leave_out(NoMemory())
            line = bytes(self._partial)
        trouble = self._trouble
        self._partial, self._size, self._trouble = bytearray(), 0, None
        if trouble is not None:
            self._on_refused(line, trouble)
            return b""
        return line

    def _take(self, line: bytes) -> bool:
        """Take a line; true where its buffers follow."""
        message = self._on_line(line)
        if message is None:
            return False
        tails = message.params.tails()
        size = sum(tails)
        try:
            if size > LARGEST:
                raise TooLarge
            self._tail = Tail(message)
        except (ValueError, MemoryError, OverflowError) as error:
            # they are there, unless nobody can have written so much
            self._skip = size if min(tails) >= 0 and size < _IMPOSSIBLE else 0
            self._on_refused(line, error)
            return True
        self._fill(self._tail, b"")  # they may all be empty
        return True
