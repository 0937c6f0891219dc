"""The same kernels in Notebook 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from browser.lab import LANGUAGES, Notebook

if TYPE_CHECKING:
    from browser.lab import Notebook7


def test_the_menu_of_new_notebooks_has_all_languages(notebook7: Notebook7) -> None:
    menu = notebook7.new_menu()
    for display_name in LANGUAGES.values():
        expect(menu.filter(has_text=display_name)).to_have_count(1)


def test_the_menu_opens_a_notebook_that_runs_cells(notebook7: Notebook7) -> None:
    menu = notebook7.new_menu()
    with notebook7.page.context.expect_page() as opened:
        menu.filter(has_text=LANGUAGES["polykernel-python"]).click()
    with opened.value as page:
        notebook = Notebook(page)
        notebook.wait_for_kernel()
        cell = notebook.cell(0)
        cell.write("6*7")
        cell.run()
        expect(cell.result).to_have_text("42")


@pytest.mark.parametrize(
    ("kernel", "code", "result"),
    [
        ("polykernel-echo", "to be given back", "to be given back"),
        ("polykernel-python", "print('shown')\n6*7", "42"),
    ],
)
def test_a_notebook_runs_cells(notebook7: Notebook7, kernel: str, code: str, result: str) -> None:
    notebook = notebook7.open(kernel, [code, code])
    expect(notebook.kernel_name).to_have_text(LANGUAGES[kernel])
    for index in (0, 1):
        cell = notebook.run(index)
        expect(cell.result).to_have_text(result)
        expect(cell.prompt).to_have_text(f"[{index + 1}]:")


def test_calc_shows_a_fraction_as_mathematics(notebook7: Notebook7) -> None:
    cell = notebook7.open("polykernel-calc", ["1/3 + 1/6"]).run(0)
    expect(cell.result.locator("mjx-container")).to_be_visible()


def test_the_language_has_its_logo_beside_the_notebook(notebook7: Notebook7) -> None:
    notebook7.open("polykernel-python", ["1"])
    logo = notebook7.page.locator(".jp-NotebookKernelLogo img")
    expect(logo).to_have_attribute("src", "/kernelspecs/polykernel-python/logo-64x64.png")
    assert logo.evaluate("image => image.decode().then(() => image.naturalWidth)") == 64


def test_errors_interrupts_and_questions_work(notebook7: Notebook7) -> None:
    codes = ["1/0", "print('begun')\nwhile True: pass", "input('name? ').upper()"]
    notebook = notebook7.open("polykernel-python", codes)
    expect(notebook.run(0).error).to_contain_text("ZeroDivisionError")
    endless = notebook.run(1)
    expect(endless.outputs).to_have_text("begun")
    notebook.button("interrupt-kernel").click()
    expect(endless.error).to_contain_text("KeyboardInterrupt")
    asks = notebook.run(2)
    asks.answer("Ada")
    expect(asks.result).to_have_text("'ADA'")
