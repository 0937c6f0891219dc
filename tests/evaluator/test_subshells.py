"""Cells side by side, in every Python that may evaluate."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from support import processes

from .host import Host

LOOPS = {
    "computes": "while True: pass",
    "prints": "while True: print('x' * 50)",
    "sleeps": "import time; time.sleep(1000)",
    "awaits": "import asyncio; await asyncio.sleep(1000)",
    "awaits a step": (
        "import asyncio\nasync def step():\n    while True: pass\nawait asyncio.create_task(step())"
    ),
}


def interrupted(host: Host, code: str) -> dict[str, Any]:
    """Interrupt a subshell's cell as soon as it has printed that it has begun; give its result."""
    cell = host.start(code, subshell="a")
    host.read(lambda: "begun" in host.streams("stdout", cell), "begun")
    host.interrupt(cell)
    return host.result(cell)


def test_a_subshells_cell_runs_beside_the_main_one(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        main = host.start("import threading; go = threading.Event(); print('waits'); go.wait()")
        host.wait_for("waits")
        beside = host.start("print('beside'); go.set()", subshell="a")
        assert host.result(beside)["status"] == "ok"
        assert host.result(main)["status"] == "ok"
        assert host.streams("stdout", beside) == "beside\n"
        assert host.text() == "waits\n"


@pytest.mark.parametrize("code", LOOPS.values(), ids=LOOPS.keys())
def test_an_interrupt_reaches_a_subshells_cell(python: str, code: str) -> None:
    with Host(python=python) as host:
        host.hello()
        for _ in range(3):
            assert interrupted(host, f"print('begun')\n{code}")["ename"] == "KeyboardInterrupt"
            assert host.value("1 + 1", subshell="a") == "2"


TRIES_AGAIN = """
import time
from threading import Lock
lock = Lock(); lock.acquire()
until, interrupts, caught = None, 0, None
while until is None or time.monotonic() < until:
    try:
        if until is None: print('begun')
        while until is None or time.monotonic() < until: lock.acquire(timeout=0.001)
    except KeyboardInterrupt as error:
        interrupts, caught = interrupts + 1, type(error) is KeyboardInterrupt
        until = time.monotonic() + 0.5
(interrupts, caught)
"""


def test_an_interrupt_that_is_caught_does_not_come_again(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        result = interrupted(host, TRIES_AGAIN)["result"]
        assert result["data"]["text/plain"] == "(1, True)"


# with one processor the interpreter changes hands where a new thread has not begun
STARTS_THREADS = """
import os, threading
if hasattr(os, 'sched_setaffinity'): os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])
print('begun')
while True:
    thread = threading.Thread(target=int); thread.start(); thread.join()
"""


def test_an_interrupt_reaches_a_cell_that_always_starts_a_thread(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        for _ in range(10):
            assert interrupted(host, STARTS_THREADS)["ename"] == "KeyboardInterrupt"


# a thread of the runtime's begins late on a busy machine only: here it is said that one has not
HAS_STARTED_ONE = """
import os, sys, threading
from polykernel.evaluator.own_threads import own_threads
begun = False
own_threads._starters.append(threading.get_ident())
try:
    os.write(1, b'begun\\n')  # not print(), which may raise where an interrupt waits
    while not sys.stdout._outlet.deferred: pass
    begun = True
    own_threads._starters.remove(threading.get_ident())
    while True: pass
except KeyboardInterrupt: pass
begun
"""


def test_an_interrupt_waits_until_a_thread_has_begun_that_would_get_it(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        cell = host.start(HAS_STARTED_ONE, subshell="a")
        host.wait_for("begun")
        host.interrupt(cell)
        assert host.result(cell)["result"]["data"]["text/plain"] == "True"


# such a thread has its starter's number until it begins, and is not ours to know of
STARTS_A_BARE_THREAD = """
import _thread, time
try:
    print('begun')
    while True: pass
except KeyboardInterrupt: pass
time.sleep(0.05)
x = _thread.start_new_thread(time.sleep, (0.01,))
"""


def test_a_cell_that_caught_an_interrupt_ends_whatever_it_starts_then(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        for _ in range(5):
            assert interrupted(host, STARTS_A_BARE_THREAD)["status"] == "ok"
        assert host.streams("stderr") == ""


def test_an_interrupt_that_comes_before_its_cell_ends_that_cell(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        first = host.start("import time; time.sleep(1000)", subshell="a")
        second = host.start("'never'", subshell="a")
        host.notify("interrupt", cell=second)
        host.notify("interrupt", cell=first)
        assert host.result(first)["ename"] == "KeyboardInterrupt"
        assert host.result(second)["ename"] == "KeyboardInterrupt"
        assert host.value("'next'", subshell="a") == "next"


def test_the_notification_alone_interrupts_no_other_cell(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        host.run("done = False")
        main = host.start("print('waits')\nwhile not done: pass\n'main'")
        host.wait_for("waits")
        beside = host.start("while True: pass", subshell="a")
        host.notify("interrupt", cell=beside)
        assert host.result(beside)["ename"] == "KeyboardInterrupt"
        host.run("done = True", subshell="b")
        assert host.result(main)["result"]["data"]["text/plain"] == "main"


def test_a_deleted_subshells_thread_ends_when_it_is_done(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        alive = "import threading; sorted(t.name for t in threading.enumerate())"
        host.run("1", subshell="a")
        assert "subshell a" in host.value(alive)
        host.run("import threading; [t] = [t for t in threading.enumerate() if 'shell' in t.name]")
        host.notify("delete_subshell", subshell="a")
        assert host.value("t.join(); t.is_alive()") == "False"


COUNTS = """
import asyncio, os, threading
len(os.listdir('/proc/self/fd')), threading.active_count()
"""
THREADS = "import threading; threading.active_count()"
AWAITS = """
import asyncio
async def work():
    try:
        await asyncio.sleep(1000)
    finally:
        print('cleaned')
task = asyncio.create_task(work())
await asyncio.sleep(0)
await asyncio.get_running_loop().run_in_executor(None, print, 'worked')
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_deleted_subshells_leave_no_event_loop_and_end_their_tasks(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        host.run(AWAITS)

        def use(name: str) -> None:
            cell = host.start(AWAITS, subshell=name)
            assert host.result(cell)["status"] == "ok"
            host.notify("delete_subshell", subshell=name)
            host.read(lambda: "cleaned" in host.streams("stdout", cell), "the end of its task")

        threads = host.value(THREADS)
        use("first")
        host.value("import gc; gc.disable(); 'nothing else closes it'")
        use("second")
        # a subshell's threads end when its loop is closed
        processes.until(lambda: host.value(THREADS) == threads, "the end of their threads")
        before = host.value(COUNTS)
        for number in range(5):
            use(f"subshell {number}")
        processes.until(lambda: host.value(COUNTS) == before, "what was before")


def test_a_child_that_is_forked_in_a_subshell_prints_and_ends(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        code = (
            "import os\n"
            "pid = os.fork()\n"
            "if pid: status = os.waitpid(pid, 0)[1]\n"
            "else: print('child')\n"
            "status if pid else 'never'"
        )
        assert host.value(code, subshell="a") == "0"
        assert "child" in host.text()


def test_time_sleep_is_as_before_for_all_others(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        host.run("1", subshell="a")
        for subshell in ({}, {"subshell": "a"}):
            reply = host.run("import time; time.sleep(-1)", **subshell)
            assert reply["ename"] == "ValueError"
            assert host.value("import time; time.sleep(0.001); 'slept'", **subshell) == "slept"
