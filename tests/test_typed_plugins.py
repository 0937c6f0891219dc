"""Authors' code under mypy, as they run it: against the installed package, elsewhere."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = """\
from __future__ import annotations

from polykernel import Language, Samples, hookimpl

polykernel_api_version = 1


@hookimpl
def polykernel_languages() -> list[Language]:
    return [
        Language(
            name="joy",
            display_name="Joy",
            version="1",
            mimetype="text/x-joy",
            file_extension=".joy",
            evaluator="polykernel_joy.evaluator:Joy",
            codemirror_mode={"name": "forth"},
            help_links={"Manual": "help.html"},
            programs=("joy",),
            subshells=True,
            options={"depth": 3},
        )
    ]


@hookimpl
def polykernel_samples(language: str) -> Samples | None:
    return Samples(value=("1", "1"), error="lost")
"""
EVALUATOR = """\
from __future__ import annotations

from typing import Any, Sequence

from polykernel.evaluator import (
    Bundle,
    Cell,
    CellError,
    Comm,
    CommMessage,
    Completions,
    Evaluator,
    current_cell,
)


class Joy(Evaluator):
    implementation = "joy 1"
    subshells = True

    def start(self) -> None:
        self.depth: int = self.options["depth"]

    async def execute(self, code: str, cell: Cell) -> object:
        if not code:
            raise CellError("empty", ename="JoyError")
        cell.write("text", "stderr")
        cell.display(Bundle({"text/html": "<b>x</b>"}), display_id="x")
        answer: str = cell.input("? ", password=True)
        cell.progress(1, 2, answer)
        return current_cell()

    def evaluate(self, expression: str) -> object:
        return expression

    def complete(self, code: str, cursor_pos: int) -> Completions | Sequence[str] | None:
        return Completions(["dup"], 0, cursor_pos) if code else ["dup"]

    def inspect(self, code: str, cursor_pos: int, detail_level: int = 0) -> object | None:
        return None

    def is_complete(self, code: str) -> str | tuple[str, str]:
        return "incomplete", "  "

    def open_comm(self, comm: Comm, message: CommMessage) -> bool:
        comm.send(message.data)
        return True

    def format_error(self, error: BaseException) -> list[str]:
        return [str(error)]

    def interrupt(self) -> None:
        raise KeyboardInterrupt

    def shutdown(self, restart: bool) -> None:
        self.depth = 0
"""
TESTS = """\
from __future__ import annotations

from polykernel.testing.fixtures import MakeEvaluator, StartKernel
from polykernel_joy.evaluator import Joy


def test_value(evaluator: MakeEvaluator, kernel: StartKernel) -> None:
    assert evaluator(Joy, options={"depth": 1}).execute("1").result == "1"
    assert kernel("joy").execute("1").failure.evalue
"""


_WRITTEN = itertools.count(1_000_000_000)


def mypy(folder: Path, plugin: str = PLUGIN, evaluator: str = EVALUATOR) -> str:
    package = folder / "polykernel_joy"
    package.mkdir(exist_ok=True)
    for name, text in (
        ("__init__.py", ""),
        ("plugin.py", plugin),
        ("evaluator.py", evaluator),
        ("test_joy.py", TESTS),
    ):
        (package / name).write_text(text)
        # mypy takes a file of the same size and second for the one that it knows
        os.utime(package / name, (next(_WRITTEN),) * 2)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "mypy", "--strict", "--no-color-output", "polykernel_joy"],
        cwd=folder,
        env={name: text for name, text in os.environ.items() if name != "MYPYPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all: mypy keeps there what it knows of the installed packages."""
    return tmp_path_factory.mktemp("typed")


def test_a_good_plugin_passes(folder: Path) -> None:
    assert mypy(folder) == "Success: no issues found in 4 source files\n"


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            'version="1"',
            "version=1",
            'Argument "version" to "Language" has incompatible type "int"',
        ),
        ('            version="1",\n', "", 'Missing named argument "version" for "Language"'),
        (
            'programs=("joy",)',
            'programs="joy"',
            'Argument "programs" to "Language" has incompatible',
        ),
        ("subshells=True", 'subshells="no"', 'Argument "subshells" to "Language" has incompatible'),
        ("mimetype=", "mime_type=", 'Unexpected keyword argument "mime_type" for "Language"'),
        ('value=("1", "1")', 'value="1"', 'Argument "value" to "Samples" has incompatible type'),
        ("import Language,", "import Lnaguage,", 'has no attribute "Lnaguage"'),
        (
            "hookimpl\n\npoly",
            "hookimpl\nfrom polykernel.testing import Kernal\n\npoly",
            'has no attribute "Kernal"',
        ),
        (
            "hookimpl\n\npoly",
            "hookimpl\nfrom polykernel_declared import declare\n\npoly",
            'has no attribute "declare"',
        ),
    ],
)
def test_wrong_facts_are_refused(folder: Path, right: str, wrong: str, message: str) -> None:
    assert right in PLUGIN
    told = mypy(folder, plugin=PLUGIN.replace(right, wrong))
    assert "polykernel_joy/plugin.py:" in told
    assert message in told


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "async def execute(self, code: str, cell: Cell) -> object",
            "async def execute(self, code: str) -> object",
            'Signature of "execute" incompatible with supertype',
        ),
        (
            "def execute(self, code: str, cell: Cell)",
            "def execute(self, code: bytes, cell: Cell)",
            'Argument 1 of "execute" is incompatible with supertype',
        ),
        (
            "cursor_pos: int) -> Completions | Sequence[str] | None",
            "cursor_pos: int) -> Completions | Sequence[str] | int",
            'of "complete" incompatible with return type',
        ),
        (
            "def is_complete(self, code: str) -> str | tuple[str, str]",
            "def is_complete(self, code: str) -> bool",
            'Return type "bool" of "is_complete" incompatible with return type',
        ),
        (
            "message: CommMessage) -> bool",
            "message: CommMessage) -> None",
            'Return type "None" of "open_comm" incompatible with return type "bool"',
        ),
        (
            "def shutdown(self, restart: bool)",
            "def shutdown(self)",
            'Signature of "shutdown" incompatible with supertype',
        ),
        (
            'implementation = "joy 1"',
            "implementation = 1",
            'Incompatible types in assignment (expression has type "int", base class "Evaluator"',
        ),
        ('cell.write("text", "stderr")', "cell.write(3)", 'Argument 1 to "write" of "Cell"'),
        ("cell.progress(1, 2, answer)", "cell.progres(1)", '"Cell" has no attribute "progres"'),
        ('CellError("empty"', 'CellError("empty", line=1', 'Unexpected keyword argument "line"'),
    ],
)
def test_wrong_methods_are_refused(folder: Path, right: str, wrong: str, message: str) -> None:
    assert right in EVALUATOR
    told = mypy(folder, evaluator=EVALUATOR.replace(right, wrong))
    assert "polykernel_joy/evaluator.py:" in told
    assert message in told
