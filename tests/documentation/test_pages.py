"""Code and commands that README.md and the other pages show are run, or it is said here why not."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import textwrap
import tomllib
import venv
from typing import TYPE_CHECKING

import pytest
import sample_environment
from sample_plugins import distribution
from support.kernels import Kernel

from documentation import blocks, recipes, shells

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sample_environment import Environment

README = blocks.ROOT / "README.md"

#: Blocks that nobody runs, by their page and how they begin, and why.
NOT_RUN = {
    ("README.md", "$ make demo"): "`make test` is what runs this; each makes an environment",
    ("README.md", "$ pip install ."): "is how the environment was made that runs this",
    ("docs/benchmarks/README.md", "$ make bench"): (
        "takes forty minutes; tests/test_benchmarks.py tries the parts"
    ),
    ("docs/design.md", " JupyterLab, console"): "a picture",
}
#: Blocks that tests of this module run, by their page and how they begin.
RUN_HERE = {
    ("README.md", "$ polykernel list"),
    ("README.md", "# polykernel_shout/plugin.py"),
    ("README.md", "# polykernel_shout/evaluator.py"),
    ("README.md", "# pyproject.toml"),
    ("docs/limits.md", "$ polykernel install python"),
    ("docs/limits.md", '{"polykernel": {"limits": '),
}
#: Pages whose blocks another test module runs: that module names the page.
ELSEWHERE = (
    "channel.md",
    "tutorial.md",
    "plugins.md",
    "wrapping.md",
    "timed.md",
    "compiled.md",
    "testing.md",
    "developing.md",
)
#: What is no code: parts of the page.
DIRECTIVES = ("{toctree}", "{eval-rst}")


def begins(block: blocks.Block, known: tuple[str, str]) -> bool:
    page, beginning = known
    return block.page == page and block.text.startswith(beginning)


def everywhere() -> list[blocks.Block]:
    return [
        block
        for page in blocks.pages()
        if page.parent != blocks.RECIPES and page.name not in ELSEWHERE
        for block in blocks.of(page)
        if block.language not in DIRECTIVES
    ]


def test_every_block_is_run_or_it_is_said_why_not() -> None:
    undecided = [
        str(block)
        for block in everywhere()
        if not any(begins(block, known) for known in (*NOT_RUN, *RUN_HERE))
    ]
    assert undecided == []


def test_nothing_is_said_of_blocks_that_are_gone() -> None:
    for known in (*NOT_RUN, *RUN_HERE):
        assert [str(block) for block in everywhere() if begins(block, known)], known


def test_every_block_of_a_recipe_is_a_file_a_transcript_or_printed() -> None:
    for page in blocks.RECIPES.glob("*.md"):
        for block in blocks.of(page):
            assert (
                block.name
                or block.is_transcript
                or block.language in DIRECTIVES
                or page.stem in recipes.BY_FRONT_ENDS
            ), f"nobody runs {block}"


@pytest.mark.parametrize("name", ELSEWHERE)
def test_pages_that_are_run_elsewhere_are_named_there(name: str) -> None:
    if not (blocks.DOCS / name).exists():
        pytest.skip(f"docs/{name} is not there")
    tests = blocks.ROOT / "tests"
    modules = [path for path in tests.rglob("test_*.py") if path.name != "test_pages.py"]
    assert any(name in path.read_text("utf-8") for path in modules)


def test_all_python_of_the_pages_can_be_compiled_by_the_oldest_interpreter() -> None:
    for page in blocks.pages():
        for block in blocks.of(page):
            if block.language == "python":
                code = textwrap.dedent(block.text)
                ast.parse(code, filename=str(block), feature_version=(3, 8))


# README.md


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return sample_environment.make(tmp_path / "environment")


def test_the_language_in_ten_lines_is_a_kernel(environment: Environment, tmp_path: Path) -> None:
    shown = blocks.files(README)
    project = tomllib.loads(shown.pop("pyproject.toml"))["project"]
    points = "".join(
        f"[{group}]\n" + "".join(f"{name} = {module}\n" for name, module in members.items())
        for group, members in project["entry-points"].items()
    )
    files = {**shown, "polykernel_shout/__init__.py": ""}
    distribution(environment.site, "polykernel-shout", points, files)
    done = shells.run(environment, "polykernel install shout --user")
    assert done.returncode == 0, done.stdout

    (tmp_path / "kernel").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", environment.env["JUPYTER_DATA_DIR"])
        kernel = Kernel(
            "polykernel-shout",
            tmp_path / "kernel",
            installed=True,
            environment={"PYTHONPATH": str(environment.site)},
        )
        try:
            assert kernel.execute("a language").result == "A LANGUAGE"
        finally:
            kernel.end()


def test_the_language_in_ten_lines_has_ten_lines() -> None:
    shown = blocks.files(README)
    lines = [
        line
        for name, text in shown.items()
        if name.endswith(".py")
        for line in text.splitlines()
        if line.strip() and not line.startswith(("#", "from ", "import "))
    ]
    assert len(lines) <= 10


def test_readmes_commands_do_what_they_say(environment: Environment) -> None:
    venv.create(environment.home / "project" / ".venv", symlinks=True)
    (block,) = (
        each for each in blocks.of(README) if begins(each, ("README.md", "$ polykernel list"))
    )
    printed = {}
    for command in shells.commands(block):
        if command.startswith("polykernel run"):
            _starts_a_kernel_by_hand(environment, command)
            continue
        done = shells.run(environment, command)
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        printed[command.split()[1]] = done.stdout
    assert set(printed) == {"list", "install", "exec", "repl", "check", "doctor", "uninstall"}
    assert " passed, " in printed["check"]
    assert "calc" in printed["list"]
    assert printed["exec"] == "1/2 = 0.5\n"
    assert not (environment.kernels / "project").exists()


def _starts_a_kernel_by_hand(environment: Environment, command: str) -> None:
    """Check that a console can be connected by what it prints, and that Ctrl-C ends it."""
    arguments = ["-P", "-m", *command.split()]
    process = subprocess.Popen(
        [environment.python, *arguments],
        cwd=environment.home,
        env=environment.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("jupyter console --existing" in line for line in lines)
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)


# docs/limits.md


def test_the_limits_of_the_page_stand_in_the_kernelspec(environment: Environment) -> None:
    page = blocks.DOCS / "limits.md"
    (block,) = (each for each in blocks.of(page) if each.language == "console")
    (command,) = shells.commands(block)
    done = shells.run(environment, command)
    assert done.returncode == 0, done.stdout
    argv = environment.content("polykernel-python")["argv"]
    wanted = command.split()[3:]
    assert {*wanted} <= {*argv, *(part for each in argv for part in each.split("=", 1))}


def test_the_pages_metadata_of_a_cell_limits_its_output(
    kernel: Callable[..., Kernel],
) -> None:
    page = blocks.DOCS / "limits.md"
    (block,) = (each for each in blocks.of(page) if each.language == "json")
    client = kernel("polykernel-python").client
    content = {"code": "print('x' * 2_000_000)", "allow_stdin": False}
    msg_id = client.send("execute_request", content, metadata=json.loads(block.text))
    outcome = client.outcome(msg_id)
    assert outcome.status == "ok"
    assert 0 < len(outcome.text()) <= 1_000_000
