"""Serves the requests of one shell, one by one, in one thread."""

from __future__ import annotations

from polykernel.evaluator import forks, ownership, replies
from polykernel.evaluator.cell import Cell
from polykernel.evaluator.contract import WrongReturn
from polykernel.evaluator.display import show
from polykernel.evaluator.failure import CellError
from polykernel.evaluator.reports import Report, of_value, text_of
from polykernel.evaluator.standard_library import standard_library_first
from polykernel.evaluator.tasks import is_awaitable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from polykernel.evaluator.comms import Comms
    from polykernel.evaluator.inbox import Inbox
    from polykernel.evaluator.outlet import Outlet
    from polykernel.evaluator.ownership import Origin
    from polykernel.evaluator.service import Service
    from polykernel.evaluator.tasks import Tasks

METHOD_NOT_FOUND, INTERNAL_ERROR = -32601, -32603
# what may be answered beside a running cell
QUESTIONS_OF_CODE = frozenset(("complete", "inspect", "is_complete"))
COMM_MESSAGES = frozenset(("comm_open", "comm_msg", "comm_close"))


class Gate:
    """What lets interrupts reach the code of a request, and nothing else."""

    def begin(self, number: object = None) -> None:
        """Let interrupts through, until :meth:`disarm`.

        Raises:
            KeyboardInterrupt: The request was interrupted before it has begun.
        """

    def disarm(self) -> None:
        """Let no interrupt through any more."""

    def end(self, number: object) -> None:
        """Forget a request: its response has been sent."""


class Worker:
    """Serves one shell's requests.

    Args:
        service: The evaluator.
        outlet: Where events and responses go.
        comms: The open comms.
        gate: Lets interrupts through.
        tasks: The thread's event loop.
        is_main: It is the main thread: what its cells print goes raw to descriptor 1.

    Attributes:
        busy: Cells that have come and are not done.
        begun: The request that was begun last, in the thread that runs cells.
    """

    def __init__(
        self,
        service: Service,
        outlet: Outlet,
        comms: Comms,
        gate: Gate,
        tasks: Tasks,
        *,
        is_main: bool,
    ) -> None:
        self._service = service
        self._outlet = outlet
        self._comms = comms
        self._gate = gate
        self._tasks = tasks
        self._is_main = is_main
        self._received = 0
        self._done = 0
        self.begun: object = None
        self._owed: object = None  # the request that is served, until it is answered

    @property
    def busy(self) -> bool:
        """Whether a cell has come that is not done."""
        return self._received != self._done

    def expect_cell(self) -> None:
        """Take notice, in the reader thread, that a cell has come."""
        self._received += 1

    def handle(self, message: dict[str, Any], *, beside: bool = False) -> None:
        """Serve one request; no request remains without an answer, whatever fails.

        Args:
            message: The request.
            beside: The calling thread is not the one that runs cells.

        Raises:
            KeyboardInterrupt: In the main thread, a moment after the request.
            SystemExit: The process is to end.
        """
        method, number = message["method"], message["id"]
        params = message.get("params") or {}
        done = self._done
        try:
            if not beside:
                self.begun = self._owed = number
            if method == "execute":
                self._execute(number, params)
            elif method in QUESTIONS_OF_CODE:
                self._answer(number, method, params, beside)
            elif method in COMM_MESSAGES:
                self._handle_comm(number, method, params)
            else:
                self._refuse(number, METHOD_NOT_FOUND, f"no method {method!r}")
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            if self._owed is None and not beside:
                raise  # it was raised from outside, a moment after the answer
            self._refuse(number, INTERNAL_ERROR, f"{type(error).__name__}: {text_of(error)}")
        finally:
            if method == "execute" and self._done == done:
                self._done += 1  # something was raised before it had begun
            self._gate.end(number)
            standard_library_first.leave()

    def recover(self, inbox: Inbox) -> None:
        """Lose no request, whatever was raised in this thread since the last one was taken.

        One that had not begun is served again; one that had is answered, if it was not.
        """
        if inbox.taken is not None and inbox.taken["id"] != self.begun:
            inbox.put_back()
        if self._owed is not None:
            self._refuse(
                self._owed, INTERNAL_ERROR, "something was raised from outside of the cell"
            )

    def _respond(self, number: object, result: object) -> None:
        if not self._service.ended:  # else a cell beside has found its globals gone
            self._outlet.respond(number, result)
        self._is_answered(number)

    def _refuse(self, number: object, code: int, message: str, data: object = None) -> None:
        if not self._service.ended:
            self._outlet.refuse(number, code, message, data)
        self._is_answered(number)

    def _is_answered(self, number: object) -> None:
        if self._owed == number:  # else it was answered beside the request that is served
            self._owed = None

    def _leave_if_terminating(self) -> None:
        # without an answer: that is the host's, when it has seen how the process ended
        if self._service.terminating:
            raise SystemExit

    def _begin(self, origin: Origin) -> None:
        ownership.owner.set(origin)
        if self._is_main:
            self._outlet.begin(origin)

    def _finish(self, origin: Origin) -> None:
        if self._is_main:
            self._outlet.finish(origin)
        else:
            self._outlet.finish_beside(origin)

    # cells

    def _execute(self, number: int, params: dict[str, Any]) -> None:
        origin = ownership.Origin(number)
        cell = Cell(self._outlet, self._comms, origin, params)
        self._begin(origin)
        try:
            reply = self._run(
                number, params.get("code", ""), params.get("user_expressions") or {}, cell
            )
        finally:
            self._done += 1
            self._finish(origin)
        reply["payload"] = cell.payload()
        try:
            self._respond(number, reply)
        except ValueError as error:
            report = of_value(error)
            self._respond(
                number,
                {"status": "error", **report.content(), "user_expressions": {}, "payload": []},
            )

    def _run(
        self, number: int, code: str, expressions: dict[str, str], cell: Cell
    ) -> dict[str, Any]:
        failed: BaseException | None = None
        reply: dict[str, Any] = {}
        try:
            try:
                self._gate.begin(number)
                self._service.start()
                self._service.tell_troubles()
                reply = self._outcome(code, expressions, cell)
            finally:
                self._gate.disarm()
                self._tasks.release()
        except BaseException as error:
            self._gate.disarm()
            failed = error
        if not self._outlet.has_channel:
            forks.end_child(self._outlet, failed)
        if failed is not None:
            self._leave_if_terminating()
            report = self._service.report(failed, "running the cell")
            reply = {"status": "error", **report.content(), "user_expressions": {}}
            failed = None  # its traceback has this frame, and all that the cell held would stay
        return reply

    def _outcome(self, code: str, expressions: dict[str, str], cell: Cell) -> dict[str, Any]:
        self._tasks.prepare(code)
        value = self._service.evaluator.execute(code, cell)
        if is_awaitable(value):
            self._tasks.release()
            value = self._tasks.run(value)  # type: ignore[arg-type]
        reply: dict[str, Any] = {"status": "ok"}
        if value is not None and not cell.silent:
            try:
                bundle = show(value)
            except Exception as error:
                return {"status": "error", **of_value(error).content(), "user_expressions": {}}
            if bundle is not None:
                reply["result"] = {"data": bundle[0], "metadata": bundle[1]}
        reply["user_expressions"] = {
            name: self._evaluate(expression) for name, expression in expressions.items()
        }
        return reply

    def _evaluate(self, expression: str) -> dict[str, Any]:
        try:
            bundle = show(self._service.evaluator.evaluate(expression))
        except KeyboardInterrupt:
            raise
        except NotImplementedError as error:
            return {"status": "error", **Report("NotImplementedError", str(error), []).content()}
        except BaseException as error:
            if self._service.terminating:
                raise
            return {"status": "error", **self._service.report(error, "in evaluate()").content()}
        data, metadata = bundle or ({}, {})
        return {"status": "ok", "data": data, "metadata": metadata}

    # comm messages

    def _handle_comm(self, number: int, method: str, params: dict[str, Any]) -> None:
        """Let the author's code handle a comm message; what it shows belongs to the message."""
        origin = ownership.Origin(number)
        Cell(self._outlet, self._comms, origin, {**params, "store_history": False})
        self._begin(origin)
        known = True
        try:
            known = self._interruptible(number, lambda: self._accept(method, params))
        except BaseException as error:
            self._gate.disarm()
            self._leave_if_terminating()
            if isinstance(error, WrongReturn):
                bug = f"{error}{self._service.at('open_comm')}"
                self._service.tell(
                    origin, f"A bug in the plugin {self._service.plugin}: {bug}", None
                )
            else:
                self._service.tell(origin, f"an error while a {method} was handled:", error)
        finally:
            self._finish(origin)
        if known:
            self._respond(number, {})
        else:
            self._refuse(number, METHOD_NOT_FOUND, "no such comm, or no such target")

    def _accept(self, method: str, params: dict[str, Any]) -> bool:
        self._service.start()
        return self._comms.handle(method, params, self._service.evaluator.open_comm)

    # questions of code

    def _answer(self, number: object, method: str, params: dict[str, Any], beside: bool) -> None:
        try:
            if beside:
                content = self._content(method, params)
            else:
                content = self._interruptible(number, lambda: self._started_content(method, params))
            self._respond(number, content)
        except BaseException as error:
            if not beside:
                self._gate.disarm()
            self._leave_if_terminating()
            where = self._service.at(method)
            report = self._service.report(error, f"in {method}(){where}")
            message = report.evalue or report.ename
            if not isinstance(error, (CellError, KeyboardInterrupt)):
                bug = f"{report.ename}: {report.evalue}{where}"
                message = f"the plugin {self._service.plugin}: {bug}"
            self._refuse(number, INTERNAL_ERROR, message, report.content())

    def _interruptible(self, number: object, work: Callable[[], Any]) -> Any:
        try:
            self._gate.begin(number)
            return work()
        finally:
            self._gate.disarm()

    def _started_content(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._service.start()  # again, where it was interrupted
        return self._content(method, params)

    def _content(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        evaluator = self._service.evaluator
        code = params.get("code", "")
        if method == "is_complete":
            return replies.completeness(evaluator.is_complete(code))
        cursor_pos = params.get("cursor_pos", len(code))
        if method == "complete":
            return replies.completions(evaluator.complete(code, cursor_pos), code, cursor_pos)
        detail_level = params.get("detail_level", 0)
        return replies.inspection(evaluator.inspect(code, cursor_pos, detail_level))
