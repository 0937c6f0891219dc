"""What a real kernel says of its processor time and memory."""

from __future__ import annotations

import os
import signal
import socket
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from support import processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel

MEGABYTES = 200


def usage(kernel: Kernel) -> dict[str, Any]:
    outcome = kernel.client.request("usage_request", channel="control")
    assert outcome.sequence == ["busy", "idle"]
    return outcome.reply


def test_it_says_what_ipykernel_says(program: Kernel) -> None:
    found = usage(program)
    assert found["hostname"] == socket.gethostname()
    assert found["pid"] == program.pid
    assert found["cpu_count"] == psutil.cpu_count()
    assert found["host_virtual_memory"]["total"] == psutil.virtual_memory().total
    assert {"active", "available", "free", "percent", "used"} <= set(found["host_virtual_memory"])


@pytest.mark.parametrize("name", ["polykernel-echo", "polykernel-calc", "polykernel-python"])
def test_each_language_has_it(kernel: Callable[..., Kernel], name: str) -> None:
    assert usage(kernel(name))["kernel_memory"] > 1 << 20


def test_memory_grows_by_what_a_cell_allocates(kernel: Callable[..., Kernel]) -> None:
    python = kernel("polykernel-python")
    python.execute("1 + 1")
    before = usage(python)["kernel_memory"]
    python.execute(f"held = b'x' * ({MEGABYTES} << 20)")
    grown = usage(python)["kernel_memory"] - before
    # other pages of the process may have gone meanwhile
    assert 0.95 * (MEGABYTES << 20) <= grown < MEGABYTES << 21
    python.execute("del held")
    assert usage(python)["kernel_memory"] - before < MEGABYTES << 19


def test_a_busy_cell_shows_and_an_idle_kernel_does_not(program: Kernel) -> None:
    # to look takes some hundredths of a second of the kernel's, on a machine with many processes
    processes.until(lambda: usage(program)["kernel_cpu"] < 10, "rest", every=1)
    cell = program.client.send_execute("print('begun')\nwhile True: pass")
    program.client.wait_for_text("begun", cell)
    processes.until(lambda: usage(program)["kernel_cpu"] > 20, "load")
    program.client.request("interrupt_request", channel="control")
    program.client.outcome(cell)


def test_it_is_told_while_a_cell_runs_and_the_kernel_stays_busy(program: Kernel) -> None:
    gate, cell = program.start_at_gate()
    asked = program.client.send("usage_request", channel="control")
    program.client.outcome(asked)
    idle = program.client.wait(
        lambda seen: seen.parent == asked and seen.content.get("execution_state") == "idle", "idle"
    )
    program.client.wait(
        lambda seen: seen.parent == cell and seen.content.get("execution_state") == "busy",
        "busy once more",
        since=program.client.seen.index(idle),
    )
    gate.open()
    program.client.outcome(cell)


def test_it_is_told_when_the_evaluator_has_died(program: Kernel) -> None:
    os.kill(program.evaluator().pid, signal.SIGKILL)
    assert usage(program)["kernel_memory"] > 1 << 20
    program.execute("os._exit(1)")
    assert usage(program)["kernel_memory"] > 1 << 20


def test_a_request_that_is_on_its_way_at_shutdown_is_answered_once(program: Kernel) -> None:
    client = program.client
    asked = client.send("usage_request", channel="control")
    client.request("shutdown_request", channel="control")
    client.outcome(asked)
    assert program.exit_code() == 0
    client.pump(0)
    assert len(client.replies([asked])) == 1


def test_on_shell_it_is_no_request(program: Kernel) -> None:
    asked = program.client.send("usage_request")
    program.client.sync()
    assert not program.client.replies([asked])
