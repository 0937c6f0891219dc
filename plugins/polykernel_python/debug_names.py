"""The names that front ends give to cells: a file's name, made of the hash of a cell's text.

JupyterLab sets breakpoints for such a file, and finds the cell of a frame by it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

METHOD, SEED = "Murmur2", 0x9747B28C
SUFFIX = ".py"
_FACTOR, _WORD = 0x5BD1E995, 0xFFFFFFFF


def murmur2(code: str, seed: int = SEED) -> int:
    """Give the 32-bit Murmur2 hash of a text, as JupyterLab computes it."""
    data = code.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    hashed = seed ^ len(data)
    whole = len(data) & ~3
    for place in range(0, whole, 4):
        word = int.from_bytes(data[place : place + 4], "little") * _FACTOR & _WORD
        word = (word ^ word >> 24) * _FACTOR & _WORD
        hashed = (hashed * _FACTOR & _WORD) ^ word
    if len(data) > whole:
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * _FACTOR & _WORD
    hashed = (hashed ^ hashed >> 13) * _FACTOR & _WORD
    return hashed ^ hashed >> 15


class CellFiles:
    """Knows the files of cells, and owns the folder that they are in.

    The folder is made when the first file is written: before that only its name is known.

    Args:
        temporary: A folder that may be made, for this process's own, or an empty text.
    """

    def __init__(self, temporary: str) -> None:
        # not to be guessed: whoever makes it first can write to it
        if not (temporary and Path(temporary).parent.is_dir()):
            temporary = os.path.join(tempfile.gettempdir(), f"polykernel-{os.urandom(8).hex()}")
        self._outer = temporary
        # "ipykernel_": JupyterLab shows "Cell [1]" for paths that have it, and others as they are
        self.folder = os.path.join(os.path.realpath(self._outer), f"ipykernel_{os.getpid()}")
        self._written: set[str] = set()

    @property
    def prefix(self) -> str:
        """What stands before the hash in a file's name."""
        return self.folder + os.sep

    def name(self, code: str) -> str:
        """Give the name of the file that stands for a cell."""
        return f"{self.prefix}{murmur2(code)}{SUFFIX}"

    def write(self, code: str) -> str:
        """Write a cell to its file, where debuggers look for the lines that can be stopped at.

        Returns:
            The file's name.

        Raises:
            OSError: It can't be written.
        """
        name = self.name(code)
        if name not in self._written:
            if not self._written:
                Path(self._outer).mkdir(mode=0o700, exist_ok=True)
                Path(self.folder).mkdir(mode=0o700)
            with open(name, "w", encoding="utf-8", errors="replace", newline="") as file:
                file.write(code)
            self._written.add(name)
        return name

    def remove(self) -> None:
        """Remove the files and the folder."""
        if self._written:
            shutil.rmtree(self._outer, ignore_errors=True)
            self._written.clear()
