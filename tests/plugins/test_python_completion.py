"""What is offered at the cursor, marked ``|``."""

from __future__ import annotations

import collections
import os
import pathlib
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from polykernel_python.completion import complete

if TYPE_CHECKING:
    from polykernel.evaluator import Completions


class Sample:
    """Has one of each."""

    attribute = 1
    _private = 2

    @property
    def explosive(self) -> int:
        raise AssertionError("completion must not evaluate a property to name it")

    def method(self, one: int, two: int = 2) -> None: ...


def function(alpha: int, beta: int = 1, *args: int, gamma: int, **rest: int) -> None: ...


NAMESPACE: dict[str, Any] = {
    "os": os,
    "sys": sys,
    "pathlib": pathlib,
    "sample": Sample(),
    "Sample": Sample,
    "function": function,
    "d": {"abc": 1, "abd": {"x y": "text"}, 3: 4},
    "items": [{"k": 1}, "s"],
    "lazy": collections.defaultdict(list, known=1),
    "prefix": "a",
    "_hidden": 1,
}


def at(marked: str) -> Completions | None:
    before, _, after = marked.partition("|")
    return complete(before + after, len(before), NAMESPACE)


def offered(marked: str) -> list[str]:
    found = at(marked)
    return [] if found is None else list(found.matches)


def types(marked: str) -> dict[str, str]:
    found = at(marked)
    assert found is not None
    return dict(zip(found.matches, found.types, strict=True))


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("pri|", "print"),
        ("whi|", "while"),
        ("pref|", "prefix"),
        ("os.path.jo|", "join"),
        ("x = 1 if sample.me|", "method"),
        ("sample . me|", "method"),
        ("Sample(1).me|", "method"),
        ("items[0].ke|", "keys"),
        ("items[1].upp|", "upper"),
        ("items[-1].upp|", "upper"),
        ("d['abd']['x y'].upp|", "upper"),
        ("''.jo|", "join"),
        ("[].app|", "append"),
        ("pathlib.Path('x').par|", "parent"),
        ("print(sam|, 1)", "sample"),
        ("f'{sam|", "sample"),
        ("f'{sample.meth|}'", "method"),
        ("import os; os.path.jo|", "join"),
        ("sys.modules['os'].getc|", "getcwd"),
    ],
)
def test_names_and_attributes_are_completed(marked: str, expected: str) -> None:
    assert expected in offered(marked)


def test_a_match_replaces_the_word_before_the_cursor_in_code_points() -> None:
    found = at("'\N{PILE OF POO}é'; os.path.jo|")
    assert found is not None
    assert (found.start, found.end) == (14, 16)


def test_private_names_are_offered_only_where_asked_for() -> None:
    assert not [name for name in offered("sample.|") if name.startswith("_")]
    assert "_private" in offered("sample._|")
    assert "_hidden" in offered("_hi|")
    assert "_hidden" not in offered("|")


def test_matches_are_sorted() -> None:
    matches = offered("sample.|")
    assert matches == sorted(matches)


def test_a_property_is_not_evaluated_for_its_name() -> None:
    assert types("sample.|") == {
        "attribute": "instance",
        "explosive": "property",
        "method": "function",
    }


def test_what_fails_when_it_is_looked_up_completes_to_nothing() -> None:
    namespace = {"broken": type("Broken", (), {"p": property(lambda _: 1 / 0)})()}
    assert complete("broken.p.", 9, namespace) is None


def test_kinds_are_told() -> None:
    assert types("print|")["print"] == "function"
    assert types("whil|")["while"] == "keyword"
    assert types("pathli|")["pathlib"] == "module"
    assert types("Sampl|")["Sample"] == "class"


def test_functions_are_not_called() -> None:
    assert at("print('called').|") is None


def test_a_missing_key_is_not_made() -> None:
    assert at("lazy['unknown'].|") is None
    assert "unknown" not in NAMESPACE["lazy"]


def test_keys_of_dictionaries_are_completed_with_what_closes_them() -> None:
    assert offered("d['ab|") == ["abc']", "abd']"]
    assert offered("d['ab|']") == ["abc", "abd"]
    assert offered('d["ab|]') == ['abc"', 'abd"']
    assert offered("items[0]['|") == ["k']"]
    assert offered("d[|")[:3] == ["'abc']", "'abd']", "3]"]


def test_arguments_of_a_call_come_first() -> None:
    assert offered("function(|")[:3] == ["alpha=", "beta=", "gamma="]
    assert offered("function(1, be|") == ["beta="]
    assert "alpha=" not in offered("function(alpha=1, |")
    assert "two=" in offered("sample.method(t|")
    assert types("function(al|")["alpha="] == "param"


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("import json.dec|", ["decoder"]),
        ("from json imp|", ["import"]),
        ("from xml.dom import minid|", ["minidom"]),
        ("from os.path import joi|", ["join"]),
        ("import os, jso|", ["json"]),
        ("from textwrap import (dedent, ind|", ["indent"]),
        ("import textwrap as t|", []),
    ],
)
def test_imports_are_completed(marked: str, expected: list[str]) -> None:
    assert [name for name in offered(marked) if not name.startswith("json")] == [
        name for name in expected if not name.startswith("json")
    ]
    assert set(expected) <= set(offered(marked))


def test_what_is_in_a_module_is_found_without_importing_it() -> None:
    assert "this" not in sys.modules
    assert "d" in offered("from this import |")
    assert "this" not in sys.modules


def test_names_that_the_cell_itself_binds_are_offered() -> None:
    assert "counter" in offered("counter = 0\ncoun|")
    assert "parameter" in offered("def f(parameter):\n    para|")
    assert "helper" in offered("hel|\ndef helper(): pass")
    assert "stream" in offered("with open('x') as stream: str|")


def test_comments_and_plain_strings_are_left_alone() -> None:
    assert at("# pri|") is None
    assert at("x = '''pri|") is None
    assert at("1|") is None


def test_files_are_completed_in_strings(tmp_path: pathlib.Path) -> None:
    (tmp_path / "data one.csv").write_text("")
    (tmp_path / "deep").mkdir()
    assert offered(f"open('{tmp_path}/d|") == ["data one.csv", "deep/"]
    found = at(f"open('{tmp_path}/data o|")
    assert found is not None
    assert found.end - found.start == len("data o")


def test_another_case_is_offered_where_nothing_else_is() -> None:
    assert offered("SAMP|") == ["Sample", "sample"]


def test_an_odd_escape_that_is_being_typed_warns_of_nothing() -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        at("'\\d'.|")
        at("d['\\d'].|")
    assert warned == []


@pytest.mark.parametrize(
    "marked", ["(|", "((|)", "a[|", "x.|", "|.", "..|", "@|", "\\|", "{|'", "é.|"]
)
def test_strange_code_does_no_harm(marked: str) -> None:
    at(marked)
