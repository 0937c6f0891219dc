"""What becomes of a user's interrupts of one request: a signal, a note, at last a kill."""

from __future__ import annotations

import logging
import signal
from typing import TYPE_CHECKING

from tornado.ioloop import IOLoop

if TYPE_CHECKING:
    from collections.abc import Callable

UNHEARD_AFTER = 5.0  # seconds until an interrupt that was not acknowledged is told
KILLING_INTERRUPT = 3  # the unacknowledged interrupt of one request that kills
HEARD_WITHIN = 0.5  # seconds that it may still be heard: impatient fingers are fast

log = logging.getLogger("polykernel.interrupts")


class Interrupts:
    """Owns the count of interrupts that were not acknowledged, and why we have killed.

    Args:
        send_signal: Signals the evaluator's process group.
        on_unheard: Called when an interrupt was not acknowledged for :data:`UNHEARD_AFTER` seconds.
    """

    def __init__(
        self, send_signal: Callable[[signal.Signals], None], on_unheard: Callable[[], None]
    ) -> None:
        self._loop = IOLoop.current()
        self._send_signal = send_signal
        self._on_unheard = on_unheard
        self._count = 0
        self._owed = False  # a signal, to an evaluator that is not yet up
        self._timer: object | None = None
        self._kill_timer: object | None = None
        self.killed_for = ""

    def interrupt(self, up: bool) -> None:
        """Send one SIGINT; the third in vain kills, unless it is heard at once.

        Args:
            up: The evaluator has said hello; before that a signal would end it.
        """
        self._count += 1
        if self._count == KILLING_INTERRUPT:
            self._kill_timer = self._loop.call_later(HEARD_WITHIN, self._kill)
        if up:
            self._send_signal(signal.SIGINT)
        else:
            self._owed = True
        if self._timer is None:
            self._timer = self._loop.call_later(UNHEARD_AFTER, self._tell)

    def _kill(self) -> None:
        self._kill_timer = None
        self.killed_for = f"{self._count} interrupts that it did not hear"
        log.warning("killing the evaluator after %s", self.killed_for)
        self._send_signal(signal.SIGKILL)

    def evaluator_is_up(self) -> None:
        """Send the signal that had to wait."""
        if self._owed:
            self._owed = False
            self._send_signal(signal.SIGINT)

    def _tell(self) -> None:
        self._timer = None
        self._on_unheard()

    def forget(self) -> None:
        """Begin anew: the interrupts were heard, or their request is over."""
        self._count = 0
        self._owed = False
        for timer in (self._timer, self._kill_timer):
            if timer is not None:
                self._loop.remove_timeout(timer)
        self._timer = self._kill_timer = None

    def forget_kill(self) -> str:
        """Say why we have killed, once; empty where we have not."""
        reason, self.killed_for = self.killed_for, ""
        return reason
