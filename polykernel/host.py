"""Puts the parts of a kernel together and runs the loop. Runs no user code."""

from __future__ import annotations

import logging
import os
import signal
from typing import TYPE_CHECKING

import msgspec
from tornado.ioloop import IOLoop

from polykernel import logs
from polykernel.content import error_content
from polykernel.debugger import Debugger
from polykernel.dispatch import Dispatch
from polykernel.errors import WireError
from polykernel.execution import Execution
from polykernel.history import SWITCH, History
from polykernel.message import NOBODY, Message
from polykernel.supervisor import Supervisor
from polykernel.transport import Transport
from polykernel.wire import DELIMITER, Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.connection import ConnectionInfo
    from polykernel.start import Start

PARENT_LOOKED_AT_EVERY = 1.0  # seconds, where the system can't tell that a process has ended
LONGEST_TOPIC = 1000  # bytes

log = logging.getLogger("polykernel.host")


class Host:
    """One kernel: owns the loop and the way from its beginning to its end.

    Args:
        info: What to listen on.
        start: The language and its evaluator.
        language_version: The version that kernel info tells until the evaluator has told it.

    Raises:
        ConnectionFileError: The signature scheme can't be used.
        TransportError: An address can't be listened on.
    """

    def __init__(self, info: ConnectionInfo, start: Start, language_version: str | None) -> None:
        self._loop = IOLoop.current()
        self._wire = Wire(info.key, info.signature_scheme, _username())
        self._topic = f"kernel.{self._wire.session}.".encode()
        self._dropped = logs.Dropped(log)
        self._tracing = log.isEnabledFor(logs.MESSAGES)
        self._last_words: list[Callable[[], None]] = []
        self._transport = Transport(
            info,
            on_frames=self._on_frames,
            on_subscription=self._welcome,
            on_congestion=self._on_congestion,
            on_unasked=self._on_unasked,
        )
        language = start.language
        self._supervisor = Supervisor(
            start.command, os.environ, language.name, start.process, start.trouble
        )
        self._execution = Execution(
            self._supervisor,
            self._send,
            plugin=lambda: str(start.plugin),
            read_ahead=lambda: self._transport.take_all("shell"),
            purge_stdin=lambda: self._transport.take_all("stdin"),
            withdraw_stdin=self._transport.withdraw_question,
            broken=_broken(start),
        )
        facts = language.language_info()
        if language_version:
            facts["version"] = language_version
        self._history = History(language.name, os.environ.get(SWITCH, ""))
        self._debugger = Debugger(
            self._supervisor,
            self._send,
            lambda: self._execution.busy_with,
            expected=start.debugger,
        )
        self._dispatch = Dispatch(
            self._execution,
            self._debugger,
            self._send,
            language_info=facts,
            banner=language.banner or f"{language.display_name}, by polykernel",
            help_links=dict(language.help_links),
            subshells=language.subshells,
            ports=self.ports,
            shutdown=self._shutdown,
            history=self._history,
        )

    @property
    def ports(self) -> dict[str, int]:
        """The ports that are listened on, by their names in a connection file."""
        return self._transport.ports

    def run(
        self, *, ready: Callable[[], None] = lambda: None, interrupt_ends: bool = False
    ) -> None:
        """Run until the kernel is shut down, by request, by signal or by its parent's end.

        Args:
            ready: Called as soon as signals are heeded.
            interrupt_ends: Whether SIGINT ends the kernel where there is nothing to interrupt.
        """
        self._transport.start()
        self._send("iopub", NOBODY.child("status", {"execution_state": "starting"}))
        loop = self._loop.asyncio_loop  # type: ignore[attr-defined]
        loop.add_signal_handler(signal.SIGINT, self._on_sigint, interrupt_ends)
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
                loop.add_signal_handler(number, self._shutdown, False, lambda: None)
        self._watch_parent()
        log.info("kernel %s is running", os.getpid())
        try:
            ready()
            self._loop.start()
        finally:
            self._supervisor.kill()
            self._transport.close()

    # what comes

    def _on_frames(self, channel: str, frames: list[bytes]) -> None:
        try:
            message = self._wire.decode(frames)
        except WireError as error:
            self._dropped.tell("a message on %s is dropped: %s", channel, error)
            return
        if self._tracing:
            logs.message("<-", channel, message)
        self._dispatch.handle(channel, message)

    def _welcome(self, topic: bytes) -> None:
        """Tell a new subscriber that it hears us (specification, "IOPub welcome").

        All whose own topic is a part of this one hear it, too, and a subscriber needs no key.
        """
        if topic == DELIMITER or len(topic) > LONGEST_TOPIC:
            return  # nothing of ours has it; as a message's first frame it would harm the others
        content = {"subscription": topic.decode(errors="replace")}
        welcome = NOBODY.child("iopub_welcome", content)
        self._send("iopub", msgspec.structs.replace(welcome, identities=(topic,)))
        # a server that subscribes after our first statuses waits for one before it goes on
        busy_with = self._execution.busy_with
        state = "idle" if busy_with is None else "busy"
        self._send("iopub", (busy_with or NOBODY).child("status", {"execution_state": state}))

    def _on_unasked(self) -> None:
        self._execution.input_undeliverable()

    def _on_congestion(self, congested: bool) -> None:
        if congested:
            self._execution.pause()
        else:
            self._execution.resume()

    # what goes

    def _send(self, channel: str, message: Message) -> None:
        if channel == "iopub" and not message.identities:
            topic = self._topic + message.msg_type.encode()
            message = msgspec.structs.replace(message, identities=(topic,))
        if self._tracing:
            logs.message("->", channel, message)
        self._transport.send(channel, self._wire.encode(message))

    # the end

    def stop(self) -> None:
        """End in good order; :meth:`run` returns when that is done."""
        self._shutdown(False, lambda: None)

    def _on_sigint(self, ends: bool) -> None:
        if ends and self._execution.busy_with is None:
            self.stop()
        else:
            self._execution.interrupt()

    def _shutdown(self, restart: bool, last: Callable[[], None]) -> None:
        """End in good order; ``last`` is called when all else is done."""
        self._last_words.append(last)
        if len(self._last_words) > 1:
            return
        log.info("shutting down")
        self._execution.stop()
        self._supervisor.shutdown(restart, self._on_gone)

    def _on_gone(self) -> None:
        self._debugger.stop()
        self._execution.end()
        self._history.close(self._end)

    def _end(self) -> None:
        self._dispatch.end()
        for last in self._last_words:
            last()
        self._loop.stop()

    def _watch_parent(self) -> None:
        """End when the process that started us ends (``JPY_PARENT_PID``, from jupyter_client)."""
        try:
            parent = int(os.environ.get("JPY_PARENT_PID", ""))
            if hasattr(os, "pidfd_open"):
                descriptor = os.pidfd_open(parent)
                self._loop.add_handler(descriptor, self._on_parent_gone, IOLoop.READ)
            else:
                self._look_at_parent(parent)
        except ValueError:
            return  # started by hand
        except OSError:
            self._on_parent_gone()

    def _look_at_parent(self, parent: int) -> None:
        try:
            os.kill(parent, 0)
        except ProcessLookupError:
            self._on_parent_gone()
        except PermissionError:
            pass
        self._loop.call_later(PARENT_LOOKED_AT_EVERY, self._look_at_parent, parent)

    def _on_parent_gone(self, descriptor: int = -1, events: int = 0) -> None:
        if descriptor >= 0:
            self._loop.remove_handler(descriptor)
        log.info("the process that started this kernel is gone")
        self.stop()


def _broken(start: Start) -> dict[str, object] | None:
    """Content of the error that each cell gives where the plugin or its evaluator is no good."""
    if start.process is not None:
        return None
    lines = [start.trouble, *start.traceback.splitlines(), "Mend it, then restart the kernel."]
    return error_content("PluginError", start.trouble, lines)


def _username() -> str:
    """Name the user in our headers, as far as the environment tells."""
    return os.environ.get("LOGNAME") or os.environ.get("USER") or "kernel"
