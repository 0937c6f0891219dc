"""From objects to MIME bundles."""

from __future__ import annotations

from typing import Any

import pytest

from polykernel.evaluator import Bundle, mimebundle
from polykernel.evaluator.display import METHODS, show


def made(**members: Any) -> Any:
    return type("Made", (), {"__repr__": lambda self: "made", **members})()


def test_text_is_shown_as_it_is_and_objects_by_their_repr() -> None:
    assert mimebundle("a\nb") == ({"text/plain": "a\nb"}, {})
    assert mimebundle([1, "x"]) == ({"text/plain": "[1, 'x']"}, {})
    assert mimebundle(None) == ({"text/plain": "None"}, {})


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_its_mimetype(method: str) -> None:
    content = {"a": 1} if method == "_repr_json_" else "content"
    data, _ = mimebundle(made(**{method: lambda self: content}))
    assert data == {METHODS[method]: content, "text/plain": "made"}


def test_methods_may_give_metadata_nothing_or_refuse() -> None:
    def refuse(self: object) -> None:
        raise NotImplementedError

    value = made(
        _repr_png_=lambda self: (b"\x89PNG", {"width": 3}),
        _repr_html_=lambda self: None,
        _repr_latex_=refuse,
    )
    assert mimebundle(value) == (
        {"image/png": "iVBORw==", "text/plain": "made"},
        {"image/png": {"width": 3}},
    )


def test_a_mimebundle_comes_first_and_the_methods_add_what_it_lacks() -> None:
    value = made(
        _repr_mimebundle_=lambda self, include, exclude: (
            {"text/html": "<b>", "text/plain": "own", "text/latex": None},
            {"text/html": {"isolated": True}},
        ),
        _repr_html_=lambda self: "not this",
        _repr_markdown_=lambda self: "**md**",
    )
    assert mimebundle(value) == (
        {"text/html": "<b>", "text/plain": "own", "text/markdown": "**md**"},
        {"text/html": {"isolated": True}},
    )


def test_a_failing_method_is_told_and_the_others_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(self: object, **_: object) -> None:
        raise ValueError("broken form")

    value = made(_repr_mimebundle_=fail, _repr_html_=fail, _repr_svg_=lambda self: "<svg>")
    data, _ = mimebundle(value)
    assert data == {"image/svg+xml": "<svg>", "text/plain": "made"}
    assert capsys.readouterr().err.count("ValueError: broken form") == 2


def test_a_method_that_gives_the_wrong_kind_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    data, _ = mimebundle(made(_repr_html_=lambda self: 5))
    assert data == {"text/plain": "made"}
    assert "text/html must be a string or bytes, not int" in capsys.readouterr().err


def test_a_class_is_not_shown_by_the_methods_of_its_instances() -> None:
    kind = type(made(_repr_html_=lambda self: "<b>", _ipython_display_=lambda self: None))
    assert show(kind) == ({"text/plain": repr(kind)}, {})


def test_an_object_that_answers_to_any_name_has_no_forms() -> None:
    class Anything:
        def __getattr__(self, name: str) -> Any:
            return lambda *_, **__: "anything"

        def __repr__(self) -> str:
            return "anything"

    assert show(Anything()) == ({"text/plain": "anything"}, {})


def test_attributes_that_fail_are_no_methods() -> None:
    class Failing:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

        def __repr__(self) -> str:
            return "failing"

    assert show(Failing()) == ({"text/plain": "failing"}, {})


def test_an_object_may_display_itself_or_decline() -> None:
    def decline(self: object) -> None:
        raise NotImplementedError

    assert show(made(_ipython_display_=lambda self: None)) is None
    assert show(made(_ipython_display_=decline)) == ({"text/plain": "made"}, {})


def test_a_failing_repr_is_the_callers_to_handle() -> None:
    def fail(self: object) -> str:
        raise ValueError("no repr")

    with pytest.raises(ValueError, match="no repr"):
        mimebundle(made(__repr__=fail))


def test_a_bundle_is_shown_as_its_author_says() -> None:
    bundle = Bundle(
        {
            "application/json": [1, None],
            "application/vnd.x+json": {"a": 1},
            "image/jpeg": bytearray(b"\xff\xd8"),
            "image/svg+xml": b"<svg>",
            "text/html": ["<b>", "</b>"],
            "text/plain": None,
        },
        {"m": 1},
    )
    assert mimebundle(bundle) == (
        {
            "application/json": [1, None],
            "application/vnd.x+json": {"a": 1},
            "image/jpeg": "/9g=",
            "image/svg+xml": "<svg>",
            "text/html": "<b></b>",
        },
        {"m": 1},
    )


def test_a_bundle_with_the_wrong_kind_of_content_says_which() -> None:
    with pytest.raises(TypeError, match="text/html must be a string or bytes, not int"):
        mimebundle(Bundle({"text/html": 5}))
