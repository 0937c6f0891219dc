"""Where files of polykernel's own stand: in Jupyter's data folder."""

from __future__ import annotations

from pathlib import Path


def data_folder() -> Path:
    """Name the folder; it is made by whoever needs it, for its owner only."""
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "polykernel"
