"""What the evaluator process answers."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from polykernel.evaluator.bootstrap import PackageFinder

from .host import SAMPLE, Host

if TYPE_CHECKING:
    from pathlib import Path


def test_hello_tells_the_abilities(python: str) -> None:
    with Host(python=python) as host:
        abilities = host.hello()
    assert abilities == {
        "protocol": 1,
        "interrupts": True,
        "buffers": True,
        "complete_while_busy": False,
        "subshells": True,
        "debugger": False,
        "implementation": "sample 1",
        "language_version": "1.2",
    }


def test_marks_are_announced_before_anything_of_the_plugin_is_loaded(
    python: str, tmp_path: Path
) -> None:
    file = tmp_path / "warns.py"
    file.write_text("import warnings; warnings.warn('old')")
    with Host("warns:Nothing", python=python, packages={"warns": file}) as host:
        host.wait_for_event("stream")
        host.read(lambda: b"\x1b\\" in host.printed[1], "the mark")
    announcement = host.messages[0]
    assert announcement["method"] == "marks"
    token = announcement["params"]["content"]["token"]
    assert re.fullmatch("[0-9a-f]{16}", token)
    assert host.printed[1].startswith(f"\x1b_polykernel {token} 1".encode())


def test_a_host_of_another_protocol_is_refused() -> None:
    with Host() as host:
        answer = host.response(host.send("hello", protocol=99))
    assert "version 1 of the channel" in answer["error"]["message"]


def test_a_cell_may_be_sent_before_hello_is_answered(python: str) -> None:
    with Host(python=python) as host:
        host.send("hello", protocol=1)
        assert host.run("'at once'")["result"]["data"] == {"text/plain": "at once"}
    assert [m["id"] for m in host.messages if "id" in m] == [1, 2]


def test_a_string_is_shown_as_it_is(host: Host) -> None:
    assert host.run("'text'") == {
        "status": "ok",
        "result": {"data": {"text/plain": "text"}, "metadata": {}},
        "user_expressions": {},
        "payload": [],
    }


def test_none_shows_nothing(host: Host) -> None:
    assert "result" not in host.run("None")


def test_a_silent_cell_shows_no_result(host: Host) -> None:
    assert "result" not in host.run("1", silent=True)


def test_a_cell_knows_its_request(host: Host) -> None:
    code = "cell.execution_count, cell.silent, cell.store_history, cell.allow_stdin, cell.cell_id"
    assert host.value(code, execution_count=7, cell_id="abc") == "(7, False, True, True, 'abc')"


def test_an_object_that_displays_itself_has_no_result(host: Host) -> None:
    reply = host.run(
        "class Own:\n    def _ipython_display_(self): cell.display('by itself')\nOwn()"
    )
    assert reply["status"] == "ok"
    assert "result" not in reply
    assert host.events("display_data")[0]["content"]["data"] == {"text/plain": "by itself"}


def test_a_repr_that_raises_is_an_error_of_the_cell(host: Host) -> None:
    reply = host.run("class Bad:\n    def __repr__(self): raise ValueError('no text')\nBad()")
    assert (reply["status"], reply["ename"], reply["evalue"]) == ("error", "ValueError", "no text")
    assert host.value("'alive'") == "alive"


def test_a_method_that_raises_is_told_on_stderr_and_the_other_forms_are_shown(host: Host) -> None:
    reply = host.run(
        "class Half:\n"
        "    def _repr_html_(self): raise ValueError('no html')\n"
        "    def _repr_latex_(self): return '$x$'\n"
        "    def __repr__(self): return 'half'\n"
        "Half()"
    )
    assert reply["result"]["data"] == {"text/plain": "half", "text/latex": "$x$"}
    assert "ValueError: no html" in host.streams("stderr")


def test_an_error_of_the_cell_is_shown_as_the_author_says(host: Host) -> None:
    reply = host.run(
        "from polykernel.evaluator import CellError\n"
        "raise CellError('too big', ename='RangeError', traceback=['line 1', 'line 2'])"
    )
    assert reply == {
        "status": "error",
        "ename": "RangeError",
        "evalue": "too big",
        "traceback": ["line 1", "line 2"],
        "user_expressions": {},
        "payload": [],
    }


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("write(5)", "text"),
        ("set_next_input(5)", "text"),
        ("display(1, display_id=5)", "display_id"),
        ("open_comm(5)", "target_name"),
        ("open_comm('target', comm_id=5)", "comm_id"),
    ],
)
def test_what_must_be_text_is_nothing_else(host: Host, call: str, name: str) -> None:
    reply = host.run(f"cell.{call}")
    assert (reply["ename"], reply["evalue"]) == ("TypeError", f"{name} must be a string, not int")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("Own(7)", ("Error", "7", ["\x1b[31mError\x1b[39m: 7"])),
        ("CellError('bad', traceback='two\\nlines')", ("Error", "bad", ["two", "lines"])),
        ("CellError('bad', traceback=())", ("Error", "bad", [])),
    ],
)
def test_an_author_may_make_errors_in_other_ways(
    host: Host, error: str, expected: tuple[str, str, list[str]]
) -> None:
    host.run(
        "from polykernel.evaluator import CellError\n"
        "class Own(CellError):\n    def __init__(self, line): self.line = line\n"
        "    def __str__(self): return str(self.line)"
    )
    reply = host.run(f"raise {error}")
    assert (reply["ename"], reply["evalue"], reply["traceback"]) == expected
    reply = host.run("error = CellError('bad'); error.traceback = None; raise error")
    assert reply["traceback"] == ["\x1b[31mError\x1b[39m: bad"]


def test_a_bug_names_the_plugin_and_shows_no_frames_of_the_runtime(host: Host) -> None:
    reply = host.run("1/0")
    text = "\n".join(reply["traceback"])
    assert (reply["ename"], reply["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert "sample_plugin 1.0" in text
    assert 'File "<cell>", line 1' in text
    assert f"polykernel{os.sep}evaluator" not in text


HOLDS = """
import gc, weakref
gc.disable()
class Held: pass
def fail():
    global seen
    held = Held()
    seen = weakref.ref(held)
    1 / 0
fail()
"""


def test_what_a_failed_cell_held_is_given_back_with_its_reply(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        assert host.run(HOLDS)["ename"] == "ZeroDivisionError"
        assert host.value("seen() is None") == "True"


def test_exit_in_a_cell_does_not_end_the_process(host: Host) -> None:
    assert host.run("raise SystemExit(3)")["ename"] == "SystemExit"
    assert host.value("'alive'") == "alive"


def test_an_exception_without_text_or_traceback_is_survived(host: Host) -> None:
    reply = host.run(
        "class Nasty(Exception):\n    def __str__(self): raise RuntimeError('no')\nraise Nasty()"
    )
    assert reply["ename"] == "Nasty"
    assert host.value("'alive'") == "alive"


def test_endless_recursion_is_an_error_of_the_cell(host: Host) -> None:
    assert host.run("def f(): f()\nf()")["ename"] == "RecursionError"
    assert host.value("'alive'") == "alive"


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("{'application/json': float('nan')}", {"application/json": None}),
        ("{'application/json': {1: (2, None)}}", {"application/json": {"1": [2, None]}}),
        ("{'application/json': {(1, 2): {3}}}", {"application/json": {"(1, 2)": [3]}}),
        ("{'application/json': object}", {"application/json": "<class 'object'>"}),
        ("{'text/plain': 'a\\ud83d b'}", {"text/plain": "a� b"}),
        ("{'text/plain': '\\ud83d\\ude00'}", {"text/plain": "😀"}),
        ("{'image/png': b'\\x89PNG'}", {"image/png": "iVBORw=="}),
    ],
)
def test_what_json_does_not_know_is_cleaned(code: str, shown: dict[str, object]) -> None:
    with Host() as host:
        reply = host.run(f"from polykernel.evaluator import Bundle\nBundle({code})")
    assert reply["result"]["data"] == shown


def test_a_value_that_contains_itself_is_an_error_of_its_cell(host: Host) -> None:
    code = "from polykernel.evaluator import Bundle\nx = []; x.append(x)\n"
    bundle = "Bundle({'application/json': x})"
    assert "contains itself" in host.run(code + bundle)["evalue"]
    assert "contains itself" in host.run(code + f"cell.display({bundle})")["evalue"]
    assert host.value("'alive'") == "alive"


def test_a_huge_number_in_json_is_sent_in_another_form(host: Host) -> None:
    host.run("from polykernel.evaluator import Bundle\nBundle({'application/json': 10**5000})")
    assert host.value("'alive'") == "alive"


def test_user_expressions_are_shown_and_fail_one_by_one(host: Host) -> None:
    reply = host.run("x = 5", user_expressions={"good": "x + 1", "bad": "1/0"})
    good, bad = reply["user_expressions"]["good"], reply["user_expressions"]["bad"]
    assert good == {"status": "ok", "data": {"text/plain": "6"}, "metadata": {}}
    assert (bad["status"], bad["ename"], bad["evalue"]) == (
        "error",
        "ZeroDivisionError",
        "division by zero",
    )
    assert isinstance(bad["traceback"], list)


def test_user_expressions_are_not_evaluated_after_an_error(host: Host) -> None:
    reply = host.run("1/0", user_expressions={"effect": "print('evaluated')"})
    assert reply["user_expressions"] == {}
    assert "evaluated" not in host.text()


def test_a_language_without_expressions_says_so() -> None:
    with Host("sample.python:Minimal") as host:
        reply = host.run("x", user_expressions={"a": "b"})
    assert reply["user_expressions"]["a"]["ename"] == "NotImplementedError"


def test_payloads_come_with_the_reply(host: Host) -> None:
    reply = host.run("cell.page('help', start=3); cell.set_next_input('x = 1', replace=True)")
    assert reply["payload"] == [
        {"source": "page", "data": {"text/plain": "help"}, "start": 3},
        {"source": "set_next_input", "text": "x = 1", "replace": True},
    ]


def test_words_are_offered_that_begin_as_the_word_before_the_cursor() -> None:
    code = "['print', 'property', 'list'] or pr"
    with Host() as host:
        host.hello()
        answer = host.result(host.send("complete", code=code[:-6], cursor_pos=len(code) - 6))
        assert answer["matches"] == ["print", "property", "list"]
        host.run("pr = 0")
        answer = host.result(host.send("complete", code=code, cursor_pos=len(code)))
    assert answer == {
        "status": "ok",
        "matches": ["print", "property"],
        "cursor_start": len(code) - 2,
        "cursor_end": len(code),
        "metadata": {},
    }


def test_completions_with_types_carry_them_as_front_ends_read_them() -> None:
    code = (
        "__import__('polykernel.evaluator').evaluator.Completions(['a', 'b'], 1, 2, ['function'])"
    )
    with Host() as host:
        host.hello()
        answer = host.result(host.send("complete", code=code, cursor_pos=3))
    assert (answer["matches"], answer["cursor_start"], answer["cursor_end"]) == (["a", "b"], 1, 2)
    assert answer["metadata"] == {
        "_jupyter_types_experimental": [{"start": 1, "end": 2, "text": "a", "type": "function"}]
    }


@pytest.mark.parametrize(
    ("method", "code", "expected"),
    [
        ("complete", "'a string'", "a sequence of strings"),
        ("complete", "[1]", "a sequence of strings"),
        ("is_complete", "None", "'incomplete'"),
        ("is_complete", "('incomplete', 3)", "'incomplete'"),
    ],
)
def test_a_wrong_return_names_the_plugin_and_what_was_expected(
    method: str, code: str, expected: str
) -> None:
    with Host() as host:
        host.hello()
        error = host.response(host.send(method, code=code, cursor_pos=0))["error"]
        assert host.value("'alive'") == "alive"
    assert "sample_plugin 1.0" in error["message"]
    assert expected in error["data"]["evalue"]
    assert error["data"]["ename"] == "WrongReturn"


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("'complete'", {"status": "complete"}),
        ("'invalid'", {"status": "invalid"}),
        ("'incomplete'", {"status": "incomplete", "indent": ""}),
        ("('incomplete', '  ')", {"status": "incomplete", "indent": "  "}),
    ],
)
def test_is_complete_says_what_the_evaluator_says(code: str, content: dict[str, str]) -> None:
    with Host() as host:
        host.hello()
        assert host.result(host.send("is_complete", code=code)) == content


def test_inspection_shows_an_object_in_all_its_forms(host: Host) -> None:
    code = "type('Doc', (), {'_repr_html_': lambda s: '<b>', '__repr__': lambda s: 'doc'})()"
    assert host.result(host.send("inspect", code=code, cursor_pos=0, detail_level=1)) == {
        "status": "ok",
        "found": True,
        "data": {"text/plain": "doc", "text/html": "<b>"},
        "metadata": {},
    }


def test_what_the_author_did_not_write_is_answered_with_nothing() -> None:
    with Host("sample.python:Minimal") as host:
        host.hello()
        completion = host.result(host.send("complete", code="abc", cursor_pos=2))
        inspection = host.result(host.send("inspect", code="abc", cursor_pos=2))
        completeness = host.result(host.send("is_complete", code="abc"))
        unknown = host.response(host.send("comm_open"))
    assert completion == {
        "status": "ok",
        "matches": [],
        "cursor_start": 2,
        "cursor_end": 2,
        "metadata": {},
    }
    assert inspection == {"status": "ok", "found": False, "data": {}, "metadata": {}}
    assert completeness == {"status": "unknown"}
    assert unknown["error"]["code"] == -32601


def test_completion_is_answered_beside_a_running_cell_where_the_author_allows_it() -> None:
    with Host("sample.python:Beside") as host:
        assert host.hello()["complete_while_busy"] is True
        cell = host.start("import threading; go = threading.Event(); print('busy'); go.wait()")
        host.wait_for("busy")
        answer = host.result(host.send("complete", code="[str(go.set())]", cursor_pos=0))
        assert answer["matches"] == ["None"]
        assert host.result(cell)["status"] == "ok"


def test_where_no_thread_can_be_started_the_question_waits_for_the_cell(python: str) -> None:
    with Host("sample.python:Beside", python=python) as host:
        host.hello()
        cell = host.start(
            "import gc, threading\n"
            "[runtime] = [x for x in gc.get_objects() if type(x).__name__ == 'Runtime']\n"
            "normal = threading.stack_size(1 << 46)\n"  # more than there is
            "print('begun', end=''); print(' and ended')\n"
            "while runtime._inbox.empty(): pass\n"
            "threading.stack_size(normal)\n'alive'"
        )
        host.wait_for("begun and ended\n")
        question = host.send("complete", code="['x']", cursor_pos=0)
        assert host.result(cell)["result"]["data"] == {"text/plain": "alive"}
        assert host.result(question)["matches"] == ["x"]


def test_a_message_that_cannot_be_taken_is_answered_and_costs_no_state(host: Host) -> None:
    host.run("kept = 'kept'")
    host.write('{"jsonrpc": "2.0", "id": [1], "method": "execute", "params": {}}\n')
    host.write('{"jsonrpc": "2.0", "id": 99, "x": ' + "[" * 100_000 + "]" * 100_000 + "}\n")
    assert host.value("kept") == "kept"
    assert "TypeError" in host.response([1])["error"]["message"]
    assert "RecursionError" in host.streams("stderr")


def test_lines_of_any_length_are_read(host: Host) -> None:
    text = "ü" * 3_000_000
    assert host.value(f"len('{text}')") == "3000000"


def test_a_line_that_is_no_json_is_passed_over(host: Host) -> None:
    host.write("this is not JSON\n[1, 2]\n{}\n")
    assert host.value("'alive'") == "alive"


def test_the_notebooks_folder_is_importable_and_breaks_nothing(python: str, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("answer = 42\n")
    for name in ("queue", "json", "threading", "display", "signal", "asyncio"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('shadowed')\n")
    with Host(python=python) as host:
        host.hello(cwd=str(tmp_path))
        assert host.value("import helper, os; helper.answer, os.getcwd()") == str(
            (42, str(tmp_path))
        )
        assert host.value("import sys; sys.path[0], sys.argv") == "('', [''])"


def test_a_folder_that_is_gone_is_told_and_survived(tmp_path: Path) -> None:
    with Host(cwd=tmp_path) as host:
        host.hello(cwd=str(tmp_path / "gone"))
        assert host.value("'alive'") == "alive"
    assert "gone" in host.streams("stderr")


def test_only_the_given_packages_are_found() -> None:
    finder = PackageFinder({"given": str(SAMPLE)})
    spec = finder.find_spec("given")
    assert spec is not None
    assert list(spec.submodule_search_locations or ()) == [str(SAMPLE)]
    assert finder.find_spec("given.python") is None  # found by its package's path
    assert finder.find_spec("pluggy") is None


def test_user_code_sees_only_its_own_threads_and_an_empty_main_module(host: Host) -> None:
    assert host.value("import threading; threading.active_count()") == "1"
    names = host.value("import __main__; sorted(n for n in vars(__main__) if n[:2] != '__')")
    assert names == "['cell', 'evaluator', 'threading']"


def test_children_inherit_no_descriptor_of_the_channel(host: Host) -> None:
    code = (
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'import os; "
        'print([f for f in range(3, 200) if os.path.exists("/dev/fd/%d" % f)])\'],'
        " close_fds=False)"
    )
    assert len(host.shown(code + "; None").strip("[]\n").split(", ")) <= 1  # listing opens one


def test_the_runtime_imports_neither_asyncio_nor_typing_nor_anything_of_the_host(
    python: str,
) -> None:
    with Host("sample.bare:Bare", python=python) as host:
        loaded = set(host.value("").split())
    assert not loaded & {"asyncio", "typing", "inspect", "subprocess", "traceback", "dataclasses"}
    assert not loaded & {"json", "re", "enum", "signal", "queue"}  # see polykernel.evaluator.bare
    ours = {name for name in loaded if name.startswith("polykernel.")}
    assert [name for name in ours if not name.startswith("polykernel.evaluator")] == []


def test_notifications_that_are_not_known_are_ignored(host: Host) -> None:
    host.notify("unheard_of", cell=1)
    host.notify("execute", code="print('ran')")
    assert host.value("'alive'") == "alive"
    assert [m["method"] for m in host.messages if m.get("id") is None] == ["marks"]
    assert host.text() == ""
