"""Languages that can do less than others are not blamed for it."""

from __future__ import annotations

from . import trials


def test_a_language_that_reads_numbers_only_passes_with_a_note() -> None:
    [result] = trials.check("sound", only=["asking.answered"], samples={"asks": "ask number"})
    assert (result.status, result.note) == ("passed", "it takes numbers, and no text")


def test_a_language_that_only_prints_is_tried_all_the_same() -> None:
    results = trials.check("sound", samples={"value": None})
    assert trials.failed(results) == [], trials.told(results)
    untried = [each.check.name for each in results if each.status == "not tried"]
    assert untried == ["cells.value", "cells.expressions"]


def test_without_any_code_that_succeeds_hardly_anything_is_tried() -> None:
    samples = {"value": None, "prints": None, "multiline": None}
    results = trials.check("sound", only=["cells.many", "text.huge"], samples=samples)
    assert [each.status for each in results] == ["not tried", "not tried"]
    assert results[0].note == "no sample for value, prints or multiline"
