"""What a front end does when it is asked for input: what was drawn when the cell was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soak.asked import DIED

if TYPE_CHECKING:
    from support.client import Seen

    from soak.subject import FrontEnd, Subject


def asked_for_input(subject: Subject, front_end: FrontEnd, seen: Seen) -> None:
    """Do what the plan of the cell says."""
    asked = subject.ledger.asked.get(seen.parent)
    plan, _, word = asked.plan.partition(":") if asked is not None else ("", "", "")
    if plan == "interrupt":
        interrupt(subject, front_end)
    elif plan == "kill" and not subject.killed and not subject.restarted:
        kill(subject)
    elif plan != "ignore":
        for other in subject.front_ends:
            if plan == "answer after others" and other.identity != front_end.identity:
                other.client.answer("what nobody asked them", seen.message["header"])
        front_end.client.answer(word)
        if plan == "answer twice":
            # it says what it answers, or it could be taken for the answer to the next question
            front_end.client.answer("another word", seen.message["header"])


def interrupt(subject: Subject, front_end: FrontEnd) -> None:
    """Interrupt what runs."""
    asked = subject.ask(front_end, "interrupt_request", channel="control")
    own = set(asked.excuses)
    subject.interrupted(lambda: bool(asked.replies))
    asked.excuses = own


def kill(subject: Subject) -> bool:
    """Kill the evaluator from outside; false where there is none at the moment."""
    subject.killed = True
    evaluator = subject.evaluator()
    if evaluator is None:
        return False
    deaths = subject.ledger.deaths
    evaluator.kill()
    subject.endanger(DIED, lambda: subject.ledger.deaths > deaths)
    return True
