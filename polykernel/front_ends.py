"""The way to all front ends and back: frames become messages, and messages frames."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import msgspec

from polykernel import logs
from polykernel.errors import WireError
from polykernel.message import NOBODY, Message
from polykernel.transport import BURST, TRACKED, Transport
from polykernel.wire import DELIMITER, Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.connection import ConnectionInfo

LONGEST_TOPIC = 1000  # bytes

log = logging.getLogger("polykernel.front_ends")


class FrontEnds:
    """Owns the wire, and who is told of what comes.

    Args:
        info: What to listen on.

    Attributes:
        transport: The sockets.
        on_message: Told of each message that came, and on which channel.
        busy_with: Gives the request whose busy status is the kernel's, or ``None``.

    Raises:
        ConnectionFileError: The signature scheme or the CURVE keys can't be used.
        TransportError: An address can't be listened on.
    """

    def __init__(self, info: ConnectionInfo) -> None:
        self._wire = Wire(info.key, info.signature_scheme, _username())
        self._topic = f"kernel.{self._wire.session}.".encode()
        self._dropped = logs.Dropped(log)
        self._tracing = log.isEnabledFor(logs.MESSAGES)
        self.on_message: Callable[[str, Message], None] = lambda channel, message: None
        self.busy_with: Callable[[], Message | None] = lambda: None
        self._unsent: list[tuple[str, Message]] = []  # in this turn of the loop
        self.transport = Transport(info, on_frames=self._take, on_subscription=self._welcome)
        self.transport.on_turn_over = self._send_all
        self.status(NOBODY, "starting")

    def _take(self, channel: str, frames: list[bytes]) -> None:
        try:
            message = self._wire.decode(frames)
        except WireError as error:
            self._dropped.tell("a message on %s is dropped: %s", channel, error)
            return
        if self._tracing:
            logs.message("<-", channel, message)
        self.on_message(channel, message)

    def _welcome(self, topic: bytes) -> None:
        """Tell a new subscriber that it hears us (specification, "IOPub welcome").

        All whose own topic is a part of this one hear it, too, and a subscriber needs no key.
        """
        if topic == DELIMITER or len(topic) > LONGEST_TOPIC:
            return  # nothing of ours has it; as a message's first frame it would harm the others
        content = {"subscription": topic.decode(errors="replace")}
        welcome = NOBODY.child("iopub_welcome", content)
        self.send("iopub", msgspec.structs.replace(welcome, identities=(topic,)))
        # a server that subscribes after our first statuses waits for one before it goes on
        busy_with = self.busy_with()
        self.status(busy_with or NOBODY, "idle" if busy_with is None else "busy")

    def send(self, channel: str, message: Message) -> None:
        """Send a reply or an input request to whom it is for, or publish a message on ``iopub``.

        Within a turn of the loop that is done at its end: signing takes time in which the evaluator
        can have its next cell already. What is large is not kept.
        """
        small = len(message.content) < TRACKED and not message.buffers
        if self.transport.turn.lasts and small and len(self._unsent) < BURST:
            self._unsent.append((channel, message))
            return
        self._send_all()
        self._send(channel, message)

    def _send_all(self) -> None:
        unsent, self._unsent = self._unsent, []
        for channel, message in unsent:
            try:
                self._send(channel, message)
            except Exception:  # a bug of ours, or no memory, must not cost the others
                log.exception("a message %s on %s is lost", message.msg_type, channel)

    def _send(self, channel: str, message: Message) -> None:
        if channel == "iopub" and not message.identities:
            topic = self._topic + message.msg_type.encode()
            message = msgspec.structs.replace(message, identities=(topic,))
        if self._tracing:
            logs.message("->", channel, message)
        self.transport.send(channel, self._wire.encode(message))

    def status(self, parent: Message, state: str) -> None:
        """Publish a status (specification, "Kernel status")."""
        self.send("iopub", parent.child("status", {"execution_state": state}))


def _username() -> str:
    """Name the user in our headers, as far as the environment tells."""
    name = os.environ.get("LOGNAME") or os.environ.get("USER") or "kernel"
    return os.fsencode(name).decode(errors="replace")
