"""Signal handlers of user code raise, as those do that end what takes too long."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from support import processes

from faults.checks import Check, answers, check, evaluator, leaves_nothing
from faults.register import EVALUATOR, fault

if TYPE_CHECKING:
    from support.subjects import Subject

HITS = 50
IN_THE_MIDST = f"""
import signal
text, calls, raised = "x" * 300_000, 0, 0
def late(number, frame):
    global calls
    calls += 1
    raise TimeoutError("late")
signal.signal(signal.SIGALRM, late)
def show():
    before = calls
    while calls == before:
        display(text)
while raised < {HITS}:
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0002 + 0.00005 * raised)
        show()
    except TimeoutError:
        raised += 1
"""


@fault(
    EVALUATOR,
    "a signal handler of the user's raises between two cells, as a late `signal.alarm()` does",
    told="the error is shown below the last cell; the state stays",
)
def test_a_signal_handler_that_raises_between_cells_costs_no_state(kernel: Subject) -> None:
    called = kernel.folder / "called"
    code = (
        "import pathlib, signal; kept = 7\n"
        "def late(number, frame):\n"
        f"    pathlib.Path({str(called)!r}).touch()\n"
        "    raise TimeoutError('late')\n"
        "signal.signal(signal.SIGUSR1, late)"
    )
    assert kernel.execute(code).status == "ok"
    os.kill(evaluator(kernel), signal.SIGUSR1)
    processes.until(called.exists, "the handler")
    with check(Check.STATE):
        assert kernel.execute("kept").result == "7"
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "a signal handler of the user's raises while a cell shows much, again and again",
    told="the cell catches each; nothing is torn, and the state stays",
)
def test_a_signal_handler_that_raises_within_output_tears_nothing(kernel: Subject) -> None:
    with check(Check.ANSWERS):
        outcome = kernel.execute(IN_THE_MIDST)
        assert outcome.status == "ok", outcome.traceback
    with check(Check.WHOLE):
        shown = {each["data"]["text/plain"].strip("'") for each in outcome.contents("display_data")}
        assert shown <= {"x" * 300_000}
    with check(Check.STATE):
        assert kernel.execute("raised").result == str(HITS)
    answers(kernel)
    leaves_nothing(kernel)
