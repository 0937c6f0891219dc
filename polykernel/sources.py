"""Finds out whether the files that a language is made of have changed.

Nothing is watched: somebody asks, and then all files are looked at, which takes a millisecond or
two. A large folder is looked at in part.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FILES = 2000  # of a folder that are looked at, Python's and TOML's first
ENTRIES = 20_000  # of a folder that are counted until the rest is left out

_CODE = (".py", ".toml")
# of Python's, of editors', and of other people's
_NO_SOURCE = (".pyc", ".pyo", ".swp", ".swx", ".tmp", "~", "__pycache__", "node_modules")

State = tuple[int, ...] | tuple[str, ...]


class _Listing(NamedTuple):
    files: list[str]
    whole: bool


class Sources:
    """Owns what the files were when they were last accepted.

    Args:
        folders: Everything below them counts, but hidden and compiled files.
        files: Single files, whether or not they are there.
        listings: Folders in which no file may come or go.
        seen: What :meth:`look` has given for some of them, before they were read.

    Attributes:
        partly: Folders that are too large to be looked at as a whole.
    """

    def __init__(
        self,
        folders: Iterable[str] = (),
        files: Iterable[str] = (),
        listings: Iterable[str] = (),
        seen: Mapping[str, State] = MappingProxyType({}),
    ) -> None:
        self._folders = sorted(set(folders))
        self._files = sorted(set(files))
        self._listings = sorted(set(listings))
        self.partly: list[str] = []
        self._accepted = self.look()
        self._accepted.update({path: seen[path] for path in seen if path in self._accepted})

    def changed(self) -> list[str]:
        """List the paths that have been changed, added or removed since they were accepted."""
        now, before = self.look(), self._accepted
        return sorted(path for path in {*now, *before} if now.get(path) != before.get(path))

    def look(self) -> dict[str, State]:
        """Give what can be told of each file, and of each folder in which none may come or go."""
        found: dict[str, State | None] = {}
        self.partly = []
        for folder in self._folders:
            listing = _files_below(folder)
            if not listing.whole:
                self.partly.append(folder)
            found.update((path, _state(path)) for path in listing.files)
        found.update((path, _state(path)) for path in self._files)
        found.update((path, _names(path)) for path in self._listings)
        # what is not there is the same as what was not there
        return {path: state for path, state in found.items() if state is not None}


def _state(path: str) -> tuple[int, ...] | None:
    try:
        return _told(Path(path).stat())
    except OSError:
        return None


def _told(status: os.stat_result) -> tuple[int, ...]:
    # the time alone is too coarse for two edits in a row; some editors put a new file in the place
    return status.st_mtime_ns, status.st_size, status.st_ino, stat.S_IMODE(status.st_mode)


def _names(folder: str) -> tuple[str, ...] | None:
    try:
        with os.scandir(folder) as entries:
            return tuple(sorted(entry.name for entry in entries if is_source(entry.name)))
    except OSError:
        return None


def is_source(name: str) -> bool:
    """Whether a file of that name may be part of what a language is made of."""
    return not name.startswith((".", "#")) and not name.endswith(_NO_SOURCE)


def _files_below(folder: str) -> _Listing:
    """List files, those near the top first, and code before all else."""
    code: list[str] = []
    others: list[str] = []
    waiting = deque([folder])
    seen: set[tuple[int, int]] = set()  # links may lead in a circle
    left = ENTRIES
    while waiting and left:
        for entry in _entries(waiting.popleft(), seen, left):
            left -= 1
            if not is_source(entry.name):
                continue
            if _is_folder(entry):
                waiting.append(entry.path)
            else:
                (code if entry.name.endswith(_CODE) else others).append(entry.path)
    files = [*code, *others]
    return _Listing(files[:FILES], left > 0 and len(files) <= FILES)


def _entries(folder: str, seen: set[tuple[int, int]], at_most: int) -> list[os.DirEntry[str]]:
    """List what is in a folder, unless it has been listed already or can't be."""
    try:
        status = Path(folder).stat()
        with os.scandir(folder) as entries:
            found = sorted(islice(entries, at_most), key=lambda entry: entry.name)
    except OSError:
        return []
    place = (status.st_dev, status.st_ino)
    if place in seen:
        return []
    seen.add(place)
    return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
