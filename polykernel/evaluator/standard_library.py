"""Imports of our own while user code is about: a ``token.py`` in the notebook's folder is not ours.

User code finds its own modules first, as in any Python program. What the runtime and plugins import
late must find the standard library's instead, or the first error could not be shown.
"""

from __future__ import annotations

import os
import sys
from _frozen_importlib import BuiltinImporter, FrozenImporter
from _frozen_importlib_external import PathFinder
from _thread import get_ident

from polykernel.evaluator.spare import Spare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Sequence

_LIBRARY = os.path.dirname(os.__file__)


def _is_library(folder: str) -> bool:
    below = folder == _LIBRARY or folder.startswith(_LIBRARY + os.sep)
    packages = folder.endswith(("site-packages", "dist-packages"))
    return (below and not packages) or folder.endswith(os.sep + "lib-dynload")


class StandardLibraryFirst:
    """A context in which the calling thread's imports find the standard library first.

    Also a finder for ``sys.meta_path``: other threads are not concerned, and what the standard
    library does not have is found as ever. Modules of the user's that are loaded under names of the
    standard library step aside while any thread is in the context.

    There is a file descriptor for such an import, also where user code has used up all others.

    State: the threads in it, the modules put aside, the standard library's of the same names, and
    what was seen to be the standard library's.
    """

    def __init__(self) -> None:
        self._folders = [folder for folder in sys.path if _is_library(folder)]
        self._names: dict[str, bool] = {}
        self._depths: dict[int, int] = {}
        self._aside: dict[str, Any] = {}
        self._own: dict[str, Any] = {}
        self._seen: dict[str, object] = {}
        self._spare = Spare()

    def install(self) -> None:
        """Take effect: in an evaluator process, where user code will run."""
        sys.meta_path.insert(0, self)
        self._spare.keep()

    def in_child(self) -> None:
        """Let a forked child have no descriptor that it has not opened."""
        self._spare.give()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: object = None
    ) -> Any:
        """Find a module of the standard library's (``importlib.abc.MetaPathFinder``)."""
        if path is not None or get_ident() not in self._depths:
            return None
        for finder in (BuiltinImporter, FrozenImporter):
            spec = finder.find_spec(fullname)
            if spec is not None:
                return spec
        return PathFinder.find_spec(fullname, self._folders)

    def __enter__(self) -> None:
        ident = get_ident()
        self._depths[ident] = self._depths.get(ident, 0) + 1
        if self._depths[ident] == 1 and self._is_installed():
            self._spare.give()
            self._put_aside()

    def __exit__(self, *_: object) -> None:
        ident = get_ident()
        self._depths[ident] = self._depths.get(ident, 1) - 1
        if not self._depths[ident]:
            self.leave()

    def is_entered_by(self, ident: int) -> bool:
        """Whether a thread is in the context."""
        return ident in self._depths

    def leave(self) -> None:
        """Take the calling thread out, however deep it is in: an interrupt may disturb its exit.

        At the end of a request, when no interrupt comes any more, this mends what one has left.
        """
        self._depths.pop(get_ident(), None)
        if not self._depths and self._is_installed():
            self._spare.keep()
        if self._aside and not self._depths:  # another thread may have come meanwhile
            self._put_back()

    def _is_installed(self) -> bool:
        try:
            return self in sys.meta_path
        except Exception:  # user code has taken that apart
            return False

    def _put_aside(self) -> None:
        modules = sys.modules
        foreign = {name for name in self._standard_names() if self._hides(name, modules.get(name))}
        for name, module in list(modules.items()) if foreign else ():
            if name.partition(".")[0] in foreign and not _in_library(module):
                self._aside[name] = module
                modules.pop(name, None)  # another thread may do the same
                if name in self._own:
                    modules[name] = self._own[name]

    def _put_back(self) -> None:
        while self._aside:
            name, module = self._aside.popitem()
            if name in sys.modules:
                self._own[name] = sys.modules[name]
            sys.modules[name] = module

    def _hides(self, name: str, module: object) -> bool:
        """Whether a loaded module has the place of one of the standard library's."""
        if module is None or self._seen.get(name) is module:
            return False
        if not _in_library(module):
            return True
        self._seen[name] = module
        return False

    def _standard_names(self) -> Iterable[str]:
        # not all that is loaded: a thousand modules would take longer than what is to be imported
        known = getattr(sys, "stdlib_module_names", None)  # Python 3.10
        return filter(self._is_standard, list(sys.modules)) if known is None else known

    def _is_standard(self, name: str) -> bool:
        if name not in self._names:
            self._names[name] = (
                "." not in name
                and name != "__main__"
                and PathFinder.find_spec(name, self._folders) is not None
            )
        return self._names[name]


def _in_library(module: object) -> bool:
    spec = getattr(module, "__dict__", {}).get("__spec__")
    origin = getattr(spec, "origin", None)
    # what is made by hand has no origin, and what is built in has a word instead of a file
    return not isinstance(origin, str) or os.sep not in origin or _is_library(_folder(origin))


def _folder(origin: str) -> str:
    return os.path.dirname(origin)


standard_library_first = StandardLibraryFirst()
