"""Starts, watches, interrupts, kills and replaces one evaluator process."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec
from tornado.ioloop import IOLoop

from polykernel import process_end, remains
from polykernel.channel import NO_TURN
from polykernel.channel_lines import VERSION, Failure
from polykernel.conversation import Conversation
from polykernel.errors import ChannelError, EvaluatorStartError
from polykernel.interrupts import Interrupts
from polykernel.launch import Process, entrust, is_text, launch, release_guard
from polykernel.watcher import Abilities, Death, describe_status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from polykernel.limits import Excess, Limit
    from polykernel.watcher import Watcher

SIGTERM_AFTER = 1.0  # seconds that a shutdown waits for the evaluator to end by itself
SIGKILL_AFTER = 2.0
MAXIMUM_STARTS = 3  # deaths at start until no more is tried


log = logging.getLogger("polykernel.supervisor")


class Supervisor:
    """Owns the evaluator process.

    Args:
        command: The evaluator's command line.
        environment: Its environment.
        language: The language's name, for its hello.
        process: A process that was started early, or ``None``.
        start_error: Why it could not be started, or ``None``.
        turn: Entered while what the evaluator writes is told.
        files: To be removed when the host is killed; the guard of ``process`` knows them.
        options: The language's, for the hello.

    Attributes:
        start_error: Why no process can be started; empty where one can.
        may_start_later: Whether that may pass: descriptors or processes are used up.
        abilities: What the evaluator can do; ``None`` while it is not up.
        conversation: What is said to the evaluator, and what it says.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        language: str,
        process: Process | None,
        start_error: str = "",
        turn: AbstractContextManager[None] = NO_TURN,
        files: Sequence[str] = (),
        options: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._files = files
        self._options = options
        self._command = command
        self._environment = environment
        self._language = language
        self._loop = IOLoop.current()
        self._process = process
        self._watcher: Watcher
        self._failed_starts = 0
        self._interrupts = Interrupts(self._signal, self._nudge, self._on_unheard, self.kill)
        self._killed_after = ""
        self._excess: Excess | None = None
        self._retired = False  # until somebody needs it
        self._on_gone: Callable[[], None] | None = None
        self._on_replaced: Callable[[], None] | None = None
        self._timers: list[object] = []
        self.conversation = Conversation(turn, self._acknowledged)
        self.start_error = start_error
        self.may_start_later = False
        self.abilities: Abilities | None = None

    def attach(self, watcher: Watcher) -> None:
        """Begin: tell this watcher, and greet the process that was started early."""
        self._watcher = self.conversation.watcher = watcher
        if self._process is not None:
            self._adopt(self._process)

    @property
    def pid(self) -> int | None:
        """The evaluator's process id."""
        return self._process.pid if self._process else None

    # start

    def start(self) -> None:
        """Start a process; where that fails :attr:`start_error` says why."""
        self._retired = False
        try:
            process = launch(self._command, self._environment)
        except EvaluatorStartError as error:
            self.start_error, self.may_start_later = str(error), error.passing
            log.warning("%s", error)
            return
        entrust(process, self._files)
        self._adopt(process)

    def wake(self) -> None:
        """Start a process where there is none since none was needed, or something was used up."""
        asleep = self._retired or self.may_start_later
        ends = self._on_gone is not None or self._on_replaced is not None
        if asleep and self._process is None and not ends:
            self.start_error, self.may_start_later = "", False
            self.start()

    def _adopt(self, process: Process) -> None:
        log.info("evaluator %s started", process.pid)
        self._process = process
        self.abilities = None
        self.conversation.begin(process.pipes)
        process_end.watch(process.pid, self._on_ended)
        params = {
            "protocol": VERSION,
            "language": self._language,
            "cwd": _folder(),
            "buffers": True,
            "parcels": process.pipes.parcels >= 0,
            "temporary": process.temporary,
            "options": dict(self._options),
        }
        self.request("hello", params, self._on_hello)

    def _on_hello(self, answer: msgspec.Raw | Failure) -> None:
        if self._on_replaced is not None:
            return  # it is to end
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
        self.conversation.raw_buffers = abilities.buffers
        self.conversation.offers_marks(abilities.marks)
        self._watcher.on_abilities(abilities)

    def request(
        self,
        method: str,
        params: dict[str, Any],
        respond: Callable[[msgspec.Raw | Failure], None],
        buffers: Sequence[bytes] = (),
    ) -> int:
        """Send a request to the evaluator, which is started where it had been ended.

        See :meth:`Conversation.request <polykernel.conversation.Conversation.request>`.
        """
        self.wake()
        return self.conversation.request(method, params, respond, buffers, self.start_error)

    # interrupts

    def aim(self, request_id: int) -> None:
        """Say which request an interrupt means."""
        self.conversation.notify("interrupt", {"cell": request_id})

    def interrupt(self, request_ids: Sequence[int], grace: Limit | None = None) -> None:
        """Interrupt requests; the third interrupt that is not heard kills.

        The channel tells which requests are meant, where the signal comes before one has begun.

        Args:
            request_ids: As :meth:`request` gave them.
            grace: When one that is not heard kills, where the user has set that.
        """
        for request_id in request_ids:
            self.aim(request_id)
        self._interrupts.interrupt(self.abilities is not None, grace)

    def interrupt_idle(self) -> bool:
        """Interrupt what an evaluator does between requests, such as the tasks of a cell.

        Without a signal, which might come in a request that begins just now, or end a program that
        does not expect one while it is idle; and without the count that kills.

        Returns:
            Whether there is an evaluator that hears it.
        """
        if self.abilities is None or not self.abilities.interrupts:
            return False
        self.conversation.notify("interrupt", {})
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

    def kill(self, after: str = "", excess: Excess | None = None) -> None:
        """Kill the evaluator and its children.

        Args:
            after: What has led to it, for the user.
            excess: The limit that it has exceeded.
        """
        if after and self._process is not None:
            log.warning("killing the evaluator after %s", after)
            self._killed_after, self._excess = after, excess
            self._retired = excess is not None  # or it might grow again at once
        self._signal(signal.SIGKILL)

    def _nudge(self) -> None:
        # nobody knows whether one has heard that acknowledges nothing
        if self._process is not None and self.abilities is not None and self.abilities.interrupts:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self._process.pid, signal.SIGURG)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
            if number != signal.SIGKILL:
                os.killpg(self._process.pid, signal.SIGCONT)  # what is stopped hears no other

    # death

    def _on_ended(self, pid: int, code: int | None) -> None:
        process = self._process
        if process is None or process.pid != pid:
            return
        # while the leader is not reaped its group's number can't be anybody else's
        remains.kill(pid, process.mark)
        if code is None:
            code = process_end.reap(pid)
        at_start = self.abilities is None
        last_words = self.conversation.end()
        release_guard(process)
        self._process = self.abilities = None
        self._interrupts.forget()
        death = self._death(code, at_start, last_words)
        log.info("evaluator %s ended: %s", pid, death.status)
        if self._on_gone is not None:
            self._gone()
            return
        self._forget_timers()
        if self._on_replaced is not None:
            self._replaced()
            return
        self._count_start(death)
        if not self.start_error and not self._retired:
            self.start()
        self._watcher.on_death(death)

    def _death(self, code: int | None, at_start: bool, last_words: str) -> Death:
        after, self._killed_after = self._killed_after, ""
        excess, self._excess = self._excess, None
        status = describe_status(code) + (f" after {after}" if after else "")
        return Death(status, at_start, bool(after), last_words, excess)

    def _count_start(self, death: Death) -> None:
        if not death.at_start or (death.wanted and death.excess is None):
            return
        self._failed_starts += 1
        if self._failed_starts >= MAXIMUM_STARTS and not self.start_error:
            self.start_error = (
                f"the evaluator ended {MAXIMUM_STARTS} times at its start, "
                f"the last time with {death.status}"
            )

    # replacement

    def replace(
        self,
        command: Sequence[str],
        options: Mapping[str, Any],
        on_replaced: Callable[[], None],
    ) -> None:
        """End the evaluator in good order, and start another one in its place.

        What it has not answered it never will. What could not be started is tried again.

        Args:
            command: The new one's command line.
            options: The language's, for its hello.
            on_replaced: Called when the old one has been waited for and the new one is on its way,
                or can't be started; never where the kernel is shut down before.
        """
        self._command, self._options = command, options
        self._failed_starts = 0
        self.start_error, self.may_start_later = "", False
        self._on_replaced = on_replaced
        self.abilities = None  # nobody is to count on the old one
        if self._process is None:
            self._loop.add_callback(self._replaced)
        else:
            self._ask_to_end(restart=True)

    def _replaced(self) -> None:
        on_replaced, self._on_replaced = self._on_replaced, None
        if on_replaced is not None and self._on_gone is None:
            self.start()
            on_replaced()

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
        self._ask_to_end(restart)

    def _ask_to_end(self, restart: bool) -> None:
        self.conversation.resume()
        self.request("shutdown", {"restart": restart}, lambda answer: None)
        for delay, number in ((SIGTERM_AFTER, signal.SIGTERM), (SIGKILL_AFTER, signal.SIGKILL)):
            self._timers.append(self._loop.call_later(delay, self._signal, number))

    def _gone(self) -> None:
        self._forget_timers()
        if self._on_gone is not None:
            self._on_gone()

    def _forget_timers(self) -> None:
        for timer in self._timers:
            self._loop.remove_timeout(timer)
        self._timers.clear()

    def retire(self, after: str, excess: Excess) -> None:
        """End the evaluator, in good order, until something is asked of it again.

        Args:
            after: What has led to it, for the user.
            excess: The limit that it has exceeded.
        """
        if self._process is not None and not self._retired:
            log.info("ending the evaluator after %s", after)
            self._retired = True
            self._killed_after, self._excess = after, excess
            self._ask_to_end(restart=False)


def _folder() -> str:
    """Name the folder that an evaluator is to enter; where no hello can, it is in it already."""
    try:
        folder = os.getcwd()
    except FileNotFoundError:
        return "/"
    return folder if is_text(folder) else "."
