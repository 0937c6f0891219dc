from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from polykernel.errors import EvaluatorStartError
from polykernel.interpreters import absolute, ask, ask_script, mark

if TYPE_CHECKING:
    from pathlib import Path


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_an_interpreter_tells_its_version_and_what_it_lacks() -> None:
    answer = ask(sys.executable, ["json", "not_there", "xml.dom", "not.there.either"])
    assert answer.version == sys.version.split()[0]
    assert answer.executable == sys.executable
    assert answer.missing_modules == ("not_there", "not.there.either")


def test_a_module_of_the_working_folder_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_here.py").touch()
    monkeypatch.chdir(tmp_path)
    assert ask(sys.executable, ["only_here"]).missing_modules == ("only_here",)


def test_variables_reach_the_interpreter(tmp_path: Path) -> None:
    (tmp_path / "only_there.py").touch()
    env = {"PYTHONPATH": str(tmp_path)}
    assert ask(sys.executable, ["only_there"], env).missing_modules == ()


def test_a_virtual_environments_link_is_not_followed(tmp_path: Path) -> None:
    link = tmp_path / "python"
    link.symlink_to(sys.executable)
    assert absolute(str(link)) == str(link)


def test_a_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.chdir(tmp_path)
    assert absolute("./python") == str(tmp_path / "python")


def test_a_name_is_looked_up_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some-python").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert absolute("some-python") == str(tmp_path / "some-python")


def test_what_a_start_up_hook_prints_is_passed_over(tmp_path: Path) -> None:
    noisy = script(tmp_path / "noisy", f'echo hello\n"{sys.executable}" "$@"\necho bye')
    assert ask(noisy).version == sys.version.split()[0]


def test_what_is_no_interpreter_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "text").touch()
    expected = {
        "": "name is empty",
        "no-such-python": "there is no interpreter no-such-python on the PATH",
        str(tmp_path / "nothing"): "there is no interpreter",
        str(tmp_path): f"is a folder, not a Python interpreter; did you mean {tmp_path}/bin/python",
        str(tmp_path / "gone"): f"is a link to {tmp_path}/nowhere, which is gone",
        str(tmp_path / "text"): "is not executable",
        script(tmp_path / "true", "true"): "it ended with exit code 0",
        script(tmp_path / "fails", "echo no such thing >&2; exit 3"): "does: no such thing",
    }
    for executable, text in expected.items():
        with pytest.raises(EvaluatorStartError) as raised:
            ask(executable)
        assert text in str(raised.value)


@pytest.mark.parametrize("name", ["ls", "cat", "echo"])
def test_a_program_that_takes_our_question_for_something_else_is_not_quoted(name: str) -> None:
    path = shutil.which(name)
    assert path is not None
    with pytest.raises(EvaluatorStartError) as raised:
        ask(path)
    told = str(raised.value)
    assert told.startswith(f"{path} does not answer as a Python interpreter does: ")
    assert "import" not in told
    assert "print" not in told
    assert "\n" not in told


def test_a_file_that_the_system_can_not_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"\x00\x01\x02")
    (tmp_path / "odd").chmod(0o755)
    with pytest.raises(EvaluatorStartError, match="does not run: Exec format error"):
        ask(str(tmp_path / "odd"))


def test_an_interpreter_that_is_too_old_is_told_with_its_version(tmp_path: Path) -> None:
    # an old Python may not be here: one that says so of itself
    old = script(
        tmp_path / "old",
        f"""exec "{sys.executable}" -c 'import sys
sys.version, sys.version_info = "3.7.16 (old)", (3, 7, 16)
sys.argv = ["-c"]
exec(sys.stdin.read())' <<END
$2
END""",
    )
    with pytest.raises(EvaluatorStartError, match=r"is Python 3\.7\.16; Python 3\.8 or newer"):
        ask(old)


def test_a_script_answers_with_an_object() -> None:
    answer = ask_script(sys.executable, "a = {'b': [1, None, '€']}\n" + mark("a"))
    assert answer == {"b": [1, None, "€"]}
