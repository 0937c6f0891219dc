from __future__ import annotations

import json
from typing import Any

import pytest

from polykernel import history
from polykernel.history import History
from polykernel.message import Header, Message


@pytest.fixture
def remembered() -> History:
    found = History()
    for count, code in enumerate(["a = 1", "b = 2", "a = 1", "print(a)"], start=1):
        found.add(count, code)
    return found


def ask(remembered: History, **content: object) -> list[Any]:
    request = Message(header=Header("", "history_request"), content=json.dumps(content).encode())
    return list(remembered.answer(request)["history"])


def test_the_tail_is_the_last_cells_in_order(remembered: History) -> None:
    assert ask(remembered, hist_access_type="tail", n=2) == [(1, 3, "a = 1"), (1, 4, "print(a)")]
    assert len(ask(remembered, hist_access_type="tail", n=99)) == 4
    assert len(ask(remembered, hist_access_type="tail")) == 4


def test_a_range_ends_before_its_stop(remembered: History) -> None:
    assert [each[1] for each in ask(remembered, hist_access_type="range", start=2, stop=4)] == [
        2,
        3,
    ]
    assert [each[1] for each in ask(remembered, hist_access_type="range", start=3)] == [3, 4]
    assert ask(remembered, hist_access_type="range", session=7, start=0) == []


def test_a_search_takes_a_pattern(remembered: History) -> None:
    found = ask(remembered, hist_access_type="search", pattern="a*")
    assert [each[1] for each in found] == [1, 3]
    unique = ask(remembered, hist_access_type="search", pattern="a*", unique=True)
    assert unique == [(1, 3, "a = 1")]
    assert len(ask(remembered, hist_access_type="search", pattern="*", n=1)) == 1


def test_with_output_each_entry_is_a_pair(remembered: History) -> None:
    assert ask(remembered, hist_access_type="tail", n=1, output=True) == [
        (1, 4, ("print(a)", None))
    ]


def test_only_so_many_cells_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "REMEMBERED", 3)
    found = History()
    for count in range(10):
        found.add(count, "x")
    assert [each[1] for each in ask(found)] == [7, 8, 9]
