"""The command ``polykernel check``: what it prints, and its exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from sample_plugins import good_plugin, plugin

from . import trials

if TYPE_CHECKING:
    from pathlib import Path

CHECK = [sys.executable, "-P", "-m", "polykernel", "check"]


def run(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CHECK, *arguments], capture_output=True, text=True, check=False, env=environment(path)
    )


def environment(path: Path | None = None) -> dict[str, str]:
    env = {**os.environ, **trials.environment()}
    if path is not None:
        env["PYTHONPATH"] = f"{path}{os.pathsep}{env['PYTHONPATH']}"
    return env


def sabotaged(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(name, "--plugin", trials.MODULE, *arguments)


@pytest.mark.parametrize("language", ["echo", "calc", "python"])
def test_our_own_languages_pass(language: str) -> None:
    done = run(language)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout.splitlines()[-1]
    assert "failed" not in done.stdout
    assert "\x1b" not in done.stdout, "no colours where nobody sees them"


def test_a_failure_says_what_was_sent_and_came_the_rule_and_how_to_mend_it() -> None:
    done = sabotaged("prompt-in-the-output", "--only", "cells")
    assert done.returncode == 1
    lines = [line.strip() for line in done.stdout.splitlines()]
    at = next(number for number, line in enumerate(lines) if line.startswith("FAILED"))
    assert lines[at].split()[:2] == ["FAILED", "prints"]
    assert lines[at + 1] == 'sent  execute_request {"code": "print one", "allow_stdin": false}'
    assert lines[at + 2].startswith(r"came  stdout is '> one\n'; expected was 'one\n'")
    assert lines[at + 3].startswith("rule  What a cell prints is published as stream messages")
    assert any(line.startswith("mend  Hand text to cell.write()") for line in lines[at + 4 :])
    assert '[Streams (stdout, stderr, etc)"]' not in done.stdout
    assert '["Streams (stdout, stderr, etc)"]' in done.stdout
    assert lines[-1] == "failed: cells.prints"


def test_a_program_reads_the_same_as_json() -> None:
    done = sabotaged("prompt-in-the-output", "--only", "cells.prints,cells.value", "--json")
    assert done.returncode == 1
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["language"] == "prompt-in-the-output"
    assert report["counts"] == {"passed": 1, "failed": 1, "not offered": 0, "not tried": 0}
    value, prints = report["checks"]
    assert (value["name"], value["status"]) == ("cells.value", "passed")
    assert prints["section"] == '"Streams (stdout, stderr, etc)"'
    assert {"sent", "came", "rule", "mend"} <= set(prints)
    assert any("execute_request" in message for message in prints["messages"])
    assert any("stream" in message for message in prints["messages"])


def test_results_are_shown_as_they_come() -> None:
    command = [*CHECK, "sleeps-on", "--plugin", trials.MODULE, "--patience", "1000"]
    with subprocess.Popen(
        [*command, "--only", "cells.value,interrupting.waiting"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.split()[:2] == ["ok", "value"]:
                break
        assert process.poll() is None, "the next check waits for ever, and this one is told"
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130


def test_a_language_that_hangs_ends_as_a_failure_that_says_so() -> None:
    done = sabotaged("start-hangs", "--patience", "3")
    assert done.returncode == 1
    assert "did not come within 3 seconds" in done.stdout
    assert "no cell can be run: see life.start" in done.stdout
    assert done.stdout.splitlines()[-1] == "failed: life.start"


def test_a_class_that_can_not_be_loaded_is_told_once(tmp_path: Path) -> None:
    module = language(tmp_path, "class Other: pass")
    done = run("broken", "--plugin", module, "--patience", "20", path=tmp_path)
    assert done.returncode == 1
    assert "has no Sample" in " ".join(done.stdout.split()), "whatever lines it is wrapped into"
    assert done.stdout.splitlines()[-1] == "failed: life.start"


def test_a_language_without_samples_is_checked_as_far_as_that_goes(tmp_path: Path) -> None:
    code = (
        "from polykernel.evaluator import Evaluator\n"
        "class Sample(Evaluator):\n    def execute(self, code, cell): return None"
    )
    done = run("broken", "--plugin", language(tmp_path, code), path=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "no sample for value" in done.stdout


def language(folder: Path, evaluator: str) -> str:
    """Write a plugin with this code as its evaluator's module."""
    (folder / "sample_evaluator.py").write_text(evaluator)
    code = (
        "from polykernel import Language, hookimpl\n"
        "@hookimpl\ndef polykernel_languages():\n"
        "    return [Language(name='broken', display_name='X', version='1', mimetype='a/b',"
        " file_extension='.nobodys', evaluator='sample_evaluator:Sample')]\n"
    )
    return plugin(folder, "broken", code)


def test_a_program_is_checked_as_well(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = (sys.executable, str(program))
    code = (
        "from polykernel import Language, Samples, hookimpl\n"
        "@hookimpl\ndef polykernel_languages():\n"
        "    return [Language(name='prog', display_name='X', version='1', mimetype='a/b',"
        f" file_extension='.nobodys', command={command!r})]\n"
        "@hookimpl\ndef polykernel_samples(language):\n"
        "    return Samples(value=('x', 'x'), complete='x')\n"
    )
    done = run("prog", "--plugin", plugin(tmp_path, "prog", code), path=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "it is run by a program, not by a class" in done.stdout
    assert "it answers 'unknown'" in done.stdout


PROGRAM = """
import json
with open(3) as requests, open(4, "w") as responses:
    for line in requests:
        request = json.loads(line)
        if "id" not in request:
            continue
        answer = {"jsonrpc": "2.0", "id": request["id"]}
        code = request.get("params", {}).get("code", "")
        if request["method"] == "hello":
            answer["result"] = {"protocol": 1}
        elif request["method"] == "execute":
            expressions = {}
            for name in request["params"]["user_expressions"]:
                expressions[name] = {"status": "error", "ename": "NotImplementedError",
                                     "evalue": "", "traceback": []}
            result = {"data": {"text/plain": code.strip()}, "metadata": {}}
            answer["result"] = {"status": "ok", "user_expressions": expressions, "payload": []}
            if code.strip():
                answer["result"]["result"] = result
        elif request["method"] == "shutdown":
            answer["result"] = {}
        else:
            answer["error"] = {"code": -32601, "message": "no"}
        responses.write(json.dumps(answer) + "\\n")
        responses.flush()
        if request["method"] == "shutdown":
            break
"""


# what can't be checked


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["cacl"], "unknown language 'cacl'; known: "),
        ([], "say which language to check"),
        (["calc", "--only", "cell"], "there is no check 'cell'; did you mean 'cells'?"),
        (["calc", "--patience", "no"], "'no' is no number of seconds above 0"),
        (["calc", "--patience", "0"], "'0' is no number of seconds above 0"),
        (["calc", "--plugin", "not_there"], "No module named 'not_there'"),
        (["calc", "--python", "/not/there"], "/not/there"),
    ],
)
def test_what_can_not_be_checked_is_told_with_exit_code_2(arguments: list[str], told: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stdout == ""


def test_a_language_whose_program_is_not_there_can_not_be_checked(tmp_path: Path) -> None:
    facts = "name='far', display_name='Far', version='1', mimetype='a/b', file_extension='.far'"
    code = (
        "from polykernel import Language, hookimpl\n"
        "@hookimpl\ndef polykernel_languages():\n"
        f"    return [Language({facts}, command=('far-away',), install_hint='apt install far')]\n"
    )
    done = run("far", "--plugin", plugin(tmp_path, "far", code), path=tmp_path)
    assert done.returncode == 2
    assert "far can't be checked: Far needs the program far-away on the PATH" in done.stderr
    assert "apt install far" in done.stderr


def test_samples_that_are_none_are_told_with_the_plugin(tmp_path: Path) -> None:
    good_plugin(tmp_path, "good")
    file = tmp_path / "sample_good" / "plugin.py"
    file.write_text(
        file.read_text() + "\n@hookimpl\ndef polykernel_samples(language): return {'value': 3}\n"
    )
    done = run("good", "--plugin", "sample_good.plugin", path=tmp_path)
    assert done.returncode == 2
    assert "must return Samples or None, not {'value': 3}" in done.stderr


def test_all_checks_are_listed_with_what_they_say() -> None:
    done = run("--list")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) == len(set(lines)) > 40
    told = dict(line.split(None, 1) for line in lines)
    assert told["cells.value"] == "A cell's value is its result"


def test_what_a_later_polykernel_will_not_have_is_named_and_no_failure(tmp_path: Path) -> None:
    facts = "name='old', display_name='Old', version='', mimetype='a/b', file_extension='.old'"
    code = (
        "import warnings\n"
        "from polykernel import Language, hookimpl\n"
        "from polykernel.errors import Deprecated\n"
        "warnings.warn('sizes are deprecated: leave them out', Deprecated)\n"
        "@hookimpl\ndef polykernel_languages():\n"
        f"    return [Language({facts}, evaluator='polykernel_echo.evaluator:Echo')]\n"
    )
    module = plugin(tmp_path, "old", code)
    arguments = ("old", "--plugin", module, "--only", "author")
    done = run(*arguments, path=tmp_path)
    first, second, *_ = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert first == "old: Old, of sample-old 1.2"
    assert second.startswith("outdated: sizes are deprecated: leave them out (")
    assert second.endswith(", line 4)")
    report = json.loads(run(*arguments, "--json", path=tmp_path).stdout)
    assert [(each["reason"], each["line"]) for each in report["outdated"]] == [
        ("sizes are deprecated: leave them out", 4)
    ]
