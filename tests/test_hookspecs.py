from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

import pytest

from polykernel import Language, Samples, hookimpl, hookspecs
from polykernel.plugins import load_module, samples_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOOKS: dict[str, Callable[..., Any]] = {
    name: function
    for name, function in vars(hookspecs).items()
    if getattr(function, "polykernel_spec", None) is not None
}
CALLED: set[str] = set()


# a plugin that implements every hook

ONLY = Language(
    name="sample",
    display_name="Sample",
    version="1",
    mimetype="text/plain",
    file_extension=".txt",
    command=("cat",),
)


@hookimpl
def polykernel_languages() -> list[Language]:
    CALLED.add("polykernel_languages")
    return [ONLY]


@hookimpl
def polykernel_samples(language: str) -> Samples | None:
    CALLED.add("polykernel_samples")
    return Samples(error="!") if language == ONLY.name else None


@pytest.fixture
def this_module_as_plugin() -> Iterator[str]:
    CALLED.clear()
    sys.modules["sample_hooks"] = sys.modules[__name__]
    yield "sample_hooks"
    del sys.modules["sample_hooks"]


def test_there_are_hooks() -> None:
    assert "polykernel_languages" in HOOKS


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_says_what_it_is_for_and_when_it_is_called(name: str) -> None:
    text = inspect.getdoc(HOOKS[name]) or ""
    summary, _, details = text.partition("\n\n")
    assert summary.endswith(".")
    assert "Called" in details


def test_every_hook_is_called(this_module_as_plugin: str) -> None:
    loaded = load_module(this_module_as_plugin)
    assert [found.language for found in loaded.languages] == [ONLY]
    assert {"polykernel_languages"} == CALLED, "samples are not asked for at a kernel's start"
    assert samples_of(loaded.languages[0]) == Samples(error="!")
    assert set(HOOKS) == CALLED


def test_every_hook_begins_with_the_name_of_the_project() -> None:
    assert [name for name in HOOKS if not name.startswith("polykernel_")] == []
