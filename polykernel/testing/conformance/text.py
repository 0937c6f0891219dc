"""Checks of code as front ends may send it: empty, blank, of any characters, very long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polykernel.testing.conformance.register import Broken, NotTried, check
from polykernel.testing.conformance.trial import cell_shows, described, next_cell_runs

if TYPE_CHECKING:
    from polykernel.testing.conformance.trial import Trial

_HUGE = 10_000_000  # characters
_LINE = " " * 99 + "\n"
_HUGE_TAKES = 120.0  # seconds at most: a runtime behind a terminal reads slowly


@check(
    rule="code may be empty: front ends that want user_expressions only send it so.",
    section='"Execute"',
    mend="Return None at once where there is no code.",
)
def empty(trial: Trial) -> None:
    """An empty cell succeeds."""
    outcome = trial.kernel.execute("")
    if outcome.status != "ok":
        raise Broken(f"{described(outcome)}; expected was status ok", sent="the code ''")


@check(
    rule="A cell that holds white space only does nothing.",
    section='"Execute"',
    mend="Return None at once where code.strip() is empty.",
)
def blank(trial: Trial) -> None:
    """A blank cell succeeds."""
    for code in ("   ", "\n\n", " \n\t\n  "):
        outcome = trial.kernel.execute(code)
        if outcome.status != "ok":
            raise Broken(f"{described(outcome)}; expected was status ok", sent=f"the code {code!r}")


@check(
    rule="Messages are JSON in UTF-8: any character may stand in code, and comes back as it is.",
    section='"The Wire Protocol"',
    mend="Decode and encode as UTF-8 on the way to the runtime; set its locale to one of UTF-8 "
    "(LANG=C.UTF-8).",
    needs=("unicode",),
)
def unicode(trial: Trial) -> None:
    """Characters beyond U+FFFF come back as they are."""
    cell_shows(trial, *(trial.samples.unicode or ("", "")))


@check(
    rule="Notebooks that were written on Windows may hold lines that end with CR LF; they are "
    "lines as any others.",
    section='"Execute"',
    mend=r'Replace "\r\n" by "\n" before the runtime sees it.',
    needs=("multiline",),
)
def crlf(trial: Trial) -> None:
    """Lines may end with CR LF."""
    code, text = trial.samples.multiline or ("", "")
    plain = trial.kernel.execute(code)
    if text not in plain.shown:
        raise NotTried("lines that end with LF do not do either: see cells.multiline")
    outcome = trial.kernel.execute(code.replace("\n", "\r\n"))
    if text not in outcome.shown or outcome.status != plain.status:
        raise Broken(f"{described(outcome)}; with LF it was: {described(plain)}")


@check(
    rule="A cell of any length gets exactly one reply (it may be an error), and the kernel lives.",
    section='"Execute"',
    mend="Read and write without limits on a line; where the runtime has one, raise CellError.",
)
def huge(trial: Trial) -> str:
    """A cell of 10 MB gets a reply, and the next one runs."""
    code = trial.plain()
    sent = f"the code {code!r}, and lines of spaces behind it, {_HUGE:,} characters"
    pending = trial.kernel.start(f"{code}\n{_LINE * (_HUGE // len(_LINE))}")
    outcome = pending.outcome(max(_HUGE_TAKES, trial.patience))
    seconds = pending.seen[-1].at - trial.messages()[0].at
    if outcome.error is not None and outcome.error.ename == "EvaluatorDied":
        raise Broken(f"the evaluator ended: {outcome.error.evalue}", sent=sent)
    try:
        next_cell_runs(trial)
    except Broken as broken:
        raise Broken(broken.came, sent=sent) from None
    return f"status {outcome.status} after {seconds:.1f} s"
