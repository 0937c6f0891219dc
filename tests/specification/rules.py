"""Rules of the specification, each with the test that holds it.

``scripts/protocol_table.py`` makes docs/protocol.md of them, and a test checks that it is what
they make.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Test = TypeVar("Test", bound="Callable[..., None]")

#: Pages: the one that a rule stands on where none is named, and the others.
MESSAGING = "messaging"
KERNELS = "kernels"
SECURITY = "security"
JEP_91 = "JEP 91"

#: Our languages that a rule is held for; the other kernels are kernels of Python.
PYTHON = ("polykernel-python",)
WITH_ERRORS = ("polykernel-python", "polykernel-calc")
ALL = ("polykernel-python", "polykernel-calc", "polykernel-echo")
ONE_AT_A_TIME = ("polykernel-calc", "polykernel-echo")


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        message: The message type, or what else it is about.
        section: The heading under which it stands.
        text: The specification's words.
        page: Where the section is.
        languages: Our kernels for which it is held.
        peers: Whether other kernels' tests are run, too.
        test: The test function.
    """

    message: str
    section: str
    text: str
    page: str
    languages: tuple[str, ...]
    peers: bool
    test: Callable[..., None]

    @property
    def name(self) -> str:
        return self.test.__name__

    @property
    def module(self) -> str:
        return self.test.__module__.rpartition(".")[2]


RULES: dict[str, Rule] = {}


def rule(
    message: str,
    section: str,
    text: str,
    *,
    page: str = MESSAGING,
    languages: tuple[str, ...] = PYTHON,
    peers: bool = True,
) -> Callable[[Test], Test]:
    """Say which rule a test holds."""

    def note(test: Test) -> Test:
        assert test.__name__ not in RULES, f"two tests are called {test.__name__}"
        RULES[test.__name__] = Rule(message, section, text, page, languages, peers, test)
        return test

    return note


def rule_of(function: Any) -> Rule | None:
    """Find the rule that a test function holds."""
    found = RULES.get(getattr(function, "__name__", ""))
    return found if found is not None and found.test is function else None
