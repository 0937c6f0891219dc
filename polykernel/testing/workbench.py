"""The runtime of an evaluator process in another process: worker, cells, replies, interrupts.

Only what would leave on a pipe is recorded instead (:mod:`.recording`). What belongs to the process
as a whole is changed while a request is served, and put back: ``sys.stdout``, ``sys.stderr``, the
handlers of SIGINT and SIGTERM, and whose cell a thread belongs to.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from polykernel.evaluator import ownership
from polykernel.evaluator.comms import Comms
from polykernel.evaluator.interrupts import Interrupts, main_frame
from polykernel.evaluator.questions import Questions
from polykernel.evaluator.service import Service
from polykernel.evaluator.tasks import Tasks
from polykernel.evaluator.worker import Gate, Worker
from polykernel.testing.recording import RecordedStream, RecordingOutlet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from polykernel.evaluator.base import Evaluator

_LOOK_AGAIN = 0.01  # seconds


class Workbench:
    """Serves the requests of one evaluator. Owns the runtime's parts.

    Args:
        plugin: Name and version of the plugin, for errors.
        asked: Answers an input request: gives the line, or ``None`` to refuse.

    Attributes:
        outlet: What was shown and answered.
        running: The number of the request that is served, if one is.
    """

    def __init__(self, plugin: str, asked: Callable[[str], str | None]) -> None:
        self.running: int | None = None
        self._questions = Questions()
        self.outlet = RecordingOutlet(self._questions, asked)
        self._signals = Interrupts(self.outlet)
        self._signals.stop = self._stop
        self._service = Service(plugin, self.outlet, self._signals)
        self._tasks = _Tasks(lambda: False, self._service.tell, self._signals.undisturbed)
        # elsewhere than in the main thread there are no signals to take
        in_main_thread = threading.current_thread() is threading.main_thread()
        self._gate: Gate = self._signals if in_main_thread else Gate()
        self._worker = Worker(
            self._service,
            self.outlet,
            Comms(self.outlet),
            self._gate,
            self._tasks,
            is_main=True,
        )
        self._signalling = threading.Lock()  # no signal is sent when a request has ended

    def start(self, evaluator: Evaluator) -> None:
        """Take the author's object, and start it; where that fails each cell will say so."""
        self._service.load(evaluator)
        with self._as_in_its_process():
            try:
                self._gate.begin()
                self._service.start()
            finally:
                self._gate.disarm()

    def serve(self, number: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Serve one request, and give the response: a JSON-RPC object."""
        if method == "execute":
            self._worker.expect_cell()
        self._signals.expect(number)
        self.running = number
        with self._as_in_its_process():
            try:
                self._worker.handle({"id": number, "method": method, "params": params})
            except KeyboardInterrupt:
                self._signals.armed = False  # it came a moment after the request
            finally:
                with self._signalling:
                    self.running = None
        return self.outlet.responses.pop(number)

    def interrupt(self, number: int | None = None) -> None:
        """Interrupt the request that is served, as the host does.

        Args:
            number: Only where it is this one.

        Raises:
            RuntimeError: None is served, or not in the main thread, where signals come.
        """
        with self._signalling:
            if number is not None and self.running != number:
                return
            if self.running is None:
                raise RuntimeError("no cell runs that could be interrupted")
            if self._gate is not self._signals:
                raise RuntimeError("only an evaluator in the main thread can be interrupted")
            self._signals.aim(self.running)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def shutdown(self, restart: bool) -> None:
        """Let the evaluator clean up, and end its tasks.

        Raises:
            Exception: What the evaluator's ``shutdown`` raises.
        """
        try:
            with self._as_in_its_process():
                self._service.evaluator.shutdown(restart)
        finally:
            if self._tasks.alive():
                self._tasks.close()
                _forget_loop()

    @contextlib.contextmanager
    def _as_in_its_process(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.redirect_stdout(RecordedStream(self.outlet, 0)))
            stack.enter_context(contextlib.redirect_stderr(RecordedStream(self.outlet, 1)))
            stack.callback(setattr, threading.Thread, "start", threading.Thread.start)
            ownership.follow_threads(self.outlet.settled)
            stack.callback(ownership.owner.set, None)
            stack.callback(setattr, ownership, "latest", None)
            if self._gate is self._signals:
                for number in (signal.SIGINT, signal.SIGTERM):
                    stack.callback(signal.signal, number, signal.getsignal(number))
            yield

    def _stop(self, frame: FrameType | None) -> None:
        # as the runtime of an evaluator process does
        if self._questions.main_thread_waits:
            raise KeyboardInterrupt
        if not self._tasks.interrupt(frame):
            self._service.evaluator.interrupt()
            return
        number = self._signals.running
        threading.Thread(target=self._see_that_it_stops, args=(number,), daemon=True).start()

    def _see_that_it_stops(self, number: object) -> None:
        while self._tasks.stopping:
            time.sleep(_LOOK_AGAIN)
            if self._tasks.keeps_from_stopping(main_frame()):
                self._signals.repeat(number)
                return


class _Tasks(Tasks):
    """The event loop, made when a cell needs it.

    That asyncio is loaded says nothing here: pytest and its plugins load it.
    """

    def prepare(self, code: str) -> None:
        if self.alive() or "asyncio" in code:
            super().prepare(code)


def _forget_loop() -> None:
    """Let nobody find the loop that has been closed."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None:
        asyncio.set_event_loop(None)
