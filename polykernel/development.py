"""Loads the language of a plugin that is being written, again and again.

What belongs to it is found out while the plugin is loaded: the folders of its packages, the modules
that it imports from elsewhere than the installed packages, the files that it reads, the folders
that it lists, and the files that its command and its options name. Only ``--dev`` imports this.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polykernel import plugins
from polykernel.errors import EvaluatorStartError, UnknownLanguage
from polykernel.launch import location
from polykernel.sources import Sources, is_source
from polykernel.start import prepare, started

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from polykernel.language import Language
    from polykernel.start import Start

_LISTS = ("os.listdir", "os.scandir")
_SYSTEM = ("/proc", "/dev", "/sys")


class Development:
    """Owns the files of one language.

    Args:
        language: The language's name.
        module: The plugin's module; found among all installed plugins where ``None``.
        python: The interpreter that evaluates; this one where ``None``.

    Attributes:
        module: The plugin's module.

    Raises:
        UnknownLanguage: No plugin brings it.
    """

    def __init__(self, language: str, module: str | None, python: str | None) -> None:
        self._name = language
        self.module = module or _module_of(language)
        self._python = python
        self._sources = Sources()
        self._helpers: set[str] = set()  # modules from elsewhere than its packages
        self._record = _Record()

    def load(self) -> Start:
        """Load the language anew; where its plugin is broken, the files so far still count."""
        # what is written while it is read is a change, too
        seen = self._sources.look()
        self._forget()
        before = set(sys.modules)
        with self._record.recording():
            start = prepare(self._name, self.module, self._python)
        packages = self._packages(start.language)
        folders = [found for package in packages for found in _locations(package)]
        imported = {name: _file(name) for name in set(sys.modules) - before}
        self._helpers = {name for name, file in imported.items() if file and _is_own(file, folders)}
        files = [file for name in self._helpers if (file := imported[name])]
        files += [path for path in self._record.read if _is_own(path, folders)]
        files += filter(os.path.isfile, folders)
        files += _named(start.language)
        listed = [path for path in self._record.listed if _is_own(path, [])]
        self._sources = Sources(filter(os.path.isdir, folders), files, listed, seen)
        return start

    def start(self) -> Start:
        """Load the language for the first time, and start its evaluator."""
        return started(self.load(), self._python)

    def changed(self) -> list[str]:
        """List the files that have changed since the language was loaded.

        What Python has compiled of them is removed: it tells new sources from old ones by seconds.
        """
        changed = self._sources.changed()
        for path in changed:
            if path.endswith(".py"):
                _remove_compiled(Path(path))
        return changed

    @property
    def partly(self) -> list[str]:
        """Folders that are too large to be looked at as a whole."""
        return self._sources.partly

    def _packages(self, language: Language) -> set[str]:
        modules = [self.module, language.evaluator.partition(":")[0]]
        return {module.partition(".")[0] for module in modules if module} - {"polykernel"}

    def _forget(self) -> None:
        """Let the plugin be imported again."""
        importlib.invalidate_caches()
        top = self.module.partition(".")[0]
        for name in list(sys.modules):
            ours = name.partition(".")[0] == top != "polykernel"
            if ours or name in self._helpers:
                del sys.modules[name]


class _Record:
    """Owns the names of the files that are read, and of the folders that are listed, meanwhile."""

    def __init__(self) -> None:
        self.read: set[str] = set()
        self.listed: set[str] = set()
        self._on = False
        sys.addaudithook(self._hear)

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        self.read, self.listed = set(), set()
        self._on = True
        try:
            yield
        finally:
            self._on = False

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on or event not in ("open", *_LISTS):
            return
        path = arguments[0]
        if not isinstance(path, (str, bytes)):
            return
        path = os.path.abspath(os.fsdecode(path or "."))
        if event in _LISTS:
            # imports list the folders of the path, whatever is in them
            if path not in map(os.path.abspath, sys.path):
                self.listed.add(path)
        elif not _writes(*arguments[1:3]) and is_source(path.rpartition("/")[2]):
            self.read.add(path)


def _writes(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return not mode.startswith("r") or "+" in mode
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def _module_of(language: str) -> str:
    """Find the plugin that brings a language, or would bring it if it were not broken."""
    everything = plugins.load_all()
    try:
        return everything.find(language).plugin.module
    except UnknownLanguage:
        for broken in everything.broken:
            if language in (broken.language, broken.plugin.entry_point) and broken.plugin.module:
                return broken.plugin.module
        raise


def _locations(package: str) -> list[str]:
    """Find the folder or file of a package; none where it can't be found now."""
    try:
        return [location(package)]
    except EvaluatorStartError:
        return []


def _file(module: str) -> str:
    file = getattr(sys.modules.get(module), "__file__", None)
    return file if isinstance(file, str) else ""


def _is_own(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is the plugin's: it is in its folders, or in nobody else's."""
    if any(_within(path, folder) for folder in folders):
        return True
    return not any(_within(path, folder) for folder in _others())


def _others() -> list[str]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return [*map(sysconfig.get_path, names), *_SYSTEM, os.path.dirname(os.path.abspath(__file__))]


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _texts(value: object) -> Iterator[str]:
    """Give all texts of a value that has a JSON form."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)


def _named(language: Language) -> Iterator[str]:
    """Give the files that a language's command line and options name, and the program itself."""
    program = shutil.which(language.command[0]) if language.command else None
    for word in (program or "", *language.command[1:], *_texts(language.options)):
        if word and "\0" not in word and Path(word).is_file():
            yield os.path.abspath(word)


def _remove_compiled(source: Path) -> None:
    with contextlib.suppress(OSError):  # not ours to remove
        for compiled in (source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"):
            compiled.unlink()
