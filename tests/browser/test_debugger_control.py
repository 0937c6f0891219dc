"""JupyterLab's debugger is turned on and off, and kernels end, restart and are looked at anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from browser.debugging import Debugger, hide_panel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser.lab import Lab, Notebook

CODE = "a = 20\nb = a + 1\nprint('b is', b)"
STOPS_AT = "b = a + 1"
CRASHES = "import os\nos._exit(1)"
BREAKPOINT_IS_SET = '"command":"setBreakpoints","body":{"breakpoints":[{"verified":true'
NOT_HERE = "Select a kernel that supports debugging to enable debugger"


@pytest.fixture(autouse=True)
def _the_panel_is_hidden_again(lab: Lab) -> Iterator[None]:
    yield
    hide_panel(lab.page)


@pytest.fixture
def _afterwards_anew(lab: Lab) -> Iterator[None]:
    """Leave no page behind that has been loaded with a notebook in it."""
    yield
    lab.load()


def debugged(lab: Lab, *further: str) -> tuple[Notebook, Debugger]:
    """Open a notebook whose first cell has a breakpoint in its second line."""
    notebook = lab.open("polykernel-python", [CODE, *further])
    debugger = Debugger(notebook)
    debugger.turn_on()
    debugger.break_at(notebook.cell(0), 2)
    return notebook, debugger


def reload(lab: Lab) -> None:
    """Load the page anew, and wait until JupyterLab has asked the kernel how things stand."""
    lab.witness.forget()
    lab.page.reload()
    # it does that when the notebook is shown and when the kernel is connected, and till then
    # presses of buttons may be lost; this is the last thing of each time
    lab.wait_for_message("debug_reply", '"command":"setExceptionBreakpoints"', times=2)


def stops_and_goes_on(notebook: Notebook, debugger: Debugger) -> None:
    """Run the first cell, which stops, and let it go on to its end."""
    cell = notebook.run(0)
    debugger.expect_stop(STOPS_AT)
    debugger.go_on()
    expect(cell.outputs).to_have_text("b is 21")


@pytest.mark.parametrize(
    ("kernel", "code", "result"),
    [("polykernel-echo", "given back", "given back"), ("polykernel-calc", "6*7", "42")],
)
def test_the_bug_is_disabled_for_languages_without_a_debugger(
    lab: Lab, kernel: str, code: str, result: str
) -> None:
    notebook = lab.open(kernel, [code])
    expect(notebook.run(0).result).to_have_text(result)
    bug = Debugger(notebook).bug
    expect(bug).to_have_attribute("title", NOT_HERE)
    expect(bug).to_have_attribute("aria-disabled", "true")


def test_turning_it_off_lets_the_stopped_cell_go_on_and_others_run(lab: Lab) -> None:
    notebook, debugger = debugged(lab)
    cell = notebook.run(0)
    debugger.expect_stop(STOPS_AT)
    debugger.turn_off()
    expect(cell.outputs).to_have_text("b is 21")
    debugger.expect_no_stop()
    expect(notebook.run(0).prompt).to_have_text("[2]:")
    debugger.turn_on()
    debugger.break_at(cell, 2)
    stops_and_goes_on(notebook, debugger)


def test_terminate_lets_the_stopped_cell_go_on_and_keeps_the_breakpoints(lab: Lab) -> None:
    notebook, debugger = debugged(lab)
    cell = notebook.run(0)
    debugger.expect_stop(STOPS_AT)
    lab.witness.forget()
    debugger.press("terminate")
    expect(cell.outputs).to_have_text("b is 21")
    lab.wait_for_message("debug_reply", BREAKPOINT_IS_SET)
    debugger.expect_no_stop()
    debugger.expect_on()
    expect(debugger.breakpoints).to_have_count(1)
    stops_and_goes_on(notebook, debugger)


def test_the_stop_button_ends_a_cell_that_the_debugger_has_stopped(lab: Lab) -> None:
    notebook, debugger = debugged(lab)
    cell = notebook.run(0)
    debugger.expect_stop(STOPS_AT)
    notebook.button("interrupt-kernel").click()
    expect(cell.error).to_contain_text("KeyboardInterrupt")
    debugger.expect_no_stop()
    notebook.wait_for("idle")
    stops_and_goes_on(notebook, debugger)


def test_breakpoints_outlive_a_restart_of_the_kernel(lab: Lab) -> None:
    notebook, debugger = debugged(lab)
    notebook.run(0)
    debugger.expect_stop(STOPS_AT)
    lab.witness.forget()
    notebook.button("restart-kernel").click()
    lab.confirm_restart()
    lab.wait_for_message("debug_reply", BREAKPOINT_IS_SET)
    debugger.expect_no_stop()
    debugger.expect_on()
    expect(debugger.markers(notebook.cell(0))).to_have_count(1)
    stops_and_goes_on(notebook, debugger)


@pytest.mark.usefixtures("_afterwards_anew")
def test_breakpoints_outlive_a_reload_of_the_page(lab: Lab) -> None:
    notebook, debugger = debugged(lab)
    reload(lab)
    debugger.expect_on()
    expect(debugger.markers(notebook.cell(0))).to_have_count(1)
    expect(debugger.breakpoints).to_have_count(1)
    stops_and_goes_on(notebook, debugger)


@pytest.mark.usefixtures("_afterwards_anew")
def test_a_page_that_is_reloaded_shows_where_a_cell_is_stopped(lab: Lab) -> None:
    notebook, debugger = debugged(lab, "b")
    notebook.run(0)
    debugger.expect_stop(STOPS_AT)
    reload(lab)
    debugger.expect_on()
    # not the line, which JupyterLab highlights anew at times only
    expect(debugger.places).to_have_text(["Cell [ ]:2"])
    debugger.show_scope("Locals")
    expect(debugger.value("a")).to_have_text("20")
    debugger.go_on()
    expect(notebook.run(1).result).to_have_text("21")


def test_after_a_crash_the_debugger_can_be_turned_on_again(lab: Lab) -> None:
    notebook, debugger = debugged(lab, CRASHES)
    expect(notebook.run(1).error).to_contain_text("EvaluatorDied")
    cell = notebook.run(0)
    expect(cell.outputs.last).to_have_text("b is 21")  # in an evaluator that nobody debugs
    debugger.turn_off()
    debugger.turn_on()
    debugger.break_at(cell, 2)
    stops_and_goes_on(notebook, debugger)
