"""A kernel of a plugin that is being written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from development import Project

    from browser.lab import Lab


def test_a_change_of_the_plugin_is_heeded_by_the_next_cell_of_an_open_notebook(
    lab: Lab, project: Project
) -> None:
    notebook = lab.open("mine-dev", ["kept = 6", "result = 7", "%replay", "result = kept * 7"])
    expect(notebook.run(0).root).to_contain_text("first None")
    project.write("plugin.py", "def broken(:\n")
    expect(notebook.run(1).error).to_contain_text("plugin.py")
    project.write_plugin()
    project.write_evaluator("second")
    output = notebook.run(1).root
    expect(output).to_contain_text("evaluator.py, plugin.py changed")
    expect(output).to_contain_text("second 7")
    expect(notebook.run(2).root).to_contain_text("after a replay of 2 cells")
    expect(notebook.run(3).root).to_contain_text("second 42")
    notebook.wait_for("idle")
    expect(lab.dialog).to_have_count(0)
