"""A kernel whose plugin cannot be imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from browser.lab import Lab


def test_it_starts_and_its_first_cell_says_why(lab: Lab) -> None:
    notebook = lab.open("broken", ["1 + 1", "2 + 2"])
    for index in (0, 1):
        cell = notebook.run(index)
        expect(cell.error).to_contain_text("broken_plugin")
        expect(cell.error).to_contain_text("No module named 'a_module_that_nobody_has'")
    notebook.wait_for("idle")
    expect(lab.dialog).to_have_count(0)
