"""Tells of a process's end without blocking the loop."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

from tornado.ioloop import IOLoop

if TYPE_CHECKING:
    from collections.abc import Callable


def watch(pid: int, on_ended: Callable[[int, int | None], None]) -> None:
    """Wait for a child without blocking the loop.

    Args:
        pid: The child's.
        on_ended: Called by the loop with the process id, and with what ``waitpid`` says of it;
            ``None`` where it has not been reaped.
    """
    loop = IOLoop.current()
    descriptor = _pidfd(pid)
    if descriptor >= 0:

        def ended(fd: int, events: int) -> None:
            loop.remove_handler(fd)
            os.close(fd)
            on_ended(pid, None)

        loop.add_handler(descriptor, ended, IOLoop.READ)
        return

    def wait() -> None:
        loop.add_callback(on_ended, pid, reap(pid))

    threading.Thread(target=wait, daemon=True, name="waitpid").start()


def reap(pid: int) -> int | None:
    """Wait for a child, and give what ``waitpid`` says; ``None`` where nobody has kept it.

    That is so where SIGCHLD is ignored, or where something else in this process has waited for it.
    """
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:
        return None


def _pidfd(pid: int) -> int:
    """Open a descriptor that tells of a process's end; -1 where there is none to be had."""
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):  # they are used up, or a container forbids the call
            return os.pidfd_open(pid)
    return -1
