"""Interrupts, by message and by signal."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from support.processes import is_pending, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel

LOOP = "print('begun')\nwhile True: pass"
DEAF = "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"


def interrupt(kernel: Kernel, way: str = "message") -> None:
    if way == "message":
        reply = kernel.client.request("interrupt_request", channel="control").reply
        assert reply == {"status": "ok"}
    else:
        os.kill(kernel.pid, signal.SIGINT)
        until(lambda: not is_pending(kernel.pid, signal.SIGINT), "the signal has reached the host")


@pytest.mark.parametrize("way", ["message", "signal"])
def test_an_interrupt_ends_an_endless_loop_and_the_state_stays(program: Kernel, way: str) -> None:
    program.execute("os.kept = 7")
    cell = program.client.send_execute(LOOP)
    program.client.wait_for_text("begun", cell)
    before = program.evaluator().pid
    interrupt(program, way)
    outcome = program.client.outcome(cell)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert program.execute("print(os.kept)").text() == "7\n"
    assert program.evaluator().pid == before


def test_an_interrupt_stops_the_children_of_the_evaluator_too(program: Kernel) -> None:
    cell = program.client.send_execute(
        "import subprocess\nsubprocess.Popen(['sleep', '1000']); print('begun')\nwhile True: pass"
    )
    program.client.wait_for_text("begun", cell)
    (child,) = program.evaluator().children()
    watch = program.watch(child.pid)
    interrupt(program)
    assert program.client.outcome(cell).reply["ename"] == "KeyboardInterrupt"
    assert watch.ended_within(10), watch


@pytest.mark.parametrize("way", ["message", "signal"])
@pytest.mark.parametrize("name", ["program", "acknowledges"])
def test_an_interrupt_of_an_idle_kernel_changes_nothing(
    kernel: Callable[..., Kernel], name: str, way: str
) -> None:
    program = kernel(name)
    program.execute("pass")
    before = program.evaluator().pid
    interrupt(program, way)
    program.client.sync()
    assert program.execute("print('well')").text() == "well\n"
    assert program.evaluator().pid == before


TASK = """
import asyncio, time
async def run():
    print("begun")
    while True: {}
task = asyncio.create_task(run())
"""


@pytest.mark.parametrize(
    "work", ["pass", "print('flood'); time.sleep(0.001)", "print('x' * 10000)"]
)
def test_an_interrupt_between_cells_stops_the_task_that_keeps_the_next_one_waiting(
    kernel: Callable[..., Kernel], work: str
) -> None:
    python = kernel("polykernel-python")
    cell = python.client.send_execute(TASK.format(work))
    assert python.client.outcome(cell).status == "ok"
    python.client.wait_for_text("begun")
    interrupt(python)
    outcome = python.execute("type(task.exception()).__name__")
    assert outcome.result == "'KeyboardInterrupt'"


def test_an_interrupt_between_cells_gets_through_to_a_flood_that_nobody_reads(
    kernel: Callable[..., Kernel],
) -> None:
    python = kernel("polykernel-python", subscribe=False)
    slow = python.connect(slow=True)
    slow.ready()
    cell = slow.send_execute(TASK.format("print('x' * 65536)"))
    python.wait_for_stall()
    slow.send("interrupt_request", channel="control")
    assert slow.outcome(cell).status == "ok"
    assert slow.execute("task.done()").result == "True"


def test_the_third_interrupt_that_is_not_heard_kills(program: Kernel) -> None:
    cell = program.client.send_execute(DEAF + LOOP)
    program.client.wait_for_text("begun", cell)
    for _ in range(3):
        interrupt(program)
    outcome = program.client.outcome(cell)
    assert outcome.reply["ename"] == "EvaluatorDied"
    assert "SIGKILL" in outcome.reply["evalue"]
    assert program.execute("print('fresh')").text() == "fresh\n"


def test_interrupts_of_one_cell_are_not_counted_in_the_next(program: Kernel) -> None:
    before = program.evaluator().pid
    for _ in range(3):
        gate = program.gate()
        cell = program.client.send_execute(DEAF + gate.code)
        program.client.wait_for_text("at the gate", cell)
        interrupt(program)
        interrupt(program)
        gate.open()
        assert program.client.outcome(cell).status == "ok"
    assert program.evaluator().pid == before


def test_an_acknowledged_interrupt_never_kills(kernel: Callable[..., Kernel]) -> None:
    acknowledges = kernel("acknowledges")
    cell = acknowledges.client.send_execute(
        "for n in range(6):\n"
        "    try:\n"
        "        print(f'round {n}')\n"
        "        while True: pass\n"
        "    except KeyboardInterrupt: print(f'saved {n}')"
    )
    for n in range(6):
        acknowledges.client.wait_for_text(f"round {n}", cell)
        interrupt(acknowledges)
    outcome = acknowledges.client.outcome(cell)
    assert outcome.status == "ok"
    assert "saved 5" in outcome.text()


def test_an_interrupt_that_is_not_heard_is_told_with_the_way_out(program: Kernel) -> None:
    gate = program.gate()
    cell = program.client.send_execute(DEAF + gate.code)
    program.client.wait_for_text("at the gate", cell)
    interrupt(program)
    program.client.wait_for_text("has not been heard", cell)
    gate.open()
    assert program.client.outcome(cell).status == "ok"


def test_an_interrupt_gets_through_to_an_evaluator_that_waits_for_a_front_end_to_read(
    kernel: Callable[..., Kernel],
) -> None:
    program = kernel("program", subscribe=False)
    slow = program.connect(slow=True)
    slow.ready()
    cell = slow.send_execute("while True: os.write(1, b'x' * 65536)")
    program.wait_for_stall()
    slow.send("interrupt_request", channel="control")
    outcome = slow.outcome(cell)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert set(outcome.text()) == {"x"}


def test_the_channel_tells_which_request_an_interrupt_is_meant_for(program: Kernel) -> None:
    cell = program.client.send_execute(
        f"{DEAF}print('begun', flush=True); note = json.loads(requests.readline())\n"
        "print(note['method'], note['params'] == {'cell': cell}, 'id' in note)"
    )
    program.client.wait_for_text("begun", cell)
    interrupt(program)
    assert program.client.outcome(cell).text() == "begun\ninterrupt True False\n"


LOAD = """
import os
from time import monotonic
os.write(1, b'begun\\n')
until = monotonic() + 0.3
while monotonic() < until: pass
os.write(1, b'whole\\n')
"""
IMPORTS = {
    # what stands under this name has locks that are never given back
    "finds a module": f"""
exec(compile({LOAD!r}, "<frozen importlib._bootstrap>", "exec"))
""",
    # another thread that waits for the same module would get half of it
    "loads a module that is needed late": f"""
import sys
from pathlib import Path
from polykernel.evaluator import standard_library_first
sys.path.insert(0, "")
Path("late_module.py").write_text({LOAD!r})
with standard_library_first:
    import late_module
""",
}


@pytest.mark.parametrize("where", ["main shell", "subshell"])
@pytest.mark.parametrize("imports", IMPORTS.values(), ids=IMPORTS.keys())
def test_an_interrupt_waits_until_the_import_system_is_left(
    python: Kernel, imports: str, where: str
) -> None:
    client = python.client
    shell = client.create_subshell() if where == "subshell" else None
    cell = client.send_execute(f"{imports}\nwhile True: pass", subshell=shell)
    client.wait_for_text("begun", cell)
    assert client.request("interrupt_request", channel="control").status == "ok"
    outcome = client.outcome(cell)
    assert outcome.text() == "begun\nwhole\n"
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert client.execute("6 * 7").result == "42"


def test_a_cell_that_waits_for_another_threads_import_is_interrupted_all_the_same(
    python: Kernel,
) -> None:
    client = python.client
    gate = python.gate()
    client.execute(
        "import sys, threading; from pathlib import Path; sys.path.insert(0, ''); kept = 5\n"
        f"Path('slow_module.py').write_text({gate.code!r})\n"
        "def load(): import slow_module\n"
        "thread = threading.Thread(target=load)"
    )
    starts = client.send_execute("thread.start()")
    client.wait_for_text("at the gate", starts)
    cell = client.send_execute("print('begun'); import slow_module")
    client.wait_for_text("begun", cell)
    for _ in range(2):
        assert client.request("interrupt_request", channel="control").status == "ok"
    assert client.outcome(cell).reply["ename"] == "KeyboardInterrupt"
    gate.open()
    assert client.execute("thread.join(); kept").result == "5"
