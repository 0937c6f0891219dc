"""What came of a cell: its reply, and all that it showed, in the order of showing."""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LONGEST = 300  # characters of a content in a transcript


class Event(NamedTuple):
    """One message that a cell caused, as front ends get it on IOPub.

    Attributes:
        msg_type: As the specification names it: ``stream``, ``display_data`` ...
        content: Of the message.
        metadata: Of the message.
        buffers: Its binary data.
    """

    msg_type: str
    content: dict[str, Any]
    metadata: Mapping[str, Any] = MappingProxyType({})
    buffers: tuple[bytes, ...] = ()

    def __str__(self) -> str:
        return f"{self.msg_type:20} {shorten(self.content)}"


class Shown(NamedTuple):
    """One display (specification, "Display data").

    Attributes:
        data: The forms, by their mimetypes.
        metadata: What belongs to them.
        transient: What notebooks do not keep.
        buffers: Binary data beside them.
    """

    data: dict[str, Any]
    metadata: dict[str, Any]
    transient: dict[str, Any]
    buffers: tuple[bytes, ...] = ()

    @property
    def text(self) -> str | None:
        """The form ``text/plain``, if it has one."""
        return self.data.get("text/plain")

    @property
    def display_id(self) -> str | None:
        """The name by which it can be updated, if it has one."""
        return self.transient.get("display_id")


class Failure(NamedTuple):
    """An error (specification, "Execution errors").

    Attributes:
        ename: The kind of error.
        evalue: What is wrong.
        traceback: The lines that front ends show, with their colours.
    """

    ename: str
    evalue: str
    traceback: list[str]

    @property
    def text(self) -> str:
        """The traceback without colours, as one text."""
        return without_colours("\n".join(self.traceback))


class Completeness(NamedTuple):
    """An answer to ``is_complete_request`` (specification, "Code completeness").

    Attributes:
        status: ``complete``, ``incomplete``, ``invalid`` or ``unknown``.
        indent: What the next line should begin with, where it is incomplete.
    """

    status: str
    indent: str = ""


class Outcome:
    """All that came of a cell. Its ``repr`` shows it whole: a failing assertion tells the story.

    Args:
        reply: Content of the ``execute_reply``.
        events: What it caused on IOPub, in order; without the statuses.
        prompts: What it asked on stdin, in order.
    """

    def __init__(
        self, reply: dict[str, Any], events: Sequence[Event], prompts: Sequence[str] = ()
    ) -> None:
        self.reply = reply
        self.events = list(events)
        self.prompts = list(prompts)

    @property
    def status(self) -> str:
        """``ok``, ``error`` or ``aborted``."""
        return str(self.reply.get("status"))

    @property
    def result(self) -> str | None:
        """The result as ``text/plain``; ``None`` where there is none."""
        return self.data.get("text/plain")

    @property
    def data(self) -> dict[str, Any]:
        """The result in all its forms, by their mimetypes; empty where there is none."""
        for event in self.events:
            if event.msg_type == "execute_result":
                return dict(event.content["data"])
        return {}

    @property
    def stdout(self) -> str:
        """All that was written to stdout."""
        return self._text("stdout")

    @property
    def stderr(self) -> str:
        """All that was written to stderr."""
        return self._text("stderr")

    def _text(self, name: str) -> str:
        return "".join(
            event.content["text"]
            for event in self.events
            if event.msg_type == "stream" and event.content["name"] == name
        )

    @property
    def displays(self) -> list[Shown]:
        """What was displayed, without the result."""
        return self._shown("display_data")

    @property
    def updates(self) -> list[Shown]:
        """What replaced earlier displays."""
        return self._shown("update_display_data")

    def _shown(self, msg_type: str) -> list[Shown]:
        return [
            Shown(
                event.content["data"],
                event.content.get("metadata", {}),
                event.content.get("transient", {}),
                event.buffers,
            )
            for event in self.events
            if event.msg_type == msg_type
        ]

    @property
    def clears(self) -> list[bool]:
        """The clearings of the output: for each, whether it waits for the next output."""
        return [
            bool(event.content["wait"]) for event in self.events if event.msg_type == "clear_output"
        ]

    @property
    def payloads(self) -> list[dict[str, Any]]:
        """What the reply carries for the front end (specification, "Payloads")."""
        return list(self.reply.get("payload") or [])

    @property
    def pages(self) -> list[dict[str, Any]]:
        """What the pager was to show: the data of each page."""
        return [each["data"] for each in self.payloads if each.get("source") == "page"]

    @property
    def error(self) -> Failure | None:
        """The error that it ended with, if it did."""
        if self.status != "error":
            return None
        reply = self.reply
        return Failure(
            reply.get("ename", ""), reply.get("evalue", ""), list(reply.get("traceback", ()))
        )

    @property
    def failure(self) -> Failure:
        """The error that it ended with.

        Raises:
            AssertionError: It has not failed.
        """
        error = self.error
        assert error is not None, f"the cell did not fail\n{self!r}"
        return error

    @property
    def user_expressions(self) -> dict[str, dict[str, Any]]:
        """The values of the user expressions (specification, "Execute")."""
        return dict(self.reply.get("user_expressions") or {})

    @property
    def shown(self) -> str:
        """All text that the cell put before the user: streams, displays, result and error."""
        parts = []
        for event in self.events:
            if event.msg_type == "stream":
                parts.append(event.content["text"])
            elif "data" in event.content:
                parts.append(str(event.content["data"].get("text/plain", "")))
            elif event.msg_type == "error":
                parts.append("\n".join(event.content.get("traceback", ())))
        return without_colours("".join(parts))

    def __repr__(self) -> str:
        lines = [f"<Outcome {self.status}>", *(f"  {event}" for event in self.events)]
        lines += [f"  asked                {prompt!r}" for prompt in self.prompts]
        return "\n".join([*lines, f"  {'execute_reply':20} {shorten(self.reply)}"])


def add(events: list[Event], event: Event) -> None:
    """Append an event; a text that continues the one before becomes one with it."""
    before = events[-1] if events else None
    if (
        before is not None
        and event.msg_type == before.msg_type == "stream"
        and event.content["name"] == before.content["name"]
    ):
        content = {**event.content, "text": before.content["text"] + event.content["text"]}
        events[-1] = Event("stream", content)
    else:
        events.append(event)


def without_colours(text: str) -> str:
    """Take the colours of a terminal out of a text."""
    return _COLOURS.sub("", text)


def shorten(content: object) -> str:
    """Write content as JSON, not too long."""
    text = json.dumps(content, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
