"""Input: one question at a time, to the front end that sent the cell."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.client import Client
    from support.kernels import Kernel

DEAF = "signal.signal(signal.SIGINT, signal.SIG_IGN); "


def asked(client: Client, cell: str) -> dict[str, object]:
    seen = client.wait_for("input_request", cell)
    assert seen.channel == "stdin"
    return seen.content


def test_a_cell_asks_and_gets_the_answer(program: Kernel) -> None:
    client = program.client
    cell = client.send_execute("print(ask('name? ', cell=cell)['result'])", allow_stdin=True)
    assert asked(client, cell) == {"prompt": "name? ", "password": False}
    client.answer("Ada \u00e9")
    assert client.outcome(cell).text() == "{'value': 'Ada \u00e9'}\n"


def test_a_password_is_asked_for_as_one(program: Kernel) -> None:
    client = program.client
    cell = client.send_execute("print(ask('key: ', True)['result']['value'])", allow_stdin=True)
    assert asked(client, cell) == {"prompt": "key: ", "password": True}
    client.answer("secret")
    assert client.outcome(cell).text() == "secret\n"


def test_a_question_comes_after_the_text_before_it(program: Kernel) -> None:
    client = program.client
    cell = client.send_execute("print('before', end=''); ask('?')", allow_stdin=True)
    asked(client, cell)
    client.wait_for_text("before", cell)
    client.answer("")
    assert client.outcome(cell).status == "ok"


def test_a_question_is_refused_at_once_where_the_front_end_does_not_allow_it(
    program: Kernel,
) -> None:
    outcome = program.execute("print(ask('name? ')['error']['code'])", allow_stdin=False)
    assert outcome.text() == "-32001\n"
    assert not any(seen.msg_type == "input_request" for seen in program.client.seen)


def test_a_question_of_a_cell_that_is_over_is_refused(program: Kernel) -> None:
    outcome = program.execute("print(ask('?', cell=cell - 1)['error']['code'])", allow_stdin=True)
    assert outcome.text() == "-32002\n"


def test_a_newer_question_takes_the_place_of_one_that_was_given_up(program: Kernel) -> None:
    client = program.client
    cell = client.send_execute(
        """
for number in ('first', 'second'):
    content = {'prompt': number, 'password': False}
    put({'id': number, 'method': 'input_request', 'params': {'content': content}})
refused = read()
print(refused['id'], refused['error']['code'])
print(read()['result']['value'])
""",
        allow_stdin=True,
    )
    client.wait_for_text("first -32002", cell)
    # the first one came only if the front end's stdin was connected already
    client.wait(
        lambda seen: seen.channel == "stdin" and seen.content["prompt"] == "second", "the second"
    )
    client.answer("for the second")
    assert client.outcome(cell).text() == "first -32002\nfor the second\n"


def test_an_answer_that_nobody_asked_for_is_not_taken_for_a_later_question(
    program: Kernel,
) -> None:
    client = program.client
    client.answer("stale")
    program.wait_for_log("nobody asked for")
    cell = client.send_execute("print(ask('?')['result']['value'])", allow_stdin=True)
    asked(client, cell)
    client.answer("fresh")
    assert client.outcome(cell).text() == "fresh\n"


def test_a_late_answer_to_an_earlier_question_is_not_taken_for_the_newer_one(
    program: Kernel,
) -> None:
    client = program.client
    cell = client.send_execute(f"{DEAF}ask('first?')", allow_stdin=True)
    first = client.wait_for("input_request", cell).message["header"]
    client.request("interrupt_request", channel="control")
    client.outcome(cell)
    cell = client.send_execute("print(ask('second?')['result']['value'])", allow_stdin=True)
    second = client.wait_for("input_request", cell).message["header"]
    client.answer("late", parent=first)
    program.wait_for_log("another request")
    client.answer("in time", parent=second)
    assert client.outcome(cell).text() == "in time\n"


def test_only_the_front_end_that_was_asked_can_answer(program: Kernel) -> None:
    client, other = program.client, program.connect()
    other.ready()
    cell = client.send_execute("print(ask('?')['result']['value'])", allow_stdin=True)
    asked(client, cell)
    other.answer("of the other")
    program.wait_for_log("a front end that was not asked")
    client.answer("mine")
    assert client.outcome(cell).text() == "mine\n"
    assert not any(seen.msg_type == "input_request" for seen in other.seen)


@pytest.mark.parametrize("way", ["message", "signal"])
def test_a_question_can_be_interrupted(program: Kernel, way: str) -> None:
    client = program.client
    cell = client.send_execute(f"{DEAF}print(ask('?')['error']['code'])", allow_stdin=True)
    asked(client, cell)
    if way == "message":
        assert client.request("interrupt_request", channel="control").reply == {"status": "ok"}
    else:
        os.kill(program.pid, signal.SIGINT)
    assert client.outcome(cell).text() == "-32003\n"
    cell = client.send_execute("print(ask('again?')['result']['value'])", allow_stdin=True)
    client.wait(lambda seen: seen.parent == cell and seen.channel == "stdin", "the next question")
    client.answer("yes")
    assert client.outcome(cell).text() == "yes\n"


def test_a_question_of_an_evaluator_that_died_is_forgotten(program: Kernel) -> None:
    client = program.client
    cell = client.send_execute("ask('?')", allow_stdin=True)
    asked(client, cell)
    program.evaluator().kill()
    assert client.outcome(cell).status == "error"
    client.answer("too late")
    cell = client.send_execute("print(ask('?')['result']['value'])", allow_stdin=True)
    asked(client, cell)
    client.answer("in time")
    assert "in time" in client.outcome(cell).text()


def test_a_front_end_whose_stdin_socket_connects_late_is_asked_all_the_same(
    program: Kernel,
) -> None:
    client = program.connect(stdin=False)
    client.ready()
    cell = client.send_execute(
        "print('asks'); print(ask('?')['result']['value'])", allow_stdin=True
    )
    client.wait_for_text("asks", cell)
    client.connect_stdin()
    asked(client, cell)
    client.answer("here I am")
    assert "here I am" in client.outcome(cell).text()
