"""Start, round trip and memory of polykernel's kernels beside ipykernel's, from one run.

Every kernel is driven by the same bare pyzmq client; the rounds are interleaved, so that a noisy
machine hurts all alike; medians are told, and ratios against ipykernel.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import psutil
import zmq
from jupyter_client.connect import write_connection_file
from jupyter_client.session import Session

KERNELS = {
    "polykernel echo": "-P -m polykernel run echo --plugin polykernel_echo.plugin",
    "polykernel python": "-P -m polykernel run python --plugin polykernel_python.plugin",
    "ipykernel": "-m ipykernel_launcher",
}
COLUMNS = {
    "start": "start to kernel info, ms",
    "first": "start to first cell done, ms",
    "cell": "round trip of a cell (p50), ms",
    "memory": "memory (PSS of all processes), MB",
}
SECONDS = 60  # that anything may take


class Kernel:
    """One running kernel and a bare client."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        key = uuid.uuid4().hex.encode()
        path, info = write_connection_file(str(folder / f"{uuid.uuid4()}.json"), key=key)
        self._session = Session(key=key)
        self._context = zmq.Context()
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, *arguments, "-f", path],
            env={**os.environ, "JPY_PARENT_PID": str(os.getpid())},
            stdin=subprocess.DEVNULL,
        )
        self._shell = self._connect(zmq.DEALER, info["shell_port"])
        self._control = self._connect(zmq.DEALER, info["control_port"])
        self._iopub = self._connect(zmq.SUB, info["iopub_port"])
        self._iopub.subscribe(b"")

    def _connect(self, kind: int, port: int) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.linger = 0
        socket.rcvtimeo = SECONDS * 1000
        socket.connect(f"tcp://127.0.0.1:{port}")
        return socket

    def ask(self, msg_type: str, content: dict[str, object]) -> None:
        """Send a request on shell, and wait for its reply."""
        self._session.send(self._shell, msg_type, content)
        self._shell.recv_multipart()

    def hear(self) -> None:
        """Make sure that the subscription has arrived: before that statuses are lost."""
        while not self._iopub.poll(20):
            self.ask("kernel_info_request", {})
        while self._iopub.poll(20):
            self._iopub.recv_multipart()

    def run(self, code: str) -> None:
        """Run a cell, and wait for its reply and for its idle status."""
        request = self._session.send(
            self._shell, "execute_request", {"code": code, "silent": False, "store_history": True}
        )
        assert request is not None
        msg_id = request["header"]["msg_id"].encode()
        self._shell.recv_multipart()
        while True:
            frames = self._iopub.recv_multipart()
            if b'"idle"' in frames[-1] and any(msg_id in frame for frame in frames):
                return

    def memory(self) -> float:
        """Proportional set size of the kernel's processes, MB."""
        process = psutil.Process(self.process.pid)
        tree = [process, *process.children(recursive=True)]
        return float(sum(each.memory_full_info().pss for each in tree)) / 1e6

    def end(self) -> None:
        """Shut it down."""
        self._session.send(self._control, "shutdown_request", {"restart": False})
        self.process.wait(SECONDS)
        self._context.destroy(linger=0)


def measure(arguments: list[str], folder: Path, cells: int) -> dict[str, float]:
    """Measure one kernel once."""
    kernel = Kernel(arguments, folder)
    kernel.ask("kernel_info_request", {})
    started = time.perf_counter()
    kernel.ask("execute_request", {"code": "1+1", "silent": False, "store_history": True})
    first = time.perf_counter()
    kernel.hear()
    trips = []
    for _ in range(cells):
        begin = time.perf_counter()
        kernel.run("1+1")
        trips.append(time.perf_counter() - begin)
    memory = kernel.memory()
    kernel.end()
    return {
        "start": (started - kernel.began) * 1000,
        "first": (first - kernel.began) * 1000,
        "cell": statistics.median(trips) * 1000,
        "memory": memory,
    }


def main() -> None:
    """Measure all, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cells", type=int, default=300, help="in each round")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in KERNELS}
    with tempfile.TemporaryDirectory() as folder:
        for arguments in KERNELS.values():  # not counted: writes bytecode, fills caches
            measure(arguments.split(), Path(folder), 10)
        for _ in range(options.rounds):
            for name, arguments in KERNELS.items():
                rounds[name].append(measure(arguments.split(), Path(folder), options.cells))
    medians = {
        name: {key: statistics.median(run[key] for run in runs) for key in COLUMNS}
        for name, runs in rounds.items()
    }
    if options.json:
        print(json.dumps(medians, indent=2))
        return
    print(f"Medians of {options.rounds} interleaved rounds; in brackets the ratio to ipykernel.")
    for key, title in COLUMNS.items():
        print(title)
        for name, values in medians.items():
            ratio = values[key] / medians["ipykernel"][key]
            print(f"  {name:20} {values[key]:8.2f}  ({ratio:.2f})")


if __name__ == "__main__":
    main()
