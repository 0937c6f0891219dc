"""What runs: the main shell and the subshells, and what their evaluator tells.

Specification: "Execute", and for subshells JEP 91.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from polykernel.content import ExecuteRequest, error_content
from polykernel.errors import UnknownSubshell
from polykernel.items import Cell
from polykernel.limiter import Limiter
from polykernel.limits import Limits
from polykernel.logs import Dropped
from polykernel.message import Message, from_json
from polykernel.obituary import Obituary
from polykernel.output import Output
from polykernel.shell import Shared, Shell
from polykernel.stdin import NOT_NOW, InputRequests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import msgspec

    from polykernel.channel_lines import Line
    from polykernel.errors import ChannelError
    from polykernel.items import Item, Send
    from polykernel.limiter import Runner
    from polykernel.limits import Limit
    from polykernel.shell import Renewal
    from polykernel.supervisor import Supervisor
    from polykernel.watcher import Abilities, Death

log = logging.getLogger("polykernel.execution")


class Execution:
    """Owns the shells; the supervisor's watcher.

    Args:
        supervisor: The evaluator's process.
        send: Sends replies, input requests and IOPub messages.
        read_ahead: Reads the requests that have come but are not yet queued, before an abort.
        purge_stdin: Throws away what a front end sent on stdin without being asked.
        withdraw_stdin: Takes back an input request that could not yet be delivered.
        plugin: Names the plugin's package and version, for messages about its bugs.
        broken: Why the language can't run at all, as content of an error; or ``None``.
        limits: What the user has limited.

    Attributes:
        subshells: Whether cells can run side by side, as far as is known.
        on_counted: Told of each cell that counts, of its number and of its code.
        on_result: Told of the result of a cell that counts.
        on_over: Told of the end of a cell that counts.
        on_abilities_changed: Told what a new evaluator says of itself.
        on_evaluator_up: Told that a new evaluator has said it.
        on_comm: Told of each comm message that the evaluator sends.
        on_evaluator_gone: Told when the evaluator has died.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        send: Send,
        *,
        plugin: Callable[[], str] = lambda: "",
        read_ahead: Callable[[], None] = lambda: None,
        purge_stdin: Callable[[], None] = lambda: None,
        withdraw_stdin: Callable[[], None] = lambda: None,
        broken: dict[str, Any] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._supervisor = supervisor
        self._read_ahead = read_ahead
        self._input = InputRequests(
            supervisor, lambda message: send("stdin", message), purge_stdin, withdraw_stdin
        )
        self._obituary = Obituary()
        self._refused = Dropped(log)  # since something last ran
        self._reading_on = False  # since an interrupt, although front ends don't keep up
        self._stopped = False
        self.subshells = False
        self.output = Output(lambda message: send("iopub", message), self._runs)
        self.on_counted: Callable[[Message, int, str], None] = lambda message, count, code: None
        self.on_result: Callable[[Message, msgspec.Raw], None] = lambda message, data: None
        self.on_over: Callable[[Message], None] = lambda message: None
        self.on_evaluator_up: Callable[[], None] = lambda: None
        self.on_abilities_changed: Callable[[Abilities], None] = lambda abilities: None
        self.on_debug_event: Callable[[bytes], None] = lambda content: None
        self.on_comm: Callable[[str, bytes], None] = lambda msg_type, content: None
        self.on_evaluator_gone: list[Callable[[], None]] = []
        limits = limits or Limits()
        self._shared = Shared(
            supervisor=supervisor,
            send=send,
            output=self.output,
            input=self._input,
            obituary=self._obituary,
            plugin=plugin,
            read_ahead=read_ahead,
            broken=broken,
            limits=limits,
            limiter=Limiter(
                limits,
                supervisor,
                self._interrupt,
                self._read_on,
                lambda: self.busy_with is not None,
            ),
            on_counted=self._counted,
            on_result=self._resulted,
            on_over=self._over,
            on_idle=self._on_idle,
            busy_beside=self.busy_beside,
        )
        self._main = Shell(self._shared)
        self._subshells: dict[str, Shell] = {}
        self._leaving: list[Shell] = []  # deleted subshells whose last request is still running
        supervisor.attach(self)

    # what front ends ask

    def submit(self, item: Item) -> None:
        """Queue a cell, or another request that only the evaluator can answer.

        Raises:
            UnknownSubshell: There is no such subshell.
        """
        self.shell_of(item.message).submit(item)

    def execute(self, message: Message) -> None:
        """Queue an execute request.

        Raises:
            msgspec.DecodeError: Its content is malformed.
            UnknownSubshell: There is no such subshell.
        """
        request = from_json(message.content, ExecuteRequest)
        counts = request.store_history and not request.silent
        self.submit(Cell(message, request, quiet=request.silent, counts=counts))

    def shell_of(self, message: Message) -> Shell:
        """Find the shell that a request is for; where there are no subshells it is the main one.

        Raises:
            UnknownSubshell: There is no such subshell.
        """
        subshell_id = message.header.subshell_id
        if subshell_id is None or not self.subshells:
            return self._main
        try:
            return self._subshells[subshell_id]
        except KeyError:
            raise UnknownSubshell(f"there is no subshell {subshell_id!r}") from None

    def execution_count(self, message: Message) -> int:
        """Give the execution count of the shell that a request is for."""
        try:
            return self.shell_of(message).execution_count
        except UnknownSubshell:
            return 0

    def develop(self, renewal: Renewal) -> None:
        """Let fresh evaluators be made while the plugin is developed."""
        self._shared.renewal = renewal

    @property
    def cannot_start(self) -> bool:
        """Whether no evaluator can be started."""
        return bool(self._supervisor.start_error)

    def set_broken(self, broken: dict[str, Any] | None) -> None:
        """Take notice that the language can't run at all, or can again.

        Args:
            broken: Why, as content of an error; or ``None``.
        """
        self._shared.broken = broken

    @property
    def busy_with(self) -> Message | None:
        """The request whose busy status is the kernel's, or ``None``."""
        return next((each.running.message for each in self._shells() if each.running), None)

    def _shells(self) -> list[Shell]:
        return [self._main, *self._subshells.values(), *self._leaving]

    def busy_beside(self, shell: Shell) -> Message | None:
        """Give the request that runs in another shell than this one, or ``None``."""
        others = (each for each in self._shells() if each is not shell)
        return next((each.running.message for each in others if each.running), None)

    def _counted(self, message: Message, count: int, code: str) -> None:
        self.on_counted(message, count, code)

    def _resulted(self, message: Message, data: msgspec.Raw) -> None:
        self.on_result(message, data)

    def _over(self, message: Message) -> None:
        self.on_over(message)

    def _on_idle(self) -> None:
        self._leaving = [shell for shell in self._leaving if shell.running]
        running = [shell.running_id for shell in self._shells() if shell.running]
        if running:
            # the main shell's cell comes first, as long as there is one
            next(filter(self.output.leave_unclaimed_to, running), None)
            return
        self._reading_on = False
        self._refused = Dropped(log)
        self._supervisor.request_over()

    def _runs(self, number: int) -> bool:
        return any(shell.running_id == number for shell in self._shells())

    # subshells

    def create_subshell(self) -> str:
        """Make a subshell.

        Returns:
            Its name.
        """
        subshell_id = os.urandom(16).hex()
        self._subshells[subshell_id] = Shell(self._shared, subshell_id)
        return subshell_id

    def delete_subshell(self, subshell_id: str) -> None:
        """End a subshell: what is queued is aborted, what runs is interrupted.

        Raises:
            UnknownSubshell: There is no such subshell.
        """
        shell = self._subshells.pop(subshell_id, None)
        if shell is None:
            raise UnknownSubshell(f"there is no subshell {subshell_id!r}")
        shell.stop()
        if shell.running:
            self._leaving.append(shell)
            if shell.running_id is not None:
                self._input.interrupt(shell.running.message)
                self._supervisor.aim(shell.running_id)
        self._supervisor.conversation.notify("delete_subshell", {"subshell": subshell_id})

    def list_subshells(self) -> list[str]:
        """Name all subshells."""
        return list(self._subshells)

    # interrupts, back-pressure, input

    def interrupt(self) -> None:
        """Interrupt what runs in all shells; where nothing runs, what cells have left running."""
        waits = self._shared.renewal is not None and self._shared.renewal.interrupted()
        running = [each for each in self._shells() if each.running_id is not None]
        numbers = [each.running_id for each in running if each.running_id is not None]
        if numbers:
            self._input.interrupt()
            self._supervisor.interrupt(numbers, _shortest_grace(running))
        elif waits or not self._supervisor.interrupt_idle():
            return
        self._read_on()

    def _interrupt(self, runner: Runner) -> None:
        """Interrupt what runs in one shell, where it is for the limiter to see that it ends."""
        for shell in self._shells():
            if shell is runner and shell.running is not None and shell.running_id is not None:
                self._input.interrupt(shell.running.message)
                if shell is self._main:
                    self._supervisor.interrupt([shell.running_id])
                else:  # a signal would reach the main shell
                    self._supervisor.aim(shell.running_id)
                self._read_on()

    def _read_on(self) -> None:
        """Read what the evaluator writes: while it is stalled it can't hear an interrupt."""
        self._reading_on = True
        self._supervisor.conversation.resume()

    def pause(self) -> None:
        """Let the evaluator wait: front ends don't keep up."""
        if self._stopped:
            self.output.mute()  # it must end, and can't wait
        elif not self._reading_on:
            self._supervisor.conversation.pause()

    def resume(self) -> None:
        """Let the evaluator go on: front ends have kept up."""
        self._supervisor.conversation.resume()

    def input_reply(self, message: Message) -> None:
        """Take a front end's answer to an input request."""
        self._input.take(message)

    def input_undeliverable(self) -> None:
        """Take notice that the front end that was asked is not connected on stdin."""
        self._input.undeliverable()

    # the end

    def stop(self) -> None:
        """Abort what is queued, and run nothing more: the kernel is being shut down."""
        if self._stopped:
            return
        self._stopped = True
        for shell in self._shells():
            shell.stop()
        self._read_ahead()

    def end(self) -> None:
        """Answer what the evaluator has not answered: it is gone."""
        for shell in self._shells():
            shell.end()
        self.output.finish_text()

    # what the evaluator tells

    def on_text(self, stream: str, data: bytes) -> None:
        """Take bytes of descriptor 1 or 2."""
        self.output.take(stream, data)

    def on_event(self, line: Line) -> None:
        """Publish an event, or say in its cell that it was refused."""
        method, params = line.method or "", line.params
        if method == "debug_event" and bytes(params.content).lstrip()[:1] == b"{":
            self.output.flush()  # what was printed before it
            self.on_debug_event(bytes(params.content))
        elif not self.output.event(method, params):
            self.output.say(f"polykernel: the evaluator sent an event that is none: {method}\n")
        elif method.startswith("comm_"):
            self.on_comm(method, bytes(params.content))

    def replace_evaluator(
        self, command: Sequence[str], options: Mapping[str, Any], on_replaced: Callable[[], None]
    ) -> None:
        """End the evaluator and start another one, while nothing runs but a cell that waits for it.

        Args:
            command: The new one's command line.
            options: The language's, for its hello.
            on_replaced: Called when the old one is gone.
        """

        def replaced() -> None:
            self._input.forget()
            self._obituary.forget()
            self.output.last_words()
            for told in self.on_evaluator_gone:
                told()
            on_replaced()

        self._supervisor.replace(command, options, replaced)

    def kill(self, after: str) -> None:
        """Kill the evaluator.

        Args:
            after: What has led to it, for the user.
        """
        self._supervisor.kill(after)

    def on_input_request(self, line: Line) -> None:
        """Ask the front end that sent the running cell."""
        number = line.id
        if number is None:
            return
        cell = self._running_cell(line.params.cell)
        if cell is None:
            self._input.refuse(number, NOT_NOW, "the cell is over")
            return
        self.output.finish_text()
        content = bytes(line.params.content)
        renewal = self._shared.renewal
        allowed = cell.request.allow_stdin and not (renewal and renewal.rehearses)
        self._input.ask(number, cell.message, allowed, content)

    def _running_cell(self, number: int | None) -> Cell | None:
        """Find the running cell of that number; that of the main shell where it is ``None``."""
        for shell in self._shells():
            if isinstance(shell.running, Cell) and number in (None, shell.running_id):
                return shell.running
        return None

    def on_refused(self, error: ChannelError) -> None:
        """Say in the cell that something the evaluator sent was left out."""
        told = self._refused.tell("something that the evaluator sent was refused: %s", error)
        if told:
            self.output.say(f"polykernel: {told}\n")

    def on_abilities(self, abilities: Abilities) -> None:
        """Pass on what a new evaluator says of itself."""
        self.on_abilities_changed(abilities)
        self.on_evaluator_up()

    def on_heard_interrupt(self) -> None:
        """Let a flood wait again that goes on after an interrupt."""
        self._reading_on = False

    def on_unheard_interrupt(self) -> None:
        """Tell the user how to get out."""
        if self._running_cell(None) is not None:
            self.output.say(
                "\nThe interrupt has not been heard for 5 seconds. Interrupt again, three times "
                "in all, to kill the evaluator: what its cells defined is then lost.\n"
            )

    def on_death(self, death: Death) -> None:
        """End what ran, and abort what is queued: the state that it counts on is gone.

        The supervisor has begun to start a new evaluator, or has given up.
        """
        running = [shell for shell in self._shells() if shell.running]
        stderr = self.output.last_words()
        died = error_content("EvaluatorDied", f"the evaluator ended with {death.status}")
        retry = death.at_start and not death.wanted and not self._supervisor.start_error
        in_cell = died
        self._input.forget()
        for shell in self._shells():
            shell.fail_beside(died)
        if death.at_start:
            self._obituary.died_at_start(death, stderr)
        if any(isinstance(shell.running, Cell) for shell in running) and not retry:
            in_cell = self._obituary.died_in_cell(death, stderr)
        elif not death.at_start:
            self._obituary.died_idle(death, stderr)
        for told in self.on_evaluator_gone:
            told()
        if not running:
            self.output.finish_text()
        for shell in running:
            if retry:
                shell.try_again()
            else:
                shell.fail_running(in_cell, died)


def _shortest_grace(shells: Sequence[Shell]) -> Limit | None:
    graces = (each.limits.interrupt_grace for each in shells)
    return min((each for each in graces if each), key=lambda each: each.value, default=None)
