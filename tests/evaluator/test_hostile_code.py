"""User code that takes the standard library apart, or hides it: the cells' state survives."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from .host import Host

if TYPE_CHECKING:
    from pathlib import Path

# what Python's own modules import, and people call their notes
NAMES = ["token", "typing", "traceback", "ast", "asyncio", "linecache", "logging", "string"]
NAMES += ["socket", "re", "io", "enum", "tokenize", "inspect", "warnings", "contextlib", "queue"]


def started(folder: Path, *names: str, python: str = sys.executable) -> Host:
    for name in names:
        (folder / f"{name}.py").write_text("x = 1\n")
    host = Host(python=python, cwd=folder)
    host.hello(cwd=str(folder))
    return host


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.write = os.read = None",
        "import json; json.dumps = json.loads = None; json.JSONEncoder = json.JSONDecoder = None",
        "import time; time.sleep = None",
        "import select; select.poll = None",
        "import traceback; traceback.TracebackException = None",
    ],
)
def test_what_the_runtime_needs_can_be_rebound_by_user_code(host: Host, code: str) -> None:
    host.run(code)
    assert host.shown("print('begun', end=''); print(' and ended')") == "begun and ended\n"
    assert host.run("1 / 0")["ename"] == "ZeroDivisionError"
    assert host.value("6 * 7") == "42"


def test_an_error_is_shown_when_all_modules_are_gone(host: Host) -> None:
    host.run("import sys; kept = 5; sys.modules.clear()")
    reply = host.run("1 / 0")
    assert (reply["ename"], reply["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert host.value("kept") == "5"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_in_the_notebooks_folder_does_not_hide_the_runtimes_imports(
    tmp_path: Path, name: str
) -> None:
    with started(tmp_path, name) as host:
        traceback = host.run("1 / 0")["traceback"]
        assert any('"<cell>", line 1' in line for line in traceback)
        assert host.value("import types\n@types.coroutine\ndef f():\n yield\nawait f()\n2") == "2"
        error = host.response(host.send("complete", code="1 / 0", cursor_pos=0))["error"]
        assert error["data"]["ename"] == "ZeroDivisionError"


def test_no_file_there_hides_them_in_any_python(tmp_path: Path, python: str) -> None:
    with started(tmp_path, *NAMES, python=python) as host:
        traceback = host.run("1 / 0")["traceback"]
        assert any('"<cell>", line 1' in line for line in traceback)
        assert host.value("import types\n@types.coroutine\ndef f():\n yield\nawait f()\n2") == "2"


def test_a_module_of_the_users_keeps_its_name(tmp_path: Path, python: str) -> None:
    with started(tmp_path, "token", "asyncio", python=python) as host:
        assert host.value("import token; token.x") == "1"
        assert "can't be shown" not in str(host.run("1 / 0")["traceback"])
        assert host.value("import types\n@types.coroutine\ndef f():\n yield\nawait f()\n2") == "2"
        assert host.value("import token; token.x") == "1"
        assert (
            host.value("import sys; sys.modules.pop('asyncio', 0); __import__('async' + 'io').x")
            == "1"
        )
        assert host.value("await f(); 3") == "3"
        assert host.value("__import__('async' + 'io').x") == "1"


def test_a_file_that_was_imported_before_the_runtime_needed_the_name_steps_aside(
    tmp_path: Path,
) -> None:
    (tmp_path / "helper.py").write_text("import asyncio, linecache, traceback\n")
    with started(tmp_path, "asyncio", "linecache", "traceback") as host:
        host.run("import helper")
        assert any('"<cell>", line 1' in line for line in host.run("1 / 0")["traceback"])
        assert host.value("import types\n@types.coroutine\ndef f():\n yield\nawait f()\n2") == "2"
        assert host.value("helper.asyncio.x + helper.traceback.x") == "2"


@pytest.mark.parametrize("code", ["sys.meta_path = None", "del sys.meta_path"])
def test_the_finders_can_be_taken_away(host: Host, code: str) -> None:
    host.run(f"import sys; {code}")
    assert host.value("6 * 7") == "42"


def test_an_interrupt_while_an_import_of_the_runtimes_ends_leaves_nothing(
    tmp_path: Path, python: str
) -> None:
    descriptors = "import os; len(os.listdir('/dev/fd'))"
    with started(tmp_path, "token", python=python) as host:
        before = host.value(descriptors)
        # as it is when the context's end never came to anything
        entered = "standard_library_first.__enter__(); 'token' in sys.modules"
        host.run("import sys, token; from polykernel.evaluator import standard_library_first")
        assert host.value(entered) == "False"
        assert host.value("sys.modules['token'].x") == "1"
        assert host.value(entered) == "False"
        assert host.value(descriptors) == before


def test_an_event_loop_that_user_code_broke_is_given_up(host: Host) -> None:
    host.run("import asyncio; asyncio.get_running_loop()._selector = None")
    # a cell that comes sooner would find the loop that nobody has yet tried to run
    host.read(lambda: "event loop has failed" in host.streams("stderr"), "the report")
    assert host.value("6 * 7") == "42"
    assert host.value("await asyncio.sleep(0); 43") == "43"


def test_a_failure_of_the_runtime_itself_is_told_and_has_an_exit_code_of_its_own(
    host: Host,
) -> None:
    code = "import gc\nfor found in gc.get_objects():\n if type(found).__name__ == 'Runtime':\n"
    host.run(f"{code}  found._next = None")
    assert host.wait_for_end() == 70
    assert b"runtime has failed: TypeError: " in host.printed[2]
