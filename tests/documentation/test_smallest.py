"""The smallest kernels: counted as docs/smallest.md says, and ours and ipykernel's really run."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from support import commands, pages
from support.kernels import Kernel

from documentation import smallest

if TYPE_CHECKING:
    from pathlib import Path

BEGIN = "<!-- the table: written by scripts/smallest_table.py -->"
BY_NAME = {framework.name: framework for framework in smallest.FRAMEWORKS}


def test_the_table_is_that_of_the_files() -> None:
    page = (pages.DOCS / "smallest.md").read_text("utf-8")
    assert pages.table(page, BEGIN).strip() == smallest.table()


def test_every_folder_is_in_the_table() -> None:
    folders = {path.name for path in smallest.FOLDER.iterdir() if path.is_dir()}
    assert folders == set(BY_NAME)


@pytest.mark.parametrize("name", BY_NAME)
def test_blank_lines_and_comments_do_not_count(name: str, tmp_path: Path) -> None:
    for path in BY_NAME[name].folder.rglob("*.py"):
        copy = tmp_path / path.name
        copy.write_text(f"# a comment\n\n{path.read_text('utf-8')}\n   # one more\n", "utf-8")
        assert smallest.count(copy) == smallest.count(path)


def test_ours_shouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "packages"
    shutil.copytree(smallest.FOLDER / "polykernel", packages)
    monkeypatch.setenv("PYTHONPATH", str(packages))
    (tmp_path / "kernel").mkdir()
    kernel = Kernel(
        "shout@polykernel_shout.plugin",
        tmp_path / "kernel",
        environment={"PYTHONPATH": str(packages)},
    )
    try:
        assert kernel.execute("ça va?").result == "ÇA VA?"
    finally:
        kernel.end()


def test_ipykernels_shouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    framework = BY_NAME["ipykernel"]
    monkeypatch.setenv("PATH", f"{commands.PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    spec = tmp_path / "data" / "kernels" / "shout" / "kernel.json"
    spec.parent.mkdir(parents=True)
    content = json.loads((framework.folder / "kernelspec" / "kernel.json").read_text())
    content["argv"][0] = sys.executable
    spec.write_text(json.dumps(content))
    (tmp_path / "kernel").mkdir()
    kernel = Kernel(
        "shout",
        tmp_path / "kernel",
        installed=True,
        subscribe=False,
        environment={"PYTHONPATH": str(framework.folder)},
    )
    try:
        client = kernel.connect(checked=False)
        client.ready()
        assert client.execute("ça va?").result == "ÇA VA?"
    finally:
        kernel.end()
