"""Reading Python that is still being typed."""

from __future__ import annotations

import io
import tokenize
from pathlib import Path

import pytest
from polykernel_python.scanner import Scan


def texts(scan: Scan) -> list[str]:
    return [token.text for token in scan.tokens]


@pytest.mark.parametrize("module", ["argparse.py", "textwrap.py", "statistics.py", "tokenize.py"])
def test_finished_code_has_the_tokens_that_python_sees(module: str) -> None:
    text = (Path(io.__file__).parent / module).read_text(encoding="utf-8")
    unseen = (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)
    kinds = (tokenize.NAME, tokenize.NUMBER, tokenize.STRING)
    expected = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in unseen and token.type in kinds
    ]
    scan = Scan(text)
    found = [t.text for t in scan.tokens if t.kind in ("name", "number", "string")]
    if hasattr(tokenize, "FSTRING_START"):  # there the tokenizer takes f-strings apart
        expected = [each for each in expected if each in found]
        found = [each for each in found if each in expected]
    assert found == expected
    assert not scan.brackets
    assert not scan.mismatched
    assert scan.string is None


def test_an_unfinished_string_is_told_with_its_quotes() -> None:
    scan = Scan("f(rb'''ab")
    assert texts(scan) == ["f", "("]
    assert scan.string is not None
    assert scan.string == ("rb", "'''", 2, 7)


def test_a_string_that_its_line_ends_does_not_swallow_the_next_line() -> None:
    scan = Scan("a = 'oops\nb = 1")
    assert scan.string is None
    assert texts(scan) == ["a", "=", "'oops", "\n", "b", "=", "1"]


def test_escaped_quotes_do_not_end_a_string() -> None:
    assert texts(Scan(r"'a\'b' + 'c'")) == [r"'a\'b'", "+", "'c'"]


def test_brackets_in_strings_and_comments_do_not_count() -> None:
    assert Scan("f('(', # (\n").brackets == [1]


def test_a_wrong_closing_bracket_is_told() -> None:
    assert Scan("f(]").mismatched


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = a.b.c", "a.b.c"),
        ("f(a)[1].b", "f(a)[1].b"),
        ("x + y.z", "y.z"),
        ("[1, 2]", "[1, 2]"),
        ("return [1]", "[1]"),
        ("if (a).b", "(a).b"),
        ("{'a': 1}", "{'a': 1}"),
        ("print('a', 'b'.c", "'b'.c"),
        ("not d['k']", "d['k']"),
    ],
)
def test_the_expression_before_a_place_is_found(text: str, expected: str) -> None:
    scan = Scan(text)
    start = scan.primary(len(scan.tokens))
    assert start is not None
    assert text[scan.tokens[start].start :] == expected


def test_there_is_no_expression_after_an_operator() -> None:
    scan = Scan("a +")
    assert scan.primary(len(scan.tokens)) is None
