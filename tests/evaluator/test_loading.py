"""A plugin that can't work says so in the first cell, and the process lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .host import Host

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("evaluator", "expected"),
    [
        ("sample.not_there:Nothing", ["sample.not_there"]),
        ("sample.python:Nothing", ["python.py has no Nothing", "Minimal"]),
        ("sample.python:NotAnEvaluator", ["must be a subclass of polykernel.evaluator.Evaluator"]),
        ("sample.python:FailingStart", ["no licence found", "can't start"]),
        ("sample.python:NoExecute", ["NoExecute does not override execute"]),
    ],
)
def test_each_cell_says_what_is_wrong(python: str, evaluator: str, expected: list[str]) -> None:
    with Host(evaluator, python=python) as host:
        assert host.hello()["protocol"] == 1
        for _ in range(2):
            reply = host.run("1")
            shown = "\n".join(reply["traceback"])
            assert reply["status"] == "error"
            assert "sample_plugin 1.0" in shown
            for text in expected:
                assert text in shown, shown
        assert host.result(host.send("is_complete", code="1")) == {"status": "unknown"}
        host.send("shutdown", restart=False)
        assert host.wait_for_end() == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import not_installed_anywhere\n", ["ModuleNotFoundError", "not_installed_anywhere"]),
        ("def broken(:\n    pass\n", ["SyntaxError", "def broken(:"]),
        ("raise SystemExit('I leave')\n", ["SystemExit", "I leave"]),
    ],
)
def test_a_module_that_fails_is_named_with_its_file(
    python: str, tmp_path: Path, text: str, expected: list[str]
) -> None:
    file = tmp_path / "broken.py"
    file.write_text(text)
    with Host("broken:Nothing", python=python, packages={"broken": file}) as host:
        host.hello()
        shown = "\n".join(host.run("1")["traceback"])
    for part in [str(file), *expected]:
        assert part in shown, shown
