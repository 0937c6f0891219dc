"""Sees to it that limits are kept: of what runs, of the evaluator's memory, of its idleness.

A cell that runs for too long is interrupted, and its evaluator killed where that does not end it.
An evaluator that uses too much memory is killed at once: it could take the machine with it. One
that is idle for too long is ended in good order. How much a cell shows is counted elsewhere.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING, Protocol

import msgspec
from tornado.ioloop import IOLoop

from polykernel.limits import Excess, Limit, Limits, in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.memory_watch import MemoryWatch
    from polykernel.supervisor import Supervisor

GRACE = 5.0  # seconds in which an interrupted cell has to end, where the user has set none
READ_FOR = 0.5  # seconds: it may have ended, and that not be read, since front ends don't keep up

log = logging.getLogger("polykernel.limiter")


class Runner(Protocol):
    """A shell."""

    @property
    def limits(self) -> Limits:
        """The limits of what it runs."""


class _Watched(msgspec.Struct, eq=False):
    """What runs in a shell."""

    timer: object = None
    excess: Excess | None = None


class Limiter:
    """Owns the timers of what runs, and the watch over the evaluator's memory.

    Args:
        limits: The kernel's.
        supervisor: The evaluator's process.
        interrupt: Interrupts what a shell runs.
        read_on: Reads what the evaluator writes, whether or not front ends keep up.
        busy: Whether anything runs.
    """

    def __init__(
        self,
        limits: Limits,
        supervisor: Supervisor,
        interrupt: Callable[[Runner], None],
        read_on: Callable[[], None],
        busy: Callable[[], bool],
    ) -> None:
        self._loop = IOLoop.current()
        self._limits = limits
        self._supervisor = supervisor
        self._interrupt = interrupt
        self._read_on = read_on
        self._busy = busy
        self._running: dict[Runner, _Watched] = {}
        self._memory: MemoryWatch | None = None
        self._memory_limit: Limit | None = None
        self._watch_memory()
        if limits.idle_timeout is not None:
            self._look_in(limits.idle_timeout.value, limits.idle_timeout)

    def begin(self, runner: Runner) -> None:
        """Take notice that a cell was handed to the evaluator."""
        self.over(runner)
        limits = runner.limits
        if limits.cell_timeout is None and limits.memory is None:
            return
        self._running[runner] = watched = _Watched()
        if limits.cell_timeout is not None:
            watched.timer = self._loop.call_later(
                limits.cell_timeout.value, self._runs_too_long, runner, limits.cell_timeout
            )
        self._watch_memory()

    def over(self, runner: Runner) -> None:
        """Take notice that nothing runs there any more."""
        watched = self._running.pop(runner, None)
        if watched is None:
            return
        if watched.timer is not None:
            self._loop.remove_timeout(watched.timer)
        self._watch_memory()

    def excess(self, runner: Runner) -> Excess | None:
        """Give the limit for which what runs there was stopped, or ``None``."""
        watched = self._running.get(runner)
        return watched.excess if watched else None

    # how long a cell runs

    def _runs_too_long(self, runner: Runner, limit: Limit) -> None:
        watched = self._running[runner]
        watched.excess = Excess(f"the cell ran for {limit.written}, its cell timeout", limit.advice)
        self._interrupt(runner)
        grace = runner.limits.interrupt_grace
        watched.timer = self._loop.call_later(
            grace.value if grace else GRACE, self._goes_on, watched, watched.excess, limit
        )

    def _goes_on(self, watched: _Watched, excess: Excess, limit: Limit) -> None:
        log.info("a cell goes on after its timeout")
        self._read_on()
        watched.timer = self._loop.call_later(READ_FOR, self._kill, excess, limit)

    def _kill(self, excess: Excess, limit: Limit) -> None:
        self._supervisor.kill(
            f"a cell went on when its timeout of {limit.written} had interrupted it", excess
        )

    # memory

    def _watch_memory(self) -> None:
        limits = [self._limits.memory, *(each.limits.memory for each in self._running)]
        self._memory_limit = min(filter(None, limits), key=lambda each: each.value, default=None)
        if self._memory is None:
            if self._memory_limit is None:
                return
            from polykernel.memory_watch import MemoryWatch

            self._memory = MemoryWatch(lambda: self._supervisor.pid, self._uses_too_much)
        value = self._memory_limit.value if self._memory_limit else None
        self._memory.watch(value, often=bool(self._running))

    def _uses_too_much(self, pid: int, used: int) -> None:
        limit = self._memory_limit
        if limit is None or used <= limit.value or pid != self._supervisor.pid:
            return  # it was a look at what is over
        amount = in_words(used, limit)
        told = f"the evaluator used {amount} of memory, and its limit is {limit.written}"
        self._supervisor.kill(f"using {amount} of memory", Excess(told, limit.advice))

    # idleness

    def _look_in(self, seconds: float, limit: Limit) -> None:
        self._loop.call_later(seconds, self._look_whether_idle, limit)

    def _look_whether_idle(self, limit: Limit) -> None:
        quiet = 0.0 if self._busy() else monotonic() - self._supervisor.conversation.active_at
        if quiet >= limit.value:
            told = f"the evaluator was ended after {limit.written} without a cell, its idle timeout"
            after = f"{limit.written} without a cell"
            self._supervisor.retire(after, Excess(told, limit.advice))
            quiet = 0.0
        self._look_in(limit.value - quiet, limit)
