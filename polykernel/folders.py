"""Makes folders that only their owner can enter, and files that only their owner can read."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def make(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for their owner only.

    pathlib leaves those above to the umask: who can write there can put another folder in its
    place.

    Raises:
        OSError: It can't be made.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        try:
            each.mkdir(0o700)
        except FileExistsError:
            if not each.is_dir():
                raise


def others_can_write(folder: Path) -> bool:
    """Whether others than the owner can put their files in the place of the owner's."""
    mode = folder.stat().st_mode
    return bool(mode & _OTHERS_WRITE) and not mode & stat.S_ISVTX


def make_private(file: Path) -> bool:
    """Let nobody but its owner read or write a file of ours; true where others could.

    Raises:
        OSError: It is not there, or its mode can't be changed.
    """
    found = file.stat()
    if not found.st_mode & _OTHERS or found.st_uid != os.geteuid():
        return False
    file.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
    return True


def data_folder() -> Path:
    """Name the folder for files of polykernel's own, in Jupyter's; whoever needs it makes it."""
    from pathlib import Path

    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "polykernel"
