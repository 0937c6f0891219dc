"""nbclient, which runs notebooks for nbconvert, papermill, Voila and many others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from clients import notebooks

if TYPE_CHECKING:
    from pathlib import Path


def execute(folder: Path, language: str, *cells: str, **options: Any) -> list[Any]:
    """Run a notebook of these cells, and give them as they are after it."""
    notebook = notebooks.make(language, *cells)
    client = NotebookClient(
        notebook,
        kernel_name=f"polykernel-{language}",
        resources={"metadata": {"path": str(folder)}},
        **options,
    )
    try:
        client.execute()
    finally:
        execute.ran = notebook.cells  # type: ignore[attr-defined]
    return list(notebook.cells)


@pytest.mark.parametrize(
    ("language", "cells", "shown"),
    [
        ("python", ("x = 6", "print('six'); x * 7"), ["", "six\n42"]),
        ("calc", ("x = 6", "x * 7"), ["x = 6", "42"]),
        ("echo", ("one", "two"), ["one", "two"]),
    ],
)
def test_a_notebook_is_run(
    tmp_path: Path, language: str, cells: tuple[str, ...], shown: list[str]
) -> None:
    ran = execute(tmp_path, language, *cells)
    assert [notebooks.text(cell) for cell in ran] == shown
    assert [cell.execution_count for cell in ran] == [1, 2]


def test_a_notebook_ends_at_the_cell_that_fails(tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError) as failure:
        execute(tmp_path, "python", "1", "1 / 0", "'never'")
    assert (failure.value.ename, failure.value.evalue) == ("ZeroDivisionError", "division by zero")
    assert "Cell In[2], line 1" in failure.value.traceback
    assert execute.ran[2].outputs == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(("language", "wrong"), [("python", "1 / 0"), ("calc", "1 / 0")])
def test_a_notebook_goes_on_behind_an_error_where_it_may(
    tmp_path: Path, language: str, wrong: str
) -> None:
    ran = execute(tmp_path, language, wrong, "6 * 7", allow_errors=True)
    assert ran[0].outputs[-1].output_type == "error"
    assert notebooks.text(ran[1]) == "42"


def test_a_cell_that_takes_too_long_is_interrupted_and_the_notebook_goes_on(
    tmp_path: Path,
) -> None:
    code = "kept = 1\nwhile True: pass"
    ran = execute(
        tmp_path,
        "python",
        code,
        "kept",
        timeout=1,
        interrupt_on_timeout=True,
        allow_errors=True,
    )
    assert ran[0].outputs[-1].ename == "KeyboardInterrupt"
    assert notebooks.text(ran[1]) == "1"


def test_a_notebook_ends_at_a_cell_that_takes_too_long(tmp_path: Path) -> None:
    with pytest.raises(CellTimeoutError):
        execute(tmp_path, "python", "while True: pass", timeout=1)


def test_nobody_is_asked_for_input(tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError) as failure:
        execute(tmp_path, "python", "input('name? ')")
    assert failure.value.ename == "StdinNotImplementedError"


def test_a_cell_whose_evaluator_dies_fails_and_the_kernel_lives(tmp_path: Path) -> None:
    ran = execute(tmp_path, "python", "import os; os._exit(3)", "1", "2", allow_errors=True)
    assert ran[0].outputs[-1].ename == "EvaluatorDied"
    assert notebooks.text(ran[2]) == "2"


def test_updates_of_displays_and_cleared_output_are_followed(tmp_path: Path) -> None:
    ran = execute(
        tmp_path,
        "python",
        "shown = display('before', display_id=True)",
        "shown.update('after')",
        "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('here')",
    )
    assert [notebooks.text(cell) for cell in ran] == ["'after'", "", "here\n"]
