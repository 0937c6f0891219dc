"""Brings a kernel to rest, and holds what has come, and what it has, against what is right."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from soak import reactions, resources
from soak.asked import DIED, LEFT, Asked, Broken
from soak.cells import Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soak.driver import Driver
    from soak.subject import Subject

LOOK_AGAIN = 0.3  # seconds between two looks for a cell that asks somebody who does not answer
IDLE_FOR = 1.0  # seconds that processor time is counted for
IDLE_USES = 0.1  # seconds of processor time that a host may use then: a busy loop uses all
# the last error is kept for pdb.pm(), and with it what its frames held: an event loop that was
# half made, or a file that was being read, when the interrupt came; in circles, some of it
_SAID = {
    "python": "import gc, sys; sys.last_exc = sys.last_value = sys.last_traceback = None\n"
    "gc.collect();",
    "program": "pass",
    "calc": "1",
    "echo": "rest",
}


def rest(driver: Driver, subject: Subject) -> None:
    """Wait until all is over, check it, and let all front ends but the witness go.

    Raises:
        Broken: An invariant does not hold.
    """
    _settle(driver, subject)
    ledger = subject.ledger
    driver.wait_for(
        lambda: not ledger.missing_lines(),
        lambda: f"all that threads of {subject.name} print: {ledger.missing_lines()}",
    )
    _run_until_well(driver, subject)
    _end_subshells(driver, subject)
    warm = subject.baseline_is_known(driver.baseline)
    if not warm:
        _warm_up(driver, subject)
    _probe(driver, subject)
    for front_end in subject.front_ends[:]:
        if front_end is not subject.witness:
            subject.leave(front_end)
    counts = subject.ledger.check()
    for what, number in counts._asdict().items():
        driver.count(what, number)
    _check_log(subject)
    _check_resources(driver, subject)
    subject.calm()


def _settle(driver: Driver, subject: Subject) -> None:
    """Let all that was asked come to its end."""
    subject.open_gates()
    ledger = subject.ledger
    look_again = time.monotonic() + LOOK_AGAIN

    def settled() -> bool:
        nonlocal look_again
        waiting = ledger.waiting()
        if waiting and time.monotonic() > look_again:
            look_again = time.monotonic() + LOOK_AGAIN
            unanswered = [
                each
                for each in waiting
                if each.began
                and (each.plan.startswith("ignore") or LEFT in each.excuses)
                and each.plan
            ]
            if unanswered:
                reactions.interrupt(subject, subject.witness)
        return not waiting

    driver.wait_for(settled, lambda: f"the end of {', '.join(map(str, ledger.waiting()))}")
    subject.forget_gates()


def _run_until_well(driver: Driver, subject: Subject) -> None:
    """Run cells until one is well: a death that nobody has seen is told by the next one."""
    for _ in range(3):
        asked = subject.run(subject.witness, Recipe("after all", _SAID[subject.kind.language]))
        asked.excuses.add(DIED)
        driver.wait_for(partial(_is_settled, asked), f"the end of {asked}")
        if asked.outcome == "ok":
            subject.calm()
            return
    raise Broken(f"{subject.name} does not get well: {asked}: {asked.outcome}")


def _is_settled(asked: Asked) -> bool:
    return asked.settled


def _end_subshells(driver: Driver, subject: Subject) -> None:
    for name in subject.subshells:
        content = {"subshell_id": name}
        subject.ask(subject.witness, "delete_subshell_request", content, channel="control")
    subject.subshells.clear()
    subject.gone_subshells.clear()


def _warm_up(driver: Driver, subject: Subject) -> None:
    """Do once what leaves something behind that is kept: threads of the host's, a loop, modules."""
    from soak.warming import warm_up

    warm_up(driver, subject)
    _settle(driver, subject)


def _probe(driver: Driver, subject: Subject) -> None:
    """Hold that everything works, and that all front ends have seen all of it."""
    ledger, witness = subject.ledger, subject.witness
    for front_end in subject.front_ends:
        for channel in ("shell", "control"):
            subject.ask(front_end, "kernel_info_request", channel=channel, what="last question")
    last = subject.run(witness, Recipe("last", _SAID[subject.kind.language]))
    _settle(driver, subject)
    driver.wait_for(
        lambda: all(ledger.seen_by(each.name, last.msg_id) for each in subject.front_ends),
        f"the last messages, at all front ends of {subject.name}",
    )


def _check_log(subject: Subject) -> None:
    for bad in ("Traceback", "a bug of", "left out", "not sent before the end"):
        if bad in subject.kernel.log:
            raise Broken(f"{subject.name} has logged {bad!r}:\n{subject.kernel.log[-4000:]}")


def _check_resources(driver: Driver, subject: Subject) -> None:
    """Hold that the kernel's processes have nothing that they did not have before."""
    differences: list[str] = []

    def same() -> bool:
        host = driver.baseline.host_differs(subject)
        half_a_child = subject.ledger.interrupted_a_child()
        evaluator = driver.baseline.evaluator_differs(subject, half_a_child=half_a_child)
        differences[:] = [f"host: {each}" for each in host]
        differences.extend(f"evaluator: {each}" for each in evaluator)
        return not differences

    def missing() -> str:
        return (
            f"what {subject.name} held before ({'; '.join(differences)}{_threads(driver, subject)})"
        )

    driver.wait_for(same, missing, patience=20)
    driver.baseline.note_round(subject)


def _threads(driver: Driver, subject: Subject) -> str:
    """Let an evaluator in Python say which threads it has."""
    if not subject.kind.full:
        return ""
    code = (
        "import sys, traceback\n"
        "[''.join(traceback.format_stack(each)[-3:]) for each in sys._current_frames().values()]"
    )
    asked = subject.run(subject.witness, Recipe("threads", code))
    driver.wait_for(lambda: asked.settled, "a list of threads")
    shown = [each.content["data"] for each in asked.caused if each.msg_type == "execute_result"]
    return f"; threads: {shown}"


def check_idle(subjects: Sequence[Subject]) -> None:
    """Hold that hosts do nothing while they rest.

    Raises:
        Broken: One does.
    """
    before = [resources.used(each.kernel.pid) for each in subjects]
    time.sleep(IDLE_FOR)
    for subject, then in zip(subjects, before, strict=True):
        spent = resources.used(subject.kernel.pid) - then
        if spent > IDLE_USES:
            raise Broken(f"the host of {subject.name} used {spent:.2f} s of {IDLE_FOR} at rest")
