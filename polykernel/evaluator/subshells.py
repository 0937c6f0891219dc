"""Subshells: cells that run beside the main thread's, each shell's in a thread of its own."""

from __future__ import annotations

import threading
import time

from polykernel.evaluator.bare import signal
from polykernel.evaluator.inbox import Inbox
from polykernel.evaluator.raiser import plain_sleep
from polykernel.evaluator.thread_gate import ThreadGate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from polykernel.evaluator.outlet import Outlet
    from polykernel.evaluator.tasks import Tasks
    from polykernel.evaluator.worker import Worker


class Subshells:
    """Owns the subshells' threads and queues.

    Args:
        make_worker: Makes the worker of a subshell, with its gate and its event loop.
        make_tasks: Makes an event loop for the calling thread.
        outlet: Lets an interrupt act that had to wait.
        up: Set when the evaluator has been loaded and started.
    """

    def __init__(
        self,
        make_worker: Callable[[ThreadGate, Tasks], Worker],
        make_tasks: Callable[[], Tasks],
        outlet: Outlet,
        up: threading.Event,
    ) -> None:
        self._up = up
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
            shell = Subshell(self._make_worker(gate, tasks), gate, tasks, self._gates, self._up)
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

    def settle(self) -> bool:
        """Let an interrupt act that the calling thread had to put off.

        Returns:
            Whether it is a subshell's.

        Raises:
            KeyboardInterrupt: The user interrupted.
        """
        gate = self._gates.get(threading.get_ident())
        if gate is None:
            return False
        gate.settle()
        return True

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
        up: Set when the evaluator has been loaded and started.
    """

    def __init__(
        self,
        worker: Worker,
        gate: ThreadGate,
        tasks: Tasks,
        gates: dict[int, ThreadGate],
        up: threading.Event,
    ) -> None:
        self.worker = worker
        self.gate = gate
        self._tasks = tasks
        self._gates = gates
        self._up = up
        self._over = False
        self._inbox = Inbox()

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
        self._inbox.put(message)
        self._tasks.wake()

    def _serve(self) -> None:
        # the reader thread, which has made this one, takes no signals; children must
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
        self._up.wait()
        while not self._over:
            try:
                self.worker.recover(self._inbox)
                message = self._next()
                if message is None:
                    self._over = True
                    break
                self._inbox.take()
                self.worker.handle(message)
            except BaseException:  # it came a moment after its cell
                self.gate.disarm()
        self._gates.pop(self.gate.ident, None)
        try:
            self._tasks.close()
        except BaseException:
            pass  # user code has taken it apart

    def _next(self) -> Any:
        try:
            if self._tasks.alive():
                self._tasks.wait(self._inbox)
        except Exception:  # user code has taken it apart
            self._tasks.give_up()
        return self._inbox.first()


def _wake_sleepers(gates: dict[int, ThreadGate]) -> None:
    """Let interrupts end :func:`time.sleep` in subshells: nothing else can wake such a thread."""

    def sleep(seconds: Any) -> None:
        gate = gates.get(threading.get_ident())
        if gate is None or not gate.armed or not isinstance(seconds, (int, float)) or seconds <= 0:
            plain_sleep(seconds)
        else:
            gate.sleep(seconds)

    sleep.__doc__ = plain_sleep.__doc__
    sleep.__qualname__ = "sleep"
    sleep.__module__ = "time"
    time.sleep = sleep
