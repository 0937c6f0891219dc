"""SIGINT stops the running cell, SIGTERM ends the process; neither ever tears a line.

A handler runs in the main thread between any two Python instructions. Where the main thread holds
the outlet's lock, it only leaves a note; the note acts when the lock is free again. Where no cell
runs, an interrupt is acknowledged and has no effect, so that it can't reach the next cell.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Callable

    from polykernel.evaluator.outlet import Outlet


class Interrupts:
    """The signal handlers. Their state: whether a cell can be interrupted, what was deferred.

    Args:
        outlet: Has the lock, and tells the host that an interrupt was heard.

    Attributes:
        armed: A cell's code is running.
        stop: Stops the running cell; raises, or sees to it that it will stop.
        stop_idle: Stops what runs between cells and keeps the next one waiting, or does nothing.
        terminating: The process has been asked to end.
        leaving: It is ending: nothing may disturb that.
    """

    def __init__(self, outlet: Outlet) -> None:
        self.armed = False
        self.terminating = False
        self.leaving = False
        self.stop: Callable[[FrameType | None], None] = _raise
        self.stop_idle: Callable[[FrameType | None], None] = _ignore
        self._outlet = outlet
        self._process = os.getpid()
        self._deferred_interrupt = False
        self._deferred_end = False
        outlet.settle = self._settle

    def install(self) -> None:
        """Take the signals: before each cell, since user code may have taken them."""
        signal.signal(signal.SIGINT, self._on_interrupt)
        signal.signal(signal.SIGTERM, self._on_end)

    def begin(self) -> None:
        """Let interrupts reach a cell's code. What was deferred before was not meant for it."""
        self._settle()
        self.armed = True

    def forget(self) -> None:
        """In a forked child: behave as any Python program."""
        if signal.getsignal(signal.SIGINT) == self._on_interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if signal.getsignal(signal.SIGTERM) == self._on_end:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _on_interrupt(self, signum: int, frame: FrameType | None) -> None:
        if self._outlet.is_locked_here():
            self._deferred_interrupt = self._outlet.deferred = True
        else:
            self._interrupt(frame)

    def _on_end(self, signum: int, frame: FrameType | None) -> None:
        if self._outlet.is_locked_here():
            self._deferred_end = self._outlet.deferred = True
        else:
            self._end()

    def _settle(self) -> None:
        if (
            threading.get_ident() != threading.main_thread().ident
            or not self._outlet.deferred
            or self._outlet.is_locked_here()
        ):
            return
        self._outlet.deferred = False
        interrupt, self._deferred_interrupt = self._deferred_interrupt, False
        end, self._deferred_end = self._deferred_end, False
        if end:
            self._end()
        if interrupt:
            self._interrupt(sys._getframe())  # noqa: SLF001

    def _interrupt(self, frame: FrameType | None) -> None:
        self._outlet.acknowledge_interrupt(self._outlet.running if self.armed else None)
        if self.leaving:
            return
        if self.armed:
            self.stop(frame)
        else:
            self.stop_idle(frame)

    def _end(self) -> None:
        self.terminating = True
        if not self.leaving:
            raise SystemExit(128 + signal.SIGTERM)


def _raise(frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _ignore(frame: FrameType | None) -> None:
    pass


def end_main_thread() -> None:
    """From another thread: leave whatever the main thread does, so that it ends in good order."""
    ident = threading.main_thread().ident
    if ident is not None:
        signal.pthread_kill(ident, signal.SIGTERM)
