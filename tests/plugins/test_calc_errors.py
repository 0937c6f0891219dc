"""How calc shows an error: the line, and a mark at the place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest
from polykernel_calc.errors import width
from polykernel_calc.evaluator import Calc

if TYPE_CHECKING:
    from polykernel.testing.fixtures import MakeEvaluator
    from polykernel.testing.in_process import InProcess


class Shown(Protocol):
    """What the fixture ``shown`` is."""

    def __call__(self, code: str) -> list[str]: ...


@pytest.fixture
def calculator(evaluator: MakeEvaluator) -> InProcess:
    return evaluator(Calc)


@pytest.fixture
def shown(calculator: InProcess) -> Shown:
    """Run a wrong cell, and give the lines that are shown of it, without colours."""
    return lambda code: calculator.execute(code).failure.text.split("\n")


def test_the_mark_stands_below_the_place(shown: Shown) -> None:
    assert shown("2 + 1/0 + 3") == [
        "MathError: division by zero",
        "    2 + 1/0 + 3",
        "         ^",
    ]


def test_the_mark_is_as_long_as_the_name(shown: Shown) -> None:
    assert shown("1 + sqroot(3)") == [
        "NameError: sqroot is not defined; did you mean sqrt?",
        "    1 + sqroot(3)",
        "        ^^^^^^",
    ]


def test_a_cell_of_several_lines_tells_the_line(shown: Shown) -> None:
    assert shown("x = 1\n\n  y = x/0\nz = 3") == [
        "MathError: division by zero",
        "  line 3:",
        "      y = x/0",
        "           ^",
    ]


@pytest.mark.parametrize(
    ("code", "mark"),
    [
        ("ans = 5", "^^^"),
        ("if = 5", "^^"),
        ("if(x) = 2", "^^"),
        ("ans(x) = 2", "^^^"),
        ("sin(x) = 2", "^^^"),
        ("  sqrt(a, b) = a", "^^^^"),
    ],
)
def test_a_name_that_can_not_be_given_is_marked(code: str, mark: str, shown: Shown) -> None:
    place = " " * (len(code) - len(code.lstrip()))
    assert shown(code)[1:] == [f"    {code}", f"    {place}{mark}"]


def test_a_name_that_can_not_be_given_is_marked_in_its_line(shown: Shown) -> None:
    assert shown("x = 1\n\n1; sin(x) = x\n") == [
        "TypeError: sin is built in; to compare its value, write ==",
        "  line 3:",
        "    1; sin(x) = x",
        "       ^^^",
    ]


@pytest.mark.parametrize(
    "code",
    [
        "f(x) = f(x); f(1)",
        "vars = 2",
        "help(nothing)",
        "del nothing",
        "f(x, x) = 1",
        "9^9^9",
        "1e999999999999",
        "[1, [2]]",
        "[1, 2] + [1]",
        "true + 1",
        "sum(k, 1, 10^30, k)",
        "list(1, 2, 3, 4)",
        "approx(1, 0)",
        "fact(-1)",
        "x = y = 2",
        "'",
    ],
)
def test_every_error_has_a_place(code: str, shown: Shown) -> None:
    assert shown(code)[-1].strip().strip("^") == ""


def test_an_error_within_a_function_shows_the_call_and_the_place(
    calculator: InProcess, shown: Shown
) -> None:
    assert calculator.execute("# halves and such\nf(x) = 1/x").status == "ok"
    assert shown("2 + f(0)") == [
        "MathError: division by zero",
        "    2 + f(0)",
        "        ^",
        "  in f(x), line 2:",
        "    f(x) = 1/x",
        "            ^",
    ]


def test_of_nested_calls_the_outermost_and_the_place_are_shown(
    calculator: InProcess, shown: Shown
) -> None:
    assert calculator.execute("f(x) = 1/x; g(x) = f(x); h(x) = g(x)").status == "ok"
    assert "\n".join(shown("h(0)")).count("^\n") == 1
    assert "h(0)" in "\n".join(shown("h(0)"))
    assert "in f(x):" in "\n".join(shown("h(0)"))


@pytest.mark.parametrize(
    ("code", "mark"),
    [
        ("\t1/0", "    \t ^"),
        ("größe", "    ^^^^^"),
        ("中文 + 1/0", "            ^"),
        ("x = 1; √x/0", "             ^"),
        ("1 + ", "      ^"),
        ("(1 + 2", "    ^"),
        ("1 +* 2", "       ^"),
        ("5!!!!!!!!!!!!!!!!!!", "                     ^^"),
    ],
)
def test_the_mark_stands_right_with_any_characters(
    code: str, mark: str, calculator: InProcess, shown: Shown
) -> None:
    assert calculator.execute("中文 = 1").status == "ok"
    assert shown(code)[-1] == mark


def test_of_a_long_line_the_part_around_the_place_is_shown(shown: Shown) -> None:
    code = "1 + " * 100 + "1/0" + " + 1" * 100
    _, line, mark = shown(code)
    assert len(line) < 140
    assert line[4] == line[-1] == "…"
    assert line[mark.index("^")] == "/"


def test_characters_that_cannot_be_seen_do_not_shift_the_mark(shown: Shown) -> None:
    _, line, mark = shown("1 + \x07 2")
    assert line == "    1 + \N{REPLACEMENT CHARACTER} 2"
    assert line[mark.index("^")] == "\N{REPLACEMENT CHARACTER}"


def test_characters_have_the_width_of_a_terminal() -> None:
    assert [width(char) for char in "aé中\u0301\uff21"] == [1, 1, 2, 0, 2]


def test_errors_are_coloured(calculator: InProcess) -> None:
    first = calculator.execute("1/0").failure.traceback[0]
    assert first == "\x1b[31mMathError\x1b[39m: division by zero"


def test_user_expressions_tell_their_errors(calculator: InProcess) -> None:
    for code, name in [("1/0", "MathError"), ("x = ", "SyntaxError"), ("", "SyntaxError")]:
        assert calculator.evaluate(code)["ename"] == name
