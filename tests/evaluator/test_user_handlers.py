"""What signal handlers of user code raise: it arrives, tears nothing, and ends no process."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .host import Host

ALARM = """
import signal
calls = 0
def late(number, frame):
    global calls
    calls += 1
    raise TimeoutError(f"late: {number}")
signal.signal(signal.SIGALRM, late)
"""
ONCE = "signal.setitimer(signal.ITIMER_REAL, 0.001)\n"


def test_what_one_raises_between_cells_is_told_and_ends_nothing(host: Host) -> None:
    cell = host.start(f"{ALARM}kept = 5\nimport threading; here = threading.main_thread().ident")
    host.result(cell)
    beside = "import signal; signal.pthread_kill(here, signal.SIGALRM)"
    host.run(beside, subshell="other")
    host.read(lambda: "late: 14" in host.streams("stderr"), "the error")
    told = host.streams("stderr")
    assert "a signal handler has raised where no cell was running:" in told
    assert "TimeoutError: late: 14" in told
    assert "polykernel" not in told
    assert host.value("kept, calls") == "(5, 1)"


def test_one_raises_in_the_cell_that_runs(host: Host) -> None:
    reply = host.run(f"{ALARM}{ONCE}while True: pass")
    assert (reply["ename"], reply["evalue"]) == ("TimeoutError", "late: 14")
    assert host.run(f"import time\n{ONCE}time.sleep(1000)")["ename"] == "TimeoutError"
    assert host.run(f"import threading\n{ONCE}threading.Event().wait()")["ename"] == "TimeoutError"


@pytest.mark.parametrize(
    "show",
    ["cell.display(text)", "print(text)", "print(text, file=sys.stderr)", "cell.write(line)"],
)
@pytest.mark.parametrize("length", [10, 300_000])
def test_output_of_any_size_is_neither_torn_nor_does_it_swallow_one(
    host: Host, show: str, length: int
) -> None:
    host.run(f"{ALARM}import sys\ntext = 'x' * {length}; line = text + chr(10)")
    hit = f"""
def go():  # not in the block of `try`: Python covers no jump back with it that ends a block
    before = calls
    while calls == before:
        {show}
raised = 0
while raised < 100:
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0001 + 0.00002 * raised)
        go()
    except TimeoutError:
        raised += 1
raised, calls
"""
    assert host.value(hit) == "(100, 100)"  # the channel can still be read
    assert host.value("text == 'x' * len(text)") == "True"


def test_one_that_has_to_wait_is_called_when_all_is_sent(host: Host) -> None:
    """Also where more than one waits, and each raises."""
    more = (
        "signal.signal(signal.SIGUSR1, late)\n"
        "class Shown:\n"
        "    def __del__(self):\n"  # within the outlet's lock, as a finalizer may run there
        "        with outlet.lock:\n"
        "            signal.raise_signal(signal.SIGALRM); signal.raise_signal(signal.SIGUSR1)\n"
        "import gc\n"
        "outlet = [x for x in gc.get_objects() if type(x).__name__ == 'Outlet'][0]\n"
        "caught = []\n"
        "shown = Shown()\n"
        "del shown\n"
        "for count in range(2):\n"
        "    try: cell.display('whole')\n"
        "    except TimeoutError as error: caught.append(str(error))\n"
        "caught\n"
    )
    host.run(ALARM)
    assert host.value(more) == "['late: 14', 'late: 10']"
    assert len(host.events("display_data")) == 2


def test_user_code_sees_its_own_handlers(host: Host) -> None:
    host.run(f"{ALARM}default = signal.SIG_DFL")
    assert host.value("signal.getsignal(signal.SIGALRM) is late") == "True"
    assert host.value("signal.signal(signal.SIGALRM, signal.SIG_IGN) is late") == "True"
    assert host.value("signal.signal(signal.SIGALRM, late) == signal.SIG_IGN") == "True"
    assert host.value("type(signal.getsignal(signal.SIGUSR1)).__name__") == "Handlers"
    assert host.run("signal.signal(signal.SIGALRM, None)")["ename"] == "TypeError"
    assert host.run("signal.signal(signal.SIGKILL, late)")["ename"] == "OSError"
    assert host.run("signal.signal(1000, late)")["ename"] == "ValueError"


def test_the_runtimes_own_handler_may_be_put_back(host: Host) -> None:
    host.run("import atexit, signal; atexit.register(print, 'bye')")
    host.run("before = signal.signal(signal.SIGTERM, print); signal.signal(signal.SIGTERM, before)")
    host.process.send_signal(signal.SIGTERM)
    assert host.wait_for_end() == -signal.SIGTERM
    assert "bye" in host.text()


def test_a_handler_of_sigterm_stays_in_later_cells(host: Host) -> None:
    host.run("import os, signal; _ = signal.signal(signal.SIGTERM, lambda *_: print('got it'))")
    host.run("os.kill(os.getpid(), signal.SIGTERM)")
    assert host.text() == "got it\n"
    host.run("_ = signal.signal(signal.SIGTERM, signal.SIG_DFL)")
    host.run("import atexit; atexit.register(print, 'bye')")
    host.process.send_signal(signal.SIGTERM)
    assert host.wait_for_end() == -signal.SIGTERM
    assert "bye" in host.text()


def test_one_raises_in_a_child_that_was_forked_between_cells(host: Host) -> None:
    code = f"""{ALARM}
import gc, os, threading
signals = [x for x in gc.get_objects() if type(x).__name__ == 'Interrupts'][0]
def fork():
    while signals.armed: pass
    if os.fork() == 0:
        try: signal.raise_signal(signal.SIGALRM)
        except TimeoutError: print('caught', flush=True)
        os._exit(0)
threading.Thread(target=fork).start()
"""
    host.run(code)
    host.read(lambda: "caught" in host.text() + host.streams("stdout"), "the child")


def test_one_is_called_in_a_child_of_a_child(host: Host) -> None:
    code = f"""{ALARM}
import os
if os.fork() == 0:
    if os.fork() == 0:
        try: signal.raise_signal(signal.SIGALRM)
        except TimeoutError: print('caught', flush=True)
        os._exit(0)
    os.wait()
    os._exit(0)
os.wait()
"""
    host.run(code)
    host.read(lambda: "caught" in host.text() + host.streams("stdout"), "the child's child")


def test_one_raises_in_what_runs_at_the_end(host: Host) -> None:
    host.run(
        f"{ALARM}import atexit\n"
        "def end():\n"
        "    try: signal.raise_signal(signal.SIGALRM)\n"
        "    except TimeoutError: print('caught')\n"
        "atexit.register(end)"
    )
    host.send("shutdown", restart=False)
    assert host.wait_for_end() == 0
    assert "caught" in host.text()


def test_the_task_of_a_cell_in_which_one_has_raised_is_cancelled(host: Host) -> None:
    code = f"""{ALARM}
import asyncio
async def wait():
    try: await asyncio.sleep(1000)
    finally: print('cleaned up')
{ONCE}await wait()
"""
    assert host.run(code)["ename"] == "TimeoutError"
    assert host.text() == "cleaned up\n"
    assert host.value("await asyncio.sleep(0); len(asyncio.all_tasks())") == "1"


def test_a_method_that_shows_an_object_does_not_swallow_one(host: Host) -> None:
    host.run(
        f"{ALARM}import time\nclass Slow:\n    def _repr_html_(self):\n        {ONCE}"
        "        time.sleep(1000)\n"
        "class Endless:\n    def __getattr__(self, name):\n        "
        f"{ONCE}        while True: pass\n"
    )
    assert host.run("cell.display(Slow())")["ename"] == "TimeoutError"
    host.run(
        "class Prints:\n    def _repr_html_(self):\n        before = calls\n        "
        f"{ONCE}        while calls == before: print('x' * 100_000)\n"
    )
    assert host.run("cell.display(Prints())")["ename"] == "TimeoutError"
    assert host.run("cell.display(Endless())")["ename"] == "TimeoutError"


DEADLINE = """
kept = 7
def trace(frame, event, argument):
    if over: raise TimeoutError("too late")
    return trace
import sys, threading
over = False
"""


@pytest.mark.parametrize("setter", ["sys.settrace", "sys.setprofile"])
def test_what_a_trace_function_raises_that_was_left_behind_ends_nothing(
    host: Host, setter: str
) -> None:
    host.run(f"{DEADLINE}{setter}(trace)")
    host.run("over = True", subshell="other")
    answer = host.response(host.start("kept"))
    # it is raised in whatever runs first: before the cell, in it, or when it is being answered
    assert "result" in answer or "error" in answer
    assert host.value("kept") == "7"
    assert "too late" in host.seen()
    host.run("import gc\n[at] = [x for x in gc.get_objects() if type(x).__name__ == 'Runtime']")
    idle = "'incomplete' if at._main.busy else 'complete'"
    assert host.result(host.send("is_complete", code=idle)) == {"status": "complete"}


def test_what_another_thread_raises_between_cells_is_told_and_ends_nothing(host: Host) -> None:
    host.run("kept = 7; import threading; here = threading.main_thread().ident")
    raising = (
        "import ctypes\n"
        "ctypes.pythonapi.PyThreadState_SetAsyncExc("
        "ctypes.c_ulong(here), ctypes.py_object(ZeroDivisionError))"
    )
    host.run(raising, subshell="other")
    answer = host.response(host.start("kept"))  # which wakes the thread
    assert "result" in answer or "error" in answer
    assert host.value("kept") == "7"
    assert "ZeroDivisionError" in host.seen()


def test_tasks_go_on_where_something_is_raised_in_their_loop_between_cells(host: Host) -> None:
    host.run(
        "import asyncio, threading; here = threading.main_thread().ident\n"
        "loop, go = asyncio.get_running_loop(), asyncio.Event()\n"
        "async def later(): await go.wait(); print('went on')\n"
        "task = asyncio.create_task(later()); await asyncio.sleep(0)"
    )
    raising = (
        "import ctypes\n"
        "asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()\n"  # it runs, and waits
        "ctypes.pythonapi.PyThreadState_SetAsyncExc("
        "ctypes.c_ulong(here), ctypes.py_object(ZeroDivisionError))\n"
        "_ = loop.call_soon_threadsafe(int)"
    )
    host.run(raising, subshell="other")
    host.read(lambda: "ZeroDivisionError" in host.streams("stderr"), "the error")
    host.run("go.set(); await task")
    assert "went on" in host.text() + host.streams("stdout")
