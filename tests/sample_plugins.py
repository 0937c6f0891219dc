"""Makes small distributions with plugins, as pip would install them, in a folder for the path."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GOOD = """
from polykernel import Language, hookimpl
from polykernel.errors import LanguageError

def language(name, **fields):
    fields = {{"evaluator": "{package}.evaluator:Sample", **fields}}
    return Language(name=name, display_name=name.title(), version="1.0", mimetype="text/plain",
                    file_extension=".txt", **fields)

@hookimpl
def polykernel_languages():
    return [{languages}]
"""
EVALUATOR = """
from polykernel.evaluator import Evaluator

class Sample(Evaluator):
    def execute(self, code, cell):
        return code.upper()
"""


def distribution(
    folder: Path,
    name: str,
    entry_points: str,
    files: Mapping[str, str | bytes],
    version: str = "1.2",
) -> None:
    """Write a distribution: its files, and the metadata that pip would write."""
    metadata = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    everything: dict[str, str | bytes] = {
        **files,
        f"{metadata.name}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{metadata.name}/entry_points.txt": entry_points,
    }
    everything[f"{metadata.name}/RECORD"] = "".join(f"{path},,\n" for path in everything)
    for path, content in everything.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else textwrap.dedent(content).encode()
        target.write_bytes(data)


def plugin(folder: Path, name: str, code: str, more: Mapping[str, str | bytes] = {}) -> str:
    """Write a distribution with one plugin of this code, and give its module's name.

    ``name`` is that of the entry point; the distribution is ``sample-NAME``.
    """
    package = f"sample_{name}"
    distribution(
        folder,
        f"sample-{name}",
        f"[polykernel]\n{name} = {package}.plugin\n",
        {f"{package}/__init__.py": "", f"{package}/plugin.py": code, **more},
    )
    return f"{package}.plugin"


def good_plugin(
    folder: Path,
    name: str,
    languages: str = "",
    more: Mapping[str, str | bytes] = {},
) -> str:
    """Write a distribution whose plugin works, and give its module's name.

    ``languages`` is Python: calls of ``language(name, **fields)``; one language of the plugin's
    name where empty.
    """
    package = f"sample_{name}"
    code = GOOD.format(package=package, languages=languages or f"language({name!r})")
    return plugin(folder, name, code, {f"{package}/evaluator.py": EVALUATOR, **more})
