"""Lets the writer of a stream of lines run undisturbed: its pipe rests between two looks.

A reader that is woken by each line costs the writer more than the line itself, and gets lines one
by one.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tornado.ioloop import IOLoop

SOON = 0.002  # seconds after a piece in which the next one makes a stream of them
REST = 0.002  # seconds; text waits longer than that to be merged, in any case (output.MERGE_FOR)
LARGE = 64 * 1024  # bytes: who writes so much at once might fill the pipe during a rest ...
NOT_FOR = 0.1  # seconds ... and then gets none


class Rests:
    """Owns which descriptors rest, and until when.

    Args:
        loop: Polls the descriptors that do not rest.
        watch: Lets the loop poll a descriptor again.
        look: Takes what is there on a descriptor; gives how many bytes that were.
        clock: Gives the time, in seconds; one that is never set.
    """

    def __init__(
        self,
        loop: IOLoop,
        watch: Callable[[int], None],
        look: Callable[[int], int],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._clock = clock
        self._loop = loop
        self._watch = watch
        self._look = look
        self._came_at: dict[int, float] = {}
        self._large_at: dict[int, float] = {}
        self._timers: dict[int, object] = {}

    def after(self, descriptor: int, size: int) -> None:
        """Let a descriptor rest, if what has come is one of many small pieces.

        Args:
            descriptor: Which one; the loop polls it.
            size: How many bytes have come.
        """
        before = self._came_at.get(descriptor, -SOON)
        self._note(descriptor, size)
        now = self._came_at[descriptor]
        if now - before < SOON and now - self._large_at.get(descriptor, -NOT_FOR) >= NOT_FOR:
            self._loop.remove_handler(descriptor)
            self._begin(descriptor)

    def end(self) -> None:
        """Forget all rests; what had rested is not polled."""
        for timer in self._timers.values():
            self._loop.remove_timeout(timer)
        self._timers.clear()

    def _note(self, descriptor: int, size: int) -> None:
        self._came_at[descriptor] = self._clock()
        if size >= LARGE:
            self._large_at[descriptor] = self._came_at[descriptor]

    def _begin(self, descriptor: int) -> None:
        self._timers[descriptor] = self._loop.call_later(REST, self._over, descriptor)

    def _over(self, descriptor: int) -> None:
        size = self._look(descriptor)
        if self._timers.pop(descriptor, None) is None:
            return  # by what has come, reading has been stopped
        self._note(descriptor, size)
        if 0 < size < LARGE:
            self._begin(descriptor)
        else:
            self._watch(descriptor)
