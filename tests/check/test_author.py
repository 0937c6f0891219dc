"""What is seen in an author's class, and what is left in peace."""

from __future__ import annotations

import functools
import inspect
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import polykernel
from polykernel.evaluator import Evaluator
from polykernel.evaluator.contract import METHODS
from polykernel.testing.conformance import look as looking

if TYPE_CHECKING:
    from polykernel.testing.conformance.look import Looked

PACKAGE = Path(polykernel.__file__).parent


def runs(python: str) -> bool:
    return not subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode


CANDIDATES = [
    *(str(path) for path in sorted(Path.home().glob(".pyenv/versions/3.[89].*/bin/python"))),
    *filter(None, (shutil.which(f"python3.{minor}") for minor in (8, 9, 10))),
]
OLD = next(filter(runs, CANDIDATES), None)


def method(*parameters: str) -> Any:
    """Make a function of these parameters."""
    return eval(f"lambda {', '.join(('self', *parameters))}: None")


def seen(**members: Any) -> Looked:
    return looking.look(type("Mine", (Evaluator,), members))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("excute", "execute"),
        ("executes", "execute"),
        ("Execute", "execute"),
        ("do_execute", "execute"),
        ("is_completed", "is_complete"),
        ("isComplete", "is_complete"),
        ("do_is_complete", "is_complete"),
        ("completes", "complete"),
        ("inspects", "inspect"),
        ("evalute", "evaluate"),
        ("shut_down", "shutdown"),
        ("interupt", "interrupt"),
        ("open_com", "open_comm"),
        ("format_errors", "format_error"),
    ],
)
def test_a_name_that_is_nearly_right_is_pointed_out(name: str, meant: str) -> None:
    near = seen(**{name: method("code", "cell")})["near"]
    assert near == [{"name": name, "meant": meant}]


@pytest.mark.parametrize(
    "members",
    [
        {"_excute": method("code")},
        {"execute": method("code", "cell"), "executes": method("code")},
        {"execute": method("code", "cell"), "run": method("code")},
        {"complete": method("code", "cursor_pos"), "completer": object()},
        {"executed": 0, "limits": 3, "inspector": object()},
        {"namespace": {}, "reset": method(), "parse": method("text")},
    ],
)
def test_names_of_the_authors_own_are_left_in_peace(members: dict[str, Any]) -> None:
    assert seen(**members)["near"] == []


def test_a_name_of_ipykernels_is_pointed_out_beside_the_right_one() -> None:
    found = seen(execute=method("code", "cell"), do_execute=method("code", "silent"))
    assert found["near"] == [{"name": "do_execute", "meant": "execute"}]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_looked_at(name: str) -> None:
    _, *right = inspect.signature(getattr(Evaluator, name)).parameters
    wants = f"{name}({', '.join(('self', *right))})"
    assert seen(**{name: method(*right)})["signatures"] == []
    assert seen(**{name: method("*anything")})["signatures"] == []
    assert seen(**{name: method(*right, "more=None")})["signatures"] == []
    for wrong in (method(*right, "more"), method(*right[:-1]) if right else method("more")):
        [found] = seen(**{name: wrong})["signatures"]
        assert found.startswith(f"{name}(self")
        assert f" must be {wants} (" in found
    for wrong in (3, "text"):
        [found] = seen(**{name: wrong})["signatures"]
        assert found == f"Mine.{name} must be a method, not {wrong!r}"


def test_the_methods_that_are_looked_at_are_those_of_the_class() -> None:
    public = {name for name in vars(Evaluator) if not name.startswith("_")}
    assert {name for name in public if callable(getattr(Evaluator, name))} == set(METHODS)


def test_what_a_decorator_wraps_is_looked_at() -> None:
    def decorated(function: Any) -> Any:
        @functools.wraps(function)
        def wrapped(*arguments: Any) -> Any:
            return function(*arguments)

        return wrapped

    assert seen(complete=decorated(method("code", "cursor_pos")))["signatures"] == []
    [found] = seen(complete=decorated(method("code")))["signatures"]
    assert found.startswith("complete(self, code) must be complete(self, code, cursor_pos)")


def test_static_and_class_methods_are_called_without_self() -> None:
    assert seen(is_complete=staticmethod(lambda code: "complete"))["signatures"] == []
    assert seen(is_complete=classmethod(lambda cls, code: "complete"))["signatures"] == []
    assert len(seen(is_complete=staticmethod(lambda self, code: "complete"))["signatures"]) == 1


def test_only_execute_may_be_a_coroutine() -> None:
    async def execute(self: object, code: str, cell: object) -> None: ...

    async def complete(self: object, code: str, cursor_pos: int) -> None: ...

    assert seen(execute=execute)["signatures"] == []
    [found] = seen(complete=complete)["signatures"]
    assert found.startswith("complete must be a plain function, not 'async def' (")


def test_a_constructor_takes_nothing() -> None:
    [found] = seen(__init__=method("options"))["signatures"]
    assert found.startswith("__init__(self, options) must be __init__(self): an evaluator is made")
    [found] = seen(__new__=method("options"))["signatures"]
    assert found.startswith("__new__(self, options) must be __new__(cls): an evaluator is made")
    assert seen(__init__=method("options=None"))["signatures"] == []


def test_what_a_class_between_has_overridden_counts() -> None:
    class Between(Evaluator):
        def excute(self) -> None: ...

    class Mine(Between):
        def execute(self, code: str, cell: object) -> None: ...

    assert looking.look(Mine)["overridden"] == ["execute"]
    assert looking.look(Mine)["near"] == []
    assert looking.look(Between)["near"] == [{"name": "excute", "meant": "execute"}]


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [("subshells", 1, True), ("implementation", 1.0, "1.0"), ("language_version", None, "3")],
)
def test_attributes_have_their_types(name: str, value: object, right: object) -> None:
    [found] = seen(**{name: value})["attributes"]
    assert found.startswith(f"Mine.{name} must be ")
    assert found.endswith(f", not {value!r}")
    assert seen(**{name: right})["attributes"] == []
    assert seen(**{name: property(lambda self: right)})["attributes"] == []


@pytest.mark.skipif(OLD is None, reason="no Python 3.8 to 3.10 is on this machine")
def test_the_class_is_seen_by_the_interpreter_that_evaluates(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import sys\nfrom polykernel.evaluator import Evaluator\nprint('loud')\n"
        "class Mine(Evaluator):\n    implementation = sys.version_info[1]\n"
    )
    bootstrap = str(PACKAGE / "evaluator" / "bootstrap.py")
    command = [str(OLD), looking.__file__, bootstrap, "mine:Mine"]
    done = subprocess.run(
        [*command, f"polykernel={PACKAGE}", f"mine={tmp_path / 'mine.py'}", "--plugin", "x"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    found = json.loads(done.stdout)
    assert found["trouble"] == ""
    assert found["attributes"][0].endswith((", not 8", ", not 9", ", not 10"))
    assert str(sys.version_info[1]) not in found["attributes"][0]
