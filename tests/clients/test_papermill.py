"""papermill, which writes a cell of parameters into a notebook and runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import papermill
import pytest
from papermill.exceptions import PapermillException, PapermillExecutionError

from clients import notebooks

if TYPE_CHECKING:
    from pathlib import Path


def execute(folder: Path, language: str, *cells: str, **parameters: Any) -> list[Any]:
    """Run a notebook with parameters, and give the cells of the one that comes out."""
    path = notebooks.write(folder / "in.ipynb", language, *cells)
    papermill.execute_notebook(
        path, folder / "out.ipynb", parameters, cwd=folder, progress_bar=False
    )
    return list(notebooks.read(folder / "out.ipynb"))


def test_parameters_reach_the_cells(tmp_path: Path) -> None:
    parameters, cell = execute(tmp_path, "python", "f'{who} is {age}'", who="Ada", age=36)
    assert parameters.source.splitlines() == ["# Parameters", 'who = "Ada"', "age = 36"]
    assert notebooks.text(cell) == "'Ada is 36'"


@pytest.mark.parametrize(("language", "shown"), [("calc", "42"), ("echo", "6 * 7")])
def test_a_notebook_of_a_language_that_it_does_not_know_is_run_without_parameters(
    tmp_path: Path, language: str, shown: str
) -> None:
    assert notebooks.text(execute(tmp_path, language, "6 * 7")[0]) == shown


def test_parameters_for_a_language_that_it_does_not_know_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PapermillException, match="No parameter translator functions specified"):
        execute(tmp_path, "calc", "x + 1", x=1)


def test_an_error_ends_it_and_is_kept_in_the_notebook(tmp_path: Path) -> None:
    with pytest.raises(PapermillExecutionError, match="ZeroDivisionError"):
        execute(tmp_path, "python", "1 / 0", "2")
    failed = [notebooks.text(cell) for cell in notebooks.read(tmp_path / "out.ipynb")]
    assert "ZeroDivisionError: division by zero" in failed
