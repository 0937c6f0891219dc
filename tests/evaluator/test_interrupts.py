"""An interrupt stops the cell that runs, tears no line, and never reaches another cell."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from .host import Host

if TYPE_CHECKING:
    from pathlib import Path

INTERRUPTED = {
    "status": "error",
    "ename": "KeyboardInterrupt",
    "evalue": "",
    "user_expressions": {},
    "payload": [],
}


def interrupted(host: Host, code: str) -> dict[str, object]:
    """Run a cell that prints "running", interrupt it, and give its result."""
    before = host.text().count("running")
    cell = host.start(code)
    host.read(lambda: host.text().count("running") > before, "the cell to run")
    host.interrupt(cell)
    return host.result(cell)


@pytest.mark.parametrize(
    "code",
    [
        "print('running')\nwhile True: pass",
        "import time; print('running'); time.sleep(1000)",
        "import threading; a = threading.Lock(); a.acquire(); print('running'); a.acquire()",
        "import select; print('running'); select.select([], [], [])",
        "import queue; print('running'); queue.Queue().get()",
        "import subprocess; print('running'); subprocess.run(['sleep', '1000'])",
        "import asyncio; print('running'); await asyncio.sleep(1000)",
        "print('running'); await asyncio.get_running_loop().create_future()",
        "async def spin():\n    print('running')\n    while True: pass\nawait spin()",
        "async def f():\n    print('running')\n    while True: await asyncio.sleep(0)\nawait f()",
        """
def spin_sync():
    while True: pass
asyncio.get_running_loop().call_soon(lambda: [print('running'), spin_sync()])
await asyncio.sleep(1000)
""",
        "async def f():\n    print('running')\n    await asyncio.sleep(1000)\nasyncio.run(f())",
    ],
)
def test_a_cell_is_stopped_wherever_it_is(host: Host, code: str) -> None:
    host.run("import asyncio")
    result = interrupted(host, code)
    result.pop("traceback")
    assert result == INTERRUPTED
    assert host.value("'alive'") == "alive"
    assert len(host.events("interrupted")) == 1


def test_a_child_is_stopped_too(host: Host, tmp_path: Path) -> None:
    """C's system() ignores the signal while its child runs, here as everywhere."""
    program = tmp_path / "child.py"
    program.write_text("import time; print('running', flush=True); time.sleep(1000)")
    code = f"import os, sys; os.system(f'exec {sys.executable} {program}') != 0"
    result = interrupted(host, code)
    assert result["result"] == {"data": {"text/plain": "True"}, "metadata": {}}


def test_the_acknowledgement_names_the_cell_that_heard_it(host: Host) -> None:
    cell = host.start("print('running')\nwhile True: pass")
    host.wait_for("running")
    host.interrupt()
    host.result(cell)
    assert host.events("interrupted") == [{"cell": cell}]


def test_an_interrupt_between_cells_is_heard_and_has_no_effect(host: Host) -> None:
    host.run("1")
    for count in range(1, 21):
        host.interrupt()
        host.read(lambda count=count: len(host.events("interrupted")) == count, "being heard")
        assert host.value("'alive'") == "alive"
    assert host.events("interrupted") == [{}] * 20


def test_an_interrupt_with_tasks_that_wait_between_cells_leaves_them_alone(host: Host) -> None:
    host.run(
        "import asyncio\n"
        "go = asyncio.Event()\n"
        "async def later():\n    await go.wait(); print('later')\n"
        "task = asyncio.create_task(later())\nawait asyncio.sleep(0)"
    )
    host.interrupt()
    host.wait_for_event("interrupted")
    host.run("go.set(); await task")
    assert "later" in host.streams("stdout")


def test_a_task_that_keeps_the_next_cell_waiting_can_be_interrupted(host: Host) -> None:
    host.run(
        "import asyncio\n"
        "async def hog():\n    await asyncio.sleep(0); print('hogging')\n    while True: pass\n"
        "task = asyncio.create_task(hog())"
    )
    host.read(lambda: "hogging" in host.streams("stdout"), "the task")
    cell = host.start("'alive'")
    host.interrupt()
    assert host.result(cell)["result"]["data"] == {"text/plain": "alive"}


HOG = """
import asyncio, signal
async def hog():
    print('hogging')
    while True: pass
task = asyncio.create_task(hog())
"""


@pytest.mark.parametrize("more", ["", "signal.signal(signal.SIGINT, signal.SIG_IGN)"])
def test_what_keeps_the_main_thread_between_cells_is_stopped_by_a_note(
    host: Host, more: str
) -> None:
    host.run(HOG + more)
    host.read(lambda: "hogging" in host.streams("stdout"), "the task")
    host.notify("interrupt")
    assert host.wait_for_event("interrupted") == {}
    assert host.value("type(task.exception()).__name__") == "KeyboardInterrupt"


def test_a_note_for_what_runs_between_cells_reaches_no_cell_that_comes_behind_it(
    host: Host,
) -> None:
    host.run("import asyncio")
    for _ in range(200):
        host.notify("interrupt")
        assert host.value("for i in range(1000): pass\n'alive'") == "alive"
    assert host.events("interrupted") == [{}] * 200


def test_a_cell_behind_a_note_can_be_interrupted(host: Host) -> None:
    for _ in range(50):
        host.notify("interrupt")
        cell = host.start("while True: pass")
        host.interrupt(cell)
        assert host.result(cell)["ename"] == "KeyboardInterrupt"
        assert host.value("'alive'") == "alive"


def test_code_may_catch_the_interrupt_and_go_on(host: Host) -> None:
    result = interrupted(
        host,
        "try:\n    print('running')\n    while True: pass\n"
        "except KeyboardInterrupt: 'saved'\nresult = 'saved'\nresult",
    )
    assert result["result"] == {"data": {"text/plain": "saved"}, "metadata": {}}


def test_a_coroutine_may_clean_up(host: Host) -> None:
    interrupted(
        host,
        "import asyncio\ntry:\n    print('running')\n    await asyncio.sleep(1000)\n"
        "finally:\n    await asyncio.sleep(0.001); print('cleaned')",
    )
    assert "cleaned" in host.text()


def test_interrupting_another_tasks_step_stops_the_cell_too(host: Host) -> None:
    result = interrupted(
        host,
        "import asyncio\n"
        "async def hog():\n    print('running')\n    while True: pass\n"
        "task = asyncio.create_task(hog())\nawait asyncio.sleep(1000)",
    )
    assert result["ename"] == "KeyboardInterrupt"
    assert host.value("await asyncio.sleep(0, 'alive')") == "alive"


def test_user_code_that_takes_the_signal_has_it_for_one_cell(host: Host) -> None:
    host.run("import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)")
    assert interrupted(host, "print('running')\nwhile True: pass")["ename"] == "KeyboardInterrupt"


def test_an_evaluator_may_stop_in_its_own_way(python: str) -> None:
    with Host("sample.python:Flag", python=python) as host:
        host.hello()
        assert interrupted(
            host, "print('running')\nwhile not evaluator.stopped: pass\nevaluator.stopped"
        )["result"] == {"data": {"text/plain": "1"}, "metadata": {}}


def test_no_line_is_torn(host: Host) -> None:
    """Interrupt, many times, a cell that does nothing but send."""
    host.run("text = 'ü' * 20000")
    code = (
        "import sys\n"
        "print('running')\n"
        "while True: cell.display(text); print('line'); print('wrong', file=sys.stderr)"
    )
    for _ in range(30):
        assert interrupted(host, code)["ename"] == "KeyboardInterrupt"
    assert set(host.text().splitlines()) <= {"running", "line"}
    assert len(host.events("interrupted")) == 30


def test_every_interrupt_of_a_shower_is_survived(host: Host) -> None:
    code = "import time\nprint('running')\nwhile True: cell.display(1)"
    for _ in range(30):
        before = host.text().count("running")
        cell = host.start(code)
        host.read(lambda before=before: host.text().count("running") > before, "the cell")
        for _ in range(5):
            host.interrupt()
        assert host.result(cell)["ename"] == "KeyboardInterrupt"
        # all of them must have come before the next cell
        host.result(host.send("is_complete", code="'complete'"))
    assert host.value("'alive'") == "alive"


def test_an_interrupted_start_is_tried_again_with_the_next_cell(python: str) -> None:
    with Host("sample.python:SlowStart", python=python) as host:
        host.send("hello", protocol=1)
        host.wait_for("starting")
        host.interrupt()
        assert host.value("'alive'") == "alive"


@pytest.mark.parametrize("evaluator", ["SlowStart", "BesideSlowStart"])
def test_a_question_is_asked_of_no_evaluator_that_has_not_started(
    python: str, evaluator: str
) -> None:
    with Host(f"sample.python:{evaluator}", python=python) as host:
        host.send("hello", protocol=1)
        host.wait_for("starting")
        cell = host.start("'first'")
        question = host.send("complete", code="['x']", cursor_pos=0)
        host.interrupt()
        assert host.result(cell)["result"]["data"] == {"text/plain": "first"}
        assert host.result(question)["matches"] == ["x"]


def test_a_question_tries_an_interrupted_start_again(python: str) -> None:
    with Host("sample.python:SlowStart", python=python) as host:
        host.send("hello", protocol=1)
        host.wait_for("starting")
        host.interrupt()
        assert host.result(host.send("complete", code="['x']", cursor_pos=0))["matches"] == ["x"]


def test_no_cell_runs_where_start_is_interrupted(python: str) -> None:
    """The cell that is interrupted ends, the next one tries again, and is interrupted there."""
    with Host("sample.python:SlowStart", python=python, env={"SLOW_STARTS": "2"}) as host:
        host.send("hello", protocol=1)
        host.wait_for("starting")
        first = host.start("print('ran')")
        host.notify("interrupt", cell=first)  # before hello is answered no signal is sent
        assert host.result(first)["ename"] == "KeyboardInterrupt"
        second = host.start("print('ran')")
        host.read(lambda: host.text().count("starting") == 2, "start() again")
        host.interrupt(second)
        assert host.result(second)["ename"] == "KeyboardInterrupt"
        assert host.events("interrupted")[-1] == {"cell": second}
        assert host.value("'alive'") == "alive"
        assert "ran" not in host.text()


def blocked(host: Host, *then: str) -> list[int]:
    """Keep the main thread busy with a question that waits, and send requests behind it."""
    host.run("import threading; gate = threading.Event()")
    waiting = host.send("is_complete", code="print('waiting', flush=True) or gate.wait(30)")
    host.read(lambda: "waiting" in host.text() + host.streams("stdout"), "the question")
    return [waiting, *(host.start(code) for code in then)]


def test_a_cell_that_has_not_begun_is_interrupted_when_it_begins(host: Host) -> None:
    question, cell = blocked(host, "print('ran')")
    host.notify("interrupt", cell=cell)
    host.interrupt()  # stops the question, which keeps the cell waiting
    assert host.response(question)["error"]["data"]["ename"] == "KeyboardInterrupt"
    result = host.result(cell)
    result.pop("traceback")
    assert result == INTERRUPTED
    assert "ran" not in host.text()
    assert host.value("'alive'") == "alive"


def test_the_signal_may_come_before_its_cell(host: Host) -> None:
    """Heard by none, it is raised again for the cell that the host has meant."""
    for count in range(1, 21):
        host.interrupt()
        host.read(lambda count=count: host.events("interrupted").count({}) == count, "being heard")
        before = host.text().count("running")
        cell = host.start("print('running')\nwhile True: pass")
        host.read(lambda before=before: host.text().count("running") > before, "the cell to run")
        host.notify("interrupt", cell=cell)
        assert host.result(cell)["ename"] == "KeyboardInterrupt"
        assert host.events("interrupted")[-1] == {"cell": cell}


def test_an_interrupt_at_once_after_its_cell_always_stops_it(host: Host) -> None:
    for _ in range(100):
        cell = host.start("while True: pass")
        host.interrupt(cell)
        assert host.result(cell)["ename"] == "KeyboardInterrupt"
        assert host.value("'alive'") == "alive"


def test_an_interrupt_is_for_its_own_cell_only(host: Host) -> None:
    """A name that comes late, or twice, or is nobody's, reaches no other cell."""
    cell = host.start("1")
    host.result(cell)
    host.notify("interrupt", cell=cell)
    host.notify("interrupt", cell=cell + 1000)
    host.notify("interrupt")
    kept = (
        "import gc\n"
        "found = [x for x in gc.get_objects() if type(x).__name__ == 'Interrupts']\n"
        "[(len(x._wanted), len(x._unfinished)) for x in found]"
    )
    assert host.value(kept) == "[(0, 1)]"
    count = "count = 0\ntry:\n    print('running')\n    while True: pass\n"
    again = "except KeyboardInterrupt: count += 1\nfor i in range(100000): pass\ncount"
    result = interrupted(host, count + again)
    assert result["result"] == {"data": {"text/plain": "1"}, "metadata": {}}
    assert host.value("'alive'") == "alive"


def test_a_signal_that_stopped_nothing_is_not_raised_again_in_a_later_cell(host: Host) -> None:
    """It may have meant a subshell's cell: the next interrupt of the main shell comes once."""
    host.run("import threading; gate = threading.Event()")
    host.interrupt()
    host.wait_for_event("interrupted")
    catch = "try: print('running'); gate.wait()\nexcept KeyboardInterrupt: print('caught')\n"
    cell = host.start(f"{catch}gate.wait()")
    host.wait_for("running")
    host.interrupt()
    host.wait_for("caught")
    host.notify("interrupt", cell=cell)
    host.run("gate.set()", subshell="other")  # the note has been read before it
    assert host.result(cell)["status"] == "ok"


def test_an_interrupt_that_should_come_again_and_is_ignored_costs_no_other(host: Host) -> None:
    host.run(
        "import gc, signal\n"
        "from polykernel.evaluator import interrupts\n"
        "interrupts.LATEST = 0\n"
        "signals = [x for x in gc.get_objects() if isinstance(x, interrupts.Interrupts)][0]\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"  # as C's system() does
        "signals.repeat(signals.running)"
    )
    assert interrupted(host, "print('running')\nwhile True: pass")["ename"] == "KeyboardInterrupt"


def test_a_question_of_code_can_be_interrupted(host: Host) -> None:
    for count, method in enumerate(("complete", "inspect", "is_complete"), 1):
        code = "print('asked') or exec('while True: pass')"
        question = host.send(method, code=code, cursor_pos=0)
        host.read(
            lambda c=count: (host.text() + host.streams("stdout")).count("asked") == c,
            "the question",
        )
        host.interrupt(question)
        data = host.response(question)["error"]["data"]
        assert (data["ename"], data["evalue"]) == ("KeyboardInterrupt", "")
        assert host.events("interrupted")[-1] == {"cell": question}
    assert host.value("'alive'") == "alive"


def test_signals_do_not_disturb_children_that_handle_them(host: Host) -> None:
    """A forked child behaves as any Python program."""
    code = (
        "import os, signal\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    print(signal.getsignal(signal.SIGINT) is signal.default_int_handler,\n"
        "          signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, flush=True)\n"
        "    os._exit(0)\n"
        "os.waitpid(pid, 0)[1]"
    )
    assert host.value(code) == "0"
    assert "True True" in host.text()


def test_termination_runs_what_was_registered_for_the_end(host: Host) -> None:
    cell = host.start(
        "import atexit, time\natexit.register(print, 'bye'); print('up'); time.sleep(1000)"
    )
    host.wait_for("up")
    os.kill(host.process.pid, signal.SIGTERM)
    assert host.wait_for_end() == -signal.SIGTERM
    assert host.text() == "up\nshutdown False\nbye\n"
    assert cell not in [message.get("id") for message in host.messages], "it is the host's to tell"


def test_an_interrupt_loses_no_descriptor_that_is_spared_for_imports(host: Host) -> None:
    host.run(
        "import os, time\n"
        "from polykernel.evaluator import spare\n"
        "from polykernel.evaluator.standard_library import standard_library_first\n"
        "def opens(path, flags):\n"
        "    spare._open, descriptor = os.open, os.open(path, flags)\n"
        "    os.kill(os.getpid(), 2)\n"  # its handler runs here, within what takes the descriptor
        "    return descriptor\n"
        "def use():\n"
        "    with standard_library_first: pass\n"
    )
    before = host.value("use(); len(os.listdir('/dev/fd'))")
    hit = "spare._open = opens; use(); time.sleep(1000)"
    # more than the time for which one is put off must not lie between the two
    answer = host.run(f"try: {hit}\nexcept KeyboardInterrupt: time.sleep(0.5)\n{hit}")
    assert answer["ename"] == "KeyboardInterrupt"
    assert host.value("use(); len(os.listdir('/dev/fd'))") == before
