"""No request is lost on its way to the thread that serves it, nor served twice."""

from __future__ import annotations

from polykernel.evaluator.inbox import Inbox


def test_what_was_taken_can_be_put_back_once() -> None:
    inbox = Inbox()
    first, second = {"id": 1}, {"id": 2}
    inbox.put(first)
    inbox.put(second)
    inbox.take()
    assert (inbox.first(), inbox.taken) == (second, first)
    inbox.put_back()
    inbox.put_back()
    inbox.take()
    inbox.take()
    assert inbox.empty()
    inbox.put_back()
    assert inbox.first() is second


def test_who_waits_for_a_message_finds_it_there_until_it_is_taken() -> None:
    inbox = Inbox()
    for number in range(3):
        inbox.put({"id": number})
    seen = []
    while not inbox.empty():
        seen.append((inbox.first()["id"], inbox.first()["id"]))
        inbox.take()
    assert seen == [(0, 0), (1, 1), (2, 2)]
