"""The usage facet: processor time and memory of the host, the evaluator and all below it.

Not in the specification; as ipykernel answers it, for jupyter-resource-usage. A thread of its own
looks at the processes, and speaks with the loop by callbacks: for many or large ones it takes long.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from tornado.ioloop import IOLoop

from polykernel.content import error_content

if TYPE_CHECKING:
    import queue
    from collections.abc import Callable

    import psutil

    from polykernel.message import Message

SHORTEST_SPAN = 0.1  # seconds between two looks: the system counts in hundredths

log = logging.getLogger("polykernel.usage")


class Usage:
    """Owns the thread that looks at processes; it is started by the first request."""

    def __init__(self) -> None:
        self._call = IOLoop.current().add_callback
        self._jobs: queue.SimpleQueue[Callable[[dict[str, Any]], None]] | None = None

    def answer(self, message: Message, deliver: Callable[[dict[str, Any]], None]) -> None:
        """Give the content of a usage reply, later.

        Args:
            message: The request, which has no content.
            deliver: Called on the loop.
        """
        if self._jobs is None:
            import queue

            self._jobs = queue.SimpleQueue()
            threading.Thread(
                target=self._run, args=(self._jobs,), daemon=True, name="usage"
            ).start()
        self._jobs.put(deliver)

    def _run(self, jobs: queue.SimpleQueue[Callable[[dict[str, Any]], None]]) -> None:
        processes: Processes | None = None
        while True:
            deliver = jobs.get()
            try:
                processes = processes or Processes()
                content = processes.usage()
            except Exception as error:  # the request must get its reply
                log.exception("the usage can't be told")
                content = error_content(type(error).__name__, str(error))
            self._call(deliver, content)


class Processes:
    """Looks at our process and all below it, and knows what they had used the last time."""

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        self._me = psutil.Process()
        self._seconds = self._used(self._all())
        self._looked_at = time.monotonic()

    def usage(self) -> dict[str, Any]:
        """Look at all; may wait, so that there is a span to tell the processor's load of."""
        time.sleep(max(0.0, self._looked_at + SHORTEST_SPAN - time.monotonic()))
        processes = self._all()
        return {
            "status": "ok",
            "hostname": socket.gethostname(),
            "pid": os.getpid(),
            "kernel_cpu": self._load(processes),
            "kernel_memory": sum(self._memory(each) for each in processes),
            "host_cpu_percent": self._psutil.cpu_percent(),
            "cpu_count": self._psutil.cpu_count(),
            "host_virtual_memory": self._psutil.virtual_memory()._asdict(),
        }

    def _all(self) -> list[psutil.Process]:
        return [self._me, *self._me.children(recursive=True)]

    def _load(self, processes: list[psutil.Process]) -> float:
        """Percentage of one processor since the last look."""
        before, then = self._seconds, self._looked_at
        self._seconds, self._looked_at = self._used(processes), time.monotonic()
        share = (self._seconds - before) / (self._looked_at - then)
        return round(max(0.0, 100 * share), 1)  # below 0 if some ended that nobody waited for

    def _used(self, processes: list[psutil.Process]) -> float:
        """Seconds of processor time, with that of children that have ended."""
        return sum(self._seconds_of(each) for each in processes)

    def _seconds_of(self, process: psutil.Process) -> float:
        try:
            times = process.cpu_times()
        except self._psutil.Error:
            return 0.0  # it has just ended
        return float(times.user + times.system + times.children_user + times.children_system)

    def _memory(self, process: psutil.Process) -> int:
        """Bytes, with a share of what is shared where the system tells that."""
        try:
            full = process.memory_full_info()
            return int(getattr(full, "pss", full.rss))
        except self._psutil.AccessDenied:
            return self._resident(process)  # another user's
        except self._psutil.Error:
            return 0

    def _resident(self, process: psutil.Process) -> int:
        try:
            return int(process.memory_info().rss)
        except self._psutil.Error:
            return 0
