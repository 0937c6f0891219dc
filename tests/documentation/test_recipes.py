"""Every recipe of docs/recipes/ runs as a real kernel, and shows what its page shows, word by word.

What a page claims besides has a test in test_recipes_shown, test_recipes_answers or
test_recipes_running.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from evaluator.conftest import INTERPRETERS
from support import commands

from documentation import blocks
from documentation.recipes import (
    ALONE,
    BY_FRONT_ENDS,
    NEED_PACKAGES,
    WITH_HELP,
    play,
)

if TYPE_CHECKING:
    from documentation.recipes import Recipe


def test_every_recipe_is_run() -> None:
    pages = {path.stem for path in blocks.RECIPES.glob("*.md")} - {"README"}
    assert pages == set(ALONE) | WITH_HELP | BY_FRONT_ENDS


def test_the_first_page_lists_every_recipe() -> None:
    listed = re.findall(r"\]\(([\w-]+)\.md\)", (blocks.RECIPES / "README.md").read_text())
    assert sorted(listed) == sorted(set(ALONE) | WITH_HELP | BY_FRONT_ENDS)


def test_the_code_of_recipes_is_laid_out_and_linted_as_ours(tmp_path: Path) -> None:
    for page in blocks.RECIPES.glob("*.md"):
        for name, text in blocks.files(page).items():
            if name.endswith(".py"):
                (tmp_path / f"{page.stem}-{name}").write_text(text, "utf-8")
    ruff = [str(commands.PROGRAMS / "ruff")]
    options = ["--isolated", "--line-length", "100", "--target-version", "py38"]
    rules = ["--select", "B,C4,E,F,I,PERF,PIE,RET,SIM,UP"]
    for command in (["check", *options, *rules], ["format", "--diff", *options]):
        done = subprocess.run(
            [*ruff, *command, "."], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "language"), ALONE.items())
def test_cells_show_what_the_page_shows(recipe: Recipe, name: str, language: str) -> None:
    play(recipe(name, language).client, name)


@pytest.mark.skipif(
    min(INTERPRETERS)[:2] == sys.version_info[:2], reason="no older interpreter is there"
)
@pytest.mark.parametrize("name", sorted(ALONE.keys() - NEED_PACKAGES))
def test_cells_show_the_same_in_the_oldest_interpreter(recipe: Recipe, name: str) -> None:
    python = Path(INTERPRETERS[min(INTERPRETERS)])
    kernel = recipe(name, ALONE[name], arguments=["--python", str(python)])
    play(kernel.client, name)
    assert Path(kernel.evaluator().exe()) == python.resolve()
