"""A user stops, restarts and crashes the kernel, and goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from browser.lab import Lab

ENDLESS = "print('begun')\nwhile True:\n    pass"
ENDLESS_IN_C = "import itertools\nprint('begun')\nall(itertools.repeat(True))"
CRASHES = "import ctypes\nctypes.string_at(0)"


def test_the_stop_button_ends_an_endless_loop(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [ENDLESS, "'still here'"])
    cell = notebook.run(0)
    expect(cell.outputs).to_have_text("begun")
    notebook.button("interrupt-kernel").click()
    expect(cell.error).to_contain_text("KeyboardInterrupt")
    expect(notebook.run(1).result).to_have_text("'still here'")


def test_pressing_i_twice_ends_an_endless_loop(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [ENDLESS, "'still here'"])
    cell = notebook.run(0)
    expect(cell.outputs).to_have_text("begun")
    notebook.press_in_command_mode("i", "i")
    expect(cell.error).to_contain_text("KeyboardInterrupt")
    expect(notebook.run(1).result).to_have_text("'still here'")


def test_the_third_interrupt_ends_a_loop_that_never_listens(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [ENDLESS_IN_C, "'a fresh start'"])
    cell = notebook.run(0)
    expect(cell.outputs).to_have_text("begun")
    for _ in range(3):
        with lab.page.expect_response("**/interrupt*"):
            notebook.button("interrupt-kernel").click()
    expect(cell.prompt).to_have_text("[1]:")
    expect(cell.error.last).to_be_visible()
    expect(notebook.run(1).result).to_have_text("'a fresh start'")
    expect(lab.dialog).to_have_count(0)


def test_calc_refuses_at_once_what_would_never_end(lab: Lab) -> None:
    notebook = lab.open("polykernel-calc", ["9**9**9", "2 + 2"])
    cell = notebook.run(0)
    expect(cell.error).to_be_visible()
    expect(notebook.run(1).result).to_contain_text("4")


def test_pressing_0_twice_restarts_after_asking(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", ["kept = 1", "kept"])
    expect(notebook.run(0).prompt).to_have_text("[1]:")
    notebook.press_in_command_mode("0", "0")
    lab.confirm_restart()
    notebook.wait_for("idle")
    cell = notebook.run(1)
    expect(cell.error).to_contain_text("NameError")
    expect(cell.prompt).to_have_text("[1]:")


def test_a_running_kernel_can_be_restarted(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [ENDLESS, "'fresh'"])
    expect(notebook.run(0).outputs).to_have_text("begun")
    notebook.button("restart-kernel").click()
    lab.confirm_restart()
    notebook.wait_for("idle")
    cell = notebook.run(1)
    expect(cell.result).to_have_text("'fresh'")
    expect(cell.prompt).to_have_text("[1]:")


def test_the_indicator_shows_busy_while_a_cell_runs(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [ENDLESS])
    cell = notebook.run(0)
    expect(cell.prompt).to_have_text("[*]:")
    notebook.wait_for("busy")
    expect(cell.outputs).to_have_text("begun")  # it may be busy with what the page asks
    notebook.button("interrupt-kernel").click()
    notebook.wait_for("idle")
    expect(cell.prompt).to_have_text("[1]:")


def test_a_crash_is_an_error_of_its_cell_and_the_notebook_goes_on(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", ["kept = 1", CRASHES, "'alive'", "kept"])
    expect(notebook.run(0).prompt).to_have_text("[1]:")
    cell = notebook.run(1)
    expect(cell.error.last).to_contain_text("SIGSEGV")
    after = notebook.run(2)
    expect(after.result).to_have_text("'alive'")
    expect(after.prompt).to_have_text("[3]:")
    expect(notebook.run(3).error.last).to_contain_text("NameError")
    notebook.wait_for("idle")
    expect(lab.dialog).to_have_count(0)


def test_a_cells_own_limit_ends_it_and_says_so(lab: Lab) -> None:
    metadata = {"polykernel": {"limits": {"cell_timeout": "500ms"}}}
    notebook = lab.open("polykernel-python", ["while True: pass", "6 * 7"], metadata=metadata)
    cell = notebook.run(0)
    expect(cell.outputs).to_contain_text("LimitExceeded: the cell ran for 500ms, its cell timeout")
    expect(notebook.run(1).result).to_have_text("42")
