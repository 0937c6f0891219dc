"""What a kernel owes its users after a fault; the table says which of these it fell short of."""

from __future__ import annotations

import contextlib
import enum
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import psutil
from support import processes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from support.client import Client, Outcome
    from support.processes import Watch
    from support.subjects import Subject

GONE_WITHIN = 10.0  # seconds: a bound, not a measurement
_NOTE = "this check failed: "


class Check(enum.Enum):
    """What is checked, and what the table says where it fails."""

    TOLD = "tells nobody"
    WHOLE = "loses output"
    STATE = "loses the state"
    OUT = "can't be stopped"
    ANSWERS = "does not answer"
    CLEAN = "leaves something behind"
    WRITTEN = "loses what was written"


#: What is looked at when the kernel has been shut down.
AFTER_THE_END = frozenset((Check.CLEAN.value, Check.WRITTEN.value))


@contextlib.contextmanager
def check(what: Check) -> Iterator[None]:
    """Check one thing: what fails inside is this."""
    try:
        yield
    except (AssertionError, subprocess.TimeoutExpired) as error:
        error.add_note(_NOTE + what.value)
        raise


def failed(error: BaseException) -> str:
    """Give what the table says of a failure; empty where it was in none of the checks."""
    notes = [note for note in getattr(error, "__notes__", ()) if note.startswith(_NOTE)]
    return notes[0].removeprefix(_NOTE) if notes else ""


def told_in(kernel: Subject, cell: str, *words: str, ename: str = "EvaluatorDied") -> Outcome:
    """Check that a cell ends with an error.

    Args:
        kernel: The kernel.
        cell: The request's id.
        words: What ours says in it.
        ename: What ours calls it.
    """
    with check(Check.TOLD):
        outcome = kernel.client.outcome(cell)
        assert outcome.status == "error"
        if kernel.kind.ours:
            assert outcome.reply["ename"] == ename
            text = outcome.reply["evalue"] + "\n" + outcome.traceback
            assert all(word in text for word in words), (words, text)
            assert outcome.contents("error"), "it is published, too"
            assert outcome.sequence[-1] == "idle"
    return outcome


def printed(outcome: Outcome, text: str, stream: str = "stdout") -> None:
    """Check that what a cell printed has come whole."""
    with check(Check.WHOLE):
        assert outcome.text(stream) == text


def answers(kernel: Subject, client: Client | None = None) -> None:
    """Check that the kernel runs the next cell, and answers on control and its heartbeat."""
    client = client or kernel.client
    with check(Check.ANSWERS):
        outcome = client.execute(kernel.words.value)
        assert outcome.status == "ok"
        assert outcome.result == kernel.words.shown
    answers_on_control(kernel, client)


def answers_on_control(kernel: Subject, client: Client | None = None) -> None:
    """Check that the kernel answers on control and its heartbeat, whatever the cells do."""
    client = client or kernel.client
    with check(Check.ANSWERS):
        # others publish no status for it
        client.wait_for("kernel_info_reply", client.send("kernel_info_request", channel="control"))
        assert client.beats(b"word", client.patience) == b"word"


def shuts_down(kernel: Subject, watches: Iterable[Watch]) -> None:
    """Check that a shutdown is answered, and that these processes end."""
    with check(Check.CLEAN):
        client = kernel.client
        shutdown = client.send("shutdown_request", {"restart": False}, channel="control")
        client.wait_for("shutdown_reply", shutdown)
        kernel.exit_code()
        all_gone(watches)


def leaves_nothing(kernel: Subject, *pids: int) -> None:
    """Check that after a shutdown no process, port or file of the kernel's is left.

    Args:
        kernel: The kernel; it ends.
        pids: Processes that are not below it any more.
    """
    watches = [*kernel.kernel.watch_all(), *map(kernel.kernel.watch, pids)]
    shuts_down(kernel, watches)
    with check(Check.CLEAN):
        info = kernel.kernel.info
        assert not [name for name in info if name.endswith("_port") and _listens(info, name)]
        assert not list(kernel.temporary.iterdir())


def all_gone(watches: Iterable[Watch]) -> None:
    """Check that processes end."""
    deadline = time.monotonic() + GONE_WITHIN
    left = [each for each in watches if not each.ended_within(max(0, deadline - time.monotonic()))]
    assert not left, left


def _listens(info: dict[str, object], port: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((str(info["ip"]), int(str(info[port])))) == 0


def evaluator(kernel: Subject) -> int:
    """Give the id of the process that runs the cells."""
    code = "__import__('os').getpid()"
    return int(kernel.client.execute(code, silent=False, store_history=False).result)


def ended(pid: int) -> None:
    """Wait until a process has ended, or is a zombie."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        processes.until(lambda: not processes.alive(process), "an end")
