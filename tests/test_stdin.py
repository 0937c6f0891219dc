"""One input request at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polykernel.message import Header, Message
from polykernel.stdin import INTERRUPTED, NOT_ALLOWED, NOT_NOW, InputRequests

CELL = Message(header=Header("cell", "execute_request"), identities=(b"front end",))


class Asker:
    """Takes the place of the evaluator and of the front end."""

    def __init__(self) -> None:
        self.happened: list[tuple[str, Any]] = []
        self.conversation = self
        self.asked: list[Header] = []
        self.requests = InputRequests(
            self,  # type: ignore[arg-type]  # its conversation's answer and refuse are all
            self.send,
            lambda: self.happened.append(("purged", None)),
        )

    def send(self, message: Message) -> None:
        self.happened.append(("asked", message.identities))
        self.asked.append(message.header)

    def answer(self, number: int | str, result: object) -> None:
        self.happened.append(("answered", (number, result)))

    def refuse(self, number: int | str, code: int, message: str) -> None:
        self.happened.append(("refused", (number, code)))

    def ask(self, number: str = "q", *, allowed: bool = True) -> None:
        self.requests.ask(number, CELL, allowed, b'{"prompt": "?"}')

    def reply(
        self,
        content: object,
        identities: tuple[bytes, ...] = (b"front end",),
        parent: object = None,
    ) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.requests.take(
            Message(
                header=Header("r", "input_reply"),
                content=data,
                identities=identities,
                parent_header=json.dumps(parent or {}).encode(),
            )
        )


@pytest.fixture
def asker() -> Asker:
    return Asker()


def test_stale_answers_are_thrown_away_before_a_question_is_sent(asker: Asker) -> None:
    asker.ask()
    assert asker.happened == [("purged", None), ("asked", (b"front end",))]


def test_an_answer_goes_to_the_evaluator_once(asker: Asker) -> None:
    asker.ask()
    asker.reply({"value": "Ada"})
    asker.reply({"value": "again"})
    assert asker.happened[2:] == [("answered", ("q", {"value": "Ada"}))]


def test_where_it_is_not_allowed_nothing_is_sent(asker: Asker) -> None:
    asker.ask(allowed=False)
    assert asker.happened == [("refused", ("q", NOT_ALLOWED))]


def test_a_newer_question_takes_the_place_of_one_that_was_given_up(asker: Asker) -> None:
    asker.ask("first")
    asker.ask("second")
    asker.reply({"value": "x"})
    asker.reply({"value": "late"})
    assert asker.happened[2:] == [
        ("refused", ("first", NOT_NOW)),
        ("purged", None),
        ("asked", (b"front end",)),
        ("answered", ("second", {"value": "x"})),
    ]


def test_a_question_that_can_not_be_delivered_is_refused(asker: Asker) -> None:
    asker.requests.undeliverable()
    asker.ask()
    asker.requests.undeliverable()
    assert asker.happened[2:] == [("refused", ("q", NOT_ALLOWED))]


def test_an_interrupt_ends_the_wait_and_the_late_answer_is_dropped(asker: Asker) -> None:
    asker.requests.interrupt()
    asker.ask()
    asker.requests.interrupt()
    asker.reply({"value": "late"})
    assert asker.happened[2:] == [("refused", ("q", INTERRUPTED))]


def test_a_question_of_a_cell_that_is_over_is_refused_and_of_no_other(asker: Asker) -> None:
    asker.ask()
    asker.requests.cell_over(Message(header=Header("another", "execute_request")))
    asker.requests.cell_over(CELL)
    asker.reply({"value": "late"})
    assert asker.happened[2:] == [("refused", ("q", NOT_NOW))]


def test_another_front_end_can_not_answer(asker: Asker) -> None:
    asker.ask()
    asker.reply({"value": "x"}, (b"another",))
    assert len(asker.happened) == 2


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"value": "\xff"}', b"3"])
def test_a_malformed_answer_is_dropped_and_the_question_stays(asker: Asker, content: bytes) -> None:
    asker.ask()
    asker.reply(content)
    asker.reply({"value": "good"})
    assert asker.happened[2:] == [("answered", ("q", {"value": "good"}))]


@pytest.mark.parametrize(("content", "value"), [({}, ""), ({"value": 3}, "3")])
def test_the_evaluator_always_gets_a_string(asker: Asker, content: object, value: str) -> None:
    asker.ask()
    asker.reply(content)
    assert asker.happened[2:] == [("answered", ("q", {"value": value}))]


def test_a_late_answer_to_an_earlier_question_is_not_taken_for_the_newer_one(asker: Asker) -> None:
    asker.ask("first")
    asker.ask("second")
    first, second = ({"msg_id": each.msg_id, "msg_type": each.msg_type} for each in asker.asked)
    before = list(asker.happened)
    asker.reply({"value": "late"}, parent=first)
    assert asker.happened == before
    asker.reply({"value": "in time"}, parent=second)
    assert asker.happened[len(before) :] == [("answered", ("second", {"value": "in time"}))]


@pytest.mark.parametrize(
    "parent",
    [
        {},
        {"msg_id": "", "msg_type": "input_request"},
        {"msg_id": "r", "msg_type": "input_reply"},
        {"msg_id": "cell", "msg_type": "execute_request"},
    ],
)
def test_an_answer_that_names_no_other_question_is_taken(asker: Asker, parent: object) -> None:
    asker.ask()
    asker.reply({"value": "x"}, parent=parent)
    assert asker.happened[2:] == [("answered", ("q", {"value": "x"}))]


def test_an_answer_that_names_another_cell_is_dropped(asker: Asker) -> None:
    asker.ask()
    asker.reply({"value": "x"}, parent={"msg_id": "another", "msg_type": "execute_request"})
    assert len(asker.happened) == 2
