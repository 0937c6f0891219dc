"""Checks of ends: a crash, a restart, a shutdown."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from polykernel.testing.conformance.register import Broken, check
from polykernel.testing.conformance.trial import described, next_cell_runs
from polykernel.testing.process import our_processes, wait_until_ended

if TYPE_CHECKING:
    from polykernel.testing.conformance.trial import Trial

_POLITE = 5.0  # seconds that processes may need to end


@check(
    rule="A cell that ends the runtime is an error; the kernel lives, and the next cell runs in a "
    "fresh one.",
    section='docs/design.md, and docs/channel.md, "Interrupt, death"',
    mend="Let the evaluator's process end with its runtime, or raise CellError and start another "
    "one.",
    needs=("crash",),
)
def crash(trial: Trial) -> None:
    """After a crash the next cell runs."""
    outcome = trial.kernel.execute(trial.samples.crash or "")
    if outcome.status != "error":
        raise Broken(f"{described(outcome)}; expected was status error")
    next_cell_runs(trial)


@check(
    rule="After shutdown_request with restart=true another kernel begins, without the state of "
    "the first.",
    section='"Kernel shutdown"',
    mend="Keep state in the evaluator's process only.",
    needs=("state",),
)
def restart(trial: Trial) -> None:
    """After a restart nothing is left of the state."""
    sets, shows, text = trial.samples.state or ("", "", "")
    trial.kernel.execute(sets)
    trial.kernel.restart()
    outcome = trial.kernel.execute(shows)
    if outcome.status == "ok" and text in outcome.shown:
        raise Broken(f"state has outlived the restart: {described(outcome)}")


@check(
    rule="shutdown_request is answered, and ends the kernel and all that it has started.",
    section='"Kernel shutdown"',
    mend="Let shutdown() return soon, and end what the evaluator has started; start nothing that "
    "leaves its session and its environment.",
)
def shutdown(trial: Trial) -> str:
    """After a shutdown no process is left."""
    before = our_processes()
    kernel = trial.fresh().kernel
    kernel.execute(trial.samples.value[0] if trial.samples.value else "")
    started = kernel.process.descendants()
    began = time.monotonic()
    kernel.shutdown()
    orphans = our_processes() - before - set(started)
    left = wait_until_ended([*started, *orphans], _POLITE)
    seconds = time.monotonic() - began
    if left:
        names = ", ".join(f"{each.pid} ({' '.join(each.cmdline())[:80]})" for each in left)
        for each in left:
            each.kill()
        raise Broken(f"{_POLITE:g} seconds after the end these are left: {names}")
    return f"all ended after {seconds * 1000:.0f} ms"
