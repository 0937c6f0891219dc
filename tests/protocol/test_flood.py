"""More output than anybody reads: the evaluator waits, memory stays bounded, control answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel

MEGABYTE = 1 << 20
GROWS_BY_AT_MOST = 60 * MEGABYTE  # of the 400 that are printed

MANY = 20_000
PRINTS = "for n in range(400): os.write(1, bytes([97 + n % 26]) * (1 << 20))"
BUFFERS = """
from polykernel.evaluator import current_cell
for n in range(40): current_cell().display(str(n), buffers=[bytes([n]) * (10 << 20)])
"""
DISPLAYS = "for n in range(400): display(chr(97 + n % 26) * (1 << 20), cell)"


def _memory(kernel: Kernel) -> int:
    """Weigh all the kernel's processes, with the memory that they share."""
    return sum(int(process.memory_full_info().pss) for process in kernel.processes())


@pytest.mark.parametrize("code", [PRINTS, DISPLAYS], ids=["prints", "displays"])
def test_a_flood_that_nobody_reads_waits_in_the_evaluator_and_arrives_whole(
    kernel: Callable[..., Kernel], code: str
) -> None:
    program = kernel("program", subscribe=False)
    slow = program.connect(slow=True)
    slow.ready()
    host = psutil.Process(program.pid)
    before = host.memory_info().rss
    cell = slow.send_execute(code)
    program.wait_for_stall()
    assert host.memory_info().rss - before < GROWS_BY_AT_MOST
    other = program.connect(subscribe=False)
    for _ in range(20):
        info = other.send("kernel_info_request", channel="control")
        other.wait_for("kernel_info_reply", info)
    outcome = slow.outcome(cell)
    assert outcome.status == "ok"
    text = outcome.text() or "".join(
        content["data"]["text/plain"] for content in outcome.contents("display_data")
    )
    assert text == "".join(chr(97 + n % 26) * MEGABYTE for n in range(400))
    assert host.memory_info().rss - before < GROWS_BY_AT_MOST


def test_large_buffers_that_nobody_reads_wait_in_the_evaluator_and_arrive_whole(
    kernel: Callable[..., Kernel],
) -> None:
    python = kernel("polykernel-python", subscribe=False)
    slow = python.connect(slow=True)
    slow.ready()
    before = _memory(python)
    cell = slow.send_execute(BUFFERS)
    python.wait_for_stall()
    assert _memory(python) - before < GROWS_BY_AT_MOST
    outcome = slow.outcome(cell)
    assert outcome.status == "ok"
    shown = [seen.message for seen in outcome.iopub if seen.msg_type == "display_data"]
    assert [bytes(each["buffers"][0][:1]) for each in shown] == [b"%c" % n for n in range(40)]
    assert {len(each["buffers"][0]) for each in shown} == {10 * MEGABYTE}


def test_an_interrupt_reaches_a_flood_of_large_buffers_that_nobody_reads(
    kernel: Callable[..., Kernel],
) -> None:
    python = kernel("polykernel-python", subscribe=False)
    slow = python.connect(slow=True)
    slow.ready()
    cell = slow.send_execute(BUFFERS.replace("range(40)", "iter(int, 1)"))
    python.wait_for_stall()
    control = python.connect(subscribe=False)
    control.send("interrupt_request", channel="control")
    assert slow.outcome(cell).reply["ename"] == "KeyboardInterrupt"


def test_many_small_messages_that_nobody_reads_arrive_whole(
    kernel: Callable[..., Kernel],
) -> None:
    program = kernel("program", subscribe=False)
    slow = program.connect(slow=True)
    slow.ready()
    cell = slow.send_execute(f"for n in range({MANY}): display(str(n), cell)")
    shown = slow.outcome(cell).contents("display_data")
    assert [content["data"]["text/plain"] for content in shown] == [str(n) for n in range(MANY)]


def test_a_front_end_that_hangs_does_not_hold_up_the_others_for_ever(
    kernel: Callable[..., Kernel],
) -> None:
    program = kernel("program")
    hung = program.connect(slow=True)
    hung.ready()
    cell = program.client.send_execute(f"for n in range({MANY}): display('x' * 1000, cell)")
    outcome = program.client.outcome(cell, 90)
    assert len(outcome.contents("display_data")) == MANY
    assert "is left out" in program.log


def test_a_shutdown_while_nobody_reads_ends_the_kernel(kernel: Callable[..., Kernel]) -> None:
    program = kernel("program", subscribe=False)
    slow = program.connect(slow=True)
    slow.ready()
    slow.send_execute("while True: os.write(1, b'x' * 65536)")
    program.wait_for_stall()
    watches = program.watch_all()
    other = program.connect(subscribe=False)
    shutdown = other.send("shutdown_request", {"restart": False}, channel="control")
    other.wait_for("shutdown_reply", shutdown)
    assert program.exit_code() == 0
    assert all(watch.ended_within(10) for watch in watches), watches
