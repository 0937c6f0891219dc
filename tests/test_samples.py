from __future__ import annotations

import dataclasses
import tomllib
from typing import Any

import pytest

from polykernel import Samples
from polykernel.errors import SamplesError

CODES = [
    "error",
    "complete",
    "incomplete",
    "invalid",
    "busy_loop",
    "waits",
    "asks",
    "slow",
    "crash",
]
#: Each field with several texts, with texts that it takes.
TEXTS: dict[str, tuple[str, ...]] = {
    "value": ("1+1", "2"),
    "prints": ("print 1", "1\n"),
    "prints_stderr": ("warn 1", "1\n"),
    "unicode": ("'\N{SNAKE}'", "\N{SNAKE}"),
    "completion": ("pri", "print"),
    "inspection": ("print", "writes"),
    "state": ("x = 1", "x", "1"),
    "display": ("plot", "image/png"),
    "multiline": ("1\n2", "2"),
}


def test_every_field_is_optional() -> None:
    assert all(value is None for value in dataclasses.asdict(Samples()).values())
    assert set(dataclasses.asdict(Samples())) == {*CODES, *TEXTS}


def test_all_fields_together_stay_as_they_are_given() -> None:
    fields: dict[str, Any] = {**TEXTS, **dict.fromkeys(CODES, "x")}
    assert {name: getattr(Samples(**fields), name) for name in fields} == fields


def test_the_lists_of_a_toml_file_become_tuples() -> None:
    samples = Samples.of(tomllib.loads("value = ['1+1', '2']\nerror = '!'"))
    assert samples == Samples(value=("1+1", "2"), error="!")
    assert hash(samples) == hash(Samples(value=("1+1", "2"), error="!"))


@pytest.mark.parametrize("field", CODES)
@pytest.mark.parametrize("value", ["", 3, ("a", "b")])
def test_code_is_a_text(field: str, value: object) -> None:
    with pytest.raises(SamplesError, match=rf"Samples\.{field} must be a non-empty string, not"):
        Samples(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("field", TEXTS)
def test_a_field_of_several_texts_says_what_they_are(field: str) -> None:
    count = len(TEXTS[field])
    wrong: list[Any] = ["ab", 3, ("a",), ("a",) * 4, ("a", 3), {"a": "b"}]
    for value in wrong:
        with pytest.raises(SamplesError, match=rf"Samples\.{field} must be {count} strings \(code"):
            Samples(**{field: value})


@pytest.mark.parametrize("field", TEXTS)
def test_what_is_expected_can_not_be_nothing(field: str) -> None:
    with pytest.raises(SamplesError, match=rf"Samples\.{field}: .* must not be empty"):
        Samples(**{field: (*TEXTS[field][:-1], "")})  # type: ignore[arg-type]


def test_completion_may_begin_with_nothing() -> None:
    assert Samples(completion=("", "print")).completion == ("", "print")


def test_a_unicode_sample_without_astral_characters_would_try_nothing() -> None:
    with pytest.raises(SamplesError, match=r"beyond U\+FFFF.*'hä' has none"):
        Samples(unicode=("'hä'", "hä"))


def test_code_of_several_lines_has_several() -> None:
    with pytest.raises(SamplesError, match="several lines"):
        Samples(multiline=("1\n", "1"))


def test_what_is_rich_has_a_mimetype() -> None:
    with pytest.raises(SamplesError, match="a mimetype, such as 'text/html', not 'html'"):
        Samples(display=("plot", "html"))


def test_an_unknown_field_is_told_with_the_nearest() -> None:
    with pytest.raises(SamplesError, match=r"no field 'valeu'; known: .*; did you mean 'value'\?"):
        Samples.of({"valeu": ["1", "1"]})
    with pytest.raises(SamplesError, match="must be a table of names and values, not 'value'"):
        Samples.of("value")  # type: ignore[arg-type]


def test_samples_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Samples().error = "x"  # type: ignore[misc]
