"""The ten-minute tutorial, from its first command to the language's first cell in JupyterLab."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sample_environment
from playwright.sync_api import expect
from support.tutorial import Command, File, Other, Reader, environment, read

from browser.chromium import visit
from browser.lab import Lab, Notebook, card
from browser.server import JupyterServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from sample_environment import Environment

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
STEPS = list(read(PAGE))
LAST = STEPS.index(Command("jupyter lab", ""))
PROGRAMS = ("pip", "polykernel", "pytest")
SCRIPT = '#!/bin/sh\nexec "{python}" -P -m {program} "$@"\n'


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """All that stands before ``jupyter lab``, done in a fresh environment."""
    made = sample_environment.make(tmp_path_factory.mktemp("tutorial"))
    # no more than packages: an isolated build takes away what a .pth file adds
    (paths,) = made.prefix.rglob("tests.pth")
    paths.write_text(sysconfig.get_path("purelib"))
    for program in PROGRAMS:
        script = made.prefix / "bin" / program
        script.write_text(SCRIPT.format(python=made.python, program=program))
        script.chmod(0o755)
    made.env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    reader = Reader(made.home, environment(made.env, made.prefix / "bin"))
    for step in STEPS[:LAST]:
        assert isinstance(step, (Command, File)), step
        reader.do(step)
    return made


@pytest.fixture(scope="module")
def tutorial_lab(
    done: Environment, running_chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("tutorial-lab")
    assets = Path(sys.prefix) / "share" / "jupyter" / "lab"
    server = JupyterServer(
        folder, python=done.python, variables={"JUPYTERLAB_DIR": str(assets), "PYTHONPATH": ""}
    )
    with visit(running_chromium, server.token) as context:
        lab = Lab(server, context)
        lab.load()
        yield lab
    assert not server.stop()


def test_the_page_writes_all_that_it_says_an_author_writes(done: Environment) -> None:
    written = {step.path for step in STEPS if isinstance(step, File)}
    assert written == {
        "pebble/src/polykernel_pebble/evaluator.py",
        "pebble/src/polykernel_pebble/samples.py",
        "pebble/tests/test_evaluator.py",
        "pebble/tests/test_kernel.py",
    }
    for path in written:
        assert (done.home / path).exists()


def test_types_and_linters_have_nothing_to_say_of_it(done: Environment) -> None:
    checked = done.run("-P", "-m", "mypy", cwd=done.home / "pebble")
    assert checked.stdout.startswith("Success: no issues found in "), checked.stdout
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    assert ruff
    for command in (["check"], ["format", "--check"]):
        code = f"import subprocess, sys; sys.exit(subprocess.call({[ruff, *command]!r}))"
        linted = done.run("-c", code, cwd=done.home / "pebble")
        assert linted.returncode == 0, linted.stdout


def test_the_first_cell_runs_in_jupyterlab(tutorial_lab: Lab) -> None:
    code, shown = STEPS[LAST + 1], "1267650600228229401496703205376"
    assert isinstance(code, Other)
    assert f"`Out[1]` is {shown}." in PAGE
    found = card(tutorial_lab.launcher, "Pebble")
    expect(found.locator("img")).to_have_attribute(
        "src", "/kernelspecs/polykernel-pebble/logo-svg.svg"
    )
    found.click()
    notebook = Notebook(tutorial_lab.page)
    notebook.wait_for_kernel()
    cell = notebook.cell(0)
    cell.write(code.content.rstrip("\n"))
    cell.run()
    expect(cell.result).to_have_text(shown)
