"""Notebooks for clients that run them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
from nbformat import v4

if TYPE_CHECKING:
    from pathlib import Path


def make(language: str, *cells: str) -> Any:
    """Make a notebook of one of our languages."""
    made = [v4.new_code_cell(cell) for cell in cells]  # type: ignore[no-untyped-call]
    kernelspec = {"name": f"polykernel-{language}", "display_name": language, "language": language}
    return v4.new_notebook(cells=made, metadata={"kernelspec": kernelspec})  # type: ignore[no-untyped-call]


def write(path: Path, language: str, *cells: str) -> Path:
    """Write a notebook into a file."""
    save(path, make(language, *cells))
    return path


def save(path: Path, notebook: Any) -> None:
    """Save a notebook that is there already."""
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def read(path: Path) -> Any:
    """Read a notebook's code cells."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text(cell: Any) -> str:
    """Give all that a cell shows, as text: printed, displayed, result; of an error its name."""
    shown = []
    for output in cell.outputs:
        if output.output_type == "stream":
            shown.append(output.text)
        elif output.output_type == "error":
            shown.append(f"{output.ename}: {output.evalue}")
        else:
            shown.append(output.data["text/plain"])
    return "".join(shown)
