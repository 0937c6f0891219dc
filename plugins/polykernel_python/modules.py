"""The modules that could be imported, and what is in them, found without importing them."""

from __future__ import annotations

import os
import re
import sys
from typing import Any, Iterable

_DEFINED = re.compile(
    r"^(?:(?:async\s+)?(?P<kind>def|class)\s+(?P<defined>\w+)"
    r"|(?P<assigned>[A-Za-z_]\w*)\s*(?::[^=\n]*)?=(?!=)"
    r"|from\s+[\w.]+\s+import\s+(?:\((?P<many>[^)]*)\)|(?P<few>[^\n(#]+)))",
    re.MULTILINE,
)
_LARGEST = 1_000_000  # bytes of a source that is looked into

_cache: dict[str, tuple[int, tuple[str, ...]]] = {}


def top_level() -> set[str]:
    """Give the names of all modules that ``import`` would find first on the path."""
    names = set(sys.builtin_module_names)
    names.update(getattr(sys, "stdlib_module_names", ()))
    names.update(_in_folders(sys.path))
    return names


def submodules(module: str) -> set[str]:
    """Give the names of the modules inside a package."""
    names = set(_in_folders(_folders(module)))
    prefix = module + "."
    for loaded in list(sys.modules):  # os.path and its like are in no folder
        if loaded.startswith(prefix):
            names.add(loaded[len(prefix) :].partition(".")[0])
    return names


def contents(module: str) -> dict[str, str]:
    """Give the names that can be imported from a module, and the kind of each."""
    from polykernel_python.members import members

    loaded = sys.modules.get(module)
    names = dict(members(loaded)) if loaded is not None else _in_source(module)
    for name in submodules(module):
        names.setdefault(name, "module")
    return names


def _in_folders(folders: Iterable[str]) -> Iterable[str]:
    import pkgutil

    for folder in list(folders):
        place = folder or os.getcwd()  # pathlib would be imported for this alone
        try:
            changed = os.stat(place).st_mtime_ns  # noqa: PTH116
        except OSError:
            continue
        known = _cache.get(place)
        if known is None or known[0] != changed:
            found = tuple(found.name for found in pkgutil.iter_modules([place]))
            known = _cache[place] = (changed, found)
        yield from known[1]


def _folders(module: str) -> list[str]:
    loaded = sys.modules.get(module)
    if loaded is not None:
        return list(getattr(loaded, "__path__", ()))
    spec = _spec(module)
    return list((spec and spec.submodule_search_locations) or ())


def _spec(module: str) -> Any:
    """Find a module's spec without importing the packages around it."""
    from importlib.machinery import PathFinder

    parent, _, name = module.rpartition(".")
    folders = _folders(parent) if parent else None
    if not name or (parent and not folders):
        return None
    try:
        return PathFinder.find_spec(module, folders)
    except (ImportError, ValueError):
        return None


def _in_source(module: str) -> dict[str, str]:
    spec = _spec(module)
    origin = getattr(spec, "origin", None)
    if not isinstance(origin, str) or not origin.endswith(".py"):
        return {}
    try:
        with open(origin, encoding="utf-8", errors="replace") as file:
            text = file.read(_LARGEST)
    except OSError:
        return {}
    kinds = {"def": "function", "class": "class", None: "instance"}
    names: dict[str, str] = {}
    for match in _DEFINED.finditer(text):
        imported = match.group("many") or match.group("few")
        if imported:
            for part in imported.split(","):
                name = part.partition("#")[0].split(" as ")[-1].strip()
                if name.isidentifier():
                    names.setdefault(name, "instance")
        else:
            name = match.group("defined") or match.group("assigned")
            names.setdefault(name, kinds[match.group("kind")])
    return names
