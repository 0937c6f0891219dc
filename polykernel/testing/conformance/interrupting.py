"""Checks of interrupts: what computes or waits stops, and state is kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from polykernel.testing.conformance.register import Broken, check
from polykernel.testing.conformance.trial import described, next_cell_runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.testing.conformance.trial import Trial
    from polykernel.testing.pending import Pending

_COMPUTES = 0.2  # seconds of processor time that show that a cell computes
_RESTS = 0.3  # seconds without any that show that it waits
_LOOK_AGAIN = 0.02


@check(
    rule="interrupt_request stops the running cell, which ends with status error; the kernel and "
    "its state stay.",
    section='"Kernel interrupt"',
    mend="Let KeyboardInterrupt end execute(), or override interrupt() to set the runtime's own "
    "flag; a child process gets SIGINT by itself, if it does not ignore it.",
    needs=("busy_loop",),
)
def busy_loop(trial: Trial) -> str:
    """A loop that computes for ever is interrupted."""
    return _interrupt(trial, trial.samples.busy_loop or "", _computes)


@check(
    rule="interrupt_request stops the running cell, which ends with status error; the kernel and "
    "its state stay.",
    section='"Kernel interrupt"',
    mend="Let the wait end by a signal: a call that begins anew after EINTR never does; wait with "
    "a timeout in a loop, or override interrupt() to wake it up.",
    needs=("waits",),
)
def waiting(trial: Trial) -> str:
    """A cell that waits for ever is interrupted."""
    return _interrupt(trial, trial.samples.waits or "", _waits)


def _interrupt(trial: Trial, code: str, until: Callable[[Trial, Pending], None]) -> str:
    kernel = trial.kernel
    kept = _set(trial)
    pending = kernel.start(code)
    until(trial, pending)
    began = time.monotonic()
    kernel.interrupt()
    outcome = pending.outcome()
    seconds = time.monotonic() - began
    if outcome.error is None:
        raise Broken(f"{described(outcome)}; expected was status error")
    if outcome.error.ename == "EvaluatorDied":
        raise Broken(f"the interrupt ended the evaluator: {outcome.error.evalue}")
    next_cell_runs(trial)
    if kept and not _is_set(trial):
        raise Broken("it stopped, but state is lost: what an earlier cell has set is gone")
    return f"it stopped after {seconds * 1000:.0f} ms"


def _set(trial: Trial) -> bool:
    """Set something, and tell whether it is found again as long as nothing is interrupted."""
    if not trial.samples.state:
        return False
    trial.kernel.execute(trial.samples.state[0])
    return _is_set(trial)


def _is_set(trial: Trial) -> bool:
    _, shows, text = trial.samples.state or ("", "", "")
    return text in trial.kernel.execute(shows).shown


def _computes(trial: Trial, pending: Pending) -> None:
    """Wait until the cell has used the processor."""
    before = trial.kernel.process.cpu_seconds()
    _until(
        trial,
        pending,
        lambda: trial.kernel.process.cpu_seconds() - before > _COMPUTES,
        "it used no processor time",
    )


def _waits(trial: Trial, pending: Pending) -> None:
    """Wait until the cell has been begun, and nothing uses the processor any more."""
    pending.wait_for(lambda seen: seen.msg_type == "execute_input", "execute_input")
    used, since = trial.kernel.process.cpu_seconds(), time.monotonic()

    def rests() -> bool:
        nonlocal used, since
        now = trial.kernel.process.cpu_seconds()
        if now > used:
            used, since = now, time.monotonic()
        return time.monotonic() - since > _RESTS

    _until(trial, pending, rests, "it did not come to rest")


def _until(trial: Trial, pending: Pending, condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + trial.patience
    while not condition():
        trial.kernel.messages  # noqa: B018 - reads what has come
        if pending.over:
            raise Broken(f"the sample ended by itself: {described(pending.outcome())}")
        if time.monotonic() > deadline:
            raise Broken(f"{otherwise} within {trial.patience:g} seconds")
        time.sleep(_LOOK_AGAIN)
