from __future__ import annotations

import dataclasses
import os
from typing import Any

import pytest

from polykernel import Language
from polykernel.errors import LanguageError
from polykernel.kernel_info import KernelInfo

FIELDS: dict[str, Any] = {
    "name": "calc",
    "display_name": "Calculator",
    "version": "1.0",
    "mimetype": "text/x-calc",
    "file_extension": ".calc",
    "evaluator": "package.module:Class",
}


@pytest.mark.parametrize("field", ["name", "display_name", "mimetype", "file_extension"])
@pytest.mark.parametrize("value", ["", None, 3])
def test_a_field_that_every_language_has_must_be_a_text(field: str, value: object) -> None:
    with pytest.raises(LanguageError, match=rf"Language\.{field} must be a non-empty string"):
        Language(**{**FIELDS, field: value})


@pytest.mark.parametrize("value", [None, 3])
def test_a_version_must_be_a_text(value: object) -> None:
    with pytest.raises(LanguageError, match=r"Language\.version must be a string, not"):
        Language(**{**FIELDS, "version": value})


def test_a_version_that_only_the_evaluator_knows_is_a_number_nevertheless() -> None:
    language = Language(**{**FIELDS, "version": ""})
    assert language.version == ""
    assert language.language_info()["version"] == "0"


def test_only_a_version_that_was_declared_can_be_wrong() -> None:
    unknown = KernelInfo(Language(**{**FIELDS, "version": ""}))
    assert not unknown.correct("3.1")
    declared = KernelInfo(Language(**FIELDS))
    assert declared.correct("3.1")
    assert not declared.correct("3.1"), "it has been told already"
    for info in (unknown, declared):
        content = info.content(subshells=False, debugger=False)
        assert content["language_info"]["version"] == "3.1"


@pytest.mark.parametrize("name", ["Calc", "a b", "-a", "a/b", "ä", "calc\n"])
def test_a_name_that_could_not_be_part_of_a_kernels_name_is_refused(name: str) -> None:
    with pytest.raises(LanguageError, match="lower-case letters"):
        Language(**{**FIELDS, "name": name})


def test_an_extension_begins_with_a_dot() -> None:
    with pytest.raises(LanguageError, match="must start with a dot, not 'calc'"):
        Language(**{**FIELDS, "file_extension": "calc"})


@pytest.mark.parametrize("how", [{"evaluator": ""}, {"command": ("node", "evaluator.js")}])
def test_a_language_is_run_by_a_class_or_by_a_program_and_not_both(how: dict[str, Any]) -> None:
    with pytest.raises(LanguageError, match="exactly one of evaluator= and command="):
        Language(**{**FIELDS, **how})


@pytest.mark.parametrize("evaluator", ["module", "module:", ":Class", "a-b:Class", "a:b.c", "a:b "])
def test_an_evaluator_names_a_class_of_a_module(evaluator: str) -> None:
    with pytest.raises(LanguageError, match=r"must look like 'package\.module:Class'"):
        Language(**{**FIELDS, "evaluator": evaluator})


@pytest.mark.parametrize("field", ["modules", "programs"])
@pytest.mark.parametrize("value", ["numpy", (3,)])
def test_a_list_of_names_is_not_one_text(field: str, value: object) -> None:
    with pytest.raises(LanguageError, match=rf"Language\.{field} must be a tuple of strings"):
        Language(**{**FIELDS, field: value})


@pytest.mark.parametrize(
    "options",
    [
        ["a"],
        {1: "a"},
        {"a": b"b"},
        {"a": [{"b": object()}]},
        {"a": float("nan")},
        {"a": {"b"}},
        {"a": "\ud800"},
        {"\ud800": "a"},
        {"a": type("Text", (str,), {})("b")},
    ],
)
def test_options_that_could_not_be_sent_are_refused(options: object) -> None:
    with pytest.raises(LanguageError, match=r"Language\.options must be a dict with a JSON form"):
        Language(**FIELDS, options=options)  # type: ignore[arg-type]


@pytest.mark.parametrize("command", [("",), ("a", "b\0"), ("\0",), ("a", "\ud800")])
def test_a_command_that_no_system_could_start_is_refused(command: tuple[str, ...]) -> None:
    with pytest.raises(LanguageError, match=r"Language\.command must begin with a program"):
        Language(**{**FIELDS, "evaluator": "", "command": command})


def test_a_command_may_hold_any_file_name_and_empty_arguments() -> None:
    command = (os.fsdecode(b"d\xe9/program"), "", "\u00e9")
    assert Language(**{**FIELDS, "evaluator": "", "command": command}).command == command


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", "\ud83d"),
        ("banner", "\ud83d"),
        ("help_links", {"\ud83d": "https://example.org"}),
        ("codemirror_mode", "\ud83d"),
        ("codemirror_mode", {"name": object()}),
    ],
)
def test_what_no_front_end_could_be_told_is_refused(field: str, value: object) -> None:
    with pytest.raises(LanguageError, match=rf"Language\.{field} must be "):
        Language(**{**FIELDS, field: value})


def test_options_may_be_nested() -> None:
    options = {"prompt": "> ", "setup": ["a", ("b", None)], "deep": {"é": [1, 2.5, True]}}
    assert Language(**FIELDS, options=options).options == options


def test_what_front_ends_are_told_has_the_languages_own_name_for_a_lexer() -> None:
    assert Language(**FIELDS).language_info() == {
        "name": "calc",
        "version": "1.0",
        "mimetype": "text/x-calc",
        "file_extension": ".calc",
        "pygments_lexer": "calc",
    }


def test_what_a_plugin_knows_beside_reaches_the_front_ends() -> None:
    language = Language(
        **FIELDS,
        codemirror_mode={"name": "python", "version": 3},
        pygments_lexer="python3",
        nbconvert_exporter="python",
    )
    info = language.language_info()
    assert info["codemirror_mode"] == {"name": "python", "version": 3}
    assert info["pygments_lexer"] == "python3"
    assert info["nbconvert_exporter"] == "python"


def test_a_language_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Language(**FIELDS).name = "other"  # type: ignore[misc]
