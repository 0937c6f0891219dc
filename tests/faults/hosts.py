"""Starts hosts that are ended at any moment, and finds what is left of them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from support import ports, processes
from support.client import Client

from faults.checks import GONE_WITHIN, Check, all_gone, check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import psutil
    from support.processes import Watch
    from support.subjects import Subject

CHANNELS = ("shell", "control", "stdin", "iopub", "hb")
KEY = "a key that nobody else has"
EMPTY: Mapping[str, str] = {}


def seeded() -> random.Random:
    """Give random numbers whose seed is shown where a test fails."""
    seed = int(os.environ.get("POLYKERNEL_SEED") or random.randrange(1 << 32))
    print(f"POLYKERNEL_SEED={seed}")
    return random.Random(seed)


def nothing_is_left(kernel: Subject, watches: Sequence[Watch]) -> None:
    """Check that a host that ends leaves no process, port or temporary file."""
    with check(Check.CLEAN):
        all_gone(watches)
        kernel.exit_code()
        info = kernel.kernel.info
        assert not [name for name in CHANNELS if is_listened_on(info, name)]
        assert not list(kernel.temporary.iterdir())


def is_listened_on(info: dict[str, Any], channel: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((info["ip"], info[f"{channel}_port"])) == 0


@contextlib.contextmanager
def limited(pid: int, limit: int, soft: int) -> Iterator[None]:
    """Let a running process have no more than this of something."""
    before = resource.prlimit(pid, limit)
    resource.prlimit(pid, limit, (soft, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, limit, before)


class Start:
    """One host on its way, with folders of its own.

    Args:
        folder: For what it writes.
        by_hand: Whether it chooses its ports itself; else a connection file gives them.
        transport: ``tcp`` or ``ipc``.
        python: Code that runs in the place of ``-m polykernel``, and gets its arguments.
        arguments: More of them.
        log: The descriptor that is its stderr; a file where it is ``None``.
        environment: Variables that it gets.
    """

    def __init__(
        self,
        folder: Path,
        *,
        by_hand: bool,
        transport: str = "tcp",
        python: str = "",
        arguments: Sequence[str] = (),
        log: int | None = None,
        environment: Mapping[str, str] = EMPTY,
    ) -> None:
        self._folders = [folder / name for name in ("t", "r", "d")]
        for each in self._folders:
            each.mkdir(parents=True)
        self.temporary, self.runtime, data = self._folders
        variables = {
            **os.environ,
            "TMPDIR": str(self.temporary),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTER_DATA_DIR": str(data),
            **environment,
        }
        variables.pop("JPY_PARENT_PID", None)
        command = [sys.executable, "-P", *(["-c", python] if python else [])]
        command += ["-m", "polykernel", "run", "python", "--plugin", "polykernel_python.plugin"]
        command += arguments
        self.path = folder / "connection.json"
        if by_hand:
            command += ["--transport", transport]
        else:
            self._write(transport, self.runtime)
            command += ["-f", str(self.path)]
        self.log = folder / "log"
        with self.log.open("wb") as file:
            stderr = file.fileno() if log is None else log
            self.process = subprocess.Popen(
                command, env=variables, stdin=subprocess.DEVNULL, stdout=file, stderr=stderr
            )

    def _write(self, transport: str, runtime: Path) -> None:
        numbers = ports.take(5) if transport == "tcp" else [1, 2, 3, 4, 5]
        info: dict[str, Any] = {
            f"{name}_port": number for name, number in zip(CHANNELS, numbers, strict=True)
        }
        info["transport"] = transport
        info["ip"] = "127.0.0.1" if transport == "tcp" else str(runtime / "ipc")
        info["key"], info["signature_scheme"] = KEY, "hmac-sha256"
        self.path.write_text(json.dumps(info))

    # how far it has come

    def launched(self) -> bool:
        """Whether its evaluator's process is there."""
        return bool(processes.descendants(self.process.pid)) or self.ended()

    def listens(self) -> bool:
        """Whether a port, or a socket's file, is there."""
        if any(self.runtime.iterdir()) or self.ended():
            return True
        if not self.path.exists():
            return False
        info = json.loads(self.path.read_text())
        return info["transport"] == "tcp" and is_listened_on(info, "hb")

    def greets(self) -> bool:
        """Whether it answers kernel info."""
        return self.ended() or self._answers("kernel_info_request", {})

    def runs(self) -> bool:
        """Whether it runs cells."""
        return self.ended() or self._answers("execute_request", {"code": "1", "silent": True})

    def ended(self) -> bool:
        return self.process.poll() is not None

    def _answers(self, msg_type: str, content: dict[str, Any]) -> bool:
        try:
            info = json.loads(next(iter([*self.runtime.glob("*.json"), self.path])).read_text())
        except (OSError, ValueError):
            return False
        client = Client(info, subscribe=False, stdin=False, patience=0.5)
        try:
            sent = client.send(msg_type, content)
            client.wait_for(msg_type.replace("request", "reply"), sent)
        except AssertionError:
            return False
        finally:
            client.close()
        return True

    # the end

    def left(self) -> list[str]:
        """Name all that is left of it: processes, files."""
        own = os.fsencode(self.temporary)
        found = [
            f"process {each.pid}: {processes.describe(each)}"
            for each in processes.descendants(os.getpid())
            if each.pid == self.process.pid or own in _environment(each)
        ]
        files = [path for folder in self._folders[:2] for path in folder.iterdir()]
        return [*found, *map(str, files)]

    def leaves_nothing(self) -> None:
        """Wait until nothing of it is left."""
        self.process.wait(GONE_WITHIN)
        processes.until(
            lambda: not self.left(), f"the end of all: {self.left()}", patience=GONE_WITHIN
        )

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def _environment(process: psutil.Process) -> bytes:
    try:
        with open(f"/proc/{process.pid}/environ", "rb") as file:
            return file.read()
    except OSError:
        return b""


#: Moments of a start, each told by an event.
EVENTS: dict[str, Callable[[Start], bool]] = {
    "its evaluator has been launched": Start.launched,
    "it listens": Start.listens,
    "it answers kernel info": Start.greets,
    "it runs cells": Start.runs,
}
ENDING = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
