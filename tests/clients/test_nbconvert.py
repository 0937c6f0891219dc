"""``jupyter nbconvert --execute``, from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import commands

from clients import notebooks

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("language", "cells", "shown"),
    [
        ("python", ("x = 6", "print('six'); x * 7"), ["", "six\n42"]),
        ("calc", ("x = 6", "x * 7"), ["x = 6", "42"]),
    ],
)
def test_a_notebook_is_run_in_place(
    tmp_path: Path, language: str, cells: tuple[str, ...], shown: list[str]
) -> None:
    path = notebooks.write(tmp_path / "notebook.ipynb", language, *cells)
    code, log = commands.run(
        tmp_path, "jupyter", "nbconvert", "--to=notebook", "--execute", "--inplace", path.name
    )
    assert code == 0, log
    assert [notebooks.text(cell) for cell in notebooks.read(path)] == shown
