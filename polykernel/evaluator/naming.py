"""From a plugin's module to what users know it by: the name and the version of its package.

It is looked up when an error is shown, and not before: that reads the metadata of all packages.
"""

from __future__ import annotations

import os
import sys

from polykernel.evaluator.standard_library import standard_library_first


def full_name(module: str) -> str:
    """Give ``NAME VERSION (MODULE)``; the module alone where no package says that it brings it."""
    if not all(part.isidentifier() for part in module.split(".")):
        return module  # a name already
    try:
        with standard_library_first:
            return f"{_package(module)} ({module})"
    except Exception:  # nobody brings it, or the metadata is damaged
        return module


def _package(module: str) -> str:
    import importlib.metadata

    for distribution in importlib.metadata.distributions(path=_folders(module)):
        for point in distribution.entry_points:
            if point.group == "polykernel" and point.value == module:
                return f"{distribution.metadata['Name']} {distribution.version}"
    raise LookupError(module)


def _folders(module: str) -> list[str]:
    """List where packages are: this interpreter's, and those of the host's that we are shown."""
    folders = list(sys.path)
    for name in (module.partition(".")[0], "polykernel"):
        for finder in sys.meta_path:
            spec = finder.find_spec(name, None)
            if spec is not None and spec.origin:
                folder = os.path.dirname(os.path.dirname(spec.origin))
                if folder not in folders:
                    folders.append(folder)
                break
    return folders
