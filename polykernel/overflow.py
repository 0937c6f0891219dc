"""What a cell shows beyond its output limit: it goes into a file, and the cell says where.

Texts stand there as they came, of both streams; displays and results as JSON, a line each.
"""

from __future__ import annotations

import base64
import os
import time
from typing import TYPE_CHECKING

import msgspec

from polykernel import folders
from polykernel.limits import in_words
from polykernel.message import encode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from polykernel.limits import Limit

KEPT_TIMES = 10  # the limit: so large a file may grow, or an endless loop would fill the disk


class Overflow:
    """Owns the count of what one cell has shown, and the file for the rest.

    Args:
        limit: Bytes that may be shown.
    """

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._left = int(limit.value)
        self._full = False
        self._path: Path | None = None
        self._size = 0  # of the file
        self._kept = self._dropped = 0  # since the user was told
        self._trouble = ""
        self._untold: list[str] = []

    def admit(self, text: str) -> str:
        """Count a text, and give what of it may be shown: its beginning, or nothing."""
        data = text.encode(errors="replace")
        if not self._full and len(data) <= self._left:
            self._left -= len(data)
            return text
        shown = "" if self._full else data[: self._left].decode(errors="ignore")
        self._keep(data[len(shown.encode()) :])
        return shown

    def admits(self, msg_type: str, content: bytes, buffers: Sequence[bytes] = ()) -> bool:
        """Count a display or a result; where it is too large it is kept as a whole.

        Args:
            msg_type: The message type that it would become.
            content: JSON.
            buffers: Binary data.
        """
        size = len(content) + sum(map(len, buffers))
        if not self._full and size <= self._left:
            self._left -= size
            return True
        line = {"msg_type": msg_type, "content": msgspec.Raw(content)}
        if buffers:
            line["buffers"] = [base64.b64encode(each).decode() for each in buffers]
        self._keep(encode(line) + b"\n")
        return False

    def notice(self) -> str:
        """Say what the user has to know now, once; empty where that is nothing."""
        told = "".join(self._untold)
        self._untold.clear()
        return told

    def end(self) -> str:
        """Say how much was not shown; empty where all was."""
        kept, dropped = self._kept, self._dropped
        self._kept = self._dropped = 0
        told = ""
        if kept:
            where = self._path and _printable(self._path)
            told += f"{in_words(kept, self._limit)} more than the limit are in {where}\n"
        if dropped:
            why = self._trouble or f"the file may grow to {KEPT_TIMES} times the limit"
            told += f"{in_words(dropped, self._limit)} were dropped: {why}\n"
        return self.notice() + told

    def _keep(self, data: bytes) -> None:
        if not self._full:
            self._full = True
            self._begin()
        room = int(self._limit.value * KEPT_TIMES) - self._size if self._path else 0
        written = self._write(data[:room])
        self._size += written
        self._kept += written
        self._dropped += len(data) - written

    def _write(self, data: bytes) -> int:
        """Append to the file, and give how many bytes of it stand there."""
        if self._path is None or not data:
            return 0
        try:
            # opened each time: nobody tells when the last thread of a cell has printed its last
            with self._path.open("ab") as file:
                file.write(data)
        except OSError as error:  # a full disk
            self._trouble = f"{_printable(self._path)}: {error.strerror}"
            return 0
        return len(data)

    def _begin(self) -> None:
        """Make the file, for its owner only."""
        folder = folders.data_folder() / "output"
        path = folder / f"{time.strftime('%Y-%m-%d-%H-%M-%S')}-{os.urandom(4).hex()}.txt"
        begin = f"\nThis cell has shown {self._limit.written}, its output limit. "
        try:
            folders.make(folder)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            self._trouble = f"{_printable(path)}: {error.strerror}"
            self._untold.append(f"{begin}What follows is dropped: {self._trouble}\n")
        else:
            self._path = path
            self._untold.append(f"{begin}What follows is kept in {_printable(path)}\n")
        self._untold.append(f"{self._limit.advice}\n")


def _printable(path: Path) -> str:
    """Write a path so that it can be told: its bytes need not be UTF-8."""
    return os.fsencode(path).decode(errors="backslashreplace")
