"""Starts real kernels: through installed kernelspecs, or those of the sample plugin."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from support import ports, processes
from support.client import Client

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

    import psutil

SAMPLES = Path(__file__).parent.parent / "plugins_sample"
CHANNELS = ("shell", "control", "stdin", "iopub", "hb")


class Gate:
    """Holds a cell until the test opens it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        os.mkfifo(path)
        #: What the cell runs to wait, in Python.
        self.code = f"print('at the gate', flush=True); open({str(path)!r}).close(); "

    def open(self) -> None:
        """Let the cell go on; it must be on its way to the gate."""
        self._path.open("w").close()


class Kernel:
    """One kernel and its front ends; all of it has ended when :meth:`end` returns."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        transport: str = "tcp",
        environment: dict[str, str] | None = None,
        subscribe: bool = True,
        encryption: str = "disabled",
        key: bytes | None = None,
        signature_scheme: str = "hmac-sha256",
        arguments: Sequence[str] = (),
        installed: bool = False,
        options: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self._stderr = folder / "stderr"
        specs = KernelSpecManager()
        if not (installed or name.startswith("polykernel-")):
            specs.kernel_dirs = [str(_sample_specs(folder, name, options))]
            specs.ensure_native_kernel = False
        connection_file = str(folder / "connection.json")
        self.manager = KernelManager(
            kernel_name=name,
            kernel_spec_manager=specs,
            transport=transport,
            connection_file=connection_file,
            transport_encryption=encryption,
        )
        self.manager.cache_ports = False  # it would look for others
        if transport == "tcp":
            for channel, port in zip(CHANNELS, ports.take(len(CHANNELS)), strict=True):
                setattr(self.manager, f"{channel}_port", port)
        self.manager.session.signature_scheme = signature_scheme
        if key is not None:
            self.manager.session.key = key
        path = os.pathsep.join(filter(None, [str(SAMPLES), os.environ.get("PYTHONPATH", "")]))
        self.extra_environment = environment or {}
        self._environment = {**os.environ, "PYTHONPATH": path, **self.extra_environment}
        # ipykernel captures less where it finds itself in one of pytest's tests
        self._environment.pop("PYTEST_CURRENT_TEST", None)
        with self._stderr.open("wb") as stderr:
            self.manager.start_kernel(
                env=self._environment,
                cwd=str(folder),
                stderr=stderr,
                stdout=stderr,
                extra_arguments=list(arguments),
            )
        self._watches: list[processes.Watch] = []
        self._gates = 0
        self._clients: list[Client] = []
        self.client = self.connect(subscribe=subscribe)
        if subscribe:
            self.client.ready()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        return self.manager.provisioner.process  # type: ignore[union-attr, no-any-return]

    @property
    def pid(self) -> int:
        return self.process.pid

    def restart(self) -> None:
        """Restart, as a front end's button does."""
        # a kernel that is gone is not asked to shut down: the next one would hear that
        gone = self.process.poll() is not None
        with self._stderr.open("ab") as stderr:
            self.manager.restart_kernel(now=gone, stderr=stderr, stdout=stderr)

    @property
    def info(self) -> dict[str, Any]:
        return dict(self.manager.get_connection_info())

    @property
    def log(self) -> str:
        """What the host has logged."""
        return self._stderr.read_text()

    def wait_for_log(self, text: str) -> None:
        """Wait until the host has logged this."""
        processes.until(lambda: text in self.log, f"{text!r} in the log")

    def connect(self, **options: Any) -> Client:
        """Connect one more front end."""
        client = Client(self.info, **options)
        self._clients.append(client)
        return client

    def execute(self, code: str, **content: Any) -> Any:
        return self.client.execute(code, **content)

    def wait_until_it_computes(self) -> None:
        """Wait until the evaluator has had a processor for a while."""
        process = self.evaluator()
        before = process.cpu_times().user
        processes.until(lambda: process.cpu_times().user > before + 0.2, "a computing evaluator")

    def wait_for_stall(self) -> None:
        """Wait until the evaluator waits for somebody to read what it has written."""
        process = self.evaluator()
        before = quiet = 0.0

        def stalled() -> bool:
            nonlocal before, quiet
            used = sum(process.cpu_times()[:2])
            quiet = quiet + 1 if used == before and used > 0 else 0
            before = used
            return quiet > 50

        processes.until(stalled, "a stall of the evaluator", patience=60)

    def gate(self) -> Gate:
        """Make a gate at which a cell waits."""
        self._gates += 1
        return Gate(self.folder / f"gate{self._gates}")

    def start_at_gate(self, after: str = "", **content: Any) -> tuple[Gate, str]:
        """Send a cell that waits at a gate, and wait until it is there."""
        gate = self.gate()
        msg_id = self.client.send_execute(gate.code + after, **content)
        self.client.wait_for_text("at the gate", msg_id)
        return gate, msg_id

    def watch(self, pid: int) -> processes.Watch:
        self._watches.append(processes.Watch(pid))
        return self._watches[-1]

    def watch_all(self) -> list[processes.Watch]:
        """Watch the host and everything below it."""
        return [self.watch(pid) for pid in (self.pid, *(each.pid for each in self.processes()))]

    def processes(self) -> list[psutil.Process]:
        """Everything below the host: the evaluator, its children, the guard."""
        return processes.descendants(self.pid)

    def evaluator(self) -> psutil.Process:
        """The evaluator's process: the host's child that is no guard."""
        # a guard that has just been started is not yet known by its name
        processes.until(lambda: len(self.evaluators()) == 1, "one evaluator")
        (process,) = self.evaluators()
        return process

    def evaluators(self) -> list[psutil.Process]:
        """The evaluator's process, or none."""
        named = [(each, processes.describe(each)) for each in processes.children(self.pid)]
        return [
            process
            for process, name in named
            if name != processes.GONE and "polykernel-guard" not in name
        ]

    def exit_code(self, patience: float = 20) -> int:
        """Wait for the host's end."""
        return int(self.process.wait(patience))

    def disconnect(self) -> None:
        """Disconnect all front ends."""
        for client in self._clients:
            client.close()
        self._clients.clear()

    def end(self) -> None:
        for watch in self._watches:
            watch.close()
        self.disconnect()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self.manager.cleanup_resources()
        self.manager.context.destroy(linger=0)


def _sample_specs(folder: Path, name: str, options: Sequence[str]) -> Path:
    """Write the kernelspec of a language of the sample plugin, or of ``LANGUAGE@PLUGIN``."""
    specs = folder / "specs"
    language, _, plugin = name.partition("@")
    (specs / name).mkdir(parents=True)
    argv = [sys.executable, "-P", "-m", "polykernel", "run", language]
    argv += ["--plugin", plugin or "polykernel_sample.plugin", *options, "-f", "{connection_file}"]
    content = {
        "argv": argv,
        "display_name": name,
        "language": language,
        "interrupt_mode": "message",
    }
    (specs / name / "kernel.json").write_text(json.dumps(content))
    return specs
