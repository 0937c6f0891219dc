"""Checks of cells: what they show, and what their replies say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polykernel.testing.conformance.register import Broken, NotOffered, check
from polykernel.testing.conformance.trial import cell_shows, described, next_cell_runs

if TYPE_CHECKING:
    from polykernel.testing.conformance.trial import Trial
    from polykernel.testing.outcome import Outcome

_BUG = "A bug in the plugin"  # as the evaluator's runtime introduces an author's own exception
_MANY = 200  # cells
_MB = 1_000_000


def _ok(outcome: Outcome) -> None:
    if outcome.status != "ok":
        raise Broken(f"{described(outcome)}; expected was status ok")


@check(
    rule="The value of a cell is published as execute_result, with the form text/plain.",
    section='"Execution results", "Display data"',
    mend="Let execute() return the value, or a Bundle with text/plain.",
    needs=("value",),
)
def value(trial: Trial) -> None:
    """A cell's value is its result."""
    code, text = trial.samples.value or ("", "")
    outcome = trial.kernel.execute(code)
    _ok(outcome)
    if outcome.result != text:
        raise Broken(f"{described(outcome)}; expected was the result {text!r}")


@check(
    rule="The code of a cell may have several lines; all of it is run.",
    section='"Execute"',
    mend="Run the whole code: feed a line-oriented runtime line by line, and end a block as it "
    "wants it.",
    needs=("multiline",),
)
def multiline(trial: Trial) -> None:
    """A cell may have several lines."""
    cell_shows(trial, *(trial.samples.multiline or ("", "")))


@check(
    rule="A kernel keeps its state between cells.",
    section='"Execute"',
    mend="Keep the runtime, or what cells define, in the evaluator's instance: it lives as long "
    "as the kernel.",
    needs=("state",),
)
def state(trial: Trial) -> None:
    """What one cell sets, the next one finds."""
    sets, shows, text = trial.samples.state or ("", "", "")
    _ok(trial.kernel.execute(sets))
    cell_shows(trial, shows, text)


def _stream(trial: Trial, name: str, sample: tuple[str, str]) -> None:
    code, text = sample
    outcome = trial.kernel.execute(code)
    _ok(outcome)
    got = getattr(outcome, name)
    if got != text:
        raise Broken(f"{name} is {got!r}; expected was {text!r} ({described(outcome)})")


@check(
    rule="What a cell prints is published as stream messages with the name stdout, nothing added "
    "and nothing lost.",
    section='"Streams (stdout, stderr, etc)"',
    mend="Hand text to cell.write() as it is, or write to descriptor 1; keep echo and prompts of "
    "a wrapped runtime out of it.",
    needs=("prints",),
)
def prints(trial: Trial) -> None:
    """What a cell prints appears as it is."""
    _stream(trial, "stdout", trial.samples.prints or ("", ""))


@check(
    rule="What a cell writes to its error stream is published with the name stderr.",
    section='"Streams (stdout, stderr, etc)"',
    mend='Write to descriptor 2, or call cell.write(text, "stderr").',
    needs=("prints_stderr",),
)
def prints_stderr(trial: Trial) -> None:
    """What a cell writes to stderr appears as such."""
    _stream(trial, "stderr", trial.samples.prints_stderr or ("", ""))


@check(
    rule="Rich content is published as display_data or execute_result, in a MIME bundle.",
    section='"Display data"',
    mend="Return or display a Bundle with that mimetype, or an object with a _repr_..._ method.",
    needs=("display",),
)
def display(trial: Trial) -> None:
    """Rich content comes in its mimetype."""
    code, mimetype = trial.samples.display or ("", "")
    outcome = trial.kernel.execute(code)
    _ok(outcome)
    forms = [*outcome.data, *(form for shown in outcome.displays for form in shown.data)]
    if mimetype not in forms:
        raise Broken(f"{described(outcome)}; the mimetypes were {forms}, expected was {mimetype!r}")


@check(
    rule="A cell that fails has a reply with status error, ename, evalue and traceback (a list of "
    "strings), and an error message on IOPub with the same; the next cell runs.",
    section='"Execution errors"',
    mend="Raise CellError(evalue, ename=..., traceback=...) for what is wrong with the user's "
    "code: any other exception is shown as a bug of the plugin.",
    needs=("error",),
)
def error(trial: Trial) -> None:
    """A cell that fails says so, and the next one runs."""
    outcome = trial.kernel.execute(trial.samples.error or "")
    if outcome.error is None:
        raise Broken(f"{described(outcome)}; expected was status error")
    if not outcome.error.ename:
        raise Broken(f"{described(outcome)}: ename is empty, which says what kind of error it is")
    if any(_BUG in line for line in outcome.error.traceback[:1]):
        raise Broken(
            f"it is shown as a bug of the plugin, not as an error of the user's code: "
            f"{described(outcome)}"
        )
    if not "".join(outcome.error.traceback).strip():
        raise Broken(f"{described(outcome)}: the traceback is empty, so that users see nothing")
    next_cell_runs(trial)


@check(
    rule="A cell with silent=true publishes no execute_input, no execute_result and no display, "
    "and does not count.",
    section='"Execute"',
    mend="Return the value instead of displaying it, or look at cell.silent.",
)
def silent(trial: Trial) -> None:
    """A silent cell shows nothing and does not count."""
    code = trial.plain()
    before = trial.kernel.execute(code).reply["execution_count"]
    pending = trial.kernel.start(code, silent=True)
    outcome = pending.outcome()
    _ok(outcome)
    shown = [seen.msg_type for seen in pending.seen if seen.channel == "iopub"]
    loud = {"execute_input", "execute_result", "display_data", "error"} & set(shown)
    if loud:
        raise Broken(f"a silent cell published {', '.join(sorted(loud))}")
    after = trial.kernel.execute(code).reply["execution_count"]
    if after != before + 1:
        raise Broken(f"execution_count went from {before} to {after} over a silent cell")


@check(
    rule="user_expressions are evaluated after the cell, each by itself: one that fails is an "
    "error in its own place, not in the reply.",
    section='"Execute"',
    mend="Override evaluate(expression): return the value, raise CellError where there is none; "
    "or leave it out where the language has no expressions.",
    needs=("value",),
)
def expressions(trial: Trial) -> None:
    """User expressions are evaluated."""
    code, text = trial.samples.value or ("", "")
    wanted: dict[str, str] = {"good": code}
    if trial.samples.error:
        wanted["bad"] = trial.samples.error
    outcome = trial.kernel.execute(code, silent=True, user_expressions=wanted)
    _ok(outcome)
    found: dict[str, dict[str, Any]] = outcome.user_expressions
    good = found.get("good", {})
    if good.get("ename") == "NotImplementedError":
        raise NotOffered("evaluate() is not overridden")
    if good.get("status") != "ok" or good.get("data", {}).get("text/plain") != text:
        raise Broken(f"{code!r} gave {good}; expected was {text!r}")
    if "bad" in wanted and found.get("bad", {}).get("status") != "error":
        raise Broken(f"{wanted['bad']!r} gave {found.get('bad')}; expected was status error")


@check(
    rule="Every execute_request gets exactly one execute_reply, in the order of the requests, and "
    "the execution count grows by one.",
    section='"Execute"',
    mend="Let execute() return when its cell is done, not before: a runtime that is read behind "
    "its back answers the wrong cell.",
)
def many(trial: Trial) -> str:
    """Two hundred cells at once get two hundred replies, in order."""
    code = trial.plain()
    kernel = trial.kernel
    text = kernel.execute(code).shown
    memory = kernel.process.memory()
    cells = [kernel.start(code) for _ in range(_MANY)]
    outcomes = [each.outcome() for each in cells]
    for number, outcome in enumerate(outcomes, start=1):
        if outcome.shown != text:
            raise Broken(f"cell {number} of {_MANY}: {described(outcome)}; before it was {text!r}")
    ids = [each.msg_id for each in cells]
    wanted = set(ids)
    replies = [
        seen
        for seen in kernel.messages
        if seen.msg_type == "execute_reply" and seen.parent in wanted
    ]
    if [seen.parent for seen in replies] != ids:
        raise Broken(f"{len(replies)} replies to {_MANY} cells, or in another order")
    counts = [seen.content["execution_count"] for seen in replies]
    if counts != list(range(counts[0], counts[0] + _MANY)):
        raise Broken(f"execution counts {counts}")
    seconds = replies[-1].at - replies[0].at
    grown = (kernel.process.memory() - memory) / _MB
    return f"{(_MANY - 1) / seconds:.0f} cells/s, memory grew by {grown:.1f} MB"
