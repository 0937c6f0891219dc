"""The process that runs the cells dies."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from faults.checks import (
    Check,
    answers,
    answers_on_control,
    check,
    ended,
    evaluator,
    leaves_nothing,
    printed,
    told_in,
)
from faults.register import EVALUATOR, WITH_PROCESSES, fault

if TYPE_CHECKING:
    from support.subjects import Subject

FRESH = "; the next cell runs in a fresh evaluator, and says so"
FLUSHED = "print('before', flush=True); "


@fault(
    EVALUATOR,
    "a segmentation fault in a cell",
    told=f"the cell's error names the signal and the line that it came from{FRESH}",
)
def test_a_segmentation_fault_in_a_cell_ends_that_cell_alone(kernel: Subject) -> None:
    cell = kernel.client.send_execute(f"{FLUSHED}import ctypes; ctypes.string_at(0)")
    outcome = told_in(kernel, cell, "SIGSEGV", "Fatal Python error: Segmentation fault")
    printed(outcome, "before\n")
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "`os.abort()`, as a failed assertion in C",
    told=f"the cell's error names the signal{FRESH}",
)
def test_an_abort_in_a_cell_ends_that_cell_alone(kernel: Subject) -> None:
    cell = kernel.client.send_execute(f"{FLUSHED}import os; os.abort()")
    printed(told_in(kernel, cell, "SIGABRT", "Fatal Python error: Aborted"), "before\n")
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "`os._exit(0)` in a cell",
    told=f"the cell's error names the exit code{FRESH}",
)
def test_an_exit_past_all_handlers_in_a_cell_ends_that_cell_alone(kernel: Subject) -> None:
    cell = kernel.client.send_execute(f"{FLUSHED}import os; os._exit(0)")
    printed(told_in(kernel, cell, "exit code 0"), "before\n")
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "the C stack overflows: recursion through C with the limit raised",
    told=f"the cell ends with an error: that of the signal, or Python's RecursionError{FRESH}",
)
def test_a_stack_overflow_in_c_ends_that_cell_alone(kernel: Subject) -> None:
    cell = kernel.client.send_execute(
        f"{FLUSHED}import sys, functools; sys.setrecursionlimit(10**9)\n"
        "def fall(n): return functools.reduce(lambda a, b: fall(b), [n, n])\n"
        "fall(0)"
    )
    with check(Check.TOLD):
        outcome = kernel.client.outcome(cell)
        assert outcome.status == "error"
        # since 3.12 the interpreter counts what C calls, too
        assert outcome.reply["ename"] in ("EvaluatorDied", "RecursionError")
    printed(outcome, "before\n")
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "kill -9 from outside while a cell runs",
    told="the cell's error names the signal; its output until then is whole; what is queued is "
    "aborted",
)
def test_a_kill_while_a_cell_runs_ends_that_cell_and_aborts_the_queue(kernel: Subject) -> None:
    pid = evaluator(kernel)
    _, cell = kernel.send_gate()
    queued = kernel.client.send_execute("print('must not run')")
    answers_on_control(kernel)
    os.kill(pid, signal.SIGKILL)
    printed(told_in(kernel, cell, "SIGKILL"), "at the gate\n")
    with check(Check.TOLD):
        assert kernel.client.outcome(queued).status == "aborted"
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "kill -9 from outside while idle, as by the system when memory is short",
    told="the next cell ends with an error that says so, and does not run on lost state; "
    "the one after it runs",
    languages=WITH_PROCESSES,
)
def test_a_kill_while_idle_is_told_by_the_next_cell(kernel: Subject) -> None:
    if kernel.kind.ours:
        kernel.execute(kernel.words.value)
        pid = kernel.kernel.evaluator().pid
    else:
        pid = evaluator(kernel)
    os.kill(pid, signal.SIGKILL)
    ended(pid)
    told_in(kernel, kernel.client.send_execute(kernel.words.value), "SIGKILL")
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "it dies while it completes a word",
    told="no completions; the next cell ends with an error that says that state is lost",
)
def test_a_death_while_completing_is_answered(kernel: Subject) -> None:
    code = "class Deadly:\n  def __dir__(self): import os; os._exit(3)\ndeadly = Deadly()"
    assert kernel.execute(code).status == "ok"
    with check(Check.TOLD):
        question = {"code": "deadly.", "cursor_pos": 7}
        reply = kernel.client.request("complete_request", question).reply
        assert reply["status"] == "error" or not reply["matches"]
    told_in(kernel, kernel.client.send_execute("print('must not run')"), "exit code 3")
    answers(kernel)
    leaves_nothing(kernel)


LIMITED = """
import resource
soft, hard = resource.getrlimit(resource.{name})
resource.setrlimit(resource.{name}, ({soft}, hard))
kept = 7
"""


@fault(
    EVALUATOR,
    "a cell asks for memory that the system does not give",
    told="Python's MemoryError; the state stays",
)
def test_memory_that_is_not_there_is_an_error_and_the_state_stays(kernel: Subject) -> None:
    code = LIMITED.format(name="RLIMIT_AS", soft="64 << 30")
    assert kernel.execute(code).status == "ok"
    cell = kernel.client.send_execute("print('before', flush=True); x = bytearray(1 << 40)")
    printed(told_in(kernel, cell, ename="MemoryError"), "before\n")
    with check(Check.STATE):
        assert kernel.execute("kept").result == "7"
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "a cell uses up all file descriptors, and keeps them",
    told="Python's OSError; the state stays, and cells go on printing and showing",
)
def test_file_descriptors_used_up_are_an_error_and_the_state_stays(kernel: Subject) -> None:
    code = LIMITED.format(name="RLIMIT_NOFILE", soft="200") + "files = []"
    assert kernel.execute(code).status == "ok"
    cell = kernel.client.send_execute("while True: files.append(open('/dev/null'))")
    told_in(kernel, cell, ename="OSError")
    with check(Check.STATE):
        outcome = kernel.execute("print(len(files) > 50, flush=True); kept")
        assert (outcome.text(), outcome.result) == ("True\n", "7")
    answers(kernel)
    leaves_nothing(kernel)
