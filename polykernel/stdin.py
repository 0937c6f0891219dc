"""The stdin facet: one input request at a time, to the front end that sent the running cell.

Specification: "Messages on the stdin ROUTER/DEALER channel".
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import msgspec

from polykernel.message import Header, Message, from_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.supervisor import Supervisor

log = logging.getLogger("polykernel.stdin")

NOT_ALLOWED, NOT_NOW, INTERRUPTED = -32001, -32002, -32003  # docs/channel.md


class InputRequests:
    """Owns the outstanding input request.

    Args:
        supervisor: Who is answered.
        send: Sends an input request to a front end.
        purge: Throws away what a front end sent without being asked.
        withdraw: Takes back a request that could not yet be delivered.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        send: Callable[[Message], None],
        purge: Callable[[], None],
        withdraw: Callable[[], None] = lambda: None,
    ) -> None:
        self._supervisor = supervisor
        self._send = send
        self._purge = purge
        self._withdraw = withdraw
        self._outstanding: int | str | None = None
        self._asked: Message | None = None
        self._msg_id = ""

    def ask(self, number: int | str, cell: Message, allowed: bool, content: bytes) -> None:
        """Ask the front end that sent a cell, or refuse.

        A newer request replaces the one before: the evaluator has given that up.

        Args:
            number: The evaluator's id of its request.
            cell: The execute request.
            allowed: Whether the front end takes input requests.
            content: Of the input request, JSON.
        """
        if not allowed:
            self.refuse(number, NOT_ALLOWED, "the front end does not allow input")
            return
        self._give_up(NOT_NOW, "a newer input request has taken its place")
        self._purge()
        self._outstanding, self._asked, self._msg_id = number, cell, os.urandom(16).hex()
        request = cell.reply("input_request", content)
        header = Header(self._msg_id, request.msg_type)
        self._send(msgspec.structs.replace(request, header=header))

    def refuse(self, number: int | str, code: int, message: str) -> None:
        """Answer an evaluator's request for input with an error."""
        self._supervisor.conversation.refuse(number, code, message)

    def take(self, message: Message) -> None:
        """Hand a front end's answer to the evaluator; an answer to nothing is dropped."""
        if self._outstanding is None or self._asked is None:
            log.warning("an input reply that nobody asked for is dropped")
            return
        if message.identities != self._asked.identities:
            log.warning("an input reply of a front end that was not asked is dropped")
            return
        try:
            if self._is_stale(from_json(message.parent_header, dict[str, Any]), self._asked):
                log.warning("an input reply to another request is dropped")
                return
            value = from_json(message.content, dict[str, Any]).get("value", "")
        except msgspec.DecodeError as error:
            log.warning("a malformed input reply is dropped: %s", error)
            return
        self._supervisor.conversation.answer(self._outstanding, {"value": str(value)})
        self.forget()

    def _is_stale(self, parent: dict[str, Any], asked: Message) -> bool:
        """Whether a reply names another request than the outstanding one.

        Jupyter's Python clients name none, and others put something of their own there.
        """
        expected = {"input_request": self._msg_id, "execute_request": asked.header.msg_id}
        named = parent.get("msg_id")
        return bool(named) and named != expected.get(str(parent.get("msg_type")), named)

    def interrupt(self, cell: Message | None = None) -> None:
        """Let the evaluator wait no longer.

        Args:
            cell: Only where it is this one that asks.
        """
        if cell is None or cell is self._asked:
            self._give_up(INTERRUPTED, "interrupted")

    def undeliverable(self) -> None:
        """Refuse: the front end that is to be asked is not connected on stdin."""
        self._give_up(NOT_ALLOWED, "the front end is not connected on stdin")

    def _give_up(self, code: int, message: str) -> None:
        if self._outstanding is not None:
            self.refuse(self._outstanding, code, message)
            self.forget()

    def cell_over(self, cell: Message) -> None:
        """Let nobody wait for an answer to a cell that has ended."""
        if cell is self._asked:
            self._give_up(NOT_NOW, "the cell is over")

    def forget(self) -> None:
        """Drop the outstanding request: it is answered, or its evaluator is dead."""
        if self._outstanding is not None:
            self._withdraw()
        self._outstanding = self._asked = None
