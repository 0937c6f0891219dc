"""A cell that has been sent: what it shows can be watched as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polykernel.testing.outcome import Event, Outcome, add
from polykernel.testing.waiting import NothingCame

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.testing.connecting import Connection, Seen

_NOT_SHOWN = ("status", "execute_input", "iopub_welcome")


class Pending:
    """A cell that has been sent.

    Args:
        connection: Where what comes is recorded.
        msg_id: Of its request.
        since: How many messages had been recorded before it.

    Attributes:
        msg_id: Of its request.
    """

    def __init__(self, connection: Connection, msg_id: str, since: int) -> None:
        self._connection = connection
        self._since = since
        self._prompts = 0
        self.msg_id = msg_id

    @property
    def seen(self) -> list[Seen]:
        """What it has caused up to now."""
        return [
            seen
            for seen in self._connection.seen[self._since :]
            if seen.parent == self.msg_id and not seen.sent
        ]

    @property
    def events(self) -> list[Event]:
        """What it has shown up to now; texts that follow each other are one."""
        events: list[Event] = []
        for seen in self.seen:
            if seen.channel == "iopub" and seen.msg_type not in _NOT_SHOWN:
                add(events, Event(seen.msg_type, seen.content, seen.metadata, seen.buffers))
        return events

    @property
    def shown(self) -> str:
        """All text that it has put before the user up to now."""
        return Outcome({}, self.events).shown

    @property
    def over(self) -> bool:
        """Whether its reply has come."""
        return any(seen.msg_type == "execute_reply" for seen in self.seen)

    def wait_for(
        self, wanted: Callable[[Seen], bool], what: str, patience: float | None = None
    ) -> Seen:
        """Wait for a message that it causes.

        Raises:
            NothingCame: It did not come in time.
        """
        return self._connection.wait(
            lambda seen: seen.parent == self.msg_id and wanted(seen),
            what,
            since=self._since,
            patience=patience,
        )

    def wait_for_text(self, text: str, patience: float | None = None) -> Seen:
        """Wait until it has shown a text; gives the message that completed it.

        Raises:
            NothingCame: It did not come in time.
        """
        return self.wait_for(lambda seen: text in self.shown, f"the text {text!r}", patience)

    def wait_for_prompt(self, patience: float | None = None) -> str | None:
        """Wait until it asks for input: gives the prompt, or ``None`` where it has ended instead.

        Raises:
            NothingCame: Neither came in time.
        """
        self.wait_for(
            lambda seen: len(self.prompts) > self._prompts or seen.msg_type == "execute_reply",
            "an input_request",
            patience,
        )
        if len(self.prompts) == self._prompts:
            return None
        self._prompts += 1
        return self.prompts[self._prompts - 1]

    @property
    def prompts(self) -> list[str]:
        """What it has asked up to now."""
        return [
            str(seen.content.get("prompt", ""))
            for seen in self.seen
            if seen.msg_type == "input_request"
        ]

    def outcome(self, patience: float | None = None) -> Outcome:
        """Wait for its end.

        Raises:
            NothingCame: It did not come in time; or the cell asks for input that nobody gives.
        """
        reply = self.wait_for(
            lambda seen: (
                seen.msg_type == "execute_reply"
                or (seen.msg_type == "input_request" and len(self.prompts) > self._prompts)
            ),
            "the execute_reply",
            patience,
        )
        if reply.msg_type == "input_request":
            raise NothingCame(
                f"the cell asks {self.prompts[-1]!r}, and there is no further input\n"
                f"{self._connection.transcript(self._since)}"
            )
        self.wait_for(
            lambda seen: seen.content.get("execution_state") == "idle", "the status idle", patience
        )
        return Outcome(reply.content, self.events, self.prompts)
