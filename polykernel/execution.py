"""The queue of a shell: one cell after the other; execution count, stop-on-error, abort.

A request's parent travels with the request: there is no global "current parent".
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from polykernel.channel import INTERNAL_ERROR, METHOD_NOT_FOUND, Failure
from polykernel.content import (
    CellResult,
    ExecuteRequest,
    error_content,
    execute_result,
    failure_content,
    notebook_cell_id,
)
from polykernel.message import Message, encode, from_json
from polykernel.obituary import Obituary
from polykernel.output import Output
from polykernel.stdin import NOT_NOW, InputRequests

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.channel import Line
    from polykernel.errors import ChannelError
    from polykernel.supervisor import Abilities, Death, Supervisor

log = logging.getLogger("polykernel.execution")


class Send(Protocol):
    """Sends a message on one of the kernel's sockets."""

    def __call__(self, channel: str, message: Message) -> None:
        """Send; ``channel`` is ``shell``, ``control``, ``stdin`` or ``iopub``."""


class Question(msgspec.Struct, frozen=True):
    """A request that an evaluator answers and that is not a cell.

    Attributes:
        message: The request.
        channel: Where its reply goes.
        method: The evaluator's method.
        params: What it is asked.
        unsupported: The reply's content where the evaluator lacks the method.
    """

    message: Message
    channel: str
    method: str
    params: object
    unsupported: dict[str, Any]


class Cell(msgspec.Struct, frozen=True):
    """An execute request on its way.

    Attributes:
        message: The request.
        request: Its content.
        quiet: Nothing of it is to be published but its status.
        counts: It makes the execution count go up, and belongs to the history.
    """

    message: Message
    request: ExecuteRequest
    quiet: bool
    counts: bool


class Execution:
    """Owns the queue, the execution count and the running cell.

    Args:
        supervisor: The evaluator's process.
        send: Sends replies, input requests and IOPub messages.
        read_ahead: Reads the requests that have come but are not yet queued, before an abort.
        purge_stdin: Throws away what a front end sent on stdin without being asked.
        withdraw_stdin: Takes back an input request that could not yet be delivered.
        plugin: Names the plugin's package and version, for messages about its bugs.
        broken: Why the language can't run at all, as content of an error; or ``None``.
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
    ) -> None:
        self._supervisor = supervisor
        self._send = send
        self._plugin = plugin
        self._read_ahead = read_ahead
        self._broken = broken
        self._queue: deque[Cell | Question] = deque()
        self._running: Cell | Question | None = None
        self._beside: list[Question] = []  # that are answered while a cell runs
        self._running_id: int | None = None  # the evaluator's number of what is running
        self._input = InputRequests(
            supervisor, lambda message: send("stdin", message), purge_stdin, withdraw_stdin
        )
        self._obituary = Obituary()
        self._reading_on = False  # since an interrupt, although front ends don't keep up
        self._stopped = False
        self._advancing = False  # taking from the queue
        self.output = Output(lambda message: send("iopub", message))
        self.execution_count = 0
        self.on_counted: Callable[[int, str], None] = lambda count, code: None
        self.on_abilities_changed: Callable[[Abilities], None] = lambda abilities: None
        supervisor.attach(self)

    # what front ends ask

    def submit(self, item: Cell | Question) -> None:
        """Queue a cell, or another request that only the evaluator can answer."""
        if self._stopped:
            self._turn_away(item)
            return
        if isinstance(item, Question) and self._answers_beside(item):
            return
        self._queue.append(item)
        if self._running is None:
            self._next()

    def execute(self, message: Message) -> None:
        """Queue an execute request.

        Raises:
            msgspec.DecodeError: Its content is malformed.
        """
        request = from_json(message.content, ExecuteRequest)
        counts = request.store_history and not request.silent
        self.submit(Cell(message, request, quiet=request.silent, counts=counts))

    @property
    def busy_with(self) -> Message | None:
        """The request whose busy status is the kernel's, or ``None``."""
        return self._running.message if self._running is not None else None

    def interrupt(self) -> None:
        """Interrupt the running cell; where none runs there is nothing to do."""
        if self._running is None or self._running_id is None:
            return
        self._input.interrupt()
        self._reading_on = True  # a stalled evaluator can only hear when its output is read
        self._supervisor.resume()
        self._supervisor.interrupt(self._running_id)

    def pause(self) -> None:
        """Let the evaluator wait: front ends don't keep up."""
        if self._stopped:
            self.output.mute()  # it must end, and can't wait
        elif not self._reading_on:
            self._supervisor.pause()

    def resume(self) -> None:
        """Let the evaluator go on: front ends have kept up."""
        self._supervisor.resume()

    def input_reply(self, message: Message) -> None:
        """Take a front end's answer to an input request."""
        self._input.take(message)

    def input_undeliverable(self) -> None:
        """Take notice that the front end that was asked is not connected on stdin."""
        self._input.undeliverable()

    def stop(self) -> None:
        """Abort what is queued, and run nothing more: the kernel is being shut down."""
        if self._stopped:
            return
        self._stopped = True
        queue, self._queue = self._queue, deque()
        for item in queue:
            self._turn_away(item)
        self._read_ahead()

    def end(self) -> None:
        """Answer what the evaluator has not answered: it is gone."""
        self._fail_beside(_SHUT_DOWN)
        running, self._running = self._running, None
        if isinstance(running, Cell):
            self._fail(running, _SHUT_DOWN)
        elif running is not None:
            self._reply(running, _SHUT_DOWN)
        self.output.finish_text()

    def _turn_away(self, item: Cell | Question) -> None:
        """Answer without the evaluator: the kernel is being shut down."""
        if isinstance(item, Cell):
            self._abort(item)
            return
        self._status(item.message, "busy")
        self._reply(item, _SHUT_DOWN)

    # the queue

    def _next(self) -> None:
        if self._advancing:
            return  # what is over at once must not pile up on the stack
        self._advancing = True
        try:
            while self._running is None and self._queue and not self._stopped:
                item = self._queue.popleft()
                if isinstance(item, Question):
                    self._ask(item)
                else:
                    self._run(item)
        finally:
            self._advancing = False

    def _run(self, cell: Cell) -> None:
        self._running = cell
        self.execution_count += cell.counts
        if cell.counts:
            self.on_counted(self.execution_count, cell.request.code)
        untold = self._obituary.untold(cell.quiet)
        trouble = untold or self._trouble()
        # writing to the evaluator first lets it work while we publish
        if trouble is None:
            self._hand_over(cell)
        self._status(cell.message, "busy")
        if not cell.quiet:
            content = {"code": cell.request.code, "execution_count": self.execution_count}
            self._send("iopub", cell.message.child("execute_input", content))
        self.output.begin(self._running_id, cell.message, cell.quiet)
        if trouble is not None:
            self._fail(cell, trouble, abort=untold is not None)
        elif not cell.quiet:
            self.output.say(self._obituary.lost())

    def _hand_over(self, cell: Cell) -> None:
        """Write a cell to the evaluator."""
        request = cell.request
        self._running_id = self._supervisor.request(
            "execute",
            {
                "code": request.code,
                "silent": cell.quiet,
                "store_history": cell.counts,
                "allow_stdin": request.allow_stdin,
                "user_expressions": request.user_expressions or {},
                "execution_count": self.execution_count,
                "cell_id": notebook_cell_id(cell.message.metadata),
            },
            lambda answer: self._on_result(cell, answer),
        )

    def _trouble(self) -> dict[str, Any] | None:
        """Say why the evaluator can't run anything now, as content of an error."""
        if self._broken is not None:
            return self._broken
        if self._supervisor.start_error:
            return self._obituary.no_start(self._supervisor.start_error)
        return None

    def _on_result(self, cell: Cell, answer: msgspec.Raw | Failure) -> None:
        self.output.finish_text()
        if isinstance(answer, Failure):
            self._fail(cell, failure_content(answer, self._plugin()))
            return
        try:
            result = msgspec.json.decode(answer, type=CellResult)
            shown = result.result and execute_result(result.result, self.execution_count)
        except (msgspec.DecodeError, RecursionError) as error:
            self._fail(
                cell, error_content("ChannelError", f"the cell's result was refused: {error}")
            )
            return
        if result.status != "ok":
            content = error_content(result.ename, result.evalue, result.traceback)
            extra = {"user_expressions": result.user_expressions, "payload": result.payload}
            self._fail(cell, content, extra)
            return
        if shown and not cell.quiet:
            self._send("iopub", cell.message.child("execute_result", shown))
        reply = {
            "status": "ok",
            "execution_count": self.execution_count,
            "user_expressions": result.user_expressions,
            "payload": result.payload,
        }
        self._send("shell", cell.message.reply("execute_reply", encode(reply)))
        self._over(cell)

    def _fail(
        self,
        cell: Cell,
        content: dict[str, Any],
        extra: dict[str, Any] | None = None,
        *,
        abort: bool = False,
    ) -> None:
        """End a cell with an error; what is queued behind it is aborted if it asked for that."""
        aborts = abort or (cell.request.stop_on_error and not cell.quiet)
        if aborts:
            self._read_ahead()
        self.output.finish_text()
        if not cell.quiet:
            shown = {key: content[key] for key in ("ename", "evalue", "traceback")}
            self._send("iopub", cell.message.child("error", shown))
        reply = {"user_expressions": {}, "payload": [], **(extra or {}), **content}
        reply["execution_count"] = self.execution_count
        self._send("shell", cell.message.reply("execute_reply", reply))
        if aborts:
            self._abort_cells()
        self._over(cell)

    def _over(self, cell: Cell) -> None:
        self._input.forget()
        self._nothing_runs()
        self._status(cell.message, "idle")
        self._next()

    def _nothing_runs(self) -> None:
        self._running = self._running_id = None
        self._reading_on = False
        self._supervisor.request_over()

    def _abort_cells(self) -> None:
        """Answer all queued cells without running them; completions and the like stay queued."""
        kept = [item for item in self._queue if isinstance(item, Question)]
        cells = [item for item in self._queue if isinstance(item, Cell)]
        self._queue = deque(kept)
        for cell in cells:
            self._abort(cell)

    def _abort(self, cell: Cell) -> None:
        self._status(cell.message, "busy")
        # nothing but the status: front ends would show the count of a cell that never ran
        self._send("shell", cell.message.reply("execute_reply", {"status": "aborted"}))
        self._status(cell.message, "idle")

    # questions

    def _answers_beside(self, question: Question) -> bool:
        """Ask at once, while a cell runs, where the evaluator offers that."""
        abilities = self._supervisor.abilities
        beside = isinstance(self._running, Cell) and abilities and abilities.complete_while_busy
        if not beside:
            return False
        self._beside.append(question)
        self._status(question.message, "busy")
        self._supervisor.request(
            question.method, question.params, lambda answer: self._answered_beside(question, answer)
        )
        return True

    def _answered_beside(self, question: Question, answer: msgspec.Raw | Failure) -> None:
        self._beside.remove(question)
        self._reply(question, self._content(question, answer))
        if self._running is not None:
            self._status(self._running.message, "busy")

    def _fail_beside(self, content: dict[str, Any]) -> None:
        """Answer what nobody else will answer any more."""
        beside, self._beside = self._beside, []
        for question in beside:
            self._reply(question, content)

    def _ask(self, question: Question) -> None:
        self._running = question
        self._status(question.message, "busy")
        if self._trouble() is not None:
            self._answered(question, Failure(METHOD_NOT_FOUND, "the evaluator can't run"))
        else:
            self._put(question)

    def _put(self, question: Question) -> None:
        """Write a question to the evaluator."""
        self._running_id = self._supervisor.request(
            question.method, question.params, lambda answer: self._answered(question, answer)
        )

    def _answered(self, question: Question, answer: msgspec.Raw | Failure) -> None:
        self._nothing_runs()
        self._reply(question, self._content(question, answer))
        self._next()

    def _content(self, question: Question, answer: msgspec.Raw | Failure) -> object:
        if not isinstance(answer, Failure):
            content = bytes(answer)
            if content.lstrip()[:1] == b"{":
                return content
            answer = Failure(INTERNAL_ERROR, f"{question.method} gave no object, but {content!r}")
        if answer.code == METHOD_NOT_FOUND:
            return question.unsupported
        if question.method == "is_complete":  # its reply has no error status
            log.warning("is_complete failed: %s", answer.message)
            return question.unsupported
        return failure_content(answer, self._plugin())

    def _reply(self, question: Question, content: object) -> None:
        msg_type = question.message.msg_type.replace("_request", "_reply")
        self._send(question.channel, question.message.reply(msg_type, content))
        self._status(question.message, "idle")

    def _status(self, parent: Message, state: str) -> None:
        self._send("iopub", parent.child("status", {"execution_state": state}))

    # what the evaluator tells

    def on_text(self, stream: str, data: bytes) -> None:
        """Take bytes of descriptor 1 or 2."""
        self.output.take(stream, data)

    def on_event(self, line: Line) -> None:
        """Publish an event, or say in its cell that it was refused."""
        if not self.output.event(line.method or "", line.params.cell, bytes(line.params.content)):
            self.output.say(
                f"polykernel: the evaluator sent an event that is none: {line.method}\n"
            )

    def on_input_request(self, line: Line) -> None:
        """Ask the front end that sent the running cell."""
        cell, number = self._running, line.id
        if number is None:
            return
        if not isinstance(cell, Cell) or line.params.cell not in (None, self._running_id):
            self._input.refuse(number, NOT_NOW, "the cell is over")
            return
        self.output.finish_text()
        content = bytes(line.params.content)
        self._input.ask(number, cell.message, cell.request.allow_stdin, content)

    def on_refused(self, error: ChannelError) -> None:
        """Say in the cell that something the evaluator sent was left out."""
        log.warning("refused: %s", error)
        self.output.say(f"polykernel: something that the evaluator sent was refused: {error}\n")

    def on_abilities(self, abilities: Abilities) -> None:
        """Pass on what a new evaluator says of itself."""
        self.on_abilities_changed(abilities)

    def on_heard_interrupt(self) -> None:
        """Let a flood wait again that goes on after an interrupt."""
        self._reading_on = False

    def on_unheard_interrupt(self) -> None:
        """Tell the user how to get out."""
        if isinstance(self._running, Cell):
            self.output.say(
                "\nThe interrupt has not been heard for 5 seconds. Interrupt again, three times "
                "in all, to kill the evaluator: what its cells defined is then lost.\n"
            )

    def on_death(self, death: Death) -> None:
        """End what ran, and abort what is queued: the state that it counts on is gone.

        The supervisor has begun to start a new evaluator, or has given up.
        """
        running = self._running
        stderr = self.output.last_words()
        died = error_content("EvaluatorDied", f"the evaluator ended with {death.status}")
        self._input.forget()
        self._fail_beside(died)
        if death.at_start:
            self._obituary.died_at_start(death, stderr)
        elif not isinstance(running, Cell):
            self._obituary.died_idle(death, stderr)
        if running is None:
            self.output.finish_text()
        elif death.at_start and not death.wanted and not self._supervisor.start_error:
            self._try_again(running)
        elif isinstance(running, Cell):
            trouble = self._trouble() or self._obituary.died_in_cell(death, stderr)
            self._fail(running, trouble, abort=True)
        else:
            self._nothing_runs()
            self._reply(running, died)
            self._next()

    def _try_again(self, running: Cell | Question) -> None:
        """Give the new evaluator what the last one never began."""
        if isinstance(running, Question):
            self._put(running)
            return
        self._hand_over(running)
        self.output.begin(self._running_id, running.message, running.quiet)


_SHUT_DOWN = error_content("KernelShutdown", "the kernel was shut down while this ran")
