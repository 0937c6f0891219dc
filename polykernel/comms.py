"""The comm facet: which comms are open, for the front ends that ask, and at an evaluator's end.

Specification: "Custom Messages". The messages themselves pass through the queue of their shell.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec

from polykernel.channel_lines import METHOD_NOT_FOUND
from polykernel.items import CommMessage
from polykernel.message import NOBODY, check_json, from_json

if TYPE_CHECKING:
    from polykernel.channel_lines import Failure
    from polykernel.execution import Execution
    from polykernel.items import Send
    from polykernel.message import Message

log = logging.getLogger("polykernel.comms")


class _Content(msgspec.Struct, frozen=True):
    """What the host reads of a comm message's content."""

    comm_id: str
    target_name: str = ""


class _InfoRequest(msgspec.Struct, frozen=True):
    """Content of a comm_info request (specification, "Comm info")."""

    target_name: str | None = None


class Comms:
    """Owns the list of open comms.

    Args:
        execution: Hands a front end's messages to the evaluator, and tells of the evaluator's.
        send: Publishes the end of comms.
    """

    def __init__(self, execution: Execution, send: Send) -> None:
        self._execution = execution
        self._send = send
        self._open: dict[str, str] = {}
        execution.on_comm = self._from_evaluator
        execution.on_evaluator_gone.append(self._close_all)

    def info(self, message: Message) -> dict[str, Any]:
        """Give the content of a comm_info reply.

        Raises:
            msgspec.DecodeError: The request's content is malformed.
        """
        wanted = from_json(message.content, _InfoRequest).target_name
        return {
            "status": "ok",
            "comms": {
                comm_id: {"target_name": target_name}
                for comm_id, target_name in self._open.items()
                if wanted is None or wanted == target_name
            },
        }

    def from_front_end(self, message: Message) -> None:
        """Queue a comm message for the evaluator.

        Raises:
            msgspec.DecodeError: Its content or metadata is malformed.
            UnknownSubshell: There is no such subshell.
        """
        content = from_json(message.content, _Content)
        check_json(message.content)
        check_json(message.metadata)
        self._execution.shell_of(message)
        if message.msg_type == "comm_open":
            self._open[content.comm_id] = content.target_name
        elif content.comm_id not in self._open:
            log.info("a %s for a comm that is not open: %s", message.msg_type, content.comm_id)
        if message.msg_type == "comm_close":
            self._open.pop(content.comm_id, None)

        self._execution.submit(
            CommMessage(message, lambda failure: self._refused(message, content, failure))
        )

    def _refused(self, message: Message, content: _Content, failure: Failure) -> None:
        """Close a comm that the evaluator has not opened (specification, "Opening a Comm")."""
        if message.msg_type != "comm_open" or content.comm_id not in self._open:
            return
        if failure.code == METHOD_NOT_FOUND:
            log.warning("nobody knows the comm target %r", content.target_name)
        del self._open[content.comm_id]
        self._close(content.comm_id, message)

    def _from_evaluator(self, msg_type: str, raw: bytes) -> None:
        try:
            content = from_json(raw, _Content)
        except msgspec.DecodeError as error:
            log.warning("a malformed %s of the evaluator's: %s", msg_type, error)
            return
        if msg_type == "comm_open":
            self._open[content.comm_id] = content.target_name
        elif msg_type == "comm_close":
            self._open.pop(content.comm_id, None)

    def _close_all(self) -> None:
        """Tell front ends that the other end of all comms is gone."""
        comms, self._open = self._open, {}
        for comm_id in comms:
            self._close(comm_id, NOBODY)

    def _close(self, comm_id: str, parent: Message) -> None:
        content: dict[str, Any] = {"comm_id": comm_id, "data": {}}
        self._send("iopub", parent.child("comm_close", content))
