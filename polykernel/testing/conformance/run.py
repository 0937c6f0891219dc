"""Runs checks one by one. What they raise becomes a result; none runs without end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from polykernel.testing.conformance import author
from polykernel.testing.conformance.register import Broken, Check, NotOffered, NotTried
from polykernel.testing.waiting import NothingCame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polykernel.testing.conformance.trial import Trial

Status = Literal["passed", "failed", "not offered", "not tried"]
_FIRST = "life.start"  # without it no kernel is there to try
_MESSAGES = 40  # that a result keeps


@dataclass(frozen=True, slots=True)
class Result:
    """What a check has found.

    Args:
        check: Which one.
        status: How it ended.
        seconds: How long it took.
        note: Figures of one that passed; the reason of one that was not tried.
        sent: Of one that failed: what was sent.
        came: What came back.
        mend: What to do.
        messages: The messages of the check, as lines.
    """

    check: Check
    status: Status
    seconds: float
    note: str = ""
    sent: str = ""
    came: str = ""
    mend: str = ""
    messages: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For a program to read."""
        content: dict[str, Any] = {
            "name": self.check.name,
            "title": self.check.title,
            "status": self.status,
            "seconds": round(self.seconds, 3),
            "note": self.note,
        }
        if self.status == "failed":
            content |= {
                "sent": self.sent,
                "came": self.came,
                "rule": self.check.rule,
                "section": self.check.section,
                "mend": self.mend,
                "messages": list(self.messages),
            }
        return content


def run(trial: Trial, wanted: Sequence[Check]) -> Iterator[Result]:
    """Run checks, and give each one's result as soon as it is there."""
    no_kernel = ""
    try:
        author.look(trial)
    except NotTried:
        pass  # the checks of the class say so
    for each in wanted:
        if each.kernel and no_kernel:
            yield Result(each, "not tried", 0.0, no_kernel)
            continue
        result = _run(trial, each)
        if each.name == _FIRST and result.status == "failed":
            no_kernel = f"no cell can be run: see {_FIRST}"
        yield result


def _run(trial: Trial, check: Check) -> Result:
    missing = [name for name in check.needs if getattr(trial.samples, name) is None]
    if missing:
        names = ", ".join(missing)
        return Result(check, "not tried", 0.0, f"no sample for {names}")
    began = time.monotonic()
    failed = False
    trial.begin_check()
    try:
        note = check.run(trial)
        return Result(check, "passed", time.monotonic() - began, note or "")
    except NotOffered as reason:
        return Result(check, "not offered", time.monotonic() - began, str(reason))
    except NotTried as reason:
        return Result(check, "not tried", time.monotonic() - began, str(reason))
    except Exception as broken:  # of ours, too: the other checks go on
        failed = True
        messages = [str(seen) for seen in trial.messages()]
        came, sent, mend = _told(broken)
        return Result(
            check,
            "failed",
            time.monotonic() - began,
            came=came,
            sent=sent or trial.sent(),
            mend=mend or check.mend,
            messages=tuple(messages[-_MESSAGES:]),
        )
    finally:
        trial.end_check(failed=failed)


def _told(error: Exception) -> tuple[str, str, str]:
    if isinstance(error, Broken):
        return error.came, error.sent, error.mend
    if isinstance(error, NothingCame):
        # the sequence of messages stands behind the first line
        return str(error).partition("\n")[0], "", ""
    return f"something that the check does not understand: {type(error).__name__}: {error}", "", ""
