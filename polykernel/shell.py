"""The queue of one shell: one request after the other; execution count, stop-on-error, abort.

A request's parent travels with the request: there is no global "current parent".
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from polykernel.channel_lines import METHOD_NOT_FOUND, Failure
from polykernel.content import (
    CellResult,
    error_content,
    excess_content,
    execute_result,
    failure_content,
    notebook_cell_id,
    published_error,
)
from polykernel.errors import LimitError
from polykernel.items import Cell, CommMessage, Question
from polykernel.message import encode
from polykernel.questions import Beside, reply_content

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.items import Item, Send
    from polykernel.limiter import Limiter
    from polykernel.limits import Limits
    from polykernel.message import Message
    from polykernel.obituary import Obituary
    from polykernel.output import Output
    from polykernel.stdin import InputRequests
    from polykernel.supervisor import Supervisor


class Renewal(Protocol):
    """What makes fresh evaluators while a plugin is developed."""

    def begins(self, shell: Shell, cell: Cell) -> bool:
        """Whether a cell has to wait for a fresh evaluator: ``shell.go_on`` comes later."""

    def succeeded(self, shell: Shell, cell: Cell) -> None:
        """Take notice that a cell has ended well."""

    def interrupted(self) -> bool:
        """Take notice that the user interrupts; whether a cell waits for a fresh evaluator."""

    @property
    def rehearses(self) -> bool:
        """Whether the evaluator runs earlier cells, which can ask nobody."""


class Shared(msgspec.Struct):
    """What all shells of a kernel share.

    Attributes:
        supervisor: The evaluator's process.
        send: Sends replies, input requests and IOPub messages.
        output: What cells print and show.
        input: The input request that is outstanding.
        obituary: What is to be told of evaluators that died.
        plugin: Names the plugin's package and version, for messages about its bugs.
        read_ahead: Reads the requests that have come but are not yet queued, before an abort.
        broken: Why the language can't run at all, as content of an error; or ``None``.
        limits: Those of the kernel, which a cell may tighten.
        limiter: Sees to it that they are kept.
        on_counted: Told of each cell that counts, of its number and of its code.
        on_result: Told of the result of a cell that counts.
        on_over: Told of the end of a cell that counts.
        on_idle: Told when a shell has nothing running any more.
        busy_beside: The request that runs in another shell than the given one, or ``None``.
        renewal: Makes a fresh evaluator where the plugin's files have changed; ``None`` where
            nobody develops it.
    """

    supervisor: Supervisor
    send: Send
    output: Output
    input: InputRequests
    obituary: Obituary
    plugin: Callable[[], str]
    read_ahead: Callable[[], None]
    broken: dict[str, Any] | None
    limits: Limits
    limiter: Limiter
    on_counted: Callable[[Message, int, str], None]
    on_result: Callable[[Message, msgspec.Raw], None]
    on_over: Callable[[Message], None]
    on_idle: Callable[[], None]
    busy_beside: Callable[[Shell], Message | None]
    renewal: Renewal | None = None


class Shell:
    """Owns a queue, an execution count and what is running.

    Args:
        shared: What it has in common with the kernel's other shells.
        subshell_id: Its name in message headers; ``None`` for the main shell.

    Attributes:
        running: What the evaluator is doing for this shell.
        waits: Whether that is a cell for which a fresh evaluator is being made.
        running_id: The evaluator's number of it; ``None`` where it was not handed over.
        execution_count: The number of the last cell that counts.
        limits: Those of what is running.
    """

    def __init__(self, shared: Shared, subshell_id: str | None = None) -> None:
        self._shared = shared
        self._subshell_id = subshell_id
        self._place: dict[str, str] = {} if subshell_id is None else {"subshell": subshell_id}
        self._queue: deque[Item] = deque()
        self._beside = Beside(shared.supervisor, self._place, self._answer)
        self._stopped = False
        self._advancing = False  # taking from the queue
        self.running: Item | None = None
        self.waits = False
        self.running_id: int | None = None
        self.execution_count = 0
        self.limits = shared.limits

    @property
    def is_main(self) -> bool:
        """Whether it is no subshell."""
        return self._subshell_id is None

    def submit(self, item: Item) -> None:
        """Queue a request that only the evaluator can serve."""
        if self._stopped:
            self._turn_away(item)
            return
        if isinstance(item, Question) and self._answers_beside(item):
            return
        self._queue.append(item)
        if self.running is None:
            self._next()

    def stop(self) -> None:
        """Abort what is queued, and run nothing more: the kernel or the subshell is to end."""
        if self._stopped:
            return
        self._stopped = True
        queue, self._queue = self._queue, deque()
        for item in queue:
            self._turn_away(item)

    def end(self) -> None:
        """Answer what the evaluator has not answered: it is gone."""
        self.fail_beside(_SHUT_DOWN)
        running, self.running = self.running, None
        if isinstance(running, Cell):
            self._fail(running, _SHUT_DOWN)
        elif running is not None:
            self._reply(running, _SHUT_DOWN)

    def _turn_away(self, item: Item) -> None:
        """Answer without the evaluator: the shell is being stopped."""
        if isinstance(item, Cell):
            self._abort(item)
            return
        self._status(item.message, "busy")
        self._reply(item, _SHUT_DOWN, last=False)

    # the queue

    def _next(self) -> None:
        if self._advancing:
            return  # what is over at once must not pile up on the stack
        self._advancing = True
        try:
            while self.running is None and self._queue and not self._stopped:
                item = self._queue.popleft()
                if isinstance(item, Cell):
                    self._run(item)
                elif isinstance(item, Question):
                    self._ask(item)
                else:
                    self._hand_on(item)
        finally:
            self._advancing = False

    def _run(self, cell: Cell) -> None:
        shared = self._shared
        self.running = cell
        self.execution_count += cell.counts
        if cell.counts:
            shared.on_counted(cell.message, self.execution_count, cell.request.code)
        if shared.renewal is not None and shared.renewal.begins(self, cell):
            self._await_evaluator(cell)
            return
        untold = shared.obituary.untold(cell.quiet)
        trouble = untold or self._trouble() or self._tighten(cell)
        # writing to the evaluator first lets it work while we publish
        if trouble is None:
            self._hand_over(cell)
        self._announce(cell)
        if trouble is not None:
            shared.supervisor.wake()  # for the next one
            self._fail(cell, trouble, abort=untold is not None)
        elif not cell.quiet:
            shared.output.say(shared.obituary.lost(), self.running_id)

    def _announce(self, cell: Cell) -> None:
        """Say that a cell has begun, and let what comes from now on belong to it."""
        self._status(cell.message, "busy")
        if not cell.quiet:
            content = {"code": cell.request.code, "execution_count": self.execution_count}
            self._shared.send("iopub", cell.message.child("execute_input", content))
        self._begin_output(cell.message, cell.quiet)

    def _await_evaluator(self, cell: Cell) -> None:
        self.waits = True
        self._announce(cell)

    def go_on(self, trouble: dict[str, Any] | None = None) -> None:
        """Run the cell that has waited for a fresh evaluator.

        Args:
            trouble: Content of an error that it ends with instead; or ``None``.
        """
        cell = self.running
        if not isinstance(cell, Cell):
            return
        self.waits = False
        trouble = trouble or self._trouble() or self._tighten(cell)
        if trouble is not None:
            self._fail(cell, trouble)
            return
        self._hand_over(cell)
        self.begin_output(cell)

    def done(self) -> None:
        """End the cell that has waited for a fresh evaluator, and wanted nothing else."""
        if isinstance(self.running, Cell):
            self._succeed(self.running, CellResult("ok"))

    def rehearse(
        self, params: dict[str, Any], respond: Callable[[msgspec.Raw | Failure], None]
    ) -> None:
        """Let the evaluator run an earlier cell before the one that runs; nobody sees it.

        Args:
            params: Of its ``execute`` request.
            respond: Takes the result.
        """
        cell = self.running
        if not isinstance(cell, Cell):
            return
        self._finish_text()
        self.running_id = self._shared.supervisor.request("execute", params, respond)
        self._shared.limiter.begin(self)
        self._begin_output(cell.message, quiet=True)

    def begin_output(self, cell: Cell) -> None:
        """Let what comes from now on belong to a cell of this shell's."""
        self._finish_text()
        self._begin_output(cell.message, quiet=cell.quiet)

    def _tighten(self, cell: Cell) -> dict[str, Any] | None:
        """Heed a cell's own limits; gives the content of an error where they are none."""
        try:
            self.limits = self._shared.limits.tightened(cell.message.metadata)
        except LimitError as error:
            return error_content("LimitError", str(error))
        return None

    def _hand_over(self, cell: Cell) -> None:
        """Write a cell to the evaluator."""
        self.running_id = self._shared.supervisor.request(
            "execute", self.params_of(cell), lambda answer: self._on_result(cell, answer)
        )
        self._shared.limiter.begin(self)

    def params_of(self, cell: Cell) -> dict[str, Any]:
        """Give the params of the request by which the evaluator runs a cell."""
        request = cell.request
        return {
            "code": request.code,
            "silent": cell.quiet,
            "store_history": cell.counts,
            "allow_stdin": request.allow_stdin,
            "user_expressions": request.user_expressions or {},
            "execution_count": self.execution_count,
            "cell_id": notebook_cell_id(cell.message.metadata),
            "msg_id": cell.message.header.msg_id,
            **self._place,
        }

    def _begin_output(self, parent: Message, quiet: bool) -> None:
        # what nobody claims, such as what a child prints, is the main shell's while that runs
        unclaimed = self._subshell_id is None or self._shared.busy_beside(self) is None
        starting = self._shared.supervisor.abilities is None
        self._shared.output.begin(
            self.running_id,
            parent,
            quiet,
            unclaimed=unclaimed,
            starting=starting,
            limit=self.limits.max_output,
        )

    def _finish_text(self) -> None:
        """Publish all that has been printed so far."""
        if self._subshell_id is not None and self._shared.busy_beside(self) is not None:
            self._shared.output.flush()  # another cell's bytes may end within a character
        else:
            self._shared.output.finish_text()

    def _trouble(self) -> dict[str, Any] | None:
        """Say why the evaluator can't run anything now, as content of an error."""
        if self._shared.broken is not None:
            return self._shared.broken
        supervisor = self._shared.supervisor
        supervisor.wake()
        if supervisor.start_error:
            # where it is developed, each cell tries
            passing = supervisor.may_start_later or self._shared.renewal is not None
            return self._shared.obituary.no_start(supervisor.start_error, passing=passing)
        return None

    def _on_result(self, cell: Cell, answer: msgspec.Raw | Failure) -> None:
        self._finish_text()
        if isinstance(answer, Failure):
            self._fail(cell, failure_content(answer, self._shared.plugin()))
            return
        try:
            result = msgspec.json.decode(answer, type=CellResult)
            shown = result.result and execute_result(result.result, self.execution_count)
        except (msgspec.DecodeError, RecursionError) as error:
            self._fail(
                cell, error_content("ChannelError", f"the cell's result was refused: {error}")
            )
            return
        excess = self._shared.limiter.excess(self)
        if excess is not None:
            self._fail(cell, excess_content(excess, *result.traceback))
            return
        if result.status != "ok":
            ename = result.ename or ""
            self._fail(cell, error_content(ename, result.evalue, result.traceback))
            return
        if shown and not cell.quiet:
            self._show(cell, shown)
        if result.result and cell.counts:
            self._shared.on_result(cell.message, result.result.data)
        self._shared.output.end(self.running_id)
        if self._shared.renewal is not None:
            self._shared.renewal.succeeded(self, cell)
        self._succeed(cell, result)

    def _succeed(self, cell: Cell, result: CellResult) -> None:
        reply = {
            "status": "ok",
            "execution_count": self.execution_count,
            "user_expressions": result.user_expressions,
            "payload": result.payload,
        }
        self._shared.send("shell", cell.message.reply("execute_reply", encode(reply)))
        self._over(cell)

    def _show(self, cell: Cell, result: bytes) -> None:
        if self._shared.output.admits(self.running_id, "execute_result", result):
            self._shared.send("iopub", cell.message.child("execute_result", result))

    def _fail(self, cell: Cell, content: dict[str, Any], *, abort: bool = False) -> None:
        """End a cell with an error; what is queued behind it is aborted if it asked for that."""
        aborts = abort or (cell.request.stop_on_error and not cell.quiet)
        if aborts:
            self._shared.read_ahead()
        self._finish_text()
        self._shared.output.end(self.running_id)
        if not cell.quiet:
            error = published_error(content)
            self._shared.send("iopub", cell.message.child("error", error))
        reply = {**content, "execution_count": self.execution_count}
        self._shared.send("shell", cell.message.reply("execute_reply", reply))
        if aborts:
            self._abort_cells()
        self._over(cell)

    def _over(self, item: Item) -> None:
        self._shared.input.cell_over(item.message)
        if isinstance(item, Cell) and item.counts:
            self._shared.on_over(item.message)
        self._nothing_runs()
        self._status(item.message, "idle")
        self._next()

    def _nothing_runs(self) -> None:
        self.running = self.running_id = None
        self.waits = False
        self.limits = self._shared.limits
        self._shared.limiter.over(self)
        self._shared.on_idle()

    def _abort_cells(self) -> None:
        """Answer all queued cells without running them; all else stays queued."""
        cells = [item for item in self._queue if isinstance(item, Cell)]
        self._queue = deque(item for item in self._queue if not isinstance(item, Cell))
        for cell in cells:
            self._abort(cell)

    def _abort(self, cell: Cell) -> None:
        self._status(cell.message, "busy")
        # front ends show the count that stands here: a cell that never ran has none
        content = {"status": "aborted", "execution_count": 0}
        self._shared.send("shell", cell.message.reply("execute_reply", content))
        self._status(cell.message, "idle", last=False)

    # questions

    def _answers_beside(self, question: Question) -> bool:
        """Ask at once, while a cell runs, where the evaluator offers that."""
        if not isinstance(self.running, Cell) or not self._beside.offered:
            return False
        self._status(question.message, "busy")
        self._beside.ask(question)
        return True

    def fail_beside(self, content: dict[str, Any]) -> None:
        """Answer what nobody else will answer any more."""
        for question in self._beside.forget():
            self._reply(question, content)

    def _ask(self, question: Question) -> None:
        self.running = question
        self._status(question.message, "busy")
        if self._trouble() is not None:
            self._answered(question, Failure(METHOD_NOT_FOUND, "the evaluator can't run"))
        else:
            self._put(question)

    def _put(self, question: Question) -> None:
        """Write a question to the evaluator."""
        self.running_id = self._shared.supervisor.request(
            question.method,
            {**question.params, **self._place},
            lambda answer: self._answered(question, answer),
        )

    def _answered(self, question: Question, answer: msgspec.Raw | Failure) -> None:
        self._nothing_runs()
        self._answer(question, answer)
        self._next()

    def _answer(self, question: Question, answer: msgspec.Raw | Failure) -> None:
        self._reply(question, reply_content(question, answer, self._shared.plugin))

    def _reply(self, item: Question | CommMessage, content: object, *, last: bool = True) -> None:
        if isinstance(item, Question):
            msg_type = item.message.msg_type.replace("_request", "_reply")
            self._shared.send(item.channel, item.message.reply(msg_type, content))
        self._status(item.message, "idle", last=last)

    # comm messages

    def _hand_on(self, comm: CommMessage) -> None:
        """Let the evaluator handle a comm message; what that shows belongs to the message."""
        self.running = comm
        self._status(comm.message, "busy")
        if self._trouble() is not None:
            self._handled(comm, Failure(METHOD_NOT_FOUND, "the evaluator can't run"))
        else:
            self._put_comm(comm)
            self._begin_output(comm.message, quiet=False)

    def _put_comm(self, comm: CommMessage) -> None:
        message = comm.message
        self.running_id = self._shared.supervisor.request(
            message.msg_type,
            {
                "content": msgspec.Raw(message.content),
                "metadata": msgspec.Raw(message.metadata),
                "msg_id": message.header.msg_id,
                **self._place,
            },
            lambda answer: self._handled(comm, answer),
            message.buffers,
        )

    def _handled(self, comm: CommMessage, answer: msgspec.Raw | Failure) -> None:
        if isinstance(answer, Failure):
            if answer.code != METHOD_NOT_FOUND:
                failure = failure_content(answer, self._shared.plugin())
                told = "\n".join(failure["traceback"])
                self._shared.output.say(f"{told}\n", self.running_id)
            comm.on_refused(answer)
        self._finish_text()
        self._over(comm)

    # statuses

    def _status(self, parent: Message, state: str, *, last: bool = True) -> None:
        """Publish a status, and that the kernel is busy nevertheless where that is so.

        Args:
            parent: Whose status it is.
            state: ``busy`` or ``idle``.
            last: No other status follows at once: a front end takes any idle for the kernel's.
        """
        send = self._shared.send
        send("iopub", parent.child("status", {"execution_state": state}))
        if state == "idle" and last:
            running = self.running.message if self.running else self._shared.busy_beside(self)
            if running is not None:
                send("iopub", running.child("status", {"execution_state": "busy"}))

    # death

    def try_again(self) -> None:
        """Give the new evaluator what the last one never began."""
        running = self.running
        if self.waits:
            return
        if isinstance(running, Question):
            self._put(running)
        elif isinstance(running, CommMessage):
            self._put_comm(running)
            self._begin_output(running.message, quiet=False)
        elif running is not None:
            self._hand_over(running)
            self._begin_output(running.message, running.quiet)

    def fail_running(self, in_cell: dict[str, Any], otherwise: dict[str, Any]) -> None:
        """End what runs, and abort what is queued: the state that it counts on is gone.

        Args:
            in_cell: Content of the error of a cell.
            otherwise: Content of the error of anything else.
        """
        running = self.running
        if isinstance(running, Cell):
            tries_again = self._shared.supervisor.may_start_later  # with the next cell
            trouble = None if tries_again else self._trouble()
            self._fail(running, trouble or in_cell, abort=True)
        elif running is not None:
            self._nothing_runs()
            self._reply(running, otherwise)
            self._next()


_SHUT_DOWN = error_content("KernelShutdown", "the kernel was shut down while this ran")
