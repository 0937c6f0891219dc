"""Looks at the memory of an evaluator and all its processes, in a thread of its own.

Address-space limits would break Node, CUDA and others that reserve more than they use; so what is
used is looked at, often while something runs, now and then while nothing does.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from tornado.ioloop import IOLoop

if TYPE_CHECKING:
    from collections.abc import Callable

    import psutil

OFTEN = 0.05  # seconds between two looks while something runs
SELDOM = 1.0
LISTED_EVERY = 0.2  # seconds: which processes there are takes longer to find out than their size
_SHARE = 20  # a look may cost this part of one processor's time

log = logging.getLogger("polykernel.memory_watch")


class _Task(NamedTuple):
    limit: float  # bytes
    often: bool


class MemoryWatch:
    """Owns the thread; it is started where there is something to watch.

    Args:
        pid: Gives the evaluator's process id, ``None`` where there is none; called in the thread.
        on_over: Called on the loop with that process id and the bytes that are used, at each look
            that finds too many.
    """

    def __init__(self, pid: Callable[[], int | None], on_over: Callable[[int, int], None]) -> None:
        self._call = IOLoop.current().add_callback
        self._pid = pid
        self._on_over = on_over
        self._task: _Task | None = None
        self._changed = threading.Event()
        self._started = False

    def watch(self, limit: float | None, *, often: bool) -> None:
        """Watch from now on.

        Args:
            limit: Bytes; ``None`` where there is none.
            often: Something runs.
        """
        task = None if limit is None else _Task(limit, often)
        if task == self._task:
            return
        self._task = task
        self._changed.set()
        if not self._started:
            self._started = True
            threading.Thread(target=self._run, daemon=True, name="memory").start()

    def _run(self) -> None:
        tree: Tree | None = None
        while True:
            task = self._task
            pid = self._pid() if task else None
            if pid is None:
                tree = None
            elif tree is None or tree.pid != pid:
                tree = Tree(pid)
            begun = time.thread_time()
            if task and tree:
                self._look(tree, task.limit)
            # thousands of short cells a second are no reason for thousands of looks
            time.sleep(min(max(OFTEN, _SHARE * (time.thread_time() - begun)), SELDOM))
            if task is None or not task.often:
                self._changed.wait(None if task is None else SELDOM)
            self._changed.clear()

    def _look(self, tree: Tree, limit: float) -> None:
        try:
            used = tree.used(limit)
        except OSError as error:  # no descriptor is left, perhaps
            log.warning("the evaluator's memory can't be looked at: %s", error)
            return
        if used > limit:
            self._call(self._on_over, tree.pid, used)


class Tree:
    """An evaluator and all its processes.

    Args:
        pid: The evaluator's.
    """

    def __init__(self, pid: int) -> None:
        import psutil

        self._psutil = psutil
        self.pid = pid
        self._members: list[psutil.Process] = []
        self._listed_until = 0.0

    def used(self, limit: float) -> int:
        """Give the bytes that all use.

        What several share is counted once where it matters: where too much is used otherwise.
        """
        if time.monotonic() >= self._listed_until:
            begun = time.thread_time()
            self._list()
            rest = max(LISTED_EVERY, _SHARE * (time.thread_time() - begun))
            self._listed_until = time.monotonic() + rest
        resident = sum(self._resident(each) for each in self._members)
        if resident <= limit:
            return resident
        return sum(self._proportional(each) for each in self._members)

    def _list(self) -> None:
        try:
            leader = self._psutil.Process(self.pid)
            self._members = [leader, *leader.children(recursive=True)]
        except self._psutil.Error:
            self._members = []  # it has just ended

    def _resident(self, process: psutil.Process) -> int:
        try:
            return int(process.memory_info().rss)
        except self._psutil.Error:
            return 0

    def _proportional(self, process: psutil.Process) -> int:
        try:
            full = process.memory_full_info()
        except self._psutil.AccessDenied:
            return self._resident(process)  # another user's
        except self._psutil.Error:
            return 0
        return int(getattr(full, "pss", full.rss))
