"""Subshells: cells that run beside the main thread's, each shell's in a thread of its own.

Signal handlers run in the main thread only, so an interrupt is raised in a subshell's thread: as an
asynchronous exception while that is in the user's code, and at the end of our own code otherwise.
"""

from __future__ import annotations

import sys
import threading
import time
from queue import Empty, SimpleQueue

from polykernel.evaluator import requests
from polykernel.evaluator.worker import Gate, Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable

    from polykernel.evaluator.outlet import Outlet
    from polykernel.evaluator.tasks import Tasks

FIRST_WAIT, LONGEST_WAIT = 0.002, 0.1  # seconds between two attempts to raise
_OURS = "polykernel.evaluator."
# where the runtime calls the author's code, it holds no lock
_CALLS_OUT = frozenset((_OURS + "worker", _OURS + "display", _OURS + "cell", _OURS + "tasks"))

_plain_sleep = time.sleep


class ThreadGate(Gate):
    """Lets interrupts into one thread. State: which request runs, which are to be interrupted.

    Args:
        outlet: Its lock is never held when an interrupt is raised.
        tasks: The thread's event loop.
    """

    def __init__(self, outlet: Outlet, tasks: Tasks) -> None:
        self.ident = 0
        self.armed = False
        self.noted = False  # to be raised when the runtime's own code is left
        self._outlet = outlet
        self._tasks = tasks
        self._running: object = None
        self._aiming = False
        self._struck = False
        self._sleep: SimpleQueue[None] | None = None
        self._unfinished: set[object] = set()
        self._wanted: set[object] = set()

    # in the subshell's thread

    def begin(self, number: object = None) -> None:
        """Let interrupts through, until :meth:`disarm`.

        Raises:
            KeyboardInterrupt: The request was interrupted before it has begun.
        """
        self._running = number
        self.armed = True
        if number in self._wanted:
            self._wanted.discard(number)
            raise KeyboardInterrupt

    def disarm(self) -> None:
        """Let no interrupt through any more; one that is on its way comes to nothing."""
        while True:
            try:
                self.armed = self.noted = False
                while self._aiming:
                    _plain_sleep(0)
                if self._struck:
                    _raise_in(self.ident, None)
                    self._struck = False
                self._running = None
            except KeyboardInterrupt:
                continue
            return

    def settle(self) -> None:
        """Raise what had to wait until the runtime's own code was left.

        Raises:
            KeyboardInterrupt: The user interrupted.
        """
        if self.noted and self.armed and not self._outlet.is_locked_here():
            self._hit()

    def sleep(self, seconds: float) -> None:
        """Sleep as :func:`time.sleep` does, but wake up for an interrupt.

        Raises:
            KeyboardInterrupt: The user interrupted.
        """
        woken: SimpleQueue[None] = SimpleQueue()
        self._sleep = woken
        try:
            woken.get(timeout=seconds)
        except Empty:
            return
        finally:
            self._sleep = None
        self._hit()

    def _hit(self) -> None:
        self.noted = False
        self._wanted.discard(self._running)
        raise KeyboardInterrupt

    def end(self, number: object) -> None:
        """Forget a request: its response has been sent."""
        self._unfinished.discard(number)
        self._wanted.discard(number)

    # from the reader thread

    def expect(self, number: object) -> None:
        """Take notice of a request that has come."""
        self._unfinished.add(number)

    def aim(self, number: object) -> None:
        """Interrupt a request; one that has not begun will end when it begins."""
        if number not in self._unfinished:
            return
        self._wanted.add(number)
        if number not in self._unfinished:  # it has ended just now, and nobody would forget it
            self._wanted.discard(number)
        elif self.armed and self._running == number:
            requests.start_thread(lambda: self._pursue(number))

    def _pursue(self, number: object) -> None:
        wait = FIRST_WAIT
        while number in self._wanted and self.armed and self._running == number:
            self._aiming = True
            try:
                if self._strike(number):
                    return
            finally:
                self._aiming = False
            _plain_sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _strike(self, number: object) -> bool:
        """Try to raise; true where that is done."""
        if not self.armed or self._running != number:
            return True
        if self._sleep is not None:
            self._sleep.put(None)
            return False
        _plain_sleep(0)  # whoever has just got the interpreter keeps it for some milliseconds
        frame = sys._current_frames().get(self.ident)  # noqa: SLF001
        if self._tasks.interrupt(frame):
            self._wanted.discard(number)
            return True
        if _in_users_code(frame) and self.armed:
            self._struck = True
            if _raise_in(self.ident, KeyboardInterrupt):
                self._wanted.discard(number)
                return True
        self.noted = self._outlet.deferred = True
        return False


def _in_users_code(frame: FrameType | None) -> bool:
    """Whether a thread is in what the author's or the user's code does, and not in the runtime."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if module == _OURS + "worker":
            return True
        if module.startswith(_OURS) and module not in _CALLS_OUT:
            return False
        frame = frame.f_back
    return False


def _raise_in(ident: int, error: type[BaseException] | None) -> bool:
    """Raise an exception in a thread when it next runs Python code; ``None`` takes it back."""
    try:
        import ctypes
    except ImportError:  # an interpreter that was built without it
        return False
    thread = ctypes.c_ulong(ident)
    value = None if error is None else ctypes.py_object(error)
    return bool(ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, value))


class Subshells:
    """Owns the subshells' threads and queues.

    Args:
        make_worker: Makes the worker of a subshell, with its gate and its event loop.
        make_tasks: Makes an event loop for the calling thread.
        outlet: Lets an interrupt act that had to wait.
    """

    def __init__(
        self,
        make_worker: Callable[[ThreadGate, Tasks], Worker],
        make_tasks: Callable[[], Tasks],
        outlet: Outlet,
    ) -> None:
        self._make_worker = make_worker
        self._make_tasks = make_tasks
        self._outlet = outlet
        self._shells: dict[str, Subshell] = {}
        self._gates: dict[int, ThreadGate] = {}

    # from the reader thread

    def find(self, name: str) -> Subshell:
        """Find a subshell; its thread is started when it is first asked for.

        Raises:
            RuntimeError: The process may have no more threads.
        """
        shell = self._shells.get(name)
        if shell is None:
            if not self._shells:
                _wake_sleepers(self._gates)
            tasks = self._make_tasks()
            gate = ThreadGate(self._outlet, tasks)
            shell = Subshell(self._make_worker(gate, tasks), gate, tasks, self._gates)
            shell.start(f"subshell {name}")
            self._shells[name] = shell
        return shell

    def delete(self, name: str) -> None:
        """End a subshell's thread, when it is done with what it has."""
        shell = self._shells.pop(name, None)
        if shell is not None:
            shell.put(None)

    def aim(self, number: object) -> None:
        """Interrupt a request, if it is a subshell's."""
        for gate in list(self._gates.values()):
            gate.aim(number)

    # in any thread

    def settle(self) -> None:
        """Let an interrupt act that the calling thread had to put off.

        Raises:
            KeyboardInterrupt: The user interrupted.
        """
        gate = self._gates.get(threading.get_ident())
        if gate is not None:
            gate.settle()

    def noted(self) -> bool:
        """Whether an interrupt waits for any of the threads."""
        return any(gate.noted for gate in list(self._gates.values()))


class Subshell:
    """One subshell: its thread, its queue.

    Args:
        worker: Serves its requests.
        gate: Lets interrupts in.
        tasks: Its event loop.
        gates: Where the thread is known by its number.
    """

    def __init__(
        self, worker: Worker, gate: ThreadGate, tasks: Tasks, gates: dict[int, ThreadGate]
    ) -> None:
        self.worker = worker
        self.gate = gate
        self._tasks = tasks
        self._gates = gates
        self._queue: SimpleQueue[Any] = SimpleQueue()

    def start(self, name: str) -> None:
        """Start the thread.

        Raises:
            RuntimeError: The process may have no more threads.
        """
        thread = threading.Thread(target=self._serve, name=name, daemon=True)
        thread.start()
        assert thread.ident is not None
        self.gate.ident = thread.ident
        self._gates[thread.ident] = self.gate

    def put(self, message: dict[str, Any] | None) -> None:
        """Queue a request; ``None`` ends the thread."""
        self._queue.put(message)
        self._tasks.wake()

    def _serve(self) -> None:
        while True:
            try:
                message = self._next()
                if message is None:
                    self._gates.pop(self.gate.ident, None)
                    return
                self.worker.handle(message)
            except BaseException:  # noqa: PERF203 - it came a moment after its cell
                self.gate.disarm()

    def _next(self) -> Any:
        try:
            if self._tasks.alive():
                return self._tasks.wait(self._queue)
        except Exception:  # user code has taken it apart
            self._tasks.give_up()
        return self._queue.get()


def _wake_sleepers(gates: dict[int, ThreadGate]) -> None:
    """Let interrupts end :func:`time.sleep` in subshells: nothing else can wake such a thread."""

    def sleep(seconds: Any) -> None:
        gate = gates.get(threading.get_ident())
        if gate is None or not gate.armed or not isinstance(seconds, (int, float)) or seconds <= 0:
            _plain_sleep(seconds)
        else:
            gate.sleep(seconds)

    sleep.__doc__ = _plain_sleep.__doc__
    sleep.__qualname__ = "sleep"
    sleep.__module__ = "time"
    time.sleep = sleep
