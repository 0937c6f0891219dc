"""SIGINT stops the running cell, SIGTERM ends the process; neither ever tears a line.

A handler runs in the main thread between any two Python instructions. Where the main thread holds
the outlet's lock, it only leaves a note; the note acts when the lock is free again.

The signal does not say which request it means, and may come before that has begun, so the host
names it first, on the channel (docs/channel.md, "Interrupt, death"). Where none runs that can be
interrupted, the signal is acknowledged and has no effect, so that it can't reach the next cell. For
what runs between requests the host names none, and sends no signal: we do, where there is any.
"""

from __future__ import annotations

import sys
import threading

# user code may rebind what modules have
from os import getpid as _getpid
from os import kill as _kill
from time import monotonic
from time import sleep as _sleep

from polykernel.evaluator import requests
from polykernel.evaluator.bare import signal
from polykernel.evaluator.tearing import must_not_be_torn
from polykernel.evaluator.user_handlers import UserHandlers, plain_getsignal, plain_signal
from polykernel.evaluator.worker import Gate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable

    from polykernel.evaluator.outlet import Outlet

EARLY = 1.0  # seconds by which a signal may be ahead of the note that says which request it means
UNHEARD = 0.1  # seconds after which the end is asked for again
LATER = 0.005  # seconds after which an interrupt comes again that is put off
LATEST = 0.3  # seconds: the host takes one for unheard after half a second
_ANY: Any = object()  # a number that no request has


class Interrupts(Gate):
    """The signal handlers. Their state: which request can be interrupted, what was deferred.

    Args:
        outlet: Has the lock, and tells the host that an interrupt was heard.

    Attributes:
        armed: The code of a request is running.
        stop: Stops the running request; raises, or sees to it that it will stop.
        stop_idle: Stops what runs between cells and keeps the next one waiting, or does nothing.
        runs_between: Whether a frame of the main thread is of user code that runs between cells.
        others_deferred: Whether other threads have something to settle, too.
        terminating: The process has been asked to end.
        leaving: It is ending: nothing may disturb that.
        user_handlers: The handlers of other signals, and of these where user code takes them.
    """

    def __init__(self, outlet: Outlet) -> None:
        self.armed = False
        self.terminating = False
        self.leaving = False
        self.stop: Callable[[FrameType | None], None] = _raise
        self.stop_idle: Callable[[FrameType | None], None] = _ignore
        self.runs_between: Callable[[FrameType | None], bool] = lambda frame: False
        self.others_deferred: Callable[[], bool] = lambda: False
        self.user_handlers = UserHandlers(outlet, self._is_closed, self._reaches_users)
        self._in_child = False
        self._outlet = outlet
        self._deferred_interrupt = False
        self._deferred_end = False
        self._held = 0
        self._running: object = None  # the request that is armed; None while start() is
        self._unheard = -EARLY  # when a signal came that stopped nothing
        self._unfinished: set[object] = set()
        self._wanted: dict[object, bool] = {}  # unfinished requests that are to be interrupted
        self._between = False  # the signal that is on its way means what runs between requests
        self._again: object = _ANY  # the signal that is on its way means this request only ...
        self._again_until = 0.0  # ... if it comes at all: C code may ignore it
        self._comes_again: object = _ANY  # the interrupt of this request, which was put off
        self._put_off_since = 0.0  # what was put off and has not acted yet; 0 where nothing was
        outlet.settle = self.settle

    def install_once(self) -> None:
        """Let the host's SIGURG end what the main thread waits for: it did not hear an interrupt.

        A signal that comes just before a thread begins to wait, when Python has looked for signals
        for the last time, or that another thread gets, does not.
        """
        plain_signal(signal.SIGURG, _look_again)
        plain_signal(signal.SIGTERM, self._on_end)
        self.take_interrupts()
        self.user_handlers.install()

    def install(self) -> None:
        """Take the signals: before each request, since user code may have taken them.

        SIGTERM stays with who has taken it: a host that gets no other way kills in the end.
        """
        self.take_interrupts()
        if plain_getsignal(signal.SIGTERM) == signal.SIG_DFL:
            plain_signal(signal.SIGTERM, self._on_end)

    def take_interrupts(self) -> None:
        """Take SIGINT: after a request, too, where tasks run on that may have to be stopped."""
        plain_signal(signal.SIGINT, self._on_interrupt)

    def begin(self, number: object = None) -> None:
        """Let interrupts reach the code of a request, or of ``start()``, until ``armed`` is reset.

        Raises:
            KeyboardInterrupt: It was interrupted before it has begun.
        """
        self.settle()  # what was deferred so far did not interrupt this
        self.install()
        self._running = number
        self._put_off_since = 0.0
        self.armed = True
        # start() keeps all requests waiting
        wanted = bool(self._wanted) if number is None else self._wanted.pop(number, False)
        if wanted:
            self._unheard = -EARLY
            raise KeyboardInterrupt

    def disarm(self) -> None:
        """Let no interrupt reach the user's code any more."""
        self.armed = False

    def end(self, number: object) -> None:
        """Forget a request: its response has been sent."""
        self._unfinished.discard(number)
        self._wanted.pop(number, None)

    # from the reader thread

    def expect(self, number: object) -> None:
        """Take notice of a request that has come."""
        self._unfinished.add(number)

    def aim(self, number: object) -> None:
        """Take the host's word for which request the signal that comes next, or just came, means.

        A request that has not begun will end when it begins; one that runs is reached by the
        signal, or by another one where the host's was too early.
        """
        if number not in self._unfinished:
            return
        self._wanted[number] = True
        if number not in self._unfinished:  # it has ended just now, and nobody would forget it
            self._wanted.pop(number, None)
        elif self.armed and self._running is None:
            _signal_main_thread(signal.SIGINT)
        elif (
            self.armed
            and self._running == number
            and self._wanted.pop(number, False)
            and self._unheard > monotonic() - EARLY
        ):
            self._unheard = -EARLY
            _signal_main_thread(signal.SIGINT)

    def aim_between(self) -> None:
        """Interrupt what the main thread does between requests.

        A request that comes behind this is read later, and so begins after the signal has acted;
        the note keeps it from a request even if it does not.
        """
        self._between = True
        _signal_main_thread(signal.SIGINT)

    @property
    def running(self) -> object:
        """The request that is armed, or was last."""
        return self._running

    def repeat(self, number: object) -> None:
        """Interrupt a request, if it still runs: what was to stop it is kept from that."""
        self._again_until = monotonic() + LATEST
        self._again = number
        _signal_main_thread(signal.SIGINT)

    def end_main_thread(self) -> None:
        """Leave whatever the main thread does, so that it ends in good order.

        The signal comes again where it is not heard: one that comes just before a thread begins to
        wait does not wake it, since CPython has looked for the last time then.
        """
        _signal_main_thread(signal.SIGTERM)
        try:
            requests.start_thread(self._end_main_thread_again)
        except RuntimeError:  # there are no threads left: the host ends the process after a while
            pass

    def _end_main_thread_again(self) -> None:
        _sleep(UNHEARD)
        if not self.terminating and plain_getsignal(signal.SIGTERM) == self._on_end:
            _signal_main_thread(signal.SIGTERM)

    # in the main thread

    def forget(self) -> None:
        """In a forked child: behave as any Python program."""
        self._held = 0
        self._in_child = True
        self.user_handlers.forget()
        self._deferred_interrupt = self._deferred_end = self._between = False
        self._comes_again = self._again = _ANY
        if plain_getsignal(signal.SIGINT) == self._on_interrupt:
            plain_signal(signal.SIGINT, signal.default_int_handler)
        if plain_getsignal(signal.SIGTERM) == self._on_end:
            plain_signal(signal.SIGTERM, signal.SIG_DFL)

    def _on_interrupt(self, signum: int, frame: FrameType | None) -> None:
        if self._is_closed():
            self._deferred_interrupt = self._outlet.deferred = True
        else:
            self._act(frame)

    def _act(self, frame: FrameType | None) -> None:
        if not self._puts_off(frame):
            self._put_off_since = 0.0
            self._interrupt(frame)

    def _puts_off(self, frame: FrameType | None) -> bool:
        """Let an interrupt come again in a moment, where the import system is at work.

        Not for ever: it may wait for another thread. Any number of signals come again as one.
        """
        if not self.armed or self._between:
            return False
        number = self._running
        if self._comes_again == number:
            return True
        if not must_not_be_torn(frame, threading.get_ident()):
            return False
        now = monotonic()
        self._put_off_since = self._put_off_since or now
        if now - self._put_off_since > LATEST:
            return False
        self._comes_again = number  # first: another signal may come while the thread is started
        try:
            requests.start_thread(lambda: self._come_again(number))
        except RuntimeError:  # there are no threads left
            self._comes_again = _ANY
            return False
        return True

    def _come_again(self, number: object) -> None:
        _sleep(LATER)
        if self._comes_again == number:
            self._comes_again = _ANY
        if self.armed and self._running == number:  # else user code may have taken the signal
            self.repeat(number)

    def _on_end(self, signum: int, frame: FrameType | None) -> None:
        if self._is_closed():
            self._deferred_end = self._outlet.deferred = True
        else:
            self._end()

    def _is_closed(self) -> bool:
        return bool(self._held) or self._outlet.is_locked_here()

    def _reaches_users(self, frame: FrameType | None) -> bool:
        return self.armed or self.leaving or self._in_child or self.runs_between(frame)

    def hold(self) -> None:
        """Around what no exception may interrupt: let signals of the main thread leave a note."""
        if threading.get_ident() == threading.main_thread().ident:
            self._held += 1

    def let_go(self) -> None:
        """Take back one :meth:`hold`; what was noted acts when it is settled."""
        if self._held and threading.get_ident() == threading.main_thread().ident:
            self._held -= 1

    def undisturbed(self, work: Callable[[], None]) -> None:
        """Do what no interrupt may tear apart, in any thread; one that comes acts afterwards.

        In other threads than the main one our frame alone keeps it off (:mod:`.thread_gate`).
        """
        self.hold()
        try:
            work()
        finally:
            self.let_go()
            self.settle()

    def settle(self) -> None:
        """Let a signal act that was deferred, where nothing forbids it any more."""
        if (
            not self._outlet.deferred
            or threading.get_ident() != threading.main_thread().ident
            or self._is_closed()
        ):
            return
        self._outlet.deferred = self.others_deferred()
        interrupt, self._deferred_interrupt = self._deferred_interrupt, False
        end, self._deferred_end = self._deferred_end, False
        if end:
            self._end()
        try:
            self.user_handlers.settle()
        finally:
            if interrupt:
                self._act(sys._getframe())  # noqa: SLF001

    def _interrupt(self, frame: FrameType | None) -> None:
        between, self._between = self._between, False
        again, self._again = self._again, _ANY
        meant = self.armed and again == self._running
        if again is not _ANY and not meant and monotonic() < self._again_until:
            return
        reached = self.armed and not between
        self._outlet.acknowledge_interrupt(self._running if reached else None)
        if self.leaving:
            return
        if reached:
            self._unheard = -EARLY
            self.stop(frame)
        elif not self.armed:
            if not between:
                self._unheard = monotonic()
            self.stop_idle(frame)

    def _end(self) -> None:
        self.terminating = True
        if not self.leaving:
            raise SystemExit(128 + signal.SIGTERM)


def _raise(frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _look_again(signum: int, frame: FrameType | None) -> None:
    pass


def _ignore(frame: FrameType | None) -> None:
    pass


def main_frame() -> FrameType | None:
    """Find what the main thread executes."""
    return sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001


def end_by_sigterm() -> None:
    """End as a program that leaves SIGTERM alone: whoever waits for it sees what it died of."""
    plain_signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
    _kill(_getpid(), signal.SIGTERM)


def _signal_main_thread(number: signal.Signals) -> None:
    ident = threading.main_thread().ident
    if ident is not None:
        signal.pthread_kill(ident, number)
