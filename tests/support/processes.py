"""Sees processes end, those included that are nobody's children any more."""

from __future__ import annotations

import ctypes
import os
import select
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable

_PR_SET_CHILD_SUBREAPER = 36
GONE = "gone"  # what a process that has ended meanwhile is called


def adopt_orphans() -> None:
    """Let all descendants stay ours when their parents die, so that none escapes our count."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Watch:
    """A look at a process that can't be mistaken for a later one with the same number.

    A zombie counts as ended: whoever has to wait for it may take their time.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._process = psutil.Process(pid)
        self._descriptor = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None

    def ended_within(self, seconds: float) -> bool:
        """Wait until it has ended, but not for longer than that."""
        if self._descriptor is None:
            return _gone_without_pidfd(self._process, seconds)
        return bool(select.select([self._descriptor], [], [], seconds)[0])

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __repr__(self) -> str:
        return f"<process {self.pid}: {describe(self._process)}>"


def _gone_without_pidfd(process: psutil.Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while alive(process):
        if time.monotonic() > deadline:
            return False
        select.select([], [], [], 0.01)
    return True


def until(
    happened: Callable[[], bool], what: str, patience: float = 20, every: float = 0.01
) -> None:
    """Wait for something that nobody tells us, but not for ever.

    Args:
        happened: Looks.
        what: What is waited for.
        patience: Seconds.
        every: Seconds between two looks, where a look disturbs what it looks at.
    """
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline, f"{what} did not happen within {patience} seconds"
        select.select([], [], [], every)


def is_pending(pid: int, number: signal.Signals) -> bool:
    """Whether a signal has been sent to a process that has not yet taken it; Linux can tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return False
    lines = [line.split() for line in status.read_text().splitlines()]
    masks = [line[1] for line in lines if line[0] in ("SigPnd:", "ShdPnd:")]
    return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def describe(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()) or process.name()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return GONE


def children(pid: int, *, recursive: bool = False) -> list[psutil.Process]:
    """Those of a process that have not ended."""
    try:
        return [each for each in psutil.Process(pid).children(recursive) if alive(each)]
    except psutil.NoSuchProcess:
        return []


def descendants(pid: int) -> list[psutil.Process]:
    return children(pid, recursive=True)


def left_after(seconds: float) -> list[str]:
    """Name our descendants that are still there after that time, and end them."""
    deadline = time.monotonic() + seconds
    while (left := descendants(os.getpid())) and time.monotonic() < deadline:
        select.select([], [], [], 0.05)
    for process in left:
        if alive(process):
            process.kill()
    return [f"{process.pid} {describe(process)}" for process in left]
