"""A subshell's console beside a notebook whose cell runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from browser.lab import Lab

WAITS = """\
import time
go = None
print("waits")
while not go:
    time.sleep(0.01)
print(f"goes on: {go}")
"""
HAS_ITS_SUBSHELL = """() => Array.from(window.jupyterapp.shell.widgets("main")).some(
    panel => panel.console && panel.sessionContext?.session?.kernel?.subshellId
)"""
SLIDER = """\
import ipywidgets
slider = ipywidgets.IntSlider(value=3, min=0, max=10)
slider
"""
WAITS_FOR_THE_SLIDER = """\
import time
while slider.value < 5:
    time.sleep(0.01)
print("moved")
"""


def test_a_subshells_console_sees_and_changes_what_a_running_cell_uses(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [WAITS])
    cell = notebook.run(0)
    expect(cell.outputs).to_have_text("waits")
    lab.page.evaluate(
        "() => { window.jupyterapp.commands.execute('notebook:create-subshell-console'); }"
    )
    # JupyterLab shows the console before it has its subshell: what runs earlier waits for the cell
    lab.page.wait_for_function(HAS_ITS_SUBSHELL)
    console = lab.page.locator(".jp-CodeConsole")
    prompt = console.locator(".jp-CodeConsole-input .cm-content")
    prompt.click()
    lab.page.keyboard.type("go = 'now'; go.upper()")
    lab.page.keyboard.press("Shift+Enter")
    expect(console.locator(".jp-CodeConsole-content .jp-OutputArea-output")).to_have_text("'NOW'")
    expect(cell.outputs).to_have_text("waits\ngoes on: now")


def test_a_slider_moves_python_while_a_cell_runs(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [SLIDER, WAITS_FOR_THE_SLIDER])
    slider = notebook.run(0)
    expect(slider.root.locator(".widget-readout")).to_have_text("3")
    waiting = notebook.run(1)
    notebook.wait_for("busy")
    handle = slider.root.locator(".noUi-handle")
    handle.focus()
    for _ in range(3):
        lab.page.keyboard.press("ArrowRight")
    expect(waiting.outputs).to_have_text("moved")
