"""The pytest plugin in a project of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from polykernel import testing

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
from polykernel.evaluator import Evaluator

class Shout(Evaluator):
    def execute(self, code, cell):
        cell.write("thinking\\n")
        return code.upper()
"""


def test_what_the_kit_exports_is_there() -> None:
    assert all(getattr(testing, name).__name__ == name for name in testing.__all__)
    assert testing.__all__ == sorted(testing.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = testing.Nothing  # type: ignore[attr-defined]


def run(folder: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_mine.py").write_text(HEAD + code)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_project_finds_the_fixtures_without_a_conftest(tmp_path: Path) -> None:
    code = """
def test_in_process(evaluator):
    assert evaluator(Shout).execute("a").result == "A"

def test_for_real(kernel):
    assert kernel("echo").execute("a").result == "a"
"""
    done = run(tmp_path, code)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
    listed = run(tmp_path, "", "--fixtures").stdout
    assert "Run evaluators in the test's own process" in listed
    assert "Start real kernels" in listed


def test_a_failing_test_shows_what_its_evaluators_and_kernels_have_seen(tmp_path: Path) -> None:
    code = """
def test_in_process(evaluator):
    assert evaluator(Shout).execute("a").result == "a"

def test_for_real(kernel):
    assert kernel("echo").execute("a").result == "A"

def test_passes(evaluator):
    assert evaluator(Shout).execute("hidden").result == "HIDDEN"
"""
    done = run(tmp_path, code)
    assert done.returncode == 1
    in_process, _, real = done.stdout.partition("what Kernel 1 has seen")
    assert "what InProcess 1 has seen" in in_process
    assert '{"name": "stdout", "text": "thinking\\n"}' in in_process
    assert '→ shell   execute_request      {"code": "a", "allow_stdin": false}' in real
    assert "← shell   execute_reply" in real
    assert "HIDDEN" not in done.stdout


def test_a_projects_own_fixture_of_the_same_name_wins(tmp_path: Path) -> None:
    code = """
import pytest

@pytest.fixture
def kernel():
    return "mine"

def test_it(kernel):
    assert kernel == "mine"
"""
    assert "1 passed" in run(tmp_path, code).stdout


@pytest.mark.parametrize("fixture", ["", "evaluator"])
def test_nothing_is_imported_before_a_fixture_is_used(tmp_path: Path, fixture: str) -> None:
    (tmp_path / "test_mine.py").write_text(f"""
import sys

def test_it({fixture}):
    loaded = {{name for name in sys.modules if name.startswith("polykernel")}}
    unused = {{"polykernel", "polykernel.testing", "polykernel.testing.fixtures"}}
    assert bool(loaded - unused) == bool({fixture!r})
    assert not {{"zmq", "tornado", "msgspec", "psutil"}} & set(sys.modules)
""")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_PLUGINS": "polykernel.testing.fixtures",
        },
    )
    assert done.returncode == 0, done.stdout
