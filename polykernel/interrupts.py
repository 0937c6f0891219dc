"""What becomes of a user's interrupts of one request: a signal, a nudge, a note, at last a kill."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tornado.ioloop import IOLoop

from polykernel.limits import Excess

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.limits import Limit

NUDGED_AFTER = 0.1  # seconds until an evaluator that has not acknowledged one is woken
UNHEARD_AFTER = 5.0  # seconds until an interrupt that was not acknowledged is told
KILLING_INTERRUPT = 3  # the unacknowledged interrupt of one request that kills
HEARD_WITHIN = 0.5  # seconds that it may still be heard: impatient fingers are fast


class Interrupts:
    """Owns the count of interrupts that were not acknowledged.

    Args:
        send_signal: Signals the evaluator's process group.
        nudge: Ends what the evaluator waits for, so that it sees a signal that did not.
        on_unheard: Called when an interrupt was not acknowledged for :data:`UNHEARD_AFTER` seconds.
        kill: Kills the evaluator, and remembers after what, and for which limit.
    """

    def __init__(
        self,
        send_signal: Callable[[signal.Signals], None],
        nudge: Callable[[], None],
        on_unheard: Callable[[], None],
        kill: Callable[[str, Excess | None], None],
    ) -> None:
        self._loop = IOLoop.current()
        self._send_signal = send_signal
        self._nudge = nudge
        self._on_unheard = on_unheard
        self._kill = kill
        self._count = 0
        self._owed = False  # a signal, to an evaluator that is not yet up
        self._nudge_timer: object | None = None
        self._timer: object | None = None
        self._kill_timer: object | None = None
        self._grace_timer: object | None = None

    def interrupt(self, up: bool, grace: Limit | None = None) -> None:
        """Send one SIGINT; the third in vain kills, unless it is heard at once.

        Args:
            up: The evaluator has said hello; before that a signal would end it.
            grace: When one that is not heard kills, where the user has set that.
        """
        self._count += 1
        if self._count == KILLING_INTERRUPT:
            self._kill_timer = self._loop.call_later(HEARD_WITHIN, self._kill_unheard)
        if grace is not None and self._grace_timer is None:
            self._grace_timer = self._loop.call_later(grace.value, self._grace_is_over, grace)
        if up:
            self._send()
        else:
            self._owed = True
        if self._timer is None:
            self._timer = self._loop.call_later(UNHEARD_AFTER, self._tell)

    def _kill_unheard(self) -> None:
        self._kill_timer = None
        self._kill(f"{self._count} interrupts that it did not hear", None)

    def _grace_is_over(self, grace: Limit) -> None:
        self._grace_timer = None
        told = f"an interrupt was not heard within {grace.written}, the interrupt grace"
        self._kill("an interrupt that it did not hear", Excess(told, grace.advice))

    def evaluator_is_up(self) -> None:
        """Send the signal that had to wait."""
        if self._owed:
            self._owed = False
            self._send()

    def _send(self) -> None:
        self._send_signal(signal.SIGINT)
        if self._nudge_timer is None:
            self._nudge_timer = self._loop.call_later(NUDGED_AFTER, self._wake)

    def _wake(self) -> None:
        self._nudge_timer = None
        self._nudge()

    def _tell(self) -> None:
        self._timer = None
        self._on_unheard()

    def forget(self) -> None:
        """Begin anew: the interrupts were heard, or their request is over."""
        self._count = 0
        self._owed = False
        for timer in (self._nudge_timer, self._timer, self._kill_timer, self._grace_timer):
            if timer is not None:
                self._loop.remove_timeout(timer)
        self._nudge_timer = self._timer = self._kill_timer = self._grace_timer = None
