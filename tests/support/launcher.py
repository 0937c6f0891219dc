"""A launcher that starts kernels with registration files (protocol 5.6), made of bare pyzmq."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import zmq

from support.client import Client

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PORTS = ("control_port", "shell_port", "stdin_port", "iopub_port", "hb_port")
KEY = "a0436f6c-1916-498b-8eb9-e81ab9368e84"
EMPTY: Mapping[str, str] = {}
RUN = ["-m", "polykernel"]


class Launcher:
    """Starts kernels with registration files, and registers them on one socket."""

    def __init__(
        self, folder: Path, transport: str = "tcp", key: str = KEY, patience: float = 30
    ) -> None:
        self.runtime = folder / "runtime"
        self.address = str(folder / "registrar") if transport == "ipc" else "127.0.0.1"
        self._folder = folder
        self._transport = transport
        self._key = key
        self.milliseconds = int(patience * 1000)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self._context.socket(zmq.ROUTER)
        self.socket.linger = 1000
        self.port = 1
        if transport == "tcp":
            self.port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.processes: list[subprocess.Popen[str]] = []
        self.clients: list[Client] = []

    def listen(self) -> None:
        """Listen, where that is by ipc."""
        self.socket.bind(f"ipc://{self.address}-{self.port}")

    def file(self, kernel_id: str) -> dict[str, Any]:
        """The fields of the specification's example."""
        return {
            "kernel_id": kernel_id,
            "transport": self._transport,
            "registration_ip": self.address,
            "registration_port": self.port,
            "signature_scheme": "hmac-sha256",
            "key": self._key,
        }

    def start(
        self,
        kernel_id: str,
        python: Sequence[str] = RUN,
        environment: Mapping[str, str] = EMPTY,
        **more: str,
    ) -> subprocess.Popen[str]:
        path = self._folder / f"registration-{kernel_id}.json"
        path.write_text(json.dumps({**self.file(kernel_id), **more}))
        process = subprocess.Popen(
            [sys.executable, "-P", *python, "run", "echo", "-f", str(path)],
            env={**os.environ, "JUPYTER_RUNTIME_DIR": str(self.runtime), **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def signature(self, content: bytes) -> bytes:
        if not self._key:
            return b""
        return hmac.new(self._key.encode(), content, hashlib.sha256).hexdigest().encode()

    def receive(self) -> tuple[bytes, dict[str, Any]]:
        """Receive a kernel's message, and give its identity and its content."""
        assert self.socket.poll(self.milliseconds), "no kernel has registered"
        identity, delimiter, signature, content = self.socket.recv_multipart()
        assert delimiter == b"<IDS|MSG>"
        assert signature == self.signature(content)
        return identity, json.loads(content)

    def acknowledge(self, identity: bytes, content: bytes = b'{"status": "ok"}') -> None:
        self.socket.send_multipart([identity, b"<IDS|MSG>", self.signature(content), content])

    def connect(self, registered: dict[str, Any], **more: str) -> Client:
        ports = {name: int(registered[name]) for name in PORTS}
        client = Client(
            {
                **ports,
                **more,
                "transport": self._transport,
                "ip": self.address,
                "key": self._key,
                "signature_scheme": "hmac-sha256",
            }
        )
        self.clients.append(client)
        client.ready()
        return client

    def end(self) -> None:
        for client in self.clients:
            client.close()
        for process in self.processes:
            process.terminate()
            process.communicate(timeout=20)
        self._context.destroy(linger=0)
