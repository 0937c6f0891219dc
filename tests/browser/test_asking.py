"""A cell asks, the user answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from browser.lab import Lab

ASKS = "name = input('name? ')\nname.upper()"
ASKS_FOR_PASSWORD = "import getpass\nsecret = getpass.getpass('secret? ')\nlen(secret)"
DEBUGS = "def double(n):\n    breakpoint()\n    return 2 * n\ndouble(21)"


def test_input_opens_a_box_under_the_cell(lab: Lab) -> None:
    cell = lab.open("polykernel-python", [ASKS]).run(0)
    expect(cell.root.locator(".jp-Stdin-prompt")).to_contain_text("name? ")
    expect(cell.stdin).not_to_have_attribute("type", "password")
    cell.answer("Ada")
    expect(cell.result).to_have_text("'ADA'")
    expect(cell.outputs.first).to_have_text("name? Ada")


def test_a_password_is_never_shown(lab: Lab) -> None:
    cell = lab.open("polykernel-python", [ASKS_FOR_PASSWORD]).run(0)
    expect(cell.stdin).to_have_attribute("type", "password")
    cell.answer("xyzzy")
    expect(cell.result).to_have_text("5")
    assert "xyzzy" not in cell.root.inner_text()


def test_a_question_can_be_interrupted(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [ASKS, "'next'"])
    cell = notebook.run(0)
    expect(cell.stdin).to_be_visible()
    notebook.button("interrupt-kernel").click()
    expect(cell.error).to_contain_text("KeyboardInterrupt")
    expect(notebook.run(1).result).to_have_text("'next'")


def test_breakpoint_opens_the_debugger_in_the_cell(lab: Lab) -> None:
    cell = lab.open("polykernel-python", [DEBUGS]).run(0)
    cell.answer("p n")
    expect(cell.outputs.filter(has_text="21").first).to_be_visible()
    cell.answer("c")
    expect(cell.result).to_have_text("42")
