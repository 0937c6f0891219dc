"""From message type to handler; busy and idle around each request.

Every request whose type has a reply gets exactly one, also when its content is malformed or a
handler of ours fails; but where the specification wants none.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from polykernel.comms import Comms
from polykernel.content import (
    CompleteRequest,
    DeleteSubshellRequest,
    InspectRequest,
    IsCompleteRequest,
    ShutdownRequest,
    error_content,
    published_error,
)
from polykernel.errors import UnknownSubshell
from polykernel.items import Question, Send
from polykernel.message import Message, from_json
from polykernel.stale import is_stale
from polykernel.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.debugger import Debugger
    from polykernel.execution import Execution
    from polykernel.history import History
    from polykernel.kernel_info import KernelInfo
    from polykernel.watcher import Abilities

SUBSHELLS = {"create_subshell_request", "delete_subshell_request", "list_subshell_request"}
COMMS = {"comm_open", "comm_msg", "comm_close"}

log = logging.getLogger("polykernel.dispatch")

Deliver: TypeAlias = "Callable[[dict[str, Any]], None]"  # gives the content of a reply


class Dispatch:
    """Owns the handlers.

    Args:
        execution: Where what needs the evaluator goes.
        debugger: Where debug requests go.
        send: Sends replies and statuses.
        info: What kernel info says.
        subshells: Whether the language runs cells side by side, until its evaluator tells.
        ports: Content of the connect reply.
        shutdown: Called with ``restart`` and with what is to be done before the end.
        history: What cells were.
        born: When this process was started.
    """

    def __init__(
        self,
        execution: Execution,
        debugger: Debugger,
        send: Send,
        *,
        info: KernelInfo,
        subshells: bool = False,
        ports: dict[str, int],
        shutdown: Callable[[bool, Callable[[], None]], None],
        history: History,
        born: float = 0.0,
    ) -> None:
        self._execution = execution
        self._debugger = debugger
        self._send = send
        self._info = info
        execution.subshells = subshells
        self._ports = ports
        self._shutdown = shutdown
        self._born = born
        self._comms = Comms(execution, send)
        execution.on_counted = history.counted
        execution.on_result = history.result
        execution.on_over = history.over
        execution.on_abilities_changed = self._on_abilities
        execution.on_debug_event = debugger.on_event
        execution.on_evaluator_gone.append(debugger.on_death)
        at_once: dict[str, Callable[[Message], dict[str, Any]]] = {
            "kernel_info_request": self._kernel_info,
            "connect_request": self._connect,
            "comm_info_request": self._comms.info,
            "interrupt_request": self._interrupt,
        }
        subshell = {
            "create_subshell_request": self._create_subshell,
            "delete_subshell_request": self._delete_subshell,
            "list_subshell_request": self._list_subshells,
        }
        self._at_once = {"control": {**at_once, **subshell}, "shell": at_once}
        later: dict[str, Callable[[Message, Deliver], None]] = {"history_request": history.answer}
        self._later = {"control": {**later, "usage_request": Usage().answer}, "shell": later}
        self._owed: dict[int, tuple[str, Message]] = {}  # replies, to what is answered later
        self._last_owed = 0
        self._queued: dict[str, Callable[[str, Message], None]] = {
            "execute_request": self._execute,
            "complete_request": self._complete,
            "inspect_request": self._inspect,
            "is_complete_request": self._is_complete,
            **dict.fromkeys(COMMS, self._comm),
        }

    def handle(self, channel: str, message: Message) -> None:
        """Handle a request that came on ``shell`` or ``control``, or a reply on ``stdin``."""
        msg_type = message.msg_type
        if channel == "stdin":
            if msg_type == "input_reply":
                self._execution.input_reply(message)
            return
        try:
            if channel == "shell":  # the other channels know no subshells
                self._execution.shell_of(message)
            if channel == "control" and msg_type in SUBSHELLS and not self._execution.subshells:
                self._refuse_subshells(message)
            elif msg_type in self._at_once[channel]:
                content = self._at_once[channel][msg_type](message)
                self._answer(channel, message, content)
            elif msg_type in self._later[channel]:
                self._answer_later(channel, message, self._later[channel][msg_type])
            elif msg_type == "shutdown_request":
                self._on_shutdown(channel, message)
            elif msg_type == "debug_request":
                self._debugger.handle(channel, message)
            elif channel == "shell" and msg_type in self._queued:
                self._queued[msg_type](channel, message)
            elif channel == "control" and msg_type in self._queued and msg_type not in COMMS:
                log.warning("%s on control is refused: it is for shell", msg_type)
                self._answer_error(channel, message, "WrongChannel", "it is for shell, not control")
            else:
                log.warning("a message of the unknown type %r on %s is dropped", msg_type, channel)
        except UnknownSubshell as error:
            log.warning("%s: %s", msg_type, error)
            self._answer_error(channel, message, "UnknownSubshell", error)
        except msgspec.DecodeError as error:
            log.warning("malformed content of %s: %s", msg_type, error)
            self._answer_error(channel, message, "MalformedRequest", error)
        except Exception as error:  # a bug of ours must not leave a request without its reply
            log.exception("a bug of polykernel while it handled %s", msg_type)
            self._answer_error(channel, message, "InternalError", error)

    def _answer_error(self, channel: str, message: Message, ename: str, error: object) -> None:
        content = error_content(ename, f"{message.msg_type}: {error}")
        if message.msg_type != "execute_request":
            self._answer(channel, message, content)
            return
        # front ends show the error of a cell as it was published, and never its reply
        shown = None if _is_silent(message.content) else content
        count = {"execution_count": self._execution.execution_count(message)}
        self._answer(channel, message, {**content, **count}, shown)

    def _answer_later(
        self, channel: str, message: Message, handler: Callable[[Message, Deliver], None]
    ) -> None:
        """Let a handler answer when it can; only its first answer counts."""
        self._last_owed += 1
        number = self._last_owed

        def deliver(content: dict[str, Any]) -> None:
            if self._owed.pop(number, None) is not None:
                self._answer(channel, message, content)

        self._owed[number] = channel, message
        try:
            handler(message, deliver)
        except Exception:
            del self._owed[number]
            raise

    def end(self) -> None:
        """Answer what was to be answered later: the kernel is shut down."""
        owed, self._owed = self._owed, {}
        for channel, message in owed.values():
            content = error_content("KernelShutdown", "the kernel was shut down meanwhile")
            self._answer(channel, message, content)

    def _answer(
        self,
        channel: str,
        message: Message,
        content: dict[str, Any],
        error: dict[str, Any] | None = None,
    ) -> None:
        """Answer beside whatever runs.

        Args:
            channel: Where the reply goes.
            message: The request.
            content: Of the reply.
            error: What is to be published as an error.
        """

        def reply() -> None:
            if error is not None:
                self._send("iopub", message.child("error", published_error(error)))
            reply_type = message.msg_type.replace("_request", "_reply")
            if reply_type != message.msg_type:
                self._send(channel, message.reply(reply_type, content))

        self._beside(message, reply)

    def _beside(self, message: Message, act: Callable[[], None] = lambda: None) -> None:
        """Do this between busy and idle, and let the kernel's last status stay that of the cell."""
        self._status(message, "busy")
        act()
        self._status(message, "idle")
        busy_with = self._execution.busy_with
        if busy_with is not None:
            self._status(busy_with, "busy")

    def _status(self, parent: Message, state: str) -> None:
        self._send("iopub", parent.child("status", {"execution_state": state}))

    # answered at once

    def _kernel_info(self, message: Message) -> dict[str, Any]:
        return self._info.content(
            subshells=self._execution.subshells, debugger=self._debugger.works
        )

    def _on_abilities(self, abilities: Abilities) -> None:
        self._debugger.on_abilities(abilities)
        self._execution.subshells = abilities.subshells
        version = abilities.language_version
        if version and self._info.correct(version):
            log.warning("the evaluator's language has the version %s", version)

    def _connect(self, message: Message) -> dict[str, Any]:
        return {"status": "ok", **self._ports}

    def _interrupt(self, message: Message) -> dict[str, Any]:
        self._execution.interrupt()
        return {"status": "ok"}

    def _on_shutdown(self, channel: str, message: Message) -> None:
        """Shut down; the reply is the last thing but the status (specification, "Shutdown")."""
        request = from_json(message.content, ShutdownRequest)
        if request.restart and is_stale(message, self._born):
            log.warning("a request to restart that is older than this kernel is refused")
            content = error_content("StaleRequest", "it was made before this kernel was started")
            self._answer(channel, message, content)
            return
        self._status(message, "busy")

        def last() -> None:
            content = {"status": "ok", "restart": request.restart}
            self._send(channel, message.reply("shutdown_reply", content))
            self._status(message, "idle")

        self._shutdown(request.restart, last)

    # subshells (JEP 91)

    def _refuse_subshells(self, message: Message) -> None:
        """Log an error and send no reply, as the specification has it ("Kernel subshells")."""
        log.error("%s: this language runs one cell at a time", message.msg_type)
        self._beside(message)

    def _create_subshell(self, message: Message) -> dict[str, Any]:
        return {"status": "ok", "subshell_id": self._execution.create_subshell()}

    def _delete_subshell(self, message: Message) -> dict[str, Any]:
        request = from_json(message.content, DeleteSubshellRequest)
        self._execution.delete_subshell(request.subshell_id)
        return {"status": "ok"}

    def _list_subshells(self, message: Message) -> dict[str, Any]:
        return {"status": "ok", "subshell_id": self._execution.list_subshells()}

    # answered by the evaluator

    def _comm(self, channel: str, message: Message) -> None:
        self._comms.from_front_end(message)

    def _execute(self, channel: str, message: Message) -> None:
        self._execution.execute(message)

    def _complete(self, channel: str, message: Message) -> None:
        request = from_json(message.content, CompleteRequest)
        at = _cursor(request.code, request.cursor_pos)
        unsupported = {
            "status": "ok",
            "matches": [],
            "cursor_start": at,
            "cursor_end": at,
            "metadata": {},
        }
        params = {"code": request.code, "cursor_pos": at}
        self._execution.submit(Question(message, channel, "complete", params, unsupported))

    def _inspect(self, channel: str, message: Message) -> None:
        request = from_json(message.content, InspectRequest)
        params = {
            "code": request.code,
            "cursor_pos": _cursor(request.code, request.cursor_pos),
            "detail_level": request.detail_level,
        }
        unsupported = {"status": "ok", "found": False, "data": {}, "metadata": {}}
        self._execution.submit(Question(message, channel, "inspect", params, unsupported))

    def _is_complete(self, channel: str, message: Message) -> None:
        request = from_json(message.content, IsCompleteRequest)
        params = {"code": request.code}
        unsupported = {"status": "unknown"}
        self._execution.submit(Question(message, channel, "is_complete", params, unsupported))


def _is_silent(content: bytes) -> bool:
    """Whether a content that is malformed says, as far as it can be read, that it is silent."""
    import json  # takes more than is allowed

    try:
        read = json.loads(content.decode(errors="replace"))
    except (ValueError, RecursionError):
        return False
    return isinstance(read, dict) and read.get("silent") is True


def _cursor(code: str, cursor_pos: int | None) -> int:
    """Clamp the cursor into the code; without one it stands at the end."""
    return len(code) if cursor_pos is None else max(0, min(cursor_pos, len(code)))
