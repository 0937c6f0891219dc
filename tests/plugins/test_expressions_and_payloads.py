"""What a cell's reply carries besides its status: user expressions and payloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel

CELL = "from polykernel.evaluator import current_cell\ncell = current_cell()\n"
ASKED = {"good": "x + 1", "unknown": "nobody", "unfinished": "1 +"}


@pytest.mark.parametrize("content", [{}, {"silent": True}, {"store_history": False}])
@pytest.mark.parametrize("language", ["python", "calc"])
def test_an_expression_that_fails_spoils_only_its_own_key(
    kernel: Callable[..., Kernel], language: str, content: dict[str, Any]
) -> None:
    outcome = kernel(f"polykernel-{language}").execute("x = 20", user_expressions=ASKED, **content)
    assert outcome.status == "ok"
    values = outcome.reply["user_expressions"]
    assert values["good"]["status"] == "ok"
    assert values["good"]["data"]["text/plain"] == "21"
    assert (values["unknown"]["status"], values["unknown"]["ename"]) == ("error", "NameError")
    assert (values["unfinished"]["status"], values["unfinished"]["ename"]) == (
        "error",
        "SyntaxError",
    )


def test_a_language_without_expressions_says_so_for_each_key(
    kernel: Callable[..., Kernel],
) -> None:
    outcome = kernel("polykernel-echo").execute("back", user_expressions={"a": "1", "b": "2"})
    assert outcome.result == "back"
    values = outcome.reply["user_expressions"]
    assert set(values) == {"a", "b"}
    assert {value["status"] for value in values.values()} == {"error"}
    assert {value["evalue"] for value in values.values()} == {
        "this language has no user expressions"
    }


def test_the_expressions_of_a_cell_that_fails_are_not_asked_for(python: Kernel) -> None:
    outcome = python.execute("made = []; 1 / 0", user_expressions={"a": "made.append(1)"})
    assert "user_expressions" not in outcome.reply
    assert python.execute("made").result == "[]"


def test_an_expression_sees_what_its_cell_made_and_what_it_prints_is_shown(python: Kernel) -> None:
    outcome = python.execute("y = 6", user_expressions={"a": "print('seen') or y * 7"})
    assert outcome.reply["user_expressions"]["a"]["data"] == {"text/plain": "42"}
    assert outcome.text() == "seen\n"
    assert outcome.sequence[-1] == "idle"


def test_an_expression_that_leaves_or_interrupts_ends_nothing(python: Kernel) -> None:
    asked = {"a": "exit()", "b": "(_ for _ in ()).throw(KeyboardInterrupt)", "c": "6 * 7"}
    values = python.execute("1", user_expressions=asked).reply["user_expressions"]
    assert [values[key].get("ename") for key in asked] == ["SystemExit", "KeyboardInterrupt", None]
    assert values["c"]["data"] == {"text/plain": "42"}


def test_an_evaluators_author_can_page_and_set_the_next_input(python: Kernel) -> None:
    code = (
        f"{CELL}cell.page('a page')\ncell.page({{'a': 1}}, start=3)\n"
        "cell.set_next_input('next')\ncell.set_next_input('this', replace=True)"
    )
    assert python.execute(code).reply["payload"] == [
        {"source": "page", "data": {"text/plain": "a page"}, "start": 0},
        {"source": "page", "data": {"text/plain": "{'a': 1}"}, "start": 3},
        {"source": "set_next_input", "text": "next", "replace": False},
        {"source": "set_next_input", "text": "this", "replace": True},
    ]


def test_payloads_are_of_their_own_cell(python: Kernel) -> None:
    python.execute(f"{CELL}cell.page('first')")
    assert python.execute("1").reply["payload"] == []


def test_a_cell_that_is_over_takes_no_payload(python: Kernel) -> None:
    python.execute(f"{CELL}kept = cell")
    outcome = python.execute("kept.page('late')")
    assert (outcome.status, outcome.reply["ename"]) == ("error", "RuntimeError")


def test_a_silent_cell_has_payloads_and_shows_nothing(python: Kernel) -> None:
    outcome = python.execute(f"{CELL}print('unseen')\ncell.page('a page')", silent=True)
    assert [payload["source"] for payload in outcome.reply["payload"]] == ["page"]
    assert outcome.sequence == ["busy", "idle"]


def test_the_reply_of_a_cell_that_fails_has_no_payload(python: Kernel) -> None:
    outcome = python.execute(f"{CELL}cell.page('a page')\n1 / 0")
    assert outcome.status == "error"
    assert "payload" not in outcome.reply
