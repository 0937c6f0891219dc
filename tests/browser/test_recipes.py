"""Recipes of docs/recipes/ in JupyterLab: what a notebook shows, and its side of comms."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from documentation import blocks, packages
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from browser.lab import Lab, Notebook
    from browser.server import JupyterServer

    Open = Callable[[str, Sequence[str]], Notebook]

#: The page's script, as in an extension that has the application, and what it counts.
EXTENSION = """() => {
    const app = window.jupyterapp;
    window.seen = [];
    const counted = (who, count) => window.seen.push(`${who}: ${count}`);
    %s
}"""


@pytest.fixture
def recipe(server: JupyterServer, lab: Lab, tmp_path: Path) -> Iterator[Open]:
    """Open a notebook of a page's language; JupyterLab is told of the language by loading it."""
    kernels = server.root.parent / "jupyter_path" / "kernels"

    def open_notebook(name: str, cells: Sequence[str]) -> Notebook:
        packages.install(name, kernels, tmp_path)
        lab.load()
        return lab.open("recipe", cells)

    yield open_notebook
    shutil.rmtree(kernels / "recipe")


def test_forms_are_shown_as_what_they_are(recipe: Open) -> None:
    cells = ["circle 20", "ratio 22/7", "square 255 140 0", "note a < b", "light", "triangle"]
    notebook = recipe("rich-display", cells)
    circle, ratio, square, note, light, triangle = (notebook.run(n) for n in range(len(cells)))
    drawing = circle.result.locator("img")  # as JupyterLab shows all SVG
    expect(drawing).to_be_visible()
    assert drawing.evaluate("image => image.naturalWidth") == 40
    expect(ratio.root.locator("mjx-container")).to_have_count(1)
    picture = square.result.locator("img")
    expect(picture).to_have_attribute("width", "100")
    assert picture.evaluate("image => image.naturalWidth") == 32
    expect(note.result.locator("mark")).to_have_text("a < b")
    expect(light.outputs).to_have_text("green")
    expect(triangle.error).to_contain_text("UnknownShape: there is no 'triangle'")


def test_a_table_is_a_table(recipe: Open) -> None:
    notebook = recipe("tables", ["SELECT 1 AS one, '<b>' AS two"])
    table = notebook.run(0).root.locator(".jp-OutputArea-output table")
    expect(table.locator("th")).to_have_text(["one", "two"])
    expect(table.locator("td")).to_have_text(["1", "<b>"])


def test_a_bar_is_full_in_the_end(recipe: Open) -> None:
    notebook = recipe("progress", ["100000"])
    cell = notebook.run(0)
    expect(cell.result).to_have_text("counted to 100,000")
    expect(cell.root.locator("progress")).to_have_attribute("value", "1.0000")


def test_comms_are_opened_by_the_page_and_by_the_kernel(lab: Lab, recipe: Open) -> None:
    notebook = recipe("comms", ["watch"])
    script = blocks.files(blocks.RECIPES / "comms.md")["front_end.js"]
    lab.page.evaluate(EXTENSION % script)
    lab.page.wait_for_function("window.seen.includes('mine: 42')")
    notebook.run(0)
    lab.page.wait_for_function("window.seen.includes('its own: 7')")
    assert lab.page.evaluate("window.seen") == ["mine: 42", "its own: 7"]
