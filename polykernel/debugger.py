"""The debugger facet: debug requests on their way to the evaluator, which speaks with a debugger.

Specification: "Debug request" and "Debug event". The host only forwards: what is in the requests is
the Debug Adapter Protocol, which front ends and evaluators know.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from polykernel.channel_lines import METHOD_NOT_FOUND, Failure
from polykernel.message import NOBODY, Message, check_json, from_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.supervisor import Supervisor
    from polykernel.watcher import Abilities

_NO_DEBUGGER = "this language has no debugger"
_DEAD = "the evaluator has ended"
_TERMINATED = {"seq": 0, "type": "event", "event": "terminated", "body": {}}

log = logging.getLogger("polykernel.debugger")


class Request(msgspec.Struct, frozen=True):
    """What the host reads of a request of the Debug Adapter Protocol."""

    command: str
    seq: int = 0


class Response(msgspec.Struct, frozen=True):
    """What the host reads of a response of the Debug Adapter Protocol."""

    success: bool = False


class Pending(msgspec.Struct, frozen=True):
    """A debug request that has no reply yet."""

    channel: str
    message: Message
    request: Request


class Debugger:
    """Owns the debug requests that are not answered, and knows whether somebody is debugging.

    Args:
        supervisor: The evaluator's process.
        send: Sends replies and events.
        busy_with: Tells the request whose busy status is the kernel's.
        expected: Whether the evaluator, which has not said hello yet, is likely to have a debugger.

    Attributes:
        works: Whether debugging can be begun, as far as it is known.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        send: Callable[[str, Message], None],
        busy_with: Callable[[], Message | None],
        *,
        expected: bool,
    ) -> None:
        self._supervisor = supervisor
        self._send = send
        self._busy_with = busy_with
        self._pending: deque[Pending] = deque()
        self._unsent: deque[Pending] = deque()  # the evaluator has not said hello
        self._started = False
        self.works = expected

    def handle(self, channel: str, message: Message) -> None:
        """Take a debug request; the reply comes when the evaluator has answered.

        Raises:
            msgspec.DecodeError: It is no request of the Debug Adapter Protocol.
        """
        pending = Pending(channel, message, from_json(message.content, Request))
        check_json(message.content)
        self._status(message, "busy")
        self._pending.append(pending)
        if self._supervisor.abilities is None and not self._supervisor.start_error:
            self._unsent.append(pending)
        else:
            self._ask(pending)

    def _ask(self, pending: Pending) -> None:
        if self._supervisor.abilities is None:
            self._refuse(pending, self._supervisor.start_error)
            return
        self._supervisor.request(
            "debug",
            {"content": msgspec.Raw(pending.message.content)},
            lambda answer: self._answered(pending, answer),
        )

    def _answered(self, pending: Pending, answer: msgspec.Raw | Failure) -> None:
        if isinstance(answer, Failure):
            unknown = answer.code == METHOD_NOT_FOUND
            self._refuse(pending, _NO_DEBUGGER if unknown else answer.message)
            return
        try:
            success = from_json(bytes(answer), Response).success
        except msgspec.DecodeError as error:
            self._refuse(pending, f"the debugger's response is none: {error}")
            return
        if success and pending.request.command in ("attach", "launch"):
            self._started = True
        elif success and pending.request.command in ("disconnect", "terminate"):
            self._started = False
        self._reply(pending, bytes(answer))

    def _refuse(self, pending: Pending, reason: str) -> None:
        """Answer as the Debug Adapter Protocol says what failed."""
        self._reply(
            pending,
            {
                "type": "response",
                "seq": 0,
                "request_seq": pending.request.seq,
                "success": False,
                "command": pending.request.command,
                "message": reason,
                "body": {},
            },
        )

    def _reply(self, pending: Pending, content: object) -> None:
        self._pending.remove(pending)
        message = pending.message
        self._send(pending.channel, message.reply("debug_reply", content))
        self._status(message, "idle")
        busy_with = self._busy_with()
        if busy_with is not None:
            self._status(busy_with, "busy")

    def _status(self, parent: Message, state: str) -> None:
        self._send("iopub", parent.child("status", {"execution_state": state}))

    # what the evaluator tells

    def on_abilities(self, abilities: Abilities) -> None:
        """Hand over what came before the evaluator was up."""
        self.works = abilities.debugger
        self._flush()

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, deque()
        for pending in unsent:
            self._ask(pending)

    def on_event(self, content: object) -> None:
        """Publish an event of the debugger's (specification, "Debug event").

        Its parent is a request that is not over: the debug request that is being answered, or
        else the running cell.
        """
        parent = self._pending[0].message if self._pending else self._busy_with()
        self._send("iopub", (parent or NOBODY).child("debug_event", content))

    def on_death(self) -> None:
        """Tell front ends that debugging is over: the evaluator is dead, or given up."""
        unsent = {id(pending) for pending in self._unsent}
        self._fail([pending for pending in self._pending if id(pending) not in unsent], _DEAD)
        if self._started:
            self._started = False
            self.on_event(_TERMINATED)
        if self._supervisor.start_error:
            self._flush()

    def stop(self) -> None:
        """Answer what nobody will answer any more: the kernel is being shut down."""
        self._unsent.clear()
        self._fail(list(self._pending), "the kernel was shut down")

    def _fail(self, requests: list[Pending], reason: str) -> None:
        for pending in requests:
            self._refuse(pending, reason)
