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


THREADS = """
import threading
found = []
def ask(prompt, cell=cell):
    try: found.append(cell.input(prompt))
    except BaseException as error: found.append(type(error).__name__)
def start(*prompts):
    threads = [threading.Thread(target=ask, args=(prompt,)) for prompt in prompts]
    for thread in threads: thread.start()
    return threads
"""


def requests_of(host: Host) -> list[str]:
    host.drain()
    asked = [m for m in host.messages if m.get("method") == "input_request"]
    return [each["params"]["content"]["prompt"] for each in asked]


def test_threads_ask_one_after_the_other(host: Host) -> None:
    code = "threads = start('a', 'b', 'c')\nfor each in threads: each.join()\nsorted(found)"
    cell = host.start(THREADS + code)
    for count in (1, 2, 3):
        request = asked(host, count)
        assert len(requests_of(host)) == count
        answer(host, request, result={"value": request["params"]["content"]["prompt"]})
    assert host.result(cell)["result"]["data"]["text/plain"] == "['a', 'b', 'c']"


def test_an_interrupt_ends_the_wait_of_all_threads_of_the_cell(host: Host) -> None:
    code = """
threads = start('first')
try:
    asked.wait()
    threads += start('second', 'third')
    print('all ask', flush=True)
    while True: pass
except KeyboardInterrupt:
    for each in threads: each.join()
found
"""
    host.run("import threading; asked = threading.Event()")
    cell = host.start(THREADS + code)
    request = asked(host)
    host.run("asked.set()", subshell="a")
    host.wait_for("all ask")
    answer(host, request, error={"code": -32003, "message": "interrupted"})
    host.interrupt(cell)
    text = host.result(cell)["result"]["data"]["text/plain"]
    assert text == str(["KeyboardInterrupt"] * 3)
    assert requests_of(host) == ["first"]


def test_an_interrupt_ends_the_main_threads_wait_for_its_turn(host: Host) -> None:
    code = "threads = start('first')\nasked.wait()\nask('second')\nfound"
    host.run("import threading; asked = threading.Event()")
    cell = host.start(THREADS + code)
    request = asked(host)
    host.run("asked.set()", subshell="a")
    host.notify("interrupt", cell=0)  # of no cell: harms nobody
    host.interrupt()
    result = host.result(cell)
    # the signal may have come before the main thread has asked
    if result["status"] == "ok":
        assert result["result"]["data"]["text/plain"] == "['KeyboardInterrupt']"
    else:
        assert result["ename"] == "KeyboardInterrupt"
    answer(host, request, error={"code": -32002, "message": "the cell is over"})
    assert host.value("threads[0].join(); found[-1]") == "InputRefused"


def test_a_subshells_wait_for_its_turn_can_be_interrupted(host: Host) -> None:
    main = host.start("cell.input('main')")
    request = asked(host)
    beside = host.start("print('beside'); cell.input('beside')", subshell="a")
    host.wait_for_event("stream")
    host.notify("interrupt", cell=beside)
    assert host.result(beside)["ename"] == "KeyboardInterrupt"
    answer(host, request, result={"value": "answered"})
    assert host.result(main)["result"]["data"]["text/plain"] == "answered"
    assert requests_of(host) == ["main"]


def test_threads_that_wait_when_their_cell_ends_are_refused_and_hold_up_no_other_cell(
    host: Host,
) -> None:
    cell = host.start(THREADS + "threads = start('a', 'b', 'c')")
    request = asked(host)
    host.result(cell)
    cell = host.start("cell.input('next')")
    second = asked(host, 2)
    assert second["params"]["content"]["prompt"] == "next"
    answer(host, request, error={"code": -32002, "message": "the cell is over"})
    answer(host, second, result={"value": "answered"})
    assert host.result(cell)["result"]["data"]["text/plain"] == "answered"
    text = host.value("for each in threads: each.join()\nfound")
    assert text == str(["InputRefused"] * 3)


def test_a_child_that_is_forked_while_a_thread_asks_is_refused_and_harms_nothing(
    host: Host,
) -> None:
    code = """
import os
threads = start('parent')
asked.wait()
pid = os.fork()
if not pid:
    ask('child')
    os._exit(found != ['InputRefused'])
status = os.waitpid(pid, 0)[1]
print('child ended', status, flush=True)
threads[0].join()
found
"""
    host.run("import threading; asked = threading.Event()")
    cell = host.start(THREADS + code)
    request = asked(host)
    host.run("asked.set()", subshell="a")
    host.wait_for("child ended 0")
    answer(host, request, result={"value": "answered"})
    assert host.result(cell)["result"]["data"]["text/plain"] == "['answered']"


def test_a_signal_handler_may_ask_while_the_main_thread_waits_for_its_turn(host: Host) -> None:
    code = """
import signal
def handler(*_):
    print('handler asks', flush=True)
    found.append(mine.input('inner'))
signal.signal(signal.SIGALRM, handler)
mine = cell
threads = start('thread')
asked.wait()
signal.setitimer(signal.ITIMER_REAL, 0.05)
found.append(mine.input('outer'))
threads[0].join()
found
"""
    host.run("import threading; asked = threading.Event()")
    cell = host.start(THREADS + code)
    request = asked(host)
    host.run("asked.set()", subshell="a")
    host.wait_for("handler asks")
    answer(host, request, result={"value": "thread"})
    for count, prompt in ((2, "inner"), (3, "outer")):
        request = asked(host, count)
        assert request["params"]["content"]["prompt"] == prompt
        answer(host, request, result={"value": prompt})
    assert host.result(cell)["result"]["data"]["text/plain"] == "['thread', 'inner', 'outer']"


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
