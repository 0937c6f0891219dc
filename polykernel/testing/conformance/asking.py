"""Checks of input requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polykernel.testing.conformance.register import Broken, check
from polykernel.testing.conformance.trial import described, next_cell_runs

if TYPE_CHECKING:
    from polykernel.testing.conformance.trial import Trial

_LINE = "Grüße \N{SNAKE}"
_NUMBER = "271828"
_SECTION = '"Messages on the stdin (ROUTER/DEALER) channel"'


@check(
    rule="A cell that reads a line sends input_request to the front end on stdin, and goes on "
    "with the value of its input_reply.",
    section=_SECTION,
    mend="Read by cell.input(prompt), also where the wrapped runtime reads its standard input.",
    needs=("asks",),
)
def answered(trial: Trial) -> str | None:
    """A cell asks for a line, and gets it."""
    code = trial.samples.asks or ""
    outcome = trial.kernel.execute(code, inputs=[_LINE])
    if not outcome.prompts:
        raise Broken(f"it asked for nothing: {described(outcome)}")
    if _LINE in outcome.shown:
        return None
    # where numbers only can be read, nothing of a text comes back
    if _LINE[:2] in outcome.shown or _NUMBER not in _asked_for_a_number(trial, code):
        raise Broken(f"answered was {_LINE!r}: {described(outcome)}")
    return "it takes numbers, and no text"


def _asked_for_a_number(trial: Trial, code: str) -> str:
    return trial.kernel.execute(code, inputs=[_NUMBER]).shown


@check(
    rule="With allow_stdin=false a kernel must not ask; code that would is an error.",
    section=_SECTION,
    mend="Let InputRefused, which cell.input() raises, end the cell: raise CellError, or give the "
    "runtime the end of its input.",
    needs=("asks",),
)
def refused(trial: Trial) -> None:
    """Where input is not allowed, a cell that wants it ends."""
    pending = trial.kernel.start(trial.samples.asks or "", allow_stdin=False)
    outcome = pending.outcome()
    if pending.prompts:
        raise Broken("it asked all the same")
    if outcome.error is not None and outcome.error.ename == "EvaluatorDied":
        raise Broken(f"the evaluator ended: {outcome.error.evalue}")
    next_cell_runs(trial)


@check(
    rule="A cell that waits for input can be interrupted.",
    section=f'{_SECTION}, "Kernel interrupt"',
    mend="Let the KeyboardInterrupt that cell.input() raises end the cell.",
    needs=("asks",),
)
def interrupted(trial: Trial) -> None:
    """A cell that waits for input is interrupted."""
    pending = trial.kernel.start(trial.samples.asks or "", allow_stdin=True)
    if pending.wait_for_prompt() is None:
        raise Broken("it asked for nothing")
    trial.kernel.interrupt()
    outcome = pending.outcome()
    if outcome.status != "error":
        raise Broken(f"{described(outcome)}; expected was status error")
    if outcome.error is not None and outcome.error.ename == "EvaluatorDied":
        raise Broken(f"the evaluator ended: {outcome.error.evalue}")
    next_cell_runs(trial)
