"""Help on what stands at the cursor, marked ``|``."""

from __future__ import annotations

import json
import linecache
import sys
from typing import Any

import pytest
from polykernel_python.inspection import inspect
from polykernel_python.sources import Sources

CELL = '''
class Sample:
    """About the class."""

    def __init__(self, a, b=2):
        """About making one."""

    @property
    def explosive(self):
        """About the property."""
        raise AssertionError("inspection must not evaluate a property")

    def method(self, one, *, two=2):
        """About the method."""

def function(alpha, beta=1, *args, gamma, **rest):
    """About the function."""
    return alpha

sample = Sample(1)
number = 42
'''
sources = Sources()
NAMESPACE: dict[str, Any] = {"__name__": "__main__", "json": json}
exec(compile(CELL, sources.add(CELL, 7), "exec"), NAMESPACE)
sources.publish(linecache)


def help_at(marked: str, detail_level: int = 0) -> str | None:
    before, _, after = marked.partition("|")
    bundle = inspect(before + after, len(before), detail_level, NAMESPACE, sources)
    return None if bundle is None else str(bundle.data["text/plain"])


@pytest.mark.parametrize(
    "marked",
    [
        "function|",
        "fun|ction(1)",
        "|function",
        "function(|",
        "function(1, |",
        "function('text|",
        "function(unknown|",
        "function(1, [2, |",
        "x = function |",
        "len(function(1|",
    ],
)
def test_the_function_at_the_cursor_is_described(marked: str) -> None:
    text = help_at(marked)
    assert text is not None
    assert "function(alpha, beta=1, *args, gamma, **rest)" in text
    assert "About the function." in text
    assert "Cell In[7]" in text


def test_a_name_among_the_arguments_is_described_itself() -> None:
    text = help_at("function(sample|")
    assert text is not None
    assert "About the class." in text


def test_more_detail_adds_the_source() -> None:
    assert "return alpha" not in str(help_at("function|"))
    assert "return alpha" in str(help_at("function|", 1))
    assert "def __init__(self, a, b=2)" in str(help_at("Sample|", 1))


def test_a_class_is_described_by_its_constructor_too() -> None:
    text = str(help_at("Sample(|"))
    assert "Sample(a, b=2)" in text
    assert "About the class." in text
    assert "About making one." in text


def test_a_property_is_described_and_not_evaluated() -> None:
    assert "About the property." in str(help_at("sample.explosive|"))


def test_an_object_is_described_by_type_and_text() -> None:
    text = str(help_at("number|"))
    assert "int" in text
    assert "42" in text


def test_a_long_signature_has_a_line_for_each_parameter() -> None:
    assert "\n    *,\n    skipkeys=False,\n" in str(help_at("json.dumps(|"))


def test_keywords_and_builtins_are_described() -> None:
    assert "iterate" in str(help_at("for|"))
    assert "truth" in str(help_at("and|"))
    assert "bool" in str(help_at("True|"))
    assert "items in a container" in str(help_at("len|"))


@pytest.mark.parametrize("marked", ["unknown|", "unknown(|", "|", "1 + |", "# x|", "x = 1\n|"])
def test_nothing_is_found_where_nothing_is(marked: str) -> None:
    assert help_at(marked) is None


def test_a_module_is_not_taken_for_what_it_holds() -> None:
    assert "module" in str(help_at("json|"))
    assert sys.modules["json"] is json
