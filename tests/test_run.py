"""``polykernel run`` without a connection file."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A kernel that was started by hand, and its connection file."""
    command = [sys.executable, "-m", "polykernel", "run", "echo"]
    environment = {**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}
    environment.pop("JPY_PARENT_PID", None)
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout is not None
        first, second = host.stdout.readline(), host.stdout.readline()
        path = Path(first.partition(": ")[2].strip())
        assert f"jupyter console --existing {path}" in second
        yield host, path
        if host.poll() is None:
            host.terminate()


def test_a_kernel_that_is_started_by_hand_can_be_connected_to(
    by_hand: tuple[subprocess.Popen[str], Path], tmp_path: Path
) -> None:
    host, path = by_hand
    assert path.parent == tmp_path / "runtime"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    info = json.loads(path.read_text())
    assert len(info["key"]) >= 32
    assert info["ip"] == "127.0.0.1"
    client = Client(info)
    client.ready()
    assert client.execute("hello").result == "hello"
    client.request("shutdown_request", {"restart": False}, channel="control")
    client.close()
    assert host.wait(20) == 0
    assert not path.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_its_connection_file_is_gone_when_it_was_ended_by_a_signal(
    by_hand: tuple[subprocess.Popen[str], Path], number: signal.Signals
) -> None:
    host, path = by_hand
    client = Client(json.loads(path.read_text()))
    client.ready()
    client.close()
    host.send_signal(number)
    assert host.wait(20) == 0
    assert not path.exists()
    assert host.stderr is not None
    assert host.stderr.read() == ""


def test_an_interrupt_at_the_keyboard_does_not_end_it(
    by_hand: tuple[subprocess.Popen[str], Path],
) -> None:
    host, path = by_hand
    host.send_signal(signal.SIGINT)
    client = Client(json.loads(path.read_text()))
    client.ready()
    assert client.execute("still there").result == "still there"
    client.close()
