"""The cores in C do what the modules around them do."""

from __future__ import annotations

import json
import queue
import runpy
import sys
import types
from typing import Any

import pytest

from polykernel.evaluator import bare

TEXTS = [
    '{"id":1,"params":{"code":"1+1","buffers":[3,"AAA="]}}',
    '{"a":[1,-2.5e3,true,false,null,"\\u00e9\\ud83d\\ude00\\n"],"":{}}',
    ' {"a": 1 } \n',
    "[1, 2",
    '{"a":1} 2',
    "nul",
    "",
    '"\x01"',
    "123456789012345678901234567890",
    "[" * 2000 + "]" * 2000,
]
VALUES: list[object] = [
    {"jsonrpc": "2.0", "id": 1, "result": {"data": {"text/plain": "\u00e9\ud83d"}}},
    [1, -2.5, True, None, "", {}, [], 10**30],
    {1: "a", None: "b", 2.5: "c"},
    "text",
    7,
    float("nan"),
    object(),
    {("a", "b"): 1},
]


def outcome(work: Any, value: object) -> object:
    try:
        return work(value)
    except (ValueError, TypeError, RecursionError) as error:
        return type(error)


def without_cores(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setitem(sys.modules, "_json", None)
    monkeypatch.setitem(sys.modules, "_queue", None)
    return runpy.run_path(bare.__file__)


def with_other_cores(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    other = types.SimpleNamespace(
        make_scanner=lambda context, more: None,
        make_encoder=lambda *options: lambda value, level: ["?"],
        encode_basestring=repr,
    )
    monkeypatch.setitem(sys.modules, "_json", other)
    return runpy.run_path(bare.__file__)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_it_decodes_as_json_does(text: str) -> None:
    assert outcome(bare.decode, text) == outcome(json.loads, text)


def test_what_is_no_json_is_told_as_json_does() -> None:
    with pytest.raises(json.JSONDecodeError, match=r"Expecting value: line 1 column 7 \(char 6\)"):
        bare.decode('{"a": }')


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_it_encodes_as_json_does(value: object) -> None:
    encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    assert outcome(bare.encode, value) == outcome(encoder.encode, value)


def test_what_contains_itself_is_refused_each_time() -> None:
    value: list[object] = []
    value.append(value)
    for _ in range(2):
        with pytest.raises(ValueError, match="Circular"):
            bare.encode(value)


@pytest.mark.parametrize("load", [without_cores, with_other_cores])
def test_where_the_cores_are_missing_or_others_the_modules_do(
    monkeypatch: pytest.MonkeyPatch, load: Any
) -> None:
    loaded = load(monkeypatch)
    assert loaded["decode"](' {"a": [1]}') == {"a": [1]}
    assert loaded["encode"]({"a": [1, "\u00e9"]}) == '{"a":[1,"\u00e9"]}'
    waiting = loaded["SimpleQueue"]()
    with pytest.raises(queue.Empty):
        waiting.get_nowait()


def test_here_they_are_there() -> None:
    assert "json" not in bare.decode.__module__
    assert "json" not in bare.encode.__module__
    assert bare.SimpleQueue is queue.SimpleQueue
