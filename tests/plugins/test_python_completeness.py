"""Whether Enter runs the code."""

from __future__ import annotations

import codeop
import io
import warnings
from pathlib import Path

import pytest
from polykernel_python.cells import Compiler
from polykernel_python.completeness import completeness


def answer(code: str) -> str | tuple[str, str]:
    return completeness(code, Compiler())


@pytest.mark.parametrize(
    "code",
    [
        "",
        "  \n ",
        "# a remark",
        "1 + 1",
        "await something()",
        "if x: y",
        "print('\\d')",
        "for i in x:\n    y\n",
        "for i in x:\n    y\n    ",
        "x = [\n1,\n]",
        "def f():\n    return 1\n\nf()",
    ],
)
def test_code_that_can_run_is_complete(code: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert answer(code) == "complete"


@pytest.mark.parametrize(
    ("code", "indent"),
    [
        ("for i in range(3):", "    "),
        ("for i in range(3):\n    print(i)", "    "),
        ("class A:\n    def f(self):", "        "),
        ("def f(x):\n    return 1", ""),
        ("class A:\n    def f(self):\n        pass", "    "),
        ("try:", "    "),
        ("try:\n    x", "    "),
        ("try:\n    x\nexcept E:", "    "),
        ("if x:\n    y\nelse:", "    "),
        ("@decorated", ""),
        ("f(1,", "    "),
        ("def f():\n    x = (1,", "        "),
        ("'''abc", ""),
        ("def f():\n    '''doc", ""),
        ("x = 1 + \\", ""),
        ("while x:\n  if y:\n    z", "    "),
    ],
)
def test_code_that_goes_on_is_incomplete_and_says_how_far_to_indent(code: str, indent: str) -> None:
    assert answer(code) == ("incomplete", indent)


@pytest.mark.parametrize(
    "code",
    ["a b", "'abc", "f(]", "if 1:\nx", "raise = 1", "%ls", "a:", "1 2\nf(", "x = )", "lambda:"],
)
def test_code_that_nothing_can_mend_is_invalid(code: str) -> None:
    assert answer(code) == "invalid"


@pytest.mark.parametrize("module", ["textwrap.py", "bisect.py", "keyword.py", "shlex.py"])
def test_the_beginning_of_a_program_is_never_invalid(module: str) -> None:
    lines = (Path(io.__file__).parent / module).read_text(encoding="utf-8").split("\n")
    wrong = []
    for number in range(1, len(lines), 3):
        code = "\n".join(lines[:number])
        status = answer(code)
        if status == "invalid" or (
            status == "complete" and codeop.compile_command(code, symbol="exec") is None
        ):
            wrong.append(lines[number - 1])
    assert wrong == []
