"""The evaluator process's main loop: requests, one by one, in the main thread."""

from __future__ import annotations

import atexit
import os
import sys
from os import _exit  # user code may rebind what modules have
from queue import SimpleQueue

from polykernel.evaluator import forks, interrupts, loading, ownership, replies, requests
from polykernel.evaluator.base import Evaluator
from polykernel.evaluator.cell import Cell
from polykernel.evaluator.display import show
from polykernel.evaluator.failure import CellError
from polykernel.evaluator.outlet import STDERR, Outlet
from polykernel.evaluator.reports import (
    Report,
    formatter,
    of_bug,
    of_cell_error,
    of_interrupt,
    of_value,
    text_of,
)
from polykernel.evaluator.tasks import Tasks, is_awaitable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable

    from polykernel.evaluator.ownership import Origin
    from polykernel.evaluator.questions import Questions

PROTOCOL = 1
METHOD_NOT_FOUND, INTERNAL_ERROR, INVALID_REQUEST = -32601, -32603, -32600
# what may be answered beside a running cell
QUESTIONS_OF_CODE = frozenset(("complete", "inspect", "is_complete"))


class Runtime:
    """Serves one evaluator. State: what the host has asked and is not answered yet.

    Args:
        plugin: Name and version of the plugin, for errors.
        outlet: Where events and responses go.
        questions: Takes the host's answers to input requests.
        signals: The signal handlers.
        token: The random part of the marks.
    """

    def __init__(
        self,
        plugin: str,
        outlet: Outlet,
        questions: Questions,
        signals: interrupts.Interrupts,
        token: str,
    ) -> None:
        self._evaluator = Evaluator()  # until the author's is loaded
        self._plugin = plugin
        self._outlet = outlet
        self._questions = questions
        self._signals = signals
        self._token = token
        self._started = False
        self._requests: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._beside: SimpleQueue[dict[str, Any]] | None = None
        self._cells_received = 0
        self._cells_done = 0
        self._tasks = Tasks(lambda: signals.terminating, self._report_task)
        signals.stop = self._stop
        signals.stop_idle = self._stop_idle

    # from the reader thread

    def receive(self, message: dict[str, Any]) -> None:
        """Take one message of the host's; called in the reader thread."""
        method, number = message.get("method"), message.get("id")
        if method is None:
            self._questions.answer(message)
        elif method == "interrupt":
            self._signals.aim((message.get("params") or {}).get("cell"))
        elif number is not None:  # it is no notification that only later hosts know
            try:
                self._signals.expect(number)
                self._accept(method, message)
            except Exception as error:
                self._outlet.refuse(number, INTERNAL_ERROR, f"{type(error).__name__}: {error}")
                raise

    def _accept(self, method: object, message: dict[str, Any]) -> None:
        busy = self._cells_received != self._cells_done
        if busy and method in QUESTIONS_OF_CODE and self._evaluator.complete_while_busy:
            beside = self._begin_beside()
            if beside is not None:
                beside.put(message)
                return
        if method == "execute":
            self._cells_received += 1
        self._requests.put(message)
        self._tasks.wake()
        if busy and method == "shutdown":
            interrupts.end_main_thread()

    def _begin_beside(self) -> SimpleQueue[dict[str, Any]] | None:
        if self._beside is None:
            beside: SimpleQueue[dict[str, Any]] = SimpleQueue()
            try:
                requests.start_thread(lambda: self._serve_beside(beside))
            except RuntimeError:
                return None  # the cell has taken all threads: the question waits for its end
            self._beside = beside
        return self._beside

    def _serve_beside(self, questions: SimpleQueue[dict[str, Any]]) -> None:
        while True:
            self._handle(questions.get(), beside=True)

    # in the main thread

    def serve(self, evaluator: Evaluator) -> None:
        """Answer requests, by the author's object, until the kernel is shut down."""
        self._evaluator = evaluator
        formatter.format = evaluator.format_error
        while not self._signals.terminating:
            try:
                message = self._next()
                if message.get("method") == "shutdown":
                    self._requests.put(message)
                    return
                self._handle(message)
            except KeyboardInterrupt:  # noqa: PERF203
                self._signals.armed = False  # it came a moment after its cell
            except SystemExit as error:
                if not self._signals.terminating:
                    self._report_task(None, "a task asked to exit", error)

    def _next(self) -> dict[str, Any]:
        try:
            if self._tasks.alive():
                return self._tasks.wait(self._requests)
        except Exception as error:  # user code has taken it apart
            self._tasks.give_up()
            self._report_task(None, "the event loop has failed", error)
        return self._requests.get()

    def _handle(self, message: dict[str, Any], *, beside: bool = False) -> None:
        method, number = message["method"], message["id"]
        params = message.get("params") or {}
        try:
            if method == "execute":
                self._execute(number, params)
            elif method == "hello":
                self._hello(number, params)
            elif method in QUESTIONS_OF_CODE:
                self._answer(number, method, params, beside)
            else:
                self._outlet.refuse(number, METHOD_NOT_FOUND, f"no method {method!r}")
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # no request remains without an answer, whatever fails
            self._outlet.refuse(number, INTERNAL_ERROR, f"{type(error).__name__}: {text_of(error)}")
        finally:
            self._signals.end(number)

    # hello

    def _hello(self, number: object, params: dict[str, Any]) -> None:
        if params.get("protocol", PROTOCOL) != PROTOCOL:
            self._outlet.refuse(
                number,
                INVALID_REQUEST,
                f"this evaluator speaks version {PROTOCOL} of the channel, "
                f"not {params['protocol']!r}",
            )
            return
        _enter(params.get("cwd"))
        try:
            try:
                self._signals.begin()
                self._start()
            finally:
                self._signals.armed = False
        except KeyboardInterrupt:
            self._signals.armed = False  # the next cell tries again
        evaluator = self._evaluator
        abilities: dict[str, Any] = {
            "protocol": PROTOCOL,
            "marks": self._token,
            "interrupts": True,
            "complete_while_busy": bool(evaluator.complete_while_busy),
        }
        for name in ("implementation", "language_version"):
            if getattr(evaluator, name):
                abilities[name] = str(getattr(evaluator, name))
        self._outlet.respond(number, abilities)

    def _start(self) -> None:
        if self._started:
            return
        try:
            self._evaluator.start()
            self._started = True
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if self._signals.terminating:
                raise
            self._started = True
            self._evaluator = loading.Broken(self._plugin, "its evaluator can't start", error)

    # cells

    def _execute(self, number: int, params: dict[str, Any]) -> None:
        origin = ownership.Origin(number)
        cell = Cell(self._outlet, origin, params)
        ownership.owner.set(origin)
        self._outlet.begin(origin)
        try:
            reply = self._run(
                number, params.get("code", ""), params.get("user_expressions") or {}, cell
            )
        finally:
            self._cells_done += 1
            self._outlet.finish(origin)
        reply["payload"] = cell.payload()
        try:
            self._outlet.respond(number, reply)
        except ValueError as error:
            report = of_value(error)
            self._outlet.respond(
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
                self._signals.begin(number)
                self._start()
                reply = self._outcome(code, expressions, cell)
            finally:
                self._signals.armed = False
                self._tasks.release()
        except BaseException as error:
            self._signals.armed = False
            failed = error
        if not self._outlet.has_channel:
            forks.end_child(self._outlet, failed)
        if failed is not None:
            report = self._report(failed, "running the cell")
            reply = {"status": "error", **report.content(), "user_expressions": {}}
        return reply

    def _outcome(self, code: str, expressions: dict[str, str], cell: Cell) -> dict[str, Any]:
        self._tasks.prepare(code)
        value = self._evaluator.execute(code, cell)
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
            bundle = show(self._evaluator.evaluate(expression))
        except KeyboardInterrupt:
            raise
        except NotImplementedError as error:
            return {"status": "error", **Report("NotImplementedError", str(error), []).content()}
        except BaseException as error:
            if self._signals.terminating:
                raise
            return {"status": "error", **self._report(error, "in evaluate()").content()}
        data, metadata = bundle or ({}, {})
        return {"status": "ok", "data": data, "metadata": metadata}

    def _report(self, error: BaseException, doing: str) -> Report:
        if isinstance(error, CellError):
            return of_cell_error(error)
        if isinstance(error, KeyboardInterrupt) or self._signals.terminating:
            return of_interrupt()
        return of_bug(error, self._plugin, doing)

    def _report_task(
        self, origin: Origin | None, message: str, error: BaseException | None
    ) -> None:
        lines = [message]
        if error is not None:
            lines += formatter.lines(error)
        self._outlet.text(origin or self._outlet.last, STDERR, "\n".join(lines) + "\n")

    # questions of code

    def _answer(self, number: object, method: str, params: dict[str, Any], beside: bool) -> None:
        try:
            if beside:
                content = self._content(method, params)
            else:
                content = self._interruptible(number, lambda: self._content(method, params))
            self._outlet.respond(number, content)
        except BaseException as error:
            if not beside:
                self._signals.armed = False
            if isinstance(error, (KeyboardInterrupt, SystemExit)) and self._signals.terminating:
                raise
            report = self._report(error, f"in {method}()")
            message = report.evalue or report.ename
            if not isinstance(error, (CellError, KeyboardInterrupt)):
                message = f"the plugin {self._plugin}: {report.ename}: {report.evalue}"
            self._outlet.refuse(number, INTERNAL_ERROR, message, report.content())

    def _interruptible(self, number: object, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            self._signals.begin(number)
            return work()
        finally:
            self._signals.armed = False

    def _content(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        code = params.get("code", "")
        if method == "is_complete":
            return replies.completeness(self._evaluator.is_complete(code))
        cursor_pos = params.get("cursor_pos", len(code))
        if method == "complete":
            return replies.completions(self._evaluator.complete(code, cursor_pos), code, cursor_pos)
        detail_level = params.get("detail_level", 0)
        return replies.inspection(self._evaluator.inspect(code, cursor_pos, detail_level))

    # interrupts

    def _stop(self, frame: FrameType | None) -> None:
        if self._questions.main_thread_waits:
            raise KeyboardInterrupt
        if not self._tasks.interrupt(frame):
            self._evaluator.interrupt()

    def _stop_idle(self, frame: FrameType | None) -> None:
        if self._tasks.busy_between_cells(frame):
            raise KeyboardInterrupt

    # the end

    def leave(self, status: int) -> None:
        """Shut down in good order: the author's clean-up, ``atexit``, what was printed.

        Args:
            status: The process's exit code.
        """
        self._signals.leaving = True
        try:
            number, restart = self._shutdown_request()
            self._outlet.begin(self._outlet.last)  # what is printed now needs no channel
            self._quietly(lambda: self._evaluator.shutdown(restart))
            if number is not None:
                self._quietly(lambda: self._outlet.respond(number, {}))
            self._quietly(atexit._run_exitfuncs)  # noqa: SLF001
            self._quietly(lambda: self._outlet.flush_all(self._outlet.last))
        finally:
            _exit(status)  # threads of the user's would keep an ordinary end waiting

    def _shutdown_request(self) -> tuple[object, bool]:
        while not self._requests.empty():
            message = self._requests.get()
            if message.get("method") == "shutdown":
                return message.get("id"), bool((message.get("params") or {}).get("restart"))
        return None, False

    def _quietly(self, action: Callable[[], object]) -> None:
        try:
            action()
        except BaseException as error:
            self._report_task(None, "an error at the end", error)


def _enter(cwd: str | None) -> None:
    """Go to the notebook's folder, only now: a ``queue.py`` in it must not break the runtime."""
    if cwd and cwd != os.getcwd():
        try:
            os.chdir(cwd)
        except OSError as error:
            sys.stderr.write(f"the notebook's folder {cwd}: {error.strerror}\n")
    if not getattr(sys.flags, "safe_path", False) and "" not in sys.path:
        sys.path.insert(0, "")
