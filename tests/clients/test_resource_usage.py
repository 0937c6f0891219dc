"""jupyter-resource-usage: what it asks kernels, through a Jupyter server's own connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser.server import JupyterServer
from jupyter_client.blocking.client import BlockingKernelClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELD = 200 << 20


@pytest.fixture
def server(tmp_path: Path) -> Iterator[JupyterServer]:
    running = JupyterServer(tmp_path)
    yield running
    assert not running.stop()


def test_the_server_is_told_what_host_and_evaluator_use(
    server: JupyterServer, tmp_path: Path
) -> None:
    kernel = server.request("POST", "kernels", {"name": "polykernel-python"})["id"]
    address = f"metrics/v1/kernel_usage/get_usage/{kernel}"
    before = server.request("GET", address)["content"]
    (file,) = (tmp_path / "runtime").glob("kernel-*.json")
    client = BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    client.start_channels()
    client.execute_interactive(f"held = bytes({HELD})[::-1]", timeout=60)
    client.stop_channels()
    after = server.request("GET", address)["content"]
    assert after["status"] == "ok"
    assert after["pid"] == before["pid"]
    assert after["kernel_memory"] - before["kernel_memory"] > HELD
    assert after["kernel_cpu"] >= 0
