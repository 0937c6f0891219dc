"""Tells polykernel of all languages that are declared: the shipped ones, and the user's own.

The user's stand in ``polykernel/languages/`` in Jupyter's configuration folders
(``jupyter --paths``); the first folder wins, and the shipped ones come last. A file that is wrong
is reported, and hides no other.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from jupyter_core.paths import jupyter_config_path

from polykernel import Language, LanguageError, hookimpl
from polykernel_declared.declaration import declared, read

if TYPE_CHECKING:
    from polykernel import Samples

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "languages")
SAMPLES = ".samples.toml"


@hookimpl
def polykernel_languages() -> list[Language | LanguageError]:
    """Bring the declared languages; a ``LanguageError`` in the place of one that is wrong."""
    return [_declared(name, path) for name, path in find().items()]


@hookimpl
def polykernel_samples(language: str) -> Samples | None:
    """Read ``NAME.samples.toml``, beside the declaration; ``None`` where there is none.

    Raises:
        LanguageError: It can't be read, or is wrong; names the file.
    """
    from polykernel import Samples

    path = find().get(language, "").removesuffix(".toml") + SAMPLES
    if not os.access(path, os.F_OK):
        return None
    try:
        return Samples.of(read(path))
    except LanguageError:
        raise
    except Exception as error:
        raise LanguageError(f"{path}: {error}") from None


def _declared(name: str, path: str) -> Language | LanguageError:
    try:
        return declared(path)
    except LanguageError as error:
        # without its traceback: it is the file that is wrong, and no code of ours
        return LanguageError(str(error), language=name)


def folders() -> list[str]:
    """List the folders that may hold declarations, the first one winning."""
    config = [os.path.join(folder, "polykernel", "languages") for folder in jupyter_config_path()]
    return [*config, SHIPPED]


def find() -> dict[str, str]:
    """Find the declarations: the name of each language, and its file."""
    found: dict[str, str] = {}
    for folder in folders():
        for name in _names(folder):
            found.setdefault(name, os.path.join(folder, f"{name}.toml"))
    return found


def _names(folder: str) -> list[str]:
    try:
        files = sorted(each.name for each in os.scandir(folder))
    except OSError:  # not there, or not ours to read
        return []
    return [
        file.removesuffix(".toml")
        for file in files
        if file.endswith(".toml") and not file.endswith(SAMPLES)
    ]
