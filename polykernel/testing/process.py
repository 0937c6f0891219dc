"""A kernel's process, started as by hand: ``polykernel run``, on loopback."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import psutil

from polykernel import connection
from polykernel.testing.waiting import NothingCame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from polykernel.connection import ConnectionInfo

_ANNOUNCEMENT = "Connection file: "
_LAST_LINES = 20  # of the log
_LOOK_AGAIN = 0.01  # seconds
_PR_SET_CHILD_SUBREAPER = 36  # of prctl(2)


class KernelProcess:
    """One host and what it has started. Owns the process.

    Args:
        language: The language's name.
        plugin: The module that brings it; all installed plugins are searched where empty.
        arguments: More arguments of ``polykernel run``.
        environment: Variables for it, beside this process's own.
        folder: Where it runs, and where its log and its connection file are.
        patience: Seconds that its start may take.

    Raises:
        NothingCame: It does not start; the text has its log.
    """

    def __init__(
        self,
        language: str,
        *,
        plugin: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        patience: float,
    ) -> None:
        self._log = folder / "kernel.log"
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        command = [sys.executable, "-P", "-m", "polykernel", "run", language]
        command += ["--plugin", plugin] if plugin else []
        ours = {
            "JUPYTER_RUNTIME_DIR": str(runtime),
            "POLYKERNEL_HISTORY": "off",  # a user's is no place for test cells
            "JPY_PARENT_PID": str(os.getpid()),  # it ends with us, however we end
        }
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env={**os.environ, **ours, **environment},
                start_new_session=True,  # Ctrl-C in a terminal is for the tests, not for it
            )
        self.started = time.monotonic()
        try:
            self.info: ConnectionInfo = connection.load(self._connection_file(patience))
        except BaseException:
            self.kill()
            raise

    def _connection_file(self, patience: float) -> str:
        """Read what it prints when it listens."""
        assert self.process.stdout is not None
        # a process that prints nothing must not be waited for without end
        bound = threading.Timer(patience, self.process.kill)
        bound.start()
        try:
            for line in self.process.stdout:
                text = line.decode(errors="replace").rstrip("\n")
                if text.startswith(_ANNOUNCEMENT):
                    return text.removeprefix(_ANNOUNCEMENT)
        finally:
            bound.cancel()
            bound.join()
        raise NothingCame(f"the kernel does not start\n{self.log()}")

    def log(self) -> str:
        """Give the end of what the host has logged."""
        try:
            lines = self._log.read_text("utf-8", "replace").splitlines()
        except OSError:
            lines = []
        return "\n".join(lines[-_LAST_LINES:])

    def gone(self) -> str:
        """Tell how the host has ended; empty while it lives."""
        status = self.process.poll()
        if status is None:
            return ""
        return f"the kernel's process has ended with status {status}\n{self.log()}".rstrip()

    def descendants(self) -> list[psutil.Process]:
        """All processes that it has started, the guard included."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def cpu_seconds(self) -> float:
        """Processor time that what it has started has used, in seconds."""
        total = 0.0
        for process in self.descendants():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        return total

    def memory(self) -> int:
        """Bytes of memory of all its processes: PSS where the system tells it, else RSS."""
        total = 0
        for process in [psutil.Process(self.process.pid), *self.descendants()]:
            with contextlib.suppress(psutil.Error):
                memory = process.memory_full_info()
                total += getattr(memory, "pss", memory.rss)
        return total

    def wait(self, patience: float) -> bool:
        """Wait for its end, at most so many seconds."""
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End it, whatever it does; its guard ends what it has started."""
        started = self.descendants()
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        psutil.wait_procs(started, timeout=5)


def adopt_orphans() -> bool:
    """Let processes whose parents have ended become ours, so that none escapes; on Linux."""
    if sys.platform != "linux":
        return False
    import ctypes

    return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def our_processes() -> set[psutil.Process]:
    """All processes below this one."""
    return set(psutil.Process().children(recursive=True))


def wait_until_ended(processes: Sequence[psutil.Process], patience: float) -> list[psutil.Process]:
    """Wait for the ends of processes; give those that live on."""
    deadline = time.monotonic() + patience
    left = list(processes)
    while True:
        left = [each for each in left if _lives(each)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(_LOOK_AGAIN)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
