"""Starts, watches, interrupts, kills and replaces one evaluator process."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from tornado.ioloop import IOLoop

from polykernel import remains
from polykernel.channel import NO_TURN, Channel
from polykernel.channel_lines import INTERNAL_ERROR, METHOD_NOT_FOUND, VERSION, Failure, Line
from polykernel.errors import ChannelError, EvaluatorStartError
from polykernel.interrupts import Interrupts
from polykernel.launch import Process, launch, release_guard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

SIGTERM_AFTER = 1.0  # seconds that a shutdown waits for the evaluator to end by itself
SIGKILL_AFTER = 2.0
MAXIMUM_STARTS = 3  # deaths at start until no more is tried


log = logging.getLogger("polykernel.supervisor")


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


class _Marks(msgspec.Struct, frozen=True):
    token: str


class Death(msgspec.Struct, frozen=True):
    """How an evaluator process ended.

    Attributes:
        status: ``signal SIGSEGV (Segmentation fault)`` or ``exit code 3``.
        at_start: It had not yet said hello.
        wanted: The user has interrupted until it was killed.
        last_words: What it has left for its obituary.
    """

    status: str
    at_start: bool
    wanted: bool
    last_words: str


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


class Supervisor:
    """Owns the evaluator process and the requests that it has not answered.

    Args:
        command: The evaluator's command line.
        environment: Its environment.
        language: The language's name, for its hello.
        process: A process that was started early, or ``None``.
        start_error: Why it could not be started, or ``None``.
        turn: Entered while what the evaluator writes is told.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        language: str,
        process: Process | None,
        start_error: str = "",
        turn: AbstractContextManager[None] = NO_TURN,
    ) -> None:
        self._command = command
        self._environment = environment
        self._language = language
        self._loop = IOLoop.current()
        self._process = process
        self._channel: Channel | None = None
        self._watcher: Watcher
        self._waiting: dict[int, Callable[[msgspec.Raw | Failure], None]] = {}
        self._next_id = 0
        self._failed_starts = 0
        self._paused = False
        self._interrupts = Interrupts(self._signal, self._on_unheard)
        self._on_gone: Callable[[], None] | None = None
        self._timers: list[object] = []
        self._turn = turn
        self.start_error = start_error
        self.abilities: Abilities | None = None

    def attach(self, watcher: Watcher) -> None:
        """Begin: tell this watcher, and greet the process that was started early."""
        self._watcher = watcher
        if self._process is not None:
            self._adopt(self._process)

    @property
    def pid(self) -> int | None:
        """The evaluator's process id."""
        return self._process.pid if self._process else None

    # start

    def start(self) -> None:
        """Start a process; where that fails :attr:`start_error` says why."""
        try:
            process = launch(self._command, self._environment)
        except EvaluatorStartError as error:
            self.start_error = str(error)
            return
        self._adopt(process)

    def _adopt(self, process: Process) -> None:
        log.info("evaluator %s started", process.pid)
        self._process = process
        self.abilities = None
        self._waiting.clear()
        self._channel = Channel(process.pipes, self, self._turn)
        if self._paused:
            self._channel.pause()
        self._watch(process.pid)
        params = {
            "protocol": VERSION,
            "language": self._language,
            "cwd": _folder(),
            "buffers": True,
            "parcels": process.pipes.parcels >= 0,
        }
        self.request("hello", params, self._on_hello)

    def _on_hello(self, answer: msgspec.Raw | Failure) -> None:
        channel = self._channel
        try:
            if isinstance(answer, Failure):
                raise ChannelError(answer.message)
            abilities = msgspec.json.decode(answer, type=Abilities)
            if abilities.protocol != VERSION:
                raise ChannelError(f"it speaks version {abilities.protocol} of the channel")
        except (ChannelError, msgspec.DecodeError) as error:
            self.start_error = f"the evaluator's hello was refused: {error}"
            self.kill()
            return
        log.info("evaluator is up: %s", abilities.implementation or self._language)
        self._failed_starts = 0
        self.abilities = abilities
        self._interrupts.evaluator_is_up()
        if abilities.marks and channel is not None:
            channel.offers_marks(abilities.marks)
        self._watcher.on_abilities(abilities)

    # requests

    def request(
        self,
        method: str,
        params: dict[str, Any],
        respond: Callable[[msgspec.Raw | Failure], None],
        buffers: Sequence[bytes] = (),
    ) -> int:
        """Send a request; ``respond`` is called once with the result, or never after a death.

        Where there is no evaluator ``respond`` is called with a failure.

        Args:
            method: As docs/channel.md has it.
            params: What can be encoded as JSON.
            respond: Takes the result.
            buffers: Binary data of the request.

        Returns:
            The request's id.
        """
        self._next_id += 1
        if self._channel is not None:
            self._waiting[self._next_id] = respond
            message = {"id": self._next_id, "method": method, "params": params}
            raw = self.abilities is not None and self.abilities.buffers
            self._channel.send(message, buffers, raw=raw)
        else:
            self._loop.add_callback(respond, Failure(INTERNAL_ERROR, "there is no evaluator"))
        return self._next_id

    def answer(self, request_id: int | str, result: object) -> None:
        """Answer a request of the evaluator's."""
        if self._channel is not None:
            self._channel.send({"id": request_id, "result": result})

    def refuse(self, request_id: int | str, code: int, message: str) -> None:
        """Answer a request of the evaluator's with an error."""
        if self._channel is not None:
            error = {"code": code, "message": message}
            self._channel.send({"id": request_id, "error": error})

    # what the channel tells

    def on_text(self, stream: str, data: bytes) -> None:
        """Hand on bytes of descriptor 1 or 2."""
        self._watcher.on_text(stream, data)

    def on_line(self, line: Line) -> None:
        """Sort a line: response, acknowledgement, request for input, event."""
        if line.method is None:
            self._on_response(line)
        elif line.method == "interrupted":
            self._acknowledged()
        elif line.method == "marks":
            self._on_marks(line)
        elif line.method == "input_request":
            self._watcher.on_input_request(line)
        elif line.id is not None:
            self.refuse(line.id, METHOD_NOT_FOUND, f"the host has no method {line.method!r}")
        else:
            self._watcher.on_event(line)

    def _on_response(self, line: Line) -> None:
        respond = self._waiting.pop(line.id, None) if isinstance(line.id, int) else None
        if respond is None:
            self.on_refused(ChannelError(f"a response to no request: id {line.id!r}"))
        elif line.error is not None:
            respond(line.error)
        elif bytes(line.result):
            respond(line.result)
        else:
            respond(Failure(INTERNAL_ERROR, "the response has neither result nor error"))

    def _on_marks(self, line: Line) -> None:
        try:
            token = msgspec.json.decode(line.params.content, type=_Marks).token
        except msgspec.DecodeError as error:
            self.on_refused(ChannelError(f"marks: {error}"))
            return
        if token and self._channel is not None:
            self._channel.offers_marks(token)

    def on_refused(self, error: ChannelError) -> None:
        """Hand on that a line was left out."""
        self._watcher.on_refused(error)

    # back-pressure

    def pause(self) -> None:
        """Stop reading what the evaluator writes."""
        self._paused = True
        if self._channel is not None:
            self._channel.pause()

    def resume(self) -> None:
        """Read on."""
        self._paused = False
        if self._channel is not None:
            self._channel.resume()

    # interrupts

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification."""
        if self._channel is not None:
            self._channel.send({"method": method, "params": params})

    def aim(self, request_id: int) -> None:
        """Say which request an interrupt means."""
        self.notify("interrupt", {"cell": request_id})

    def interrupt(self, request_ids: Sequence[int]) -> None:
        """Interrupt requests; the third interrupt that is not heard kills.

        The channel tells which requests are meant, where the signal comes before one has begun.
        """
        for request_id in request_ids:
            self.aim(request_id)
        self._interrupts.interrupt(up=self.abilities is not None)

    def interrupt_idle(self) -> bool:
        """Interrupt what an evaluator does between requests, such as the tasks of a cell.

        Without a signal, which might come in a request that begins just now, or end a program that
        does not expect one while it is idle; and without the count that kills.

        Returns:
            Whether there is an evaluator that hears it.
        """
        if self.abilities is None or not self.abilities.interrupts:
            return False
        self.notify("interrupt", {})
        return True

    def _on_unheard(self) -> None:
        self._watcher.on_unheard_interrupt()

    def _acknowledged(self) -> None:
        log.debug("interrupt acknowledged")
        self._interrupts.forget()
        self._watcher.on_heard_interrupt()

    def request_over(self) -> None:
        """Forget the interrupts of a request that has ended."""
        self._interrupts.forget()

    def kill(self) -> None:
        """Kill the evaluator and its children."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
            if number != signal.SIGKILL:
                os.killpg(self._process.pid, signal.SIGCONT)  # what is stopped hears no other

    # death

    def _watch(self, pid: int) -> None:
        """Wait for a process without blocking the loop and without reaping it."""
        if hasattr(os, "pidfd_open"):
            descriptor = os.pidfd_open(pid)

            def ended(fd: int, events: int) -> None:
                self._loop.remove_handler(fd)
                os.close(fd)
                self._on_ended(pid)

            self._loop.add_handler(descriptor, ended, IOLoop.READ)
            return

        def wait() -> None:
            _, code = os.waitpid(pid, 0)
            self._loop.add_callback(self._on_ended, pid, code)

        threading.Thread(target=wait, daemon=True, name="waitpid").start()

    def _on_ended(self, pid: int, code: int | None = None) -> None:
        process, channel = self._process, self._channel
        if process is None or process.pid != pid or channel is None:
            return
        # while the leader is not reaped its group's number can't be anybody else's
        remains.kill(pid, process.mark)
        if code is None:
            _, code = os.waitpid(pid, 0)
        at_start = self.abilities is None
        last_words = channel.last_words()
        channel.finish()
        release_guard(process)
        self._process = self._channel = self.abilities = None
        self._waiting.clear()
        self._interrupts.forget()
        killed_for = self._interrupts.forget_kill()
        status = describe_status(code) + (f" after {killed_for}" if killed_for else "")
        death = Death(status, at_start, bool(killed_for), last_words)
        log.info("evaluator %s ended: %s", pid, death.status)
        if self._on_gone is not None:
            self._gone()
            return
        self._count_start(death)
        if not self.start_error:
            self.start()
        self._watcher.on_death(death)

    def _count_start(self, death: Death) -> None:
        if not death.at_start or death.wanted:
            return
        self._failed_starts += 1
        if self._failed_starts >= MAXIMUM_STARTS and not self.start_error:
            self.start_error = (
                f"the evaluator ended {MAXIMUM_STARTS} times at its start, "
                f"the last time with {death.status}"
            )

    # shutdown

    def shutdown(self, restart: bool, on_gone: Callable[[], None]) -> None:
        """Ask the evaluator to end, then SIGTERM, then SIGKILL; to its whole group.

        Args:
            restart: Whether the kernel is started again afterwards.
            on_gone: Called when the process has been waited for.
        """
        self._on_gone = on_gone
        if self._process is None:
            self._gone()
            return
        self.resume()
        self.request("shutdown", {"restart": restart}, lambda answer: None)
        for delay, number in ((SIGTERM_AFTER, signal.SIGTERM), (SIGKILL_AFTER, signal.SIGKILL)):
            self._timers.append(self._loop.call_later(delay, self._signal, number))

    def _gone(self) -> None:
        for timer in self._timers:
            self._loop.remove_timeout(timer)
        if self._on_gone is not None:
            self._on_gone()


def describe_status(code: int) -> str:
    """Say in words how a process ended, from what :func:`os.waitpid` gave."""
    code = os.waitstatus_to_exitcode(code)
    if code >= 0:
        return f"exit code {code}"
    try:
        number = signal.Signals(-code)
    except ValueError:
        return f"signal {-code}"
    return f"signal {number.name} ({signal.strsignal(number)})"


def _folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "/"
