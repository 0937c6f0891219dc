"""The evaluator process's switchboard: each request goes to the thread that serves it."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from os import _exit  # user code may rebind what modules have
from time import sleep as _sleep

from polykernel.evaluator import interrupts, requests
from polykernel.evaluator.bare import SimpleQueue
from polykernel.evaluator.comms import Comms
from polykernel.evaluator.contract import ATTRIBUTES, attribute
from polykernel.evaluator.inbox import Inbox
from polykernel.evaluator.service import Service
from polykernel.evaluator.standard_library import standard_library_first
from polykernel.evaluator.tasks import Tasks
from polykernel.evaluator.worker import INTERNAL_ERROR, QUESTIONS_OF_CODE, Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable

    from polykernel.evaluator.base import Evaluator
    from polykernel.evaluator.debugging import Debugging
    from polykernel.evaluator.outlet import Outlet
    from polykernel.evaluator.questions import Questions
    from polykernel.evaluator.subshells import Subshells
    from polykernel.evaluator.thread_gate import ThreadGate

PROTOCOL = 1
INVALID_REQUEST = -32600
LOOK_AGAIN = 0.01  # seconds
MOST_FAILURES = 10  # in a row: the runtime can't go on
RAISED = "something was raised where no cell was running:"


class Runtime:
    """Serves one evaluator. State: what the host has asked and is not answered yet.

    Args:
        plugin: Name and version of the plugin, for errors.
        outlet: Where events and responses go.
        questions: Takes the host's answers to input requests.
        signals: The signal handlers.
    """

    def __init__(
        self,
        plugin: str,
        outlet: Outlet,
        questions: Questions,
        signals: interrupts.Interrupts,
    ) -> None:
        self._outlet = outlet
        self._questions = questions
        self._signals = signals
        self._inbox = Inbox()
        self._loop_failed = False
        self._beside: SimpleQueue[tuple[Worker, dict[str, Any]]] | None = None
        self._subshells: Subshells | None = None
        self._debugging: Debugging | None = None
        self._service = Service(plugin, outlet, signals)
        self._comms = Comms(outlet)
        self._up = threading.Event()
        self._tasks = self._make_tasks()
        self._main = Worker(self._service, outlet, self._comms, signals, self._tasks, is_main=True)
        signals.stop = self._stop
        signals.stop_idle = self._stop_idle
        signals.runs_between = self._tasks.busy_between_cells
        signals.user_handlers.report = self._tell_of_handler

    def _make_tasks(self) -> Tasks:
        signals = self._signals
        return Tasks(lambda: signals.terminating, self._service.tell, signals.undisturbed)

    # from the reader thread

    def receive(self, message: dict[str, Any]) -> None:
        """Take one message of the host's; called in the reader thread."""
        method, number = message.get("method"), message.get("id")
        params = message.get("params") or {}
        if method is None:
            self._questions.answer(message)
        elif method == "interrupt":
            self._aim(params.get("cell"))
        elif method == "delete_subshell":
            if self._subshells is not None:
                self._subshells.delete(str(params.get("subshell")))
        elif number is not None:  # it is no notification that only later hosts know
            try:
                self._accept(method, message, params.get("subshell"))
            except Exception as error:
                self._outlet.refuse(number, INTERNAL_ERROR, f"{type(error).__name__}: {error}")
                raise

    def _aim(self, number: object) -> None:
        if number is not None:
            self._questions.interrupt(number)
            self._signals.aim(number)
            if self._subshells is not None:
                self._subshells.aim(number)
        elif self._tasks.busy_between_cells(interrupts.main_frame()):
            self._signals.aim_between()
        else:
            self._outlet.acknowledge_interrupt(None)

    def _accept(self, method: object, message: dict[str, Any], subshell: str | None) -> None:
        if method == "debug":
            self._find_debugging().put(message)
            return
        shell = None if subshell is None else self._find_subshells().find(subshell)
        worker = self._main if shell is None else shell.worker
        busy = worker.busy
        if busy and method in QUESTIONS_OF_CODE and self._answers_beside():
            beside = self._begin_beside()
            if beside is not None:
                beside.put((worker, message))
                return
        if method == "execute":
            worker.expect_cell()
        if shell is not None:
            shell.gate.expect(message["id"])
            shell.put(message)
            return
        self._signals.expect(message["id"])
        self._inbox.put(message)
        self._tasks.wake()
        if busy and method == "shutdown":
            self._signals.end_main_thread()

    def _answers_beside(self) -> bool:
        # before its start, or while that goes on, it has not made what its methods use
        return self._service.started and self._service.evaluator.complete_while_busy

    def _begin_beside(self) -> SimpleQueue[tuple[Worker, dict[str, Any]]] | None:
        if self._beside is None:
            beside: SimpleQueue[tuple[Worker, dict[str, Any]]] = SimpleQueue()
            try:
                requests.start_thread(lambda: _serve_beside(beside))
            except RuntimeError:
                return None  # the cell has taken all threads: the question waits for its end
            self._beside = beside
        return self._beside

    def _find_debugging(self) -> Debugging:
        if self._debugging is None:
            from polykernel.evaluator.debugging import Debugging

            self._debugging = Debugging(self._service, self._outlet)
        return self._debugging

    def _find_subshells(self) -> Subshells:
        if self._subshells is None:
            from polykernel.evaluator.subshells import Subshells

            self._subshells = Subshells(self._make_worker, self._make_tasks, self._outlet, self._up)
            self._outlet.settle = self._settle
            self._signals.others_deferred = self._subshells.noted
            self._questions.settle = self._subshells.settle
        return self._subshells

    def _make_worker(self, gate: ThreadGate, tasks: Tasks) -> Worker:
        return Worker(self._service, self._outlet, self._comms, gate, tasks, is_main=False)

    def _settle(self) -> None:
        if threading.get_ident() == threading.main_thread().ident:
            self._signals.settle()
        elif self._subshells is not None:
            self._subshells.settle()

    # in the main thread

    def serve(self, evaluator: Evaluator) -> None:
        """Answer requests, by the author's object, until the kernel is shut down."""
        self._service.load(evaluator)
        failures = 0
        while not self._signals.terminating:
            try:
                self._main.recover(self._inbox)
                message = self._next()
                if message.get("method") == "shutdown":
                    return
                self._inbox.take()
                if message["method"] == "hello":
                    self._hello(message["id"], message.get("params") or {})
                else:
                    self._main.handle(message)
                failures = 0
            except KeyboardInterrupt:  # noqa: PERF203
                self._signals.armed = False  # it came a moment after its cell
            except SystemExit as error:
                if not self._signals.terminating:
                    self._service.tell(None, "a task asked to exit", error)
            except BaseException as error:  # by a trace function, or by another thread
                failures += 1
                if failures > MOST_FAILURES:
                    raise
                self._service.tell(None, RAISED, error)

    def _next(self) -> dict[str, Any]:
        """Wait for a request, which stays in the inbox."""
        try:
            if self._tasks.alive():
                self._signals.take_interrupts()
                self._tasks.wait(self._inbox)
                self._loop_failed = False
        except Exception as error:
            again, self._loop_failed = self._loop_failed, True
            if not again:
                raise  # it may have come from outside
            self._tasks.give_up()  # user code has taken it apart
            self._service.tell(None, "the event loop has failed", error)
        message: dict[str, Any] = self._inbox.first()
        return message

    def _hello(self, number: object, params: dict[str, Any]) -> None:
        self._main.begun = number
        try:
            if params.get("protocol", PROTOCOL) != PROTOCOL:
                self._outlet.refuse(
                    number,
                    INVALID_REQUEST,
                    f"this evaluator speaks version {PROTOCOL} of the channel, "
                    f"not {params['protocol']!r}",
                )
                return
            self._outlet.raw_buffers = bool(params.get("buffers"))
            self._outlet.parcels.wanted = bool(params.get("parcels"))
            self._service.evaluator.temporary = str(params.get("temporary", ""))
            self._service.evaluator.options = params.get("options") or {}
            _enter(params.get("cwd"))
            self._start()
            self._up.set()
            self._outlet.respond(number, self._abilities())
        except Exception as error:
            self._outlet.refuse(number, INTERNAL_ERROR, f"{type(error).__name__}: {error}")
        finally:
            self._signals.end(number)

    def _start(self) -> None:
        try:
            try:
                self._signals.begin()
                self._service.start()
            finally:
                self._signals.armed = False
        except KeyboardInterrupt:
            self._signals.armed = False  # the next cell tries again

    def _abilities(self) -> dict[str, Any]:
        evaluator = self._service.evaluator
        abilities: dict[str, Any] = {
            "protocol": PROTOCOL,
            "interrupts": True,
            "buffers": True,
        }
        for name, expected in ATTRIBUTES.items():
            value = attribute(evaluator, name)
            if value or expected == "True or False":
                abilities[name] = value
        return abilities

    # interrupts

    def _stop(self, frame: FrameType | None) -> None:
        if self._questions.main_thread_waits:
            raise KeyboardInterrupt
        if not self._tasks.interrupt(frame):
            self._service.evaluator.interrupt()
            return
        number = self._signals.running
        try:
            requests.start_thread(lambda: self._see_that_it_stops(number))
        except RuntimeError:
            pass  # no more threads: the user may have to interrupt again

    def _see_that_it_stops(self, number: object) -> None:
        # a step of a task that began just then may never let the loop come to it
        while self._tasks.stopping:
            _sleep(LOOK_AGAIN)
            if self._tasks.keeps_from_stopping(interrupts.main_frame()):
                self._signals.repeat(number)
                return

    def _tell_of_handler(self, error: BaseException) -> None:
        self._service.tell(None, "a signal handler has raised where no cell was running:", error)

    def _stop_idle(self, frame: FrameType | None) -> None:
        if self._tasks.busy_between_cells(frame):
            raise KeyboardInterrupt

    # the end

    def leave(self, status: int) -> None:
        """Shut down in good order: the author's clean-up, ``atexit``, what was printed.

        Args:
            status: The process's exit code, unless it ends by a signal.
        """
        self._signals.leaving = True
        try:
            number, restart = self._shutdown_request()
            self._outlet.begin(self._outlet.last)  # what is printed now needs no channel
            self._quietly(lambda: self._service.evaluator.shutdown(restart))
            if number is not None:
                self._quietly(lambda: self._outlet.respond(number, {}))
            self._quietly(atexit._run_exitfuncs)  # noqa: SLF001
            self._quietly(self._finish_program)
            self._quietly(lambda: self._outlet.flush_all(self._outlet.last))
            if self._signals.terminating and number is None:
                interrupts.end_by_sigterm()
        finally:
            _exit(status)  # threads of the user's would keep an ordinary end waiting

    def _finish_program(self) -> None:
        self._signals.user_handlers.end()
        self._service.ended = True
        with standard_library_first:
            from polykernel.evaluator.finalizing import finish
        finish(self._quietly)

    def _shutdown_request(self) -> tuple[object, bool]:
        while not self._inbox.empty():
            message = self._inbox.first()
            self._inbox.take()
            if message.get("method") == "shutdown":
                return message.get("id"), bool((message.get("params") or {}).get("restart"))
        return None, False

    def _quietly(self, action: Callable[[], object]) -> None:
        try:
            action()
        except BaseException as error:
            self._service.tell(None, "an error at the end", error)


def _enter(cwd: str | None) -> None:
    """Go to the notebook's folder, only now: a ``queue.py`` in it must not break the runtime."""
    if cwd and cwd != os.getcwd():
        try:
            os.chdir(cwd)
        except OSError as error:
            sys.stderr.write(f"the notebook's folder {cwd}: {error.strerror}\n")
    if not getattr(sys.flags, "safe_path", False) and "" not in sys.path:
        sys.path.insert(0, "")


def _serve_beside(questions: SimpleQueue[tuple[Worker, dict[str, Any]]]) -> None:
    while True:
        worker, message = questions.get()
        worker.handle(message, beside=True)
