"""What the namespace has of earlier cells, by name."""

from __future__ import annotations

from typing import Any

import pytest
from polykernel_python import namespace as namespace_module
from polykernel_python.namespace import History


class Cells:
    """Cells that run one after the other, each with its number as its result."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {}
        self.history = History(self.namespace)
        self.count = 0

    def run(self, count: int = 1, code: str = "") -> None:
        for _ in range(count):
            self.count += 1
            text = code or f"cell {self.count}"
            self.history.begin(text, self.count)
            self.history.recall(text)
            self.history.remember(f"result {self.count}", self.count)

    def names(self) -> list[str]:
        return sorted(name for name in self.namespace if name[-1].isdecimal())


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> Cells:
    monkeypatch.setattr(namespace_module, "NAMED", 2)
    monkeypatch.setattr(namespace_module, "KEPT", 10)
    return Cells()


def test_the_last_cells_have_names(cells: Cells) -> None:
    cells.run(5)
    assert cells.names() == ["_4", "_5", "_i4", "_i5"]
    assert len(cells.namespace["In"]) == 6
    assert len(cells.namespace["Out"]) == 5


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("_1", ["_1"]),
        ("_i2 + x", ["_i2"]),
        ("f(_1,_2)", ["_1", "_2"]),
        ("eval('_i1') + _", ["_i1"]),
        ("f'{_1}'", ["_1"]),
        ("_1.", ["_1"]),
        (
            "x_1 + 1_2 + _1x + _i + _ix + _\N{ARABIC-INDIC DIGIT THREE} + _01 + _0 + _7 + _i99 + _i"
            + "9" * 99,
            [],
        ),
        ("", []),
    ],
)
def test_names_of_older_cells_come_when_a_text_has_them(
    cells: Cells, text: str, names: list[str]
) -> None:
    cells.run(5)
    before = cells.names()
    cells.history.recall(text)
    assert cells.names() == sorted([*before, *names])
    for name in names:
        what = "cell" if name.startswith("_i") else "result"
        assert cells.namespace[name] == f"{what} {name[-1]}"


def test_a_name_that_a_text_had_before_it_was_there_stays(cells: Cells) -> None:
    cells.run(code="def f(): return _i3, _4")
    cells.run(8)
    assert {"_i3", "_4"} <= set(cells.names())


def test_results_that_out_has_no_more_have_no_name(cells: Cells) -> None:
    cells.run()
    cells.run(code="_1, _i1")
    cells.run(9)
    assert "_1" not in cells.names()
    assert cells.namespace["_i1"] == "cell 1"
    cells.history.recall("_1")
    assert "_1" not in cells.names()


def test_the_users_own_names_are_left_alone(cells: Cells) -> None:
    cells.run()
    cells.namespace.update(_1="mine", _i1="mine too")
    cells.run(15)
    cells.history.recall("_1, _i1")
    assert cells.namespace["_1"] == "mine"
    assert cells.namespace["_i1"] == "mine too"


def test_after_an_evaluator_that_died_names_begin_anew(cells: Cells) -> None:
    cells.count = 1000
    cells.run()
    cells.history.recall("_999, _i999, _i1001")
    assert cells.names() == ["_1001", "_i1001", "_i999"]
    assert cells.namespace["_i999"] == ""
