"""A Jupyter server ends idle kernels: none whose cell runs, whatever else they are asked meanwhile.

The server takes a kernel for idle when the last status says so, and every request that is answered
beside a running cell publishes ``idle``, too.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import websocket
from browser.server import JupyterServer
from support import processes
from support.kernels import Gate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CULLS_AFTER = 5  # seconds: longer than a kernel takes from its start to its first cell
PATIENCE = 60
CODE = {"code": "isinst", "cursor_pos": 6}
HISTORY = {"hist_access_type": "tail", "n": 1, "output": False, "raw": True}
BESIDE_A_CELL: dict[str, tuple[str, dict[str, Any]]] = {
    "complete_request": ("shell", CODE),
    "inspect_request": ("shell", {**CODE, "detail_level": 0}),
    "is_complete_request": ("shell", {"code": "1 +"}),
    "history_request": ("shell", HISTORY),
    "kernel_info_request": ("shell", {}),
    "usage_request": ("control", {}),
}


class FrontEnd:
    """One kernel of a server, and a connection to it. State: what has come."""

    def __init__(self, server: JupyterServer, kernel_name: str) -> None:
        self.id: str = server.request("POST", "kernels", {"name": kernel_name})["id"]
        self._socket = websocket.create_connection(
            f"{server.url.replace('http', 'ws')}/api/kernels/{self.id}/channels",
            header=[f"Authorization: token {server.token}"],
            timeout=PATIENCE,
        )

    def send(self, msg_type: str, content: dict[str, Any], channel: str = "shell") -> str:
        """Send a request, and give its id."""
        msg_id = uuid.uuid4().hex
        header = {
            "msg_id": msg_id,
            "msg_type": msg_type,
            "session": "test",
            "username": "",
            "date": "",
            "version": "5.4",
        }
        message = {"channel": channel, "header": header, "parent_header": {}, "metadata": {}}
        self._socket.send(json.dumps({**message, "content": content}))
        return msg_id

    def execute(self, code: str) -> str:
        return self.send("execute_request", {"code": code, "allow_stdin": False})

    def wait(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Read on until that comes."""
        while not wanted(json.loads(self._socket.recv())):
            pass

    def wait_for_idle(self, msg_id: str) -> None:
        """Wait until a request is over."""
        self.wait(
            lambda message: (
                message["parent_header"].get("msg_id") == msg_id
                and message["content"].get("execution_state") == "idle"
            )
        )

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[JupyterServer]:
    running = JupyterServer(tmp_path, culls_after=CULLS_AFTER)
    yield running
    assert not running.stop()


@pytest.fixture
def connect(server: JupyterServer) -> Iterator[Callable[[str], FrontEnd]]:
    front_ends: list[FrontEnd] = []

    def start(kernel_name: str) -> FrontEnd:
        front_ends.append(FrontEnd(server, kernel_name))
        return front_ends[-1]

    yield start
    for each in front_ends:
        each.close()


def test_a_kernel_is_culled_when_its_cell_has_ended_and_not_before(
    server: JupyterServer, connect: Callable[[str], FrontEnd], tmp_path: Path
) -> None:
    def alive() -> set[str]:
        return {kernel["id"] for kernel in server.request("GET", "kernels")}

    running: dict[str, str] = {}
    gates: list[Gate] = []
    for msg_type, (channel, content) in BESIDE_A_CELL.items():
        front_end = connect("polykernel-python")
        gates.append(Gate(tmp_path / msg_type))
        front_end.execute(gates[-1].code)
        front_end.wait(lambda message: "at the gate" in message["content"].get("text", ""))
        front_end.wait_for_idle(front_end.send(msg_type, content, channel))
        running[msg_type] = front_end.id
    # the last to be active, and the last that the culler looks at
    idle = connect("polykernel-echo")
    idle.wait_for_idle(idle.execute("text"))
    processes.until(lambda: idle.id not in alive(), "the end of the idle kernel", PATIENCE)
    left = alive()
    assert [msg_type for msg_type, kernel in running.items() if kernel not in left] == []
    for gate in gates:
        gate.open()
    processes.until(lambda: not alive(), "the end of all kernels", PATIENCE)
