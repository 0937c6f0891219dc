"""What a check is, and the list of all of them."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.testing.conformance.trial import Trial

    Run = Callable[[Trial], str | None]

#: Modules with checks, in the order of running.
TOPICS = (
    "facts",
    "author",
    "life",
    "cells",
    "text",
    "output",
    "questions",
    "asking",
    "interrupting",
    "endings",
)


class Broken(Exception):
    """A check has failed.

    Args:
        came: What came back.
        sent: What was sent; the requests that the check has made where it is empty.
        mend: How to mend it, where the check knows better than in general.
    """

    def __init__(self, came: str, *, sent: str = "", mend: str = "") -> None:
        super().__init__(came)
        self.came = came
        self.sent = sent
        self.mend = mend


class NotOffered(Exception):
    """The language does not offer what a check tries: that is no failure."""


class NotTried(Exception):
    """A check could not try anything: a sample is missing, or a program."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Args:
        topic: The module that it stands in.
        name: ``topic.function``.
        title: What is true of a language that passes, in one sentence.
        rule: What the specification, or polykernel's own documentation, says.
        section: Where it says so.
        mend: What an author does who does not pass.
        needs: The samples without which it can't be tried.
        kernel: Whether it needs a running kernel.
        run: Tries it. Returns figures, if there are any.
    """

    topic: str
    name: str
    title: str
    rule: str
    section: str
    mend: str
    needs: tuple[str, ...]
    kernel: bool
    run: Run


_checks: list[Check] = []


def check(
    *, rule: str, section: str, mend: str, needs: tuple[str, ...] = (), kernel: bool = True
) -> Callable[[Run], Run]:
    """Mark a function as a check; its docstring is the title."""

    def register(function: Run) -> Run:
        topic = function.__module__.rpartition(".")[2]
        name = function.__name__
        title = (inspect.getdoc(function) or "").partition("\n")[0].removesuffix(".")
        _checks.append(
            Check(topic, f"{topic}.{name}", title, rule, section, mend, needs, kernel, function)
        )
        return function

    return register


def checks() -> list[Check]:
    """Give all checks, in the order of running."""
    from importlib import import_module

    for topic in TOPICS:
        import_module(f"polykernel.testing.conformance.{topic}")
    return sorted(_checks, key=lambda each: TOPICS.index(each.topic))
