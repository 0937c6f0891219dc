"""Checks of input requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polykernel.testing.conformance.register import Broken, check
from polykernel.testing.conformance.trial import described, next_cell_runs
from polykernel.testing.waiting import NothingCame

if TYPE_CHECKING:
    from polykernel.testing.conformance.trial import Trial

_LINE = "Grüße \N{SNAKE}"
_NUMBER = "271828"
_NUMBERS_ONLY = "it takes numbers, and no text"
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
    outcome = trial.kernel.execute(code, inputs=[_NUMBER])
    if not outcome.prompts:
        raise Broken(f"it asked for nothing: {described(outcome)}")
    if _NUMBER not in outcome.shown:
        raise Broken(f"answered was {_NUMBER!r}: {described(outcome)}")
    # a kernel of its own: who reads numbers only may not have read all of a text
    try:
        outcome = trial.fresh().kernel.execute(code, inputs=[_LINE])
    except NothingCame:
        return _NUMBERS_ONLY
    if _LINE in outcome.shown:
        return None
    if outcome.status == "ok" and _LINE[:2] in outcome.shown:
        raise Broken(f"answered was {_LINE!r}: {described(outcome)}")
    return _NUMBERS_ONLY


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
