"""What a cell prints, shows and returns is on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from browser.lab import Lab

PRINTS_AND_WAITS = """\
import pathlib, time
print("first")
while not pathlib.Path("go").exists():
    time.sleep(0.01)
print("second")
"""
BEGINS_A_THREAD = """\
import threading
go = threading.Event()
def later():
    go.wait()
    print("from the thread")
thread = threading.Thread(target=later)
thread.start()
"""
ENDS_THE_THREAD = """\
print("from the cell")
go.set()
thread.join()
"""
HAS_HTML = """\
class Table:
    def _repr_html_(self):
        return "<table><tr><td>a cell of a <b>table</b></td></tr></table>"
Table()
"""
UPDATES_A_DISPLAY = """\
shown = display("before", display_id=True)
shown.update("after")
"""
DRAWS = """\
import matplotlib.pyplot as plt
plt.plot([1, 4, 9])
plt.show()
"""
HAS_A_BAR = """\
from tqdm import tqdm
for _ in tqdm(range(1000), mininterval=0):
    pass
"""
PRINTS_BY_A_CHILD = """\
import subprocess
print("before the child")
subprocess.run(["echo", "from the child"])
print("after the child")
"""


def test_echo_gives_the_text_back(lab: Lab) -> None:
    cell = lab.open("polykernel-echo", ["two\nlines"]).run(0)
    expect(cell.result).to_have_text("two\nlines")


def test_calc_shows_a_fraction_as_mathematics(lab: Lab) -> None:
    cell = lab.open("polykernel-calc", ["1/3 + 1/6"]).run(0)
    expect(cell.result.locator("mjx-container")).to_be_visible()
    expect(
        cell.result.locator("mjx-container mjx-mfrac, mjx-container mfrac").first
    ).to_be_attached()


def test_python_shows_the_last_expression(lab: Lab) -> None:
    cell = lab.open("polykernel-python", ["numbers = [1, 2]\nnumbers + [3]"]).run(0)
    expect(cell.result).to_have_text("[1, 2, 3]")


def test_prints_come_as_they_are_made(lab: Lab) -> None:
    cell = lab.open("polykernel-python", [PRINTS_AND_WAITS]).run(0)
    expect(cell.outputs).to_have_text("first")
    (lab.server.root / "go").touch()
    expect(cell.outputs).to_have_text("first\nsecond")


def test_rich_objects_are_shown_as_html(lab: Lab) -> None:
    cell = lab.open("polykernel-python", [HAS_HTML]).run(0)
    expect(cell.result.locator("td b")).to_have_text("table")


def test_objects_of_ipython_display_are_shown(lab: Lab) -> None:
    code = "from IPython.display import HTML, display\ndisplay(HTML('<i>slanted</i>'))"
    cell = lab.open("polykernel-python", [code]).run(0)
    expect(cell.outputs.locator("i")).to_have_text("slanted")


def test_a_display_is_updated_in_place(lab: Lab) -> None:
    cell = lab.open("polykernel-python", [UPDATES_A_DISPLAY]).run(0)
    expect(cell.outputs).to_have_text(["'after'"])


def test_a_figure_is_an_image(lab: Lab) -> None:
    cell = lab.open("polykernel-python", [DRAWS]).run(0)
    image = cell.outputs.locator("img")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100


def test_a_progress_bar_stays_in_its_line(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [HAS_A_BAR])
    cell = notebook.run(0)
    expect(cell.error).to_contain_text("1000/1000")
    expect(cell.outputs).to_have_count(1)
    assert cell.error.inner_text().strip().count("\n") == 0


def test_output_of_a_child_process_is_in_order(lab: Lab) -> None:
    cell = lab.open("polykernel-python", [PRINTS_BY_A_CHILD]).run(0)
    stdout = cell.outputs.filter(has_text="before")
    expect(stdout).to_have_text("before the child\nfrom the child\nafter the child")


def test_a_thread_prints_in_the_cell_that_started_it(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [BEGINS_A_THREAD, ENDS_THE_THREAD])
    first, second = notebook.run(0), notebook.run(1)
    expect(second.outputs).to_have_text("from the cell")
    expect(first.outputs).to_have_text("from the thread")


def test_cells_and_results_are_counted(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", ["'a'", "'b'"])
    for index, count in ((0, 1), (1, 2), (0, 3)):
        cell = notebook.run(index)
        expect(cell.prompt).to_have_text(f"[{count}]:")
        expect(cell.output_prompt).to_have_text(f"[{count}]:")


@pytest.mark.parametrize(
    ("kernel", "code", "wrong"),
    [
        ("polykernel-calc", "1 + * 2", "^"),
        ("polykernel-python", "def f():\n    return 1/0\nf()", "ZeroDivisionError"),
    ],
)
def test_an_error_says_what_is_wrong_and_where(
    lab: Lab, kernel: str, code: str, wrong: str
) -> None:
    cell = lab.open(kernel, [code]).run(0)
    expect(cell.error).to_contain_text(wrong)
    shown = cell.error.inner_text()
    assert "/polykernel" not in shown  # no file of ours
    assert "\x1b" not in shown  # colours, not their codes


def test_a_traceback_names_the_cell_and_its_lines(lab: Lab) -> None:
    code = "def divide(a, b):\n    return a / b\n\ndivide(1, 0)"
    cell = lab.open("polykernel-python", [code]).run(0)
    expect(cell.error).to_contain_text("ZeroDivisionError: division by zero")
    shown = cell.error.inner_text()
    assert "Cell In[1], line 4" in shown
    assert "Cell In[1], line 2" in shown
    assert "return a / b" in shown


def test_an_error_stops_what_is_queued_behind_it(lab: Lab) -> None:
    go = lab.server.root / "fail"
    wait = f"import pathlib, time\nwhile not pathlib.Path({go.name!r}).exists(): time.sleep(0.01)\n"
    notebook = lab.open("polykernel-python", ["'before'", f"{wait}1/0", "'after'"])
    notebook.run_all()
    expect(notebook.cell(2).prompt).to_have_text("[*]:")
    notebook.wait_for_answer()
    go.touch()
    expect(notebook.cell(1).error).to_contain_text("ZeroDivisionError")
    notebook.wait_for("idle")
    expect(notebook.cell(0).result).to_have_text("'before'")
    expect(notebook.cell(2).prompt).to_have_text("[ ]:")
    expect(notebook.cell(2).outputs).to_have_count(0)
