"""Output is sifted the same way, in whatever pieces it comes."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from polykernel_declared.repl.completeness import Completeness
from polykernel_declared.repl.settings import Settings
from polykernel_declared.repl.sieve import Patterns, Sieve

PATTERNS = Patterns(
    "T1234T", "T1234T> ", r"T1234T\+ ", r"^Error: (?P<evalue>.*)", r"^=> (?P<value>.*)"
)


def sift(output: bytes, cuts: list[int], quiet: bool = False) -> tuple[str, str, str]:
    written: list[str] = []
    sieve = Sieve(PATTERNS, written.append)
    places = [0, *sorted(cut % (len(output) + 1) for cut in cuts), len(output)]
    for start, end in itertools.pairwise(places):
        sieve.feed(output[start:end])
        if quiet:
            sieve.let_go()
    assert sieve.prompts()
    sieve.end_line()
    error, result = sieve.end()
    return "".join(written), error, result


pieces = st.lists(st.integers(0, 1000), max_size=20)


@given(pieces)
def test_a_prompt_is_taken_out(cuts: list[int]) -> None:
    output = "one\r\ntwo\x1b[0m\rthree é\N{SNAKE}T1234T> four\nT1234T> ".encode()
    assert sift(output, cuts) == ("one\ntwo\x1b[0m\rthree é\N{SNAKE}four\n", "", "")


@given(pieces)
def test_a_prompt_is_taken_out_where_the_program_dawdles(cuts: list[int]) -> None:
    output = "one\ntwo é\N{SNAKE}T1234T> ".encode()
    assert sift(output, cuts, quiet=True) == ("one\ntwo é\N{SNAKE}", "", "")


@given(pieces)
def test_an_error_is_held_from_its_line_on(cuts: list[int]) -> None:
    output = b"before\nError: boo\n  at line 1\nT1234T> "
    assert sift(output, cuts) == ("before\n", "Error: boo\n  at line 1\n", "")


@given(pieces)
def test_an_error_is_seen_where_the_program_dawdles(cuts: list[int]) -> None:
    output = b"before\nError: boo\n  at line 1\nT1234T> "
    _, error, _ = sift(output, cuts, quiet=True)
    assert error == "Error: boo\n  at line 1\n"


@given(pieces)
def test_a_result_is_held_and_given(cuts: list[int]) -> None:
    assert sift(b"hello\n=> 42\nT1234T> ", cuts) == ("hello\n", "", "=> 42\n")


def test_a_result_before_an_error_is_printed() -> None:
    assert sift(b"=> 42\nError: boo\nT1234T> ", []) == ("=> 42\n", "Error: boo\n", "")


def test_an_error_that_does_not_end_is_printed_in_the_end() -> None:
    output = b"Error: boo\n" + b"x" * 70 + b"\n"
    written, error, _ = sift(output + b"line\n" * 100_000 + b"T1234T> ", list(range(0, 10**6, 999)))
    assert error.startswith("Error: boo\n")
    assert len(written) + len(error) == len(output) + 500_000


def completeness(**options: object) -> Completeness:
    return Completeness(Settings(options, "T", ""))


@given(st.text("()[]{}\"'\\ \nab#", max_size=30))
def test_any_code_is_judged(code: str) -> None:
    assert completeness(comment="#").of(code) in ("complete", "incomplete", "invalid")


def test_brackets_in_texts_and_comments_do_not_count() -> None:
    judge = completeness(comment="#").of
    assert judge("f(1)") == "complete"
    assert judge("f('(')") == "complete"
    assert judge("f(1) # (") == "complete"
    assert judge("f(\n1,\n") == "incomplete"
    assert judge("f(1]") == "invalid"
    assert judge("f(1))") == "invalid"
    assert judge('"abc') == "incomplete"
    assert judge(r'"a\"b"') == "complete"
    assert judge("") == "complete"


def test_a_language_without_brackets_goes_by_its_patterns() -> None:
    judge = completeness(brackets="", complete=r";\s*\Z").of
    assert judge("select (1") == "incomplete"
    assert judge("select (1;") == "complete"
    assert completeness(incomplete=r"do\s*\Z").of("for x do") == "incomplete"
