"""The front end's side of docs/recipes/comms.md, in JupyterLab."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from documentation import blocks, packages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser.lab import Lab
    from browser.server import JupyterServer

#: The page's script, as in an extension that has the application, and what it counts.
EXTENSION = """() => {
    const app = window.jupyterapp;
    window.seen = [];
    const counted = (who, count) => window.seen.push(`${who}: ${count}`);
    %s
}"""


@pytest.fixture
def recipe(server: JupyterServer, lab: Lab, tmp_path: Path) -> Iterator[str]:
    """A kernelspec of the page's language, of which the page is told when it is loaded."""
    packages.write(tmp_path, blocks.files(blocks.RECIPES / "comms.md"))
    run = f"-P -m polykernel run recipe --plugin {packages.PACKAGE}.plugin -f {{connection_file}}"
    folder = server.root.parent / "jupyter_path" / "kernels" / "recipe"
    folder.mkdir()
    content = {
        "argv": [sys.executable, *run.split()],
        "display_name": "Recipe",
        "language": "recipe",
        "interrupt_mode": "message",
        "env": {"PYTHONPATH": str(tmp_path)},
    }
    (folder / "kernel.json").write_text(json.dumps(content))
    lab.load()
    yield "recipe"
    shutil.rmtree(folder)


def test_comms_are_opened_by_the_page_and_by_the_kernel(lab: Lab, recipe: str) -> None:
    notebook = lab.open(recipe, ["watch"])
    script = blocks.files(blocks.RECIPES / "comms.md")["front_end.js"]
    lab.page.evaluate(EXTENSION % script)
    lab.page.wait_for_function("window.seen.includes('mine: 42')")
    notebook.run(0)
    lab.page.wait_for_function("window.seen.includes('its own: 7')")
    assert lab.page.evaluate("window.seen") == ["mine: 42", "its own: 7"]
