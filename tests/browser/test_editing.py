"""While the user types: completion, help, colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from browser.lab import Cell, Lab

COLOUR = "element => getComputedStyle(element).color"


def coloured(cell: Cell, text: str) -> str:
    """Give the colour of a word of the cell; it must have an element of its own."""
    word = cell.editor.locator(".cm-line span").get_by_text(text, exact=True).first
    return str(word.evaluate(COLOUR))


def plain(cell: Cell) -> str:
    return str(cell.editor.locator(".cm-line").first.evaluate(COLOUR))


def test_tab_offers_the_members_of_a_live_object(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", ["value = [1]", ""])
    expect(notebook.run(0).prompt).to_have_text("[1]:")
    cell = notebook.cell(1)
    cell.write("value.")
    lab.page.keyboard.press("Tab")
    expect(lab.completer.get_by_text("append", exact=True)).to_be_visible()
    lab.page.keyboard.type("rev")
    expect(lab.completer.get_by_text("append", exact=True)).to_have_count(0)
    lab.page.keyboard.press("Enter")
    expect(cell.editor).to_have_text("value.reverse")


@pytest.mark.parametrize(
    ("kernel", "begun", "completed"),
    [("polykernel-python", "isinst", "isinstance"), ("polykernel-calc", "nextp", "nextprime")],
)
def test_tab_completes_a_name(lab: Lab, kernel: str, begun: str, completed: str) -> None:
    notebook = lab.open(kernel, [""])
    cell = notebook.cell(0)
    cell.write(begun)
    lab.page.keyboard.press("Tab")
    lab.completer.get_by_text(completed, exact=True).wait_for()
    lab.page.keyboard.press("Enter")
    expect(cell.editor).to_have_text(completed)


def test_completion_works_while_a_cell_runs(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", ["print('begun')\nwhile True: pass", ""])
    running = notebook.run(0)
    expect(running.outputs).to_have_text("begun")
    cell = notebook.cell(1)
    cell.write("isinst")
    lab.page.keyboard.press("Tab")
    expect(lab.completer.get_by_text("isinstance", exact=True)).to_be_visible()
    expect(running.prompt).to_have_text("[*]:")
    notebook.wait_for("busy")
    notebook.button("interrupt-kernel").click()
    expect(running.error).to_contain_text("KeyboardInterrupt")


@pytest.mark.parametrize(
    ("kernel", "code", "help_text"),
    [
        ("polykernel-python", "isinstance(", "Return whether an object is an instance"),
        ("polykernel-calc", "gcd(", "divisor"),
    ],
)
def test_shift_tab_shows_help(lab: Lab, kernel: str, code: str, help_text: str) -> None:
    notebook = lab.open(kernel, [""])
    notebook.cell(0).write(code)
    lab.page.keyboard.press("Shift+Tab")
    expect(lab.page.locator(".jp-Tooltip")).to_contain_text(help_text)


def test_help_of_a_function_of_ones_own_has_signature_and_docstring(lab: Lab) -> None:
    code = 'def area(width, height=1):\n    """Multiply the two."""'
    notebook = lab.open("polykernel-python", [code, ""])
    expect(notebook.run(0).prompt).to_have_text("[1]:")
    notebook.cell(1).write("area(")
    lab.page.keyboard.press("Shift+Tab")
    tooltip = lab.page.locator(".jp-Tooltip")
    expect(tooltip).to_contain_text("area(width, height=1)")
    expect(tooltip).to_contain_text("Multiply the two.")


def test_python_is_highlighted(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", ["def f():\n    return 'text'  # why"])
    cell = notebook.cell(0)
    expect(cell.editor).to_have_attribute("data-language", "python")
    colours = {coloured(cell, word) for word in ("return", "'text'", "# why")}
    assert len(colours | {plain(cell)}) == 4


def test_calc_numbers_and_comments_are_highlighted(lab: Lab) -> None:
    cell = lab.open("polykernel-calc", ["x = 1234 # why"]).cell(0)
    colours = {coloured(cell, word) for word in ("1234", "# why")}
    assert len(colours | {plain(cell)}) == 3
