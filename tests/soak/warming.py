"""Does once, in a fresh kernel or evaluator, what leaves something behind that is kept."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from soak import actions, cells
from soak.actions import Turn
from soak.cells import Recipe

if TYPE_CHECKING:
    from soak.driver import Driver
    from soak.subject import Subject

FLOODS = 30


def warm_up(driver: Driver, subject: Subject) -> None:
    """Send requests of all kinds; nothing disturbs them."""
    witness = subject.witness
    for msg_type, channel in (("usage_request", "control"), ("connect_request", "shell")):
        subject.ask(witness, msg_type, channel=channel)
    for kind in ("tail", "search"):
        content = {"hist_access_type": kind, "n": 5, "pattern": "*", "output": True}
        subject.ask(witness, "history_request", content)
    for method in ("complete", "inspect"):
        content = {"code": "prin", "cursor_pos": 4}
        subject.ask(witness, f"{method}_request", content)
    right = frozenset({"incomplete", "unknown", "complete", "invalid"})
    subject.ask(witness, "is_complete_request", {"code": "def f("}, right=right)
    dice = random.Random(0)
    if subject.kind.language in ("python", "program"):
        for make in (cells.lines, cells.large, cells.many):
            subject.run(witness, make(subject.cook(dice), dice))
    if subject.kind.language == "echo":
        _fill_the_history(driver, subject)
    if subject.kind.full:
        _warm_up_python(driver, subject, dice)


def _fill_the_history(driver: Driver, subject: Subject) -> None:
    """Let a host find out how much memory long cells, and a history of them, need at once."""
    content = {"hist_access_type": "search", "n": 20, "pattern": "*x*", "output": True}
    for _ in range(FLOODS):
        for size in (130_000, 130_000, 500_000):
            subject.run(subject.witness, Recipe("long echo", "x" * size))
        subject.ask(subject.witness, "history_request", content)
        driver.wait_for(lambda: not subject.ledger.waiting(), "the end of the warming up")


def _warm_up_python(driver: Driver, subject: Subject, dice: random.Random) -> None:
    turn = Turn(dice, driver, subject, subject.witness)
    for make in (cells.threads, cells.tasks, cells.large_display, cells.expressions):
        subject.run(subject.witness, make(subject.cook(dice), dice))
    # a question beside a cell has somebody who answers it
    cell = subject.run(subject.witness, cells.waiting(subject.cook(dice), dice))
    driver.wait_for(lambda: cell.began, "the beginning of a cell")
    asked = turn.ask("complete_request", {"code": "pri", "cursor_pos": 3})
    driver.wait_for(lambda: asked.settled, "an answer beside a cell")
    subject.open_gates()
    # a line that is begun has somebody who looks at it
    subject.run(subject.witness, Recipe("begun line", "import sys; _ = sys.stderr.write('.')"))
    error = cells.error(subject.cook(dice), dice)
    error.content = {"stop_on_error": False}
    subject.run(subject.witness, error)
    actions.comm(turn)
    actions.create_subshell(turn)
    name = subject.subshells[-1]
    for _ in range(2):
        subject.run(
            subject.witness, Recipe("in a subshell", "import asyncio\nawait asyncio.sleep(0)"), name
        )
    actions.debug(turn)
    driver.wait_for(lambda: not subject.ledger.waiting(), "the end of the warming up")
    actions.delete_subshell(turn)
