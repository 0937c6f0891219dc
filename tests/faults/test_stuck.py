"""The process that runs the cells hears nothing any more."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import psutil
from support import processes

from faults.checks import (
    Check,
    answers,
    answers_on_control,
    check,
    evaluator,
    leaves_nothing,
    printed,
    shuts_down,
    told_in,
)
from faults.register import EVALUATOR, fault

if TYPE_CHECKING:
    from support.subjects import Subject


def stop(pid: int) -> None:
    process = psutil.Process(pid)
    process.suspend()
    processes.until(lambda: process.status() == psutil.STATUS_STOPPED, "a stop")


def send_endless(kernel: Subject) -> str:
    """Send a cell that loops in C, and wait until it does."""
    process = psutil.Process(evaluator(kernel))
    gate, cell = kernel.send_gate("import itertools; all(itertools.repeat(True))")
    gate.open()
    before = process.cpu_times().user
    processes.until(lambda: process.cpu_times().user > before + 0.1, "a computing evaluator")
    return cell


@fault(
    EVALUATOR,
    "an endless loop in C that never looks at signals",
    told="kernel info and heartbeat are answered meanwhile; the third interrupt kills, and the "
    "cell's error says so",
)
def test_an_endless_loop_in_c_is_ended_by_the_third_interrupt(kernel: Subject) -> None:
    cell = send_endless(kernel)
    answers_on_control(kernel)
    with check(Check.OUT):
        for _ in range(3):
            kernel.interrupt()
        outcome = kernel.client.outcome(cell)
    printed(outcome, "at the gate\n")
    told_in(kernel, cell, "SIGKILL", "3 interrupts that it did not hear")
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "a cell that has blocked all signals",
    told="the third interrupt kills, and the cell's error says so",
)
def test_a_cell_that_blocks_all_signals_is_ended_by_the_third_interrupt(kernel: Subject) -> None:
    gate = kernel.kernel.gate()
    cell = kernel.client.send_execute(
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
        + gate.code
    )
    kernel.client.wait_for_text("at the gate", cell)
    with check(Check.OUT):
        for _ in range(3):
            kernel.interrupt()
        outcome = kernel.client.outcome(cell)
    printed(outcome, "at the gate\n")
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "it is stopped (SIGSTOP) while a cell runs",
    told="kernel info is answered meanwhile; one interrupt sets it going again and ends the cell; "
    "the state stays",
)
def test_a_cell_of_a_stopped_evaluator_is_ended_by_an_interrupt_and_the_state_stays(
    kernel: Subject,
) -> None:
    kernel.execute("kept = 7")
    pid = evaluator(kernel)
    cell = kernel.client.send_execute("print('before', flush=True)\nwhile True: pass")
    kernel.client.wait_for_text("before", cell)
    stop(pid)
    try:
        answers_on_control(kernel)
        with check(Check.OUT):
            kernel.interrupt()
            outcome = kernel.client.outcome(cell)
        assert outcome.reply["ename"] == "KeyboardInterrupt"
        printed(outcome, "before\n")
        with check(Check.STATE):
            assert kernel.execute("kept").result == "7"
    finally:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGCONT)
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "it is stopped (SIGSTOP) while idle, and goes on later",
    told="kernel info is answered meanwhile; the cell runs when the process goes on",
)
def test_a_cell_that_was_sent_to_a_stopped_evaluator_runs_when_it_goes_on(kernel: Subject) -> None:
    pid = evaluator(kernel)
    stop(pid)
    try:
        cell = kernel.client.send_execute("print('runs', flush=True)")
        answers_on_control(kernel)
    finally:
        os.kill(pid, signal.SIGCONT)
    printed(kernel.client.outcome(cell), "runs\n")
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "it is stopped (SIGSTOP), and the kernel is shut down",
    told="the cell ends with an error, the shutdown is answered, and nothing is left",
)
def test_a_shutdown_of_a_stopped_evaluator_does_not_hang(kernel: Subject) -> None:
    pid = evaluator(kernel)
    _, cell = kernel.send_gate()
    stop(pid)
    watches = kernel.kernel.watch_all()
    shuts_down(kernel, watches)
    told_in(kernel, cell, ename="KernelShutdown")


@fault(
    EVALUATOR,
    "an endless loop in C, and the kernel is shut down",
    told="the cell ends with an error, the shutdown is answered, and nothing is left",
)
def test_a_shutdown_during_an_endless_loop_in_c_does_not_hang(kernel: Subject) -> None:
    cell = send_endless(kernel)
    watches = kernel.kernel.watch_all()
    shuts_down(kernel, watches)
    printed(told_in(kernel, cell, ename="KernelShutdown"), "at the gate\n")
