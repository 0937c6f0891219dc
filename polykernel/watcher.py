"""What is told of an evaluator process: what it can do, what it says, how it ended."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from polykernel.channel_lines import Line
    from polykernel.errors import ChannelError
    from polykernel.limits import Excess


class Abilities(msgspec.Struct, frozen=True):
    """What an evaluator says of itself in its hello."""

    protocol: int
    implementation: str = ""
    language_version: str = ""
    marks: str = ""
    interrupts: bool = False
    complete_while_busy: bool = False
    debugger: bool = False
    subshells: bool = False
    buffers: bool = False


class Death(msgspec.Struct, frozen=True):
    """How an evaluator process ended.

    Attributes:
        status: ``signal SIGSEGV (Segmentation fault)`` or ``exit code 3``.
        at_start: It had not yet said hello.
        wanted: The user has interrupted until it was killed.
        last_words: What it has left for its obituary.
        excess: The limit for which it was ended, or ``None``.
    """

    status: str
    at_start: bool
    wanted: bool
    last_words: str
    excess: Excess | None = None


class Watcher(Protocol):
    """Who is told what an evaluator does; all calls come from the loop, in order."""

    def on_text(self, stream: str, data: bytes) -> None:
        """Take bytes of descriptor 1 or 2."""

    def on_event(self, line: Line) -> None:
        """Take an event."""

    def on_input_request(self, line: Line) -> None:
        """Take a request for input."""

    def on_refused(self, error: ChannelError) -> None:
        """Take notice of a line that was left out."""

    def on_abilities(self, abilities: Abilities) -> None:
        """Take notice that an evaluator is up."""

    def on_death(self, death: Death) -> None:
        """Take notice that the process has been waited for; nothing comes from it any more."""

    def on_heard_interrupt(self) -> None:
        """Take notice that an interrupt was acknowledged."""

    def on_unheard_interrupt(self) -> None:
        """Take notice that an interrupt was not acknowledged for some seconds."""


def describe_status(code: int | None) -> str:
    """Say in words how a process ended, from what :func:`os.waitpid` gave; ``None`` for nothing."""
    if code is None:
        return "an unknown exit code"
    code = os.waitstatus_to_exitcode(code)
    if code >= 0:
        return f"exit code {code}"
    try:
        number = signal.Signals(-code)
    except ValueError:
        return f"signal {-code}"
    return f"signal {number.name} ({signal.strsignal(number)})"
