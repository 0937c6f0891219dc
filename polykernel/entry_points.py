"""Lists the plugins that installed packages declare, without importing any of them.

Importing this module loads ``importlib.metadata``, which takes longer than all else that a
kernel's start needs of plugins; import it where it is used.
"""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = "polykernel"


@dataclass(frozen=True, slots=True)
class Declared:
    """One entry point in the group ``polykernel``.

    Args:
        name: The entry point's name; empty where it could not be read.
        module: The module that it names; empty where it could not be read.
        distribution: The package that declares it, as ``pip`` names it.
        version: That package's version.
        trouble: Why it can't be used, in one line; empty where all is well.
    """

    name: str
    module: str
    distribution: str
    version: str
    trouble: str = ""


def declared() -> list[Declared]:
    """List the entry points of all packages: polykernel's own first, then by package and name.

    Packages are read one by one, so that a damaged one hides no other.
    """
    found: dict[tuple[str, str], Declared] = {}
    for distribution in importlib.metadata.distributions():
        for entry_point in _of(distribution):
            # a package that is on the path twice counts once: Python imports the first one
            found.setdefault((entry_point.distribution, entry_point.name), entry_point)
    return [found[key] for key in sorted(found, key=lambda key: (key[0] != "polykernel", key))]


def package_of(module: str) -> tuple[str, str]:
    """Find the name and version of the package that brings a module; empty where none does."""
    for entry_point in declared():
        if entry_point.module == module:
            return entry_point.distribution, entry_point.version
    top_level = module.partition(".")[0]
    for name in importlib.metadata.packages_distributions().get(top_level, ()):
        return _name_and_version(importlib.metadata.distribution(name))
    return "", ""


def _of(distribution: importlib.metadata.Distribution) -> Iterator[Declared]:
    try:
        entry_points = [point for point in distribution.entry_points if point.group == GROUP]
    except Exception as error:  # whatever the metadata's parser raises on a damaged file
        if _may_be_plugin(distribution):
            trouble = f"its entry_points.txt can't be read ({error}); install the package again"
            yield Declared("", "", *_name_and_version(distribution), trouble)
        return
    for point in entry_points:
        trouble = ""
        if not all(part.isidentifier() for part in point.value.split(".")):
            trouble = (
                f"its entry point must name a module, as in 'package.plugin', not {point.value!r}"
            )
        yield Declared(point.name, point.value, *_name_and_version(distribution), trouble)


def _may_be_plugin(distribution: importlib.metadata.Distribution) -> bool:
    try:
        text = distribution.read_text("entry_points.txt") or ""
    except UnicodeDecodeError as error:
        text = bytes(error.object).decode("latin-1")
    except OSError:
        return False
    return f"[{GROUP}]" in text


def _name_and_version(distribution: importlib.metadata.Distribution) -> tuple[str, str]:
    try:
        metadata = distribution.metadata
        return metadata["Name"] or "", metadata["Version"] or ""
    except Exception:  # a package without readable metadata; its plugin may be good all the same
        return "", ""
