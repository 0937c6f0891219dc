"""The first lines that run in an evaluator process: a bare file, started by the host.

``PYTHON -u bootstrap.py MODULE:CLASS PACKAGE=DIRECTORY... [--plugin NAME_VERSION]``

It shows the interpreter exactly the packages that it is given (polykernel itself, and the
plugin's), never the host's site-packages, so that it works in a bare virtual environment and in an
older Python.
"""

from __future__ import annotations

import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import SourceFileLoader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Sequence


class PackageFinder:
    """Finds the given top-level packages in the given directories, and nothing else.

    Args:
        directories: The name of each package, and where it is: its own directory, or its file where
            it is a single module.
    """

    def __init__(self, directories: dict[str, str]) -> None:
        self._directories = directories

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Answer for the packages that this finder knows (``importlib.abc.MetaPathFinder``)."""
        directory = self._directories.get(fullname)
        if directory is None:
            return None
        is_package = not directory.endswith(".py")
        file = directory + "/__init__.py" if is_package else directory
        spec = ModuleSpec(
            fullname, SourceFileLoader(fullname, file), origin=file, is_package=is_package
        )
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [directory]
        return spec


def main(arguments: list[str]) -> None:
    """Take over the descriptors, install the finder, run the runtime until the kernel ends."""
    plugin = ""
    if "--plugin" in arguments:
        at = arguments.index("--plugin")
        plugin = arguments[at + 1]
        arguments = arguments[:at] + arguments[at + 2 :]
    evaluator, packages = arguments[0], dict(entry.split("=", 1) for entry in arguments[1:])
    sys.meta_path.insert(0, PackageFinder(packages))
    from polykernel.evaluator import startup

    startup.run(evaluator, plugin or evaluator)


if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False) and not sys.flags.isolated:
        del sys.path[0]  # this file's own directory: its modules have names such as `display`
    main(sys.argv[1:])
