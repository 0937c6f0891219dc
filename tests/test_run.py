"""``polykernel run`` without a connection file, or with one that leaves ports to the system."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import ports, processes
from support.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Jupyter's runtime folder, with a name so short that ipc sockets fit into it."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = Path(folder) / "r"
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
        yield runtime


@pytest.fixture
def by_hand(
    runtime: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A kernel that was started by hand, and its connection file; the parameter adds arguments."""
    arguments = getattr(request, "param", ["echo"])
    command = [sys.executable, "-m", "polykernel", "run", *arguments]
    environment = dict(os.environ)
    environment.pop("JPY_PARENT_PID", None)
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout is not None
        first, second = host.stdout.readline(), host.stdout.readline()
        path = Path(first.partition(": ")[2].strip())
        assert f"jupyter console --existing {path}" in second
        assert "To stop it: Ctrl-C" in host.stdout.readline()
        yield host, path
        if host.poll() is None:
            host.terminate()


def test_a_kernel_that_is_started_by_hand_can_be_connected_to(
    by_hand: tuple[subprocess.Popen[str], Path], runtime: Path
) -> None:
    host, path = by_hand
    assert path.parent == runtime
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


def test_an_interrupt_at_the_keyboard_ends_it(by_hand: tuple[subprocess.Popen[str], Path]) -> None:
    host, path = by_hand
    host.send_signal(signal.SIGINT)
    assert host.wait(20) == 0
    assert not path.exists()
    assert host.stderr is not None
    assert host.stderr.read() == ""


@pytest.mark.parametrize("by_hand", [["python"]], indirect=True)
def test_an_interrupt_at_the_keyboard_ends_the_running_cell_first(
    by_hand: tuple[subprocess.Popen[str], Path],
) -> None:
    host, path = by_hand
    client = Client(json.loads(path.read_text()))
    client.ready()
    cell = client.send_execute("print('begun', flush=True)\nwhile True: pass")
    client.wait_for_text("begun")
    host.send_signal(signal.SIGINT)
    assert client.outcome(cell).reply["ename"] == "KeyboardInterrupt"
    assert client.execute("'still there'").result == "'still there'"
    client.close()
    host.send_signal(signal.SIGINT)
    assert host.wait(20) == 0


@pytest.mark.parametrize("by_hand", [["echo", "--transport", "ipc"]], indirect=True)
def test_nothing_of_ipc_is_left_in_the_runtime_folder(
    by_hand: tuple[subprocess.Popen[str], Path],
) -> None:
    host, path = by_hand
    assert len([each for each in path.parent.iterdir() if each.is_socket()]) == 5
    client = Client(json.loads(path.read_text()))
    client.ready()
    client.close()
    host.terminate()
    assert host.wait(20) == 0
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("by_hand", [["python", "-vvv"]], indirect=True)
def test_a_log_of_every_message_has_neither_passwords_nor_the_key(
    by_hand: tuple[subprocess.Popen[str], Path],
) -> None:
    host, path = by_hand
    info = json.loads(path.read_text())
    client = Client(info)
    client.ready()
    cell = client.send_execute("import getpass; len(getpass.getpass())", allow_stdin=True)
    client.wait_for("input_request")
    client.answer("hunter2-secret")
    assert client.outcome(cell).result == "14"
    client.close()
    host.terminate()
    assert host.stderr is not None
    log = host.stderr.read()
    assert "<- stdin input_reply" in log
    assert "hunter2" not in log
    assert info["key"] not in log


@pytest.mark.parametrize(
    "by_hand",
    [["echo", "--encrypt"], ["echo", "--encrypt", "--transport", "ipc"]],
    indirect=True,
    ids=["tcp", "ipc"],
)
def test_a_kernel_that_is_started_by_hand_can_be_encrypted(
    by_hand: tuple[subprocess.Popen[str], Path],
) -> None:
    host, path = by_hand
    info = json.loads(path.read_text())
    assert len(info["curve_secretkey"]) == 40
    client = Client(info)
    client.ready()
    assert client.execute("hello").result == "hello"
    client.close()
    host.terminate()
    assert host.stderr is not None
    assert host.stderr.read() == ""


@pytest.mark.usefixtures("runtime")
def test_ipc_sockets_are_their_owners_only_whatever_the_umask() -> None:
    environment = dict(os.environ)
    environment.pop("JPY_PARENT_PID", None)
    command = [sys.executable, "-m", "polykernel", "run", "echo", "--transport", "ipc"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, umask=0
    ) as host:
        assert host.stdout is not None
        path = Path(host.stdout.readline().partition(": ")[2].strip())
        files = [*path.parent.iterdir()]
        modes = {stat.S_IMODE(each.stat().st_mode) & 0o077 for each in [path.parent, *files]}
        host.terminate()
    assert len(files) == 6
    assert modes == {0}


AS_IN_A_CONTAINER = """
import os, sys
os.getpid = lambda: 7
from polykernel import cli
sys.exit(cli.main())
"""


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_kernels_of_the_same_process_id_share_a_runtime_folder(
    runtime: Path, transport: str
) -> None:
    environment = dict(os.environ)
    environment.pop("JPY_PARENT_PID", None)
    command = [sys.executable, "-c", AS_IN_A_CONTAINER, "run", "echo", "--transport", transport]
    hosts: list[subprocess.Popen[str]] = []
    try:
        for number in (1, 2):
            hosts.append(
                subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
            )
            assert hosts[-1].stdout is not None
            assert hosts[-1].stdout.readline().startswith("Connection file: ")
            assert len([*runtime.glob("*.json")]) == number
        for path in runtime.glob("*.json"):
            client = Client(json.loads(path.read_text()))
            client.ready()
            assert client.execute("hello").result == "hello"
            client.close()
    finally:
        for host in hosts:
            host.terminate()
            host.communicate(timeout=20)
    assert [host.returncode for host in hosts] == [0, 0]
    assert [*runtime.iterdir()] == []


def test_ports_that_the_system_has_chosen_stand_in_the_connection_file(tmp_path: Path) -> None:
    path = tmp_path / "connection.json"
    (fixed,) = ports.take(1)
    chosen = ("shell_port", "iopub_port", "stdin_port", "control_port")
    others = {
        "hb_port": fixed,
        "transport": "tcp",
        "ip": "127.0.0.1",
        "key": "k",
        "signature_scheme": "hmac-sha256",
        "jupyter_session": "as it was",
    }
    path.write_text(json.dumps({**dict.fromkeys(chosen, 0), **others}))
    path.chmod(0o644)
    command = [sys.executable, "-P", "-m", "polykernel", "run", "echo", "-f", str(path)]

    def written() -> dict[str, Any]:
        return dict(json.loads(path.read_text()))

    with subprocess.Popen(command) as host:
        try:
            processes.until(lambda: all(written()[name] for name in chosen), "the ports")
            client = Client(written())
            client.ready()
            assert client.execute("hello").result == "hello"
            client.close()
        finally:
            host.terminate()
    assert len({written()[name] for name in (*chosen, "hb_port")}) == 5
    assert {name: value for name, value in written().items() if name not in chosen} == others
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [*tmp_path.glob("connection*")] == [path]


def test_ports_that_nobody_can_be_told_end_the_kernel_with_a_line(tmp_path: Path) -> None:
    path = tmp_path / "connection.json"
    names = [f"{name}_port" for name in ("shell", "iopub", "stdin", "control", "hb")]
    path.write_text(json.dumps({**dict.fromkeys(names, 0), "ip": "127.0.0.1", "key": "k"}))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "polykernel", "run", "echo", "-f", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=no_room,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("polykernel: can't write the connection file ")
    assert done.stderr.count("\n") == 1
    assert [*tmp_path.glob("connection*")] == [path]


def no_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
