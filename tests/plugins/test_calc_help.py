"""Completion, inspection and completeness of calc code."""

from __future__ import annotations

import pytest
from polykernel_calc import topics
from polykernel_calc.lexer import KEYWORDS
from polykernel_calc.registry import CONSTANTS, FUNCTIONS
from polykernel_calc.session import Session
from support.calculator import Calculator

from polykernel.evaluator import Bundle, Completions


def completions(code: str, calculator: Calculator | None = None) -> Completions | None:
    """Complete where the bar is."""
    found = (calculator or Calculator()).evaluator.complete(code.replace("|", ""), code.index("|"))
    assert found is None or isinstance(found, Completions)
    return found


def offered(code: str, calculator: Calculator | None = None) -> list[str]:
    found = completions(code, calculator)
    return list(found.matches) if found else []


def inspected(code: str, calculator: Calculator | None = None) -> str | None:
    """Give the first line of help where the bar is."""
    found = (calculator or Calculator()).evaluator.inspect(code.replace("|", ""), code.index("|"))
    assert found is None or isinstance(found, Bundle)
    return str(found.data["text/plain"]).split("\n")[0] if found else None


@pytest.mark.parametrize("name", [*FUNCTIONS, *CONSTANTS, *sorted(KEYWORDS)])
def test_every_name_completes(name: str) -> None:
    found = completions(f"1 + {name[:-1] or name}|")
    assert found is not None
    assert (found.start, found.end) == (4, 4 + len(name[:-1] or name))
    kinds = dict(zip(found.matches, found.types, strict=True))
    expected = "function" if name in FUNCTIONS else "constant" if name in CONSTANTS else "keyword"
    assert kinds[name] == expected


@pytest.mark.parametrize("name", [*FUNCTIONS, *CONSTANTS])
def test_every_name_can_be_inspected(name: str) -> None:
    topic = topics.find(name, Session())
    assert topic is not None
    assert inspected(f"1 + {name}|") == topic.title
    assert inspected(f"1 + |{name}(2)") == topic.title


@pytest.mark.parametrize("sign", [name for name in topics.OPERATORS if name not in "[;#(,"])
def test_every_operator_can_be_inspected(sign: str) -> None:
    if sign == "ans":
        calculator = Calculator()
        calculator("1/2")
        assert inspected("a|ns", calculator) == "ans"
    else:
        assert inspected(f"{sign}|") == topics.OPERATORS[sign].title


def test_names_of_the_user_come_first() -> None:
    calculator = Calculator()
    calculator("sigma = 3; sizes(x) = x")
    assert offered("si|", calculator) == ["sigma", "sizes", "sign", "sin", "sinh"]
    found = completions("si|", calculator)
    assert found is not None
    assert list(found.types)[:2] == ["variable", "function"]


def test_names_of_the_cell_are_offered_before_it_runs() -> None:
    assert offered("radius = 3\nrad|") == ["rad", "radians", "radius"]
    assert offered("f(length) = len|") == ["len", "length"]
    assert offered("len = (3 +\nle|") == ["len"]


@pytest.mark.parametrize(
    ("code", "word"),
    [("2sq|", "sqrt"), ("2|sq", "sqrt"), ("x = (3 + sq|", "sqrt"), ("1\nsq|\n2", "sqrt"),
     ("sq|rt", "sqrt"), ("help(sq|", "sqrt"), ("\N{GREEK SMALL LETTER PI}sq|", None),
     ("# sq|", None), ("0xf|", None), ("1 # x\nsq|", "sqrt")],
)  # fmt: skip
def test_completion_finds_the_word_before_the_cursor(code: str, word: str | None) -> None:
    if word is None:
        assert offered(code) == []
    else:
        assert word in offered(code)


def test_completion_replaces_the_word_only() -> None:
    found = completions("größe + 2sq|rt(4)")
    assert found is not None
    assert (found.start, found.end) == (9, 11)


def test_completion_knows_ans_once_there_is_one() -> None:
    calculator = Calculator()
    assert "ans" not in offered("an|", calculator)
    calculator("1")
    assert "ans" in offered("an|", calculator)


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("sqrt(|", "sqrt(x)"),
        ("sqrt(2|)", "sqrt(x)"),
        ("log(8, |", "log(x, base=10)"),
        ("sum(k, 1, 10, sqrt(k) |", "sum(k, from, to, term)"),
        ("sqrt((1 + 2|))", "sqrt(x)"),
        ("sqrt(2)|", None),
        ("sqrt(2) |", None),
        ("1 + 2|", None),
        ("|", None),
        ("2 |mod 3", "a mod b"),
        ("5!|", "n!"),
        ("-|pi", "pi"),
        ("2\n\ncos|(3)", "cos(x)"),
        ("cos('|", "cos(x)"),
        ("cos| 'text'", "cos(x)"),
        ("help(cos|)", "cos(x)"),
        ("mean([1, 2|", "mean(x, ...)"),
        ("nothing|", None),
        ("nothing(sqrt(2), |", None),
    ],
)
def test_inspection_finds_what_stands_at_the_cursor_or_around_it(
    code: str, title: str | None
) -> None:
    assert inspected(code) == title


def test_inspection_tells_of_the_users_own_names() -> None:
    calculator = Calculator()
    calculator("rate = 1/20; interest(sum, years) = sum*(1 + rate)^years")
    found = calculator.evaluator.inspect("rate", 2)
    assert found is not None
    assert found.data["text/plain"] == "rate\n\nYour variable, a fraction: 1/20 = 0.05"
    assert inspected("interest(100, |", calculator) == "interest(sum, years)"


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("", "complete"),
        ("1 + 1", "complete"),
        ("x = 3;", "complete"),
        ("# sqrt(", "complete"),
        ("help", "complete"),
        ("f(x) = x^2", "complete"),
        ("sqrt(", ("incomplete", "  ")),
        ("max(1,\n  2,", ("incomplete", "  ")),
        ("[1, 2", ("incomplete", "  ")),
        ("(1 + (2 + 3)", ("incomplete", "  ")),
        ("(1 # one", ("incomplete", "  ")),
        ("help(", ("incomplete", "  ")),
        ("1 +", ("incomplete", "")),
        ("1 +\n", ("incomplete", "")),
        ("2 mod", ("incomplete", "")),
        ("not", ("incomplete", "")),
        ("x =", ("incomplete", "")),
        ("f(x) =", ("incomplete", "")),
        ("1 <", ("incomplete", "")),
        ("true and", ("incomplete", "")),
        ("del", ("incomplete", "")),
        ("1 2", "invalid"),
        ("1)", "invalid"),
        ("x = y = 3", "invalid"),
        ("f(x, x) = 1", "invalid"),
        ("'", "invalid"),
        ("(1 ' 2", "invalid"),
        ("(" * 1000, "invalid"),
        ("0x", "invalid"),
    ],
)
def test_code_is_complete_when_nothing_is_open(code: str, answer: object) -> None:
    assert Calculator().evaluator.is_complete(code) == answer
