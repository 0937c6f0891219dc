"""Runs programs of Jupyter as a user does, but with nothing of the user's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAMS = Path(sys.executable).parent
PATIENCE = 120  # seconds: a bound for what must end, not a measurement


def environment(folder: Path, jupyter_path: Sequence[Path] = ()) -> dict[str, str]:
    """Give an environment whose home, settings and runtime folder are inside ``folder``.

    Args:
        folder: Where the programs keep what they write.
        jupyter_path: Folders of further kernelspecs, as in ``JUPYTER_PATH``.
    """
    (folder / "home").mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if "JUPYTER" not in name}
    environment.update(
        HOME=str(folder / "home"),
        JUPYTER_CONFIG_DIR=str(folder / "config"),
        JUPYTER_RUNTIME_DIR=str(folder / "runtime"),
        JUPYTER_DATA_DIR=str(folder / "data"),
        JUPYTER_PATH=os.pathsep.join(map(str, jupyter_path)),
        JUPYTER_PLATFORM_DIRS="1",
        # `python` in a kernelspec's argv is this one, as after `source bin/activate`
        PATH=os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", os.defpath)]),
    )
    return environment


def run(folder: Path, program: str, *arguments: str, stdin: str = "") -> tuple[int, str]:
    """Run a program of this environment in a folder, and give its exit code and all its text."""
    done = subprocess.run(
        [PROGRAMS / program, *arguments],
        cwd=folder,
        env=environment(folder),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout
