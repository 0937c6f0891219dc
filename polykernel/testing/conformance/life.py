"""Checks of a kernel's start: everything else needs it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from polykernel.testing.conformance.register import Broken, check
from polykernel.testing.conformance.trial import described

if TYPE_CHECKING:
    from polykernel.testing.conformance.trial import Trial

_NO_EVALUATOR = ("PluginError", "EvaluatorStartError", "EvaluatorDied")
_MB = 1_000_000


@check(
    rule="A kernel answers kernel_info_request and runs cells as soon as it is started.",
    section='"Kernel info", "Execute"',
    mend="Mend what the error says: the class must be importable in the interpreter that "
    "evaluates, and start() must return.",
)
def start(trial: Trial) -> str:
    """The kernel starts, and runs a first cell."""
    began = time.monotonic()
    kernel = trial.kernel
    info = time.monotonic() - began
    code = trial.samples.value[0] if trial.samples.value else ""
    outcome = kernel.execute(code)
    first = time.monotonic() - began
    if outcome.error is not None and outcome.error.ename in _NO_EVALUATOR:
        raise Broken(f"{described(outcome)}\n{outcome.error.text}")
    memory = kernel.process.memory() / _MB
    return (
        f"kernel info after {info * 1000:.0f} ms, first cell after {first * 1000:.0f} ms, "
        f"{memory:.0f} MB"
    )
