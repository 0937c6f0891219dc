"""nbval, which runs notebooks as tests of pytest and compares their outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbclient import NotebookClient
from support import commands

from clients import notebooks

if TYPE_CHECKING:
    from pathlib import Path

NOTEBOOKS = {
    "python": ("x = 6", "x * 7", "{'a': 1}", "print('text')"),
    "calc": ("x = 6", "x * 7"),
    "echo": ("one",),
}


def test_outputs_that_are_as_before_pass_and_others_fail(tmp_path: Path) -> None:
    for language, cells in NOTEBOOKS.items():
        notebook = notebooks.make(language, *cells)
        NotebookClient(notebook, kernel_name=f"polykernel-{language}").execute()
        notebooks.save(tmp_path / f"{language}.ipynb", notebook)
        if language == "python":
            notebook.cells[0].source = "x = 7"
            notebook.cells[3].source = "1 / 0"
            notebooks.save(tmp_path / "changed.ipynb", notebook)
    code, log = commands.run(tmp_path, "pytest", "-p", "no:cacheprovider", "--nbval")
    assert code == 1, log
    for language, cells in NOTEBOOKS.items():
        assert f"{language}.ipynb {'.' * len(cells)} " in log
    assert "changed.ipynb .F.F " in log
    assert "ZeroDivisionError" in log
