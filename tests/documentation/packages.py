"""Makes an installed package of the files that a page shows."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

from support.kernels import Kernel

from documentation import blocks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PACKAGE = "polykernel_recipe"
_EVALUATOR = re.compile(r"^class (\w+)\(Evaluator\):", re.MULTILINE)


def shared_plugin() -> str:
    """Give the plugin that the recipes' first page shows for all of them."""
    return blocks.files(blocks.RECIPES / "README.md")["plugin.py"]


def plugin_for(evaluator: str, module: str) -> str:
    """Put a page's class into the shared plugin, as its first page says."""
    (name,) = _EVALUATOR.findall(evaluator)
    return shared_plugin().replace(f"{PACKAGE}.evaluator:Recipe", f"{PACKAGE}.{module}:{name}")


def write(folder: Path, files: Mapping[str, str], module: str = "evaluator") -> None:
    """Write a recipe's package.

    Args:
        folder: Where packages are looked for.
        files: What the page shows, by name.
        module: The one with the evaluator that is to run.
    """
    package = folder / PACKAGE
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    plugin = files.get("plugin.py") or plugin_for(files[f"{module}.py"], module)
    for name, text in {**files, "plugin.py": plugin}.items():
        if name.endswith(".py"):
            (package / name).write_text(text, "utf-8")


def install(name: str, kernels: Path, packages: Path) -> None:
    """Write a recipe's package, and a kernelspec of the name ``recipe`` for it.

    Args:
        name: The recipe's page.
        kernels: Where kernelspecs are looked for.
        packages: Where the package is written to.
    """
    write(packages, blocks.files(blocks.RECIPES / f"{name}.md"))
    run = f"-P -m polykernel run recipe --plugin {PACKAGE}.plugin -f {{connection_file}}"
    content = {
        "argv": [sys.executable, *run.split()],
        "display_name": "Recipe",
        "language": "recipe",
        "interrupt_mode": "message",
        "env": {"PYTHONPATH": str(packages)},
    }
    (kernels / "recipe").mkdir(parents=True)
    (kernels / "recipe" / "kernel.json").write_text(json.dumps(content))


def start(
    name: str,
    folder: Path,
    language: str,
    environment: Mapping[str, str],
    arguments: Sequence[str],
    **options: str,
) -> Kernel:
    """Start a real kernel of a recipe."""
    page = blocks.RECIPES / f"{name}.md"
    packages = folder / "packages"
    write(packages, blocks.files(page), **options)
    where = folder / "kernel"
    where.mkdir()
    return Kernel(
        f"{language}@{PACKAGE}.plugin",
        where,
        environment={"PYTHONPATH": str(packages), **environment},
        arguments=arguments,
    )
