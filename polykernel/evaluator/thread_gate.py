"""Interrupts in threads that are not the main one.

Signal handlers run in the main thread only, so an interrupt is raised in another thread as an
asynchronous exception while that is in the user's code, and at the end of our own code otherwise.
"""

from __future__ import annotations

import sys
from _thread import get_ident

# user code may rebind what modules have
from os import getpid as _getpid

from polykernel.evaluator import requests
from polykernel.evaluator.bare import Empty, SimpleQueue
from polykernel.evaluator.own_threads import own_threads
from polykernel.evaluator.raiser import FIRST_WAIT, Raiser, plain_sleep
from polykernel.evaluator.tearing import must_not_be_torn
from polykernel.evaluator.worker import Gate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    from polykernel.evaluator.outlet import Outlet
    from polykernel.evaluator.tasks import Tasks

LONGEST_WAIT = 0.1  # seconds between two attempts to raise
_OURS = "polykernel.evaluator."
# where the runtime calls the author's code, it holds no lock
_CALLS_OUT = frozenset((_OURS + "worker", _OURS + "display", _OURS + "cell", _OURS + "tasks"))


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
        self._process = _getpid()  # a forked child has no other thread
        self._aiming: set[int] = set()  # threads that may be about to raise
        self._raiser: Raiser | None = None
        self._asked = False  # the event loop, to stop the request
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
        self.noted = False
        self.armed = True
        if number in self._wanted:
            self._wanted.discard(number)
            raise KeyboardInterrupt

    def disarm(self) -> None:
        """Let no interrupt through any more; one that is on its way comes to nothing."""
        while True:
            try:
                self.armed = self.noted = False
                while self._aiming and self._process == _getpid():
                    plain_sleep(0)
                self._running = None
            except KeyboardInterrupt:
                continue
            return

    def settle(self) -> None:
        """Raise what had to wait until the runtime's own code was left.

        Raises:
            KeyboardInterrupt: The user interrupted.
        """
        if (
            self.noted
            and self.armed
            and not self._outlet.is_locked_here()
            and not must_not_be_torn(sys._getframe(), get_ident())  # noqa: SLF001
        ):
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
        self._asked = False
        if self._raiser is None:
            self._raiser = Raiser(self.ident)
        while number in self._wanted and self.armed and self._running == number:
            self._aiming.add(get_ident())
            try:
                if self._strike(number, self._raiser):
                    return
            finally:
                self._aiming.discard(get_ident())
            plain_sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _strike(self, number: object, raiser: Raiser) -> bool:
        """Try to raise; true where that is done."""
        if not self.armed or self._running != number:
            return True
        if self._sleep is not None:
            self._sleep.put(None)
            return False
        plain_sleep(0)  # whoever has just got the interpreter keeps it for some milliseconds
        frame = sys._current_frames().get(self.ident)  # noqa: SLF001
        if self._asked and not self._tasks.stopping:
            self._wanted.discard(number)
            return True
        if self._tasks.interrupt(frame):
            self._asked = True  # but a step that begins just now may keep the loop
            return False
        if not self.armed or self._running != number:
            return True
        if _in_users_code(frame, self.ident) and not own_threads.is_starting_one(self.ident):
            self.noted = False  # whoever catches it may print
            if raiser.strike():
                self._wanted.discard(number)
                return True
        self.noted = self._outlet.deferred = True
        return False


def _in_users_code(frame: FrameType | None, ident: int) -> bool:
    """Whether a thread is in what the author's or the user's code does, and not in the runtime."""
    if must_not_be_torn(frame, ident):
        return False
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if module == _OURS + "worker":
            return True
        if module.startswith(_OURS) and module not in _CALLS_OUT:
            return False
        frame = frame.f_back
    return False
