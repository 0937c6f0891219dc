"""Input requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .host import Host


def asked(host: Host, count: int = 1) -> dict[str, Any]:
    """Wait for the nth input request."""

    def requests() -> list[dict[str, Any]]:
        return [m for m in host.messages if m.get("method") == "input_request"]

    host.read(lambda: len(requests()) >= count, f"input request {count}")
    host.drain()
    return requests()[count - 1]


def answer(host: Host, request: dict[str, Any], **content: Any) -> None:
    host.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], **content}) + "\n")


def test_an_answer_is_returned(host: Host) -> None:
    cell = host.start("print('begun', end=''); cell.input('name? ', password=True)")
    request = asked(host)
    assert request["params"] == {"cell": cell, "content": {"prompt": "name? ", "password": True}}
    assert host.text() == "begun"
    answer(host, request, result={"value": "Grüße"})
    assert host.result(cell)["result"]["data"] == {"text/plain": "Grüße"}


def test_a_prompt_with_a_lone_surrogate_can_be_sent(host: Host) -> None:
    cell = host.start("cell.input('\\ud800')")
    answer(host, asked(host), result={"value": "x"})
    assert host.result(cell)["status"] == "ok"


def test_input_that_is_not_allowed_is_refused_at_once(host: Host) -> None:
    assert host.run("cell.input()", allow_stdin=False)["ename"] == "InputRefused"
    assert not [m for m in host.messages if m.get("method") == "input_request"]


@pytest.mark.parametrize("code", [-32001, -32002])
def test_a_refusal_of_the_host_is_told(host: Host, code: int) -> None:
    cell = host.start("cell.input()")
    answer(host, asked(host), error={"code": code, "message": "not now"})
    result = host.result(cell)
    assert (result["ename"], result["evalue"]) == ("InputRefused", "not now")


def test_an_interrupt_ends_the_wait(host: Host) -> None:
    cell = host.start("cell.input()")
    request = asked(host)
    host.interrupt()
    assert host.result(cell)["ename"] == "KeyboardInterrupt"
    answer(host, request, result={"value": "too late"})
    cell = host.start("cell.input()")
    answer(host, asked(host, 2), result={"value": "in time"})
    assert host.result(cell)["result"]["data"] == {"text/plain": "in time"}


def test_an_interrupt_ends_the_wait_of_an_evaluator_with_a_way_of_its_own() -> None:
    with Host("sample.python:Flag") as host:
        host.hello()
        cell = host.start("cell.input()")
        asked(host)
        host.interrupt()
        assert host.result(cell)["ename"] == "KeyboardInterrupt"


def test_an_interrupt_that_comes_by_both_ways_is_one(host: Host) -> None:
    cell = host.start(
        "count = 0\n"
        "try: cell.input()\n"
        "except KeyboardInterrupt: count += 1\n"
        "for i in range(100000): pass\n"
        "count"
    )
    answer(host, asked(host), error={"code": -32003, "message": "interrupted"})
    host.interrupt()
    assert host.result(cell)["result"]["data"] == {"text/plain": "1"}


def test_a_second_request_at_the_same_time_is_refused(host: Host) -> None:
    cell = host.start(
        "import threading\n"
        "def ask(cell=cell):\n"
        "    try: cell.input()\n"
        "    except Exception as error: print(error)\n"
        "threads = [threading.Thread(target=ask) for _ in range(2)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()"
    )
    request = asked(host)
    host.wait_for("another input request is outstanding\n")
    answer(host, request, result={"value": ""})
    assert host.result(cell)["status"] == "ok"


def test_a_thread_may_ask_while_its_cell_runs_and_not_after(host: Host) -> None:
    cell = host.start(
        "import threading\n"
        "go = threading.Event(); found = []\n"
        "def work(cell=cell):\n"
        "    found.append(cell.input('first'))\n"
        "    asked.set(); go.wait()\n"
        "    try: cell.input('second')\n"
        "    except Exception as error: found.append(type(error).__name__)\n"
        "asked = threading.Event()\n"
        "thread = threading.Thread(target=work); thread.start(); asked.wait()"
    )
    answer(host, asked(host), result={"value": "one"})
    host.result(cell)
    assert host.value("go.set(); thread.join(); found") == "['one', 'InputRefused']"


def test_a_question_that_is_given_up_makes_room_and_its_answer_is_dropped(host: Host) -> None:
    cell = host.start(
        "import signal\n"
        "def give_up(*_): raise TimeoutError\n"
        "signal.signal(signal.SIGALRM, give_up)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.05)\n"
        "try: cell.input('first')\n"
        "except TimeoutError: print('given up', flush=True)\n"
        "cell.input('second')"
    )
    first = asked(host)
    host.wait_for("given up")
    second = asked(host, 2)
    answer(host, first, result={"value": "to the first"})
    answer(host, first, error={"code": -32002, "message": "another one came"})
    answer(host, second, result={"value": "to the second"})
    assert host.result(cell)["result"]["data"] == {"text/plain": "to the second"}


def test_a_signal_handler_may_ask_within_a_question(host: Host) -> None:
    """The host refuses the older one, and whoever has asked it hears that."""
    cell = host.start(
        "import signal\n"
        "def ask(*_): found.append(cell.input('inner'))\n"
        "found = []\n"
        "signal.signal(signal.SIGALRM, ask)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.05)\n"
        "try: cell.input('outer')\n"
        "except Exception as error: found.append(str(error))\n"
        "found"
    )
    outer, inner = asked(host), asked(host, 2)
    assert inner["params"]["content"]["prompt"] == "inner"
    answer(host, outer, error={"code": -32002, "message": "another one came"})
    answer(host, inner, result={"value": "answered"})
    text = host.result(cell)["result"]["data"]["text/plain"]
    assert text == "['answered', 'another one came']"
