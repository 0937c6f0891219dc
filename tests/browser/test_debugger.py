"""JupyterLab's debugger stops cells of the Python kernel, steps through them, and shows values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from browser.debugging import Debugger, hide_panel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser.lab import Lab, Notebook

DOUBLE = "def double(n):\n    twice = 2 * n\n    return twice"
CALLS = "a = 20\nb = double(a)\nprint('b is', b)"
SHOWN = """\
class Shown:
    def _repr_html_(self):
        return "<b>rich</b>"
def show(shown, numbers):
    return numbers
show(Shown(), {"one": [1, 11]})
"""
ENDLESS = (
    "import time\ncount = 0\nprint('begun')\nwhile True:\n    time.sleep(0.001)\n    count += 1"
)
FAILS = "def divide(n):\n    return n / 0\ndivide(3)"


@pytest.fixture(autouse=True)
def _the_panel_is_hidden_again(lab: Lab) -> Iterator[None]:
    yield
    hide_panel(lab.page)


def stopped_in_double(lab: Lab) -> tuple[Notebook, Debugger]:
    """Stop in the last line of a function that another cell calls."""
    notebook = lab.open("polykernel-python", [DOUBLE, CALLS])
    debugger = Debugger(notebook)
    debugger.turn_on()
    notebook.run(0)
    debugger.break_at(notebook.cell(0), 3)
    notebook.run(1)
    debugger.expect_stop("    return twice", "double", "<module>")
    return notebook, debugger


def test_a_click_into_the_gutter_stops_the_cell_there(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [DOUBLE, CALLS])
    notebook.run(0)
    debugger = Debugger(notebook)
    debugger.turn_on()
    debugger.break_at(notebook.cell(1), 2)
    cell = notebook.run(1)
    debugger.expect_stop("b = double(a)")
    expect(debugger.places).to_have_text(["Cell [*]:2"])
    expect(debugger.value("a")).to_have_text("20")
    expect(debugger.variable("b")).to_have_count(0)
    expect(debugger.paused).to_be_visible()
    expect(cell.prompt).to_have_text("[*]:")
    notebook.wait_for("busy")
    debugger.go_on()
    expect(cell.outputs).to_have_text("b is 40")
    expect(cell.prompt).to_have_text("[2]:")
    notebook.wait_for("idle")
    expect(debugger.value("b")).to_have_text("40")


def test_a_second_click_removes_the_breakpoint(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", ["a = 1\nprint(a)"])
    debugger = Debugger(notebook)
    debugger.turn_on()
    debugger.break_at(notebook.cell(0), 2)
    debugger.click_gutter(notebook.cell(0), 2)
    expect(debugger.breakpoints).to_have_count(0)
    expect(debugger.markers(notebook.cell(0))).to_have_count(0)
    expect(notebook.run(0).outputs).to_have_text("1")
    debugger.expect_no_stop()


def test_steps_go_over_lines_into_functions_of_other_cells_and_out_of_them(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [DOUBLE, CALLS])
    notebook.run(0)  # before debugging begins
    debugger = Debugger(notebook)
    debugger.turn_on()
    debugger.break_at(notebook.cell(1), 1)
    cell = notebook.run(1)
    debugger.expect_stop("a = 20")
    debugger.press("next")
    debugger.expect_stop("b = double(a)")
    debugger.press("stepIn")
    debugger.expect_stop("    twice = 2 * n", "double", "<module>")
    expect(debugger.places).to_have_text(["Cell [1]:2", "Cell [*]:2"])
    expect(notebook.cell(0).root.locator(".jp-DebuggerEditor-highlight")).to_have_count(1)
    expect(debugger.value("n")).to_have_text("20")
    debugger.press("next")
    debugger.expect_stop("    return twice", "double", "<module>")
    expect(debugger.value("twice")).to_have_text("40")
    debugger.press("stepOut")
    debugger.expect_stop("b = double(a)")
    debugger.press("next")
    debugger.expect_stop("print('b is', b)")
    expect(debugger.value("b")).to_have_text("40")
    debugger.go_on()
    expect(cell.outputs).to_have_text("b is 40")


def test_a_step_into_a_cell_that_was_edited_shows_what_runs(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [DOUBLE, CALLS])
    expect(notebook.run(0).prompt).to_have_text("[1]:")
    notebook.cell(0).editor.fill("'something else'")
    debugger = Debugger(notebook)
    debugger.turn_on()
    debugger.break_at(notebook.cell(1), 2)
    notebook.run(1)
    debugger.expect_stop("b = double(a)")
    debugger.press("stepIn")
    debugger.expect_stop("    twice = 2 * n", "double", "<module>")
    debugger.go_on()


def test_variables_of_each_frame_are_shown_down_to_their_parts(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [SHOWN])
    debugger = Debugger(notebook)
    debugger.turn_on()
    debugger.break_at(notebook.cell(0), 5)
    notebook.run(0)
    debugger.expect_stop("    return numbers", "show", "<module>")
    debugger.unfold("numbers")
    debugger.unfold("'one'")
    expect(debugger.value("1")).to_have_text("11")
    debugger.frames.nth(1).click()
    expect(debugger.line).to_have_text('show(Shown(), {"one": [1, 11]})')
    expect(debugger.variable("numbers")).to_have_count(0)
    debugger.go_on()


def test_a_variable_is_shown_as_rich_as_it_is(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [SHOWN])
    debugger = Debugger(notebook)
    debugger.turn_on()
    debugger.break_at(notebook.cell(0), 5)
    notebook.run(0)
    debugger.expect_stop("    return numbers", "show", "<module>")
    debugger.choose("shown", "Render Variable")
    expect(lab.page.locator(".jp-DebuggerRichVariable b")).to_have_text("rich")
    debugger.go_on()


def test_a_variable_is_copied_to_the_globals(lab: Lab) -> None:
    notebook, debugger = stopped_in_double(lab)
    debugger.choose("twice", "Copy Variable to Globals")
    debugger.show_scope("Globals")
    expect(debugger.value("twice")).to_have_text("40")
    debugger.go_on()
    cell = notebook.cell(2)
    cell.write("twice")
    cell.run()
    expect(cell.result).to_have_text("40")


def test_the_debug_console_evaluates_and_assigns_in_the_stopped_frame(lab: Lab) -> None:
    notebook, debugger = stopped_in_double(lab)
    debugger.press("evaluate")
    console = lab.page.locator(".jp-DebugConsole-widget")
    prompt = console.locator(".jp-CodeConsole-input .cm-content")
    for code in ("twice = twice + 60", "twice + 1"):
        prompt.click()
        lab.page.keyboard.type(code)
        lab.page.keyboard.press("Shift+Enter")
        expect(prompt).to_have_text("")
    expect(console.locator(".jp-OutputArea-output").last).to_have_text("101")
    debugger.go_on()
    expect(notebook.cell(1).outputs).to_have_text("b is 100")


def test_the_pause_button_stops_a_running_cell(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [ENDLESS])
    debugger = Debugger(notebook)
    debugger.turn_on()
    cell = notebook.run(0)
    expect(cell.outputs).to_have_text("begun")
    debugger.press("continue")  # while nothing is stopped it is "Pause"
    expect(debugger.frames).to_have_text(["<module>"])
    expect(debugger.line).to_have_count(1)
    notebook.button("interrupt-kernel").click()
    expect(cell.error).to_contain_text("KeyboardInterrupt")


def test_a_breakpoint_stops_a_cell_that_runs_already(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [ENDLESS])
    debugger = Debugger(notebook)
    debugger.turn_on()
    cell = notebook.run(0)
    expect(cell.outputs).to_have_text("begun")
    debugger.break_at(cell, 6)
    debugger.expect_stop("    count += 1")
    notebook.button("interrupt-kernel").click()
    expect(cell.error).to_contain_text("KeyboardInterrupt")
    debugger.expect_no_stop()


def test_a_raised_exception_stops_where_it_is_raised(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [FAILS])
    debugger = Debugger(notebook)
    debugger.turn_on()
    debugger.panel.locator(".jp-PauseOnExceptions").click()
    lab.page.get_by_role("menuitem", name="userUnhandled").click()
    cell = notebook.run(0)
    debugger.expect_stop("    return n / 0", "divide", "<module> (Current frame)")
    expect(debugger.value("n")).to_have_text("3")
    debugger.go_on()
    expect(cell.error).to_contain_text("ZeroDivisionError")
