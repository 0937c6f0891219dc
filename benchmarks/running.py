"""Starts one kernel, weighs it, and ends it: only processes that it has started, by their ids."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.client import Client, Failed, fresh_connection
from benchmarks.environment import Environment, kernel_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.kernels import Kernel

ENDS_WITHIN = 10.0  # seconds, until it is killed
MEGABYTE = 1e6


@dataclass(frozen=True)
class Place:
    """Where kernels run.

    Attributes:
        environment: What is installed there.
        folder: For their files.
    """

    environment: Environment
    folder: Path


class Running:
    """One running kernel, and a client.

    Args:
        kernel: Which one.
        place: Where.
        reads_ahead: Of the client.
        variables: More for the kernel's environment.
        python: The interpreter; the place's where it is not given.
    """

    def __init__(
        self,
        kernel: Kernel,
        place: Place,
        *,
        reads_ahead: int = 0,
        variables: dict[str, str] | None = None,
        python: Path | None = None,
    ) -> None:
        self.kernel = kernel
        self.folder = Path(tempfile.mkdtemp(dir=place.folder))
        self.connection: dict[str, Any] = fresh_connection()
        file = self.folder / "connection.json"
        file.write_text(json.dumps(self.connection))
        environment = {**kernel_environment(place.folder, os.getpid()), **(variables or {})}
        command = kernel.command(python or place.environment.python, file)
        self._seen: dict[int, psutil.Process] = {}
        self._others: list[Client] = []  # closed before the client whose context they share
        self.client = Client(self.connection, self.alive, reads_ahead=reads_ahead)
        with (self.folder / "log").open("wb") as log:
            self.began = time.perf_counter()
            self.process = subprocess.Popen(
                command,
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def alive(self) -> bool:
        """Tell whether its first process is still there."""
        return self.process.poll() is None

    def connect(self, **options: Any) -> Client:
        """Connect one more front end."""
        self._others.append(Client(self.connection, self.alive, **options))
        return self._others[-1]

    def ready(self) -> Client:
        """Wait until it answers and its publications reach us."""
        self.client.kernel_info()
        self.client.hear()
        return self.client

    def interrupt(self) -> None:
        """Interrupt the running cell, the way its kernelspec asks for."""
        if self.kernel.by_message:
            self.client.send(self.client.control, "interrupt_request", {})
        else:
            os.killpg(self.process.pid, signal.SIGINT)

    def tree(self) -> list[psutil.Process]:
        """Give all of its processes."""
        with contextlib.suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.process.pid)
            for process in (first, *first.children(recursive=True)):
                self._seen.setdefault(process.pid, process)
        return [process for process in self._seen.values() if process.is_running()]

    def memory(self) -> float:
        """Weigh all of its processes: proportional set size, MB."""
        return sum(_pss(process) for process in self.tree()) / MEGABYTE

    def shut_down(self) -> None:
        """Ask it to end, and wait until its last process is gone.

        Raises:
            Failed: One of them stays.
        """
        watched = [os.pidfd_open(process.pid) for process in self.tree()]
        try:
            self.client.send(self.client.control, "shutdown_request", {"restart": False})
            deadline = time.monotonic() + ENDS_WITHIN
            left = set(watched)
            while left:
                seconds = max(0.0, deadline - time.monotonic())
                ended = select.select(list(left), [], [], seconds)[0]
                if not ended:
                    raise Failed(f"{len(left)} of its processes stay")
                left.difference_update(ended)
        finally:
            for descriptor in watched:
                os.close(descriptor)

    def end(self) -> None:
        """End whatever is left of it."""
        self.tree()
        for each in (*self._others, self.client):
            each.close()
        for process in self._seen.values():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(ENDS_WITHIN)
        shutil.rmtree(self.folder, ignore_errors=True)


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


@contextlib.contextmanager
def running(kernel: Kernel, place: Place, **options: Any) -> Iterator[Running]:
    """Start a kernel, and see to its end."""
    started = Running(kernel, place, **options)
    try:
        yield started
    finally:
        started.end()
