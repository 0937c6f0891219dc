"""Requests and answers, over real pipes: these tests speak in the evaluator's place."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from support.loops import run_until
from support.watching import Watcher

from polykernel.channel_lines import Failure
from polykernel.conversation import Conversation
from polykernel.launch import Pipes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tornado.ioloop import IOLoop


class Talk:
    """A conversation with one evaluator after the other."""

    def __init__(self, loop: IOLoop) -> None:
        self.loop = loop
        self.watcher = Watcher()
        self.acknowledged: list[bool] = []
        self.answers: list[Any] = []
        self.conversation = Conversation(
            on_acknowledged=lambda: self.acknowledged.append(True),
        )
        self.conversation.watcher = self.watcher
        self._ours: list[int] = []

    def begin(self) -> None:
        """Be a new evaluator."""
        requests, to_us = os.pipe()
        pairs = [os.pipe() for _ in range(4)]
        theirs = [to_us, *(reader for reader, _ in pairs)]
        for descriptor in (requests, *theirs):  # what was not sent must not be waited for
            os.set_blocking(descriptor, False)
        self._ours = [requests, *(writer for _, writer in pairs)]
        self.conversation.begin(Pipes(*theirs))

    def end(self) -> str:
        """Be gone, with all that was written."""
        ours, self._ours = self._ours, []
        for descriptor in ours:
            os.close(descriptor)
        return self.conversation.end()

    def ask(self, method: str = "execute", **more: Any) -> int:
        return self.conversation.request(method, {}, self.answers.append, **more)

    def ask_with_a_buffer(self) -> tuple[Any, bytes]:
        """Give what comes of the buffer: its place in the line, and what is behind the line."""
        self.conversation.request("comm_msg", {"n": 1}, self.answers.append, [b"\0\n\xff"])
        line, _, rest = os.read(self._ours[0], 1 << 16).partition(b"\n")
        return json.loads(line)["params"]["buffers"], rest

    def read(self) -> list[dict[str, Any]]:
        """Read what has been sent to the evaluator."""
        return [json.loads(line) for line in os.read(self._ours[0], 1 << 16).splitlines()]

    def say(self, *messages: dict[str, Any]) -> None:
        os.write(self._ours[1], b"".join(json.dumps(each).encode() + b"\n" for each in messages))

    def print(self, text: bytes) -> None:
        os.write(self._ours[2], text)

    def last_words(self, text: bytes) -> None:
        os.write(self._ours[4], text)

    def until(self, happened: Callable[[], object], what: str) -> None:
        run_until(self.loop, happened, what)


@pytest.fixture
def talk(loop: IOLoop) -> Iterator[Talk]:
    it = Talk(loop)
    it.begin()
    yield it
    it.end()


def test_each_answer_goes_to_its_request_in_whatever_order_they_come(talk: Talk) -> None:
    first, second = talk.ask(), talk.ask("complete")
    assert [(each["id"], each["method"]) for each in talk.read()] == [
        (first, "execute"),
        (second, "complete"),
    ]
    talk.say({"id": second, "result": {"n": 2}}, {"id": first, "result": {"n": 1}})
    talk.until(lambda: len(talk.answers) == 2, "both answers")
    assert [msgspec.json.decode(each)["n"] for each in talk.answers] == [2, 1]


def test_an_error_and_an_answer_with_nothing_are_failures(talk: Talk) -> None:
    first, second = talk.ask(), talk.ask()
    talk.say({"id": first, "error": {"code": -1, "message": "no"}}, {"id": second})
    talk.until(lambda: len(talk.answers) == 2, "both answers")
    assert [type(each) for each in talk.answers] == [Failure, Failure]
    assert talk.answers[0].message == "no"


@pytest.mark.parametrize("number", [99, "a", "1"])
def test_an_answer_to_nothing_is_told(talk: Talk, number: object) -> None:
    talk.ask()
    talk.say({"id": number, "result": {}})
    talk.until(lambda: talk.watcher.refused, "the refusal")
    assert repr(number) in talk.watcher.refused[0]
    assert not talk.answers


def test_a_second_answer_to_one_request_is_told_and_not_handed_on(talk: Talk) -> None:
    number = talk.ask()
    talk.say({"id": number, "result": {}}, {"id": number, "result": {}})
    talk.until(lambda: talk.watcher.refused, "the refusal")
    assert len(talk.answers) == 1


def test_what_the_evaluator_asks_for_and_the_host_does_not_know_is_refused(talk: Talk) -> None:
    talk.say({"id": "x", "method": "sing", "params": {}}, {"method": "after", "params": {}})
    talk.until(lambda: talk.watcher.events, "what came after it")
    (refusal,) = talk.read()
    assert refusal["id"] == "x"
    assert refusal["error"]["code"] == -32601


def test_requests_for_input_are_handed_on_and_answered_by_their_id(talk: Talk) -> None:
    talk.say({"id": "q", "method": "input_request", "params": {"cell": 1}})
    talk.until(lambda: talk.watcher.questions, "the question")
    assert talk.watcher.questions[0].id == "q"
    talk.conversation.answer("q", {"value": "é"})
    talk.conversation.refuse("q", -32001, "too late")
    answer, refusal = talk.read()
    assert (answer["id"], answer["result"]) == ("q", {"value": "é"})
    assert refusal["error"] == {"code": -32001, "message": "too late"}


def test_an_acknowledgement_is_told(talk: Talk) -> None:
    talk.say({"method": "interrupted", "params": {}})
    talk.until(lambda: talk.acknowledged, "the acknowledgement")


@pytest.mark.parametrize("content", [{}, {"token": 1}, []])
def test_marks_without_a_token_are_told(talk: Talk, content: object) -> None:
    talk.say({"method": "marks", "params": {"content": content}})
    talk.until(lambda: talk.watcher.refused, "the refusal")
    assert talk.watcher.refused[0].startswith("marks")


def test_without_an_evaluator_a_request_fails_and_says_why(loop: IOLoop) -> None:
    talk = Talk(loop)
    talk.ask(trouble="it is broken")
    talk.ask()
    assert not talk.answers  # not within the call
    talk.until(lambda: len(talk.answers) == 2, "both failures")
    assert [each.message for each in talk.answers] == ["it is broken", "there is no evaluator"]
    assert talk.end() == ""


def test_what_is_said_to_nobody_is_lost(loop: IOLoop) -> None:
    talk = Talk(loop)
    talk.conversation.notify("interrupt", {})
    talk.conversation.answer("q", {})
    talk.conversation.offers_marks("token")
    talk.begin()
    talk.ask()
    assert [each["method"] for each in talk.read()] == ["execute"]
    talk.end()


def test_at_the_end_what_was_left_is_told_and_the_rest_is_never_answered(talk: Talk) -> None:
    first, second = talk.ask(), talk.ask()
    talk.say({"id": first, "result": {}})
    talk.print(b"left")
    talk.last_words(b"Fatal")
    assert talk.end() == "Fatal"
    assert talk.watcher.text == b"left"
    assert len(talk.answers) == 1
    talk.begin()
    assert talk.ask() not in (first, second)  # a late answer must not be taken for another
    talk.say({"id": second, "result": {}})
    talk.until(lambda: talk.watcher.refused, "the refusal")
    assert len(talk.answers) == 1


def test_what_is_paused_stays_so_with_the_next_evaluator(talk: Talk) -> None:
    talk.conversation.pause()
    talk.end()
    talk.begin()
    talk.say({"id": talk.ask("hello"), "result": {}}, {"id": talk.ask(), "result": {}})
    turns: list[bool] = []
    for _ in range(20):
        turns.clear()
        talk.loop.add_callback(turns.append, True)
        talk.until(lambda: turns, "a turn of the loop")
    assert len(talk.answers) == 1  # its hello, which tells of the marks in what it prints
    talk.conversation.resume()
    talk.until(lambda: len(talk.answers) == 2, "the answer")


def test_buffers_go_as_they_are_where_the_evaluator_takes_them(talk: Talk) -> None:
    assert talk.ask_with_a_buffer() == (["AAr/"], b"")
    talk.conversation.raw_buffers = True
    assert talk.ask_with_a_buffer() == ([3], b"\0\n\xff")
    talk.end()
    talk.begin()  # nothing is known of the next one
    assert talk.ask_with_a_buffer() == (["AAr/"], b"")
