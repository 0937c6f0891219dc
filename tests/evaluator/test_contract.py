"""A class that is not as `Evaluator` says: told in the first cell, with package, file and line."""

from __future__ import annotations

import functools
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from sample_plugins import distribution

from polykernel.evaluator import Evaluator
from polykernel.evaluator.contract import refuse, troubles

from .host import Host

if TYPE_CHECKING:
    from pathlib import Path

CLASS = """\
from polykernel.evaluator import Evaluator

class Sample(Evaluator):
    def execute(self, code, cell):
        return code.upper()

"""


class Written:
    """An evaluator process that runs a class as an author has written it."""

    def __init__(self, folder: Path, python: str, code: str) -> None:
        self.package = folder / "sample_lua"
        self.file = self.package / "evaluator.py"
        text = textwrap.dedent(code)
        whole = text if "class Sample" in text else CLASS + textwrap.indent(text, "    ")
        distribution(
            folder,
            "sample-lua",
            "[polykernel]\nlua = sample_lua.plugin\n",
            {"sample_lua/__init__.py": "", "sample_lua/evaluator.py": whole},
        )
        self.host = Host(
            "sample_lua.evaluator:Sample",
            python=python,
            plugin="sample_lua.plugin",
            packages={"sample_lua": self.package},
        )
        self.host.hello()

    def stderr(self) -> str:
        return "".join(
            message["params"]["content"]["text"]
            for message in self.host.messages
            if message.get("method") == "stream"
        )

    def __enter__(self) -> Written:
        return self

    def __exit__(self, *_: object) -> None:
        self.host.__exit__(None, None, None)


# what keeps cells from running: an error in each of them


@pytest.mark.parametrize(
    ("code", "line", "expected"),
    [
        (
            """
            from polykernel.evaluator import Evaluator
            class Sample(Evaluator):
                def execute(self, code):
                    return code
            """,
            4,
            "execute(self, code) must be execute(self, code, cell)",
        ),
        (
            """
            from polykernel.evaluator import Evaluator
            class Sample(Evaluator):
                def execute(self, code, cell, *, timeout):
                    return code
            """,
            4,
            "execute(self, code, cell, *, timeout) must be execute(self, code, cell)",
        ),
        ("def start(self, options): pass", 7, "start(self, options) must be start(self)"),
        ("async def start(self): pass", 7, "start must be a plain function, not 'async def'"),
        (
            "def __init__(self, options): pass",
            7,
            (
                "__init__(self, options) must be __init__(self): "
                "an evaluator is made without arguments"
            ),
        ),
    ],
)
def test_each_cell_tells_what_keeps_it_from_running(
    tmp_path: Path, python: str, code: str, line: int, expected: str
) -> None:
    with Written(tmp_path, python, code) as written:
        for _ in range(2):
            reply = written.host.run("1")
            shown = "\n".join(reply["traceback"])
            assert reply["ename"] == "PluginError"
            assert f"TypeError\x1b[39m: {expected} ({written.file}, line {line})" in shown
            assert "The plugin sample-lua 1.2 (sample_lua.plugin) is broken" in shown


# what does not: told once, and cells run


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def inspect(self, code, cursor_pos): pass", "inspect(self, code, cursor_pos) must be"),
        ("def complete(self): pass", "complete(self) must be complete(self, code, cursor_pos)"),
        ("def is_complete(self, code, cell): pass", "must be is_complete(self, code)"),
        ("def shutdown(self): pass", "shutdown(self) must be shutdown(self, restart)"),
        ("def interrupt(self, cell): pass", "interrupt(self, cell) must be interrupt(self)"),
        ("def evaluate(self): pass", "must be evaluate(self, expression)"),
        ("def open_comm(self, comm): pass", "must be open_comm(self, comm, message)"),
        ("def format_error(self): pass", "must be format_error(self, error)"),
        ("def debug(self, request): pass", "must be debug(self, request, send_event)"),
        ("async def complete(self, code, cursor_pos): pass", "not 'async def'"),
        ("@staticmethod\ndef is_complete(self, code): pass", "must be is_complete(self, code)"),
        ("complete = 3", "Sample.complete must be a method, not 3"),
        ("implementation = 3", "Sample.implementation must be a string, not 3"),
        ("language_version = None", "Sample.language_version must be a string, not None"),
        ("subshells = 'no'", "Sample.subshells must be True or False, not 'no'"),
        ("complete_while_busy = 1", "Sample.complete_while_busy must be True or False, not 1"),
        ("debugger = []", "Sample.debugger must be True or False, not []"),
        (
            "@property\ndef implementation(self): raise ValueError('lost')",
            "Sample.implementation can't be read: ValueError: lost",
        ),
    ],
)
def test_the_first_cell_tells_what_it_can_do_without(
    tmp_path: Path, python: str, code: str, expected: str
) -> None:
    with Written(tmp_path, python, code) as written:
        assert written.host.run("x")["result"]["data"] == {"text/plain": "X"}
        told = written.stderr()
        assert told.startswith("A bug in the plugin sample-lua 1.2 (sample_lua.plugin): ")
        assert expected in told
        assert told.count("\n") == 1
        if "def" in code and "property" not in code:
            assert told.endswith(f" ({written.file}, line 7)\n")
        assert written.host.run("y")["result"]["data"] == {"text/plain": "Y"}
        assert written.stderr() == told


def test_abilities_that_are_no_truth_are_not_offered(tmp_path: Path, python: str) -> None:
    with Written(tmp_path, python, "subshells = 'no'\nimplementation = 3") as written:
        (hello,) = (message for message in written.host.messages if "result" in message)
        assert hello["result"]["subshells"] is False
        assert "implementation" not in hello["result"]


# what methods return


@pytest.mark.parametrize(
    ("code", "method", "expected"),
    [
        ("def complete(self, code, cursor_pos): return 3", "complete", "not 3"),
        ("def complete(self, code, cursor_pos): return ['a', 1]", "complete", "not ['a', 1]"),
        ("def complete(self, code, cursor_pos): return 'print'", "complete", "not 'print'"),
        ("def is_complete(self, code): return True", "is_complete", "not True"),
        ("def is_complete(self, code): return ('incomplete', 4)", "is_complete", "4"),
        ("def is_complete(self, code): pass", "is_complete", "one of 'complete', 'incomplete'"),
        ("def inspect(self, code, cursor_pos, detail): return 1 / 0", "inspect", "division"),
    ],
)
def test_a_question_that_is_answered_wrongly_is_told_with_its_place(
    tmp_path: Path, python: str, code: str, method: str, expected: str
) -> None:
    with Written(tmp_path, python, code) as written:
        error = written.host.response(written.host.send(method, code="x", cursor_pos=1))["error"]
        assert error["message"].startswith("the plugin sample-lua 1.2 (sample_lua.plugin): ")
        assert expected in error["message"]
        assert error["message"].endswith(f" ({written.file}, line 7)")
        first = error["data"]["traceback"][0]
        assert f"in {method}() ({written.file}, line 7):" in first


@pytest.mark.parametrize("returned", ["None", "3", "'yes'"])
def test_a_comm_is_known_or_not(tmp_path: Path, python: str, returned: str) -> None:
    code = f"def open_comm(self, comm, message): return {returned}"
    with Written(tmp_path, python, code) as written:
        content = {"comm_id": "c", "target_name": "t", "data": {}}
        assert written.host.result(written.host.send("comm_open", content=content)) == {}
        assert written.stderr() == (
            "A bug in the plugin sample-lua 1.2 (sample_lua.plugin): open_comm() must return "
            f"True or False, not {returned} ({written.file}, line 7)\n"
        )


@pytest.mark.parametrize("returned", ["'one text'", "3"])
def test_an_error_is_formatted_in_lines(tmp_path: Path, python: str, returned: str) -> None:
    code = f"""
        def format_error(self, error): return {returned}
        def open_comm(self, comm, message): raise ValueError("lost")
    """
    with Written(tmp_path, python, code) as written:
        content = {"comm_id": "c", "target_name": "t", "data": {}}
        written.host.result(written.host.send("comm_open", content=content))
        told = written.stderr()
        assert f"format_error() must return a list of lines or None, not {returned} (" in told
        assert told.endswith("ValueError: lost\n")


def test_a_debugger_answers_with_a_dict(tmp_path: Path, python: str) -> None:
    code = "def debug(self, request, send_event): return 'yes'"
    with Written(tmp_path, python, code) as written:
        error = written.host.response(written.host.send("debug", content={}))["error"]
        assert "debug() must return a dict, the response of the Debug" in error["message"]
        assert error["message"].endswith(f", not 'yes' ({written.file}, line 7)")


# names


def test_a_plugin_that_no_package_brings_is_named_by_its_module(
    tmp_path: Path, python: str
) -> None:
    (tmp_path / "loose.py").write_text(CLASS.replace("execute(self, code, cell)", "execute(self)"))
    packages = {"loose": tmp_path / "loose.py"}
    with Host("loose:Sample", python=python, plugin="loose", packages=packages) as host:
        host.hello()
        assert "The plugin loose is broken" in host.run("1")["traceback"][0]


# what is as good as `Evaluator` says


def _decorated(function: Any) -> Any:
    @functools.wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        return function(*arguments, **named)

    return wrapped


class Free(Evaluator):
    """Written otherwise, and right."""

    implementation = "free 1"
    subshells = True

    def __init__(self, more: int = 1) -> None:
        self.more = more

    async def execute(self, source: str, handle: Any, *extra: Any, fast: bool = False) -> object:
        return source

    @_decorated
    def complete(self, code: str) -> None: ...

    @staticmethod
    def is_complete(code: str) -> str:
        return "complete" if code else "incomplete"

    @classmethod
    def inspect(cls, *arguments: Any) -> None: ...

    evaluate = functools.partialmethod(lambda self, base, text: text, 10)


def test_what_can_be_called_as_it_is_called_is_no_trouble() -> None:
    refuse(Free)
    assert troubles(Free()) == []
    assert troubles(Evaluator()) == []
