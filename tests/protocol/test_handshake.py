"""The handshake of protocol 5.6, with a launcher made of bare pyzmq as the specification says."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import zmq
from support import processes
from support.client import Client
from support.launcher import PORTS, Launcher
from zmq.utils.monitor import recv_monitor_message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RUN_IN_HASTE = """
import sys
from polykernel import cli, registration
registration.ANSWERED_WITHIN = 0.3
sys.exit(cli.main())
"""


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Callable[..., Launcher]]:
    launchers: list[Launcher] = []

    def make(**options: Any) -> Launcher:
        launchers.append(Launcher(tmp_path, **options))
        return launchers[-1]

    yield make
    for each in launchers:
        each.end()


def shut_down(client: Client, process: subprocess.Popen[str]) -> None:
    client.request("shutdown_request", {"restart": False}, channel="control")
    assert process.wait(20) == 0


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_a_kernel_chooses_its_ports_tells_them_and_serves(
    launcher: Callable[..., Launcher], transport: str
) -> None:
    registrar = launcher(transport=transport)
    if transport == "ipc":
        registrar.listen()
    process = registrar.start("a kernel")
    identity, content = registrar.receive()
    assert set(content) == {"kernel_id", *PORTS}
    assert content["kernel_id"] == "a kernel"
    assert all(isinstance(content[name], str) for name in PORTS)
    assert len({content[name] for name in PORTS} | {str(registrar.port)}) == 6
    registrar.acknowledge(identity)
    client = registrar.connect(content)
    assert client.execute("hello").result == "hello"
    assert client.beats(b"beat") == b"beat"
    shut_down(client, process)
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert list(registrar.runtime.iterdir()) == []
    assert not list(registrar.runtime.parent.glob(f"registrar-*[!{registrar.port}]"))


def test_the_kernel_disconnects_when_it_has_its_receipt(launcher: Callable[..., Launcher]) -> None:
    registrar = launcher()
    monitor = registrar.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    process = registrar.start("k")
    identity, content = registrar.receive()
    assert not monitor.poll(0)
    registrar.acknowledge(identity)
    assert monitor.poll(30_000)
    assert recv_monitor_message(monitor)["event"] == zmq.EVENT_DISCONNECTED
    monitor.close(linger=0)
    registrar.socket.disable_monitor()
    shut_down(registrar.connect(content), process)


def test_other_front_ends_find_the_kernel_by_its_connection_file(
    launcher: Callable[..., Launcher],
) -> None:
    registrar = launcher()
    process = registrar.start("k")
    identity, content = registrar.receive()
    registrar.acknowledge(identity)
    (path,) = registrar.runtime.glob("kernel-*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = Client(json.loads(path.read_text()))
    registrar.clients.append(other)
    other.ready()
    assert other.execute("from elsewhere").result == "from elsewhere"
    shut_down(registrar.connect(content), process)


def test_many_kernels_register_with_one_launcher(launcher: Callable[..., Launcher]) -> None:
    registrar = launcher()
    started = {name: registrar.start(name) for name in ("one", "two", "three")}
    ports: set[str] = set()
    for _ in started:
        identity, content = registrar.receive()
        registrar.acknowledge(identity)
        ports |= {content[name] for name in PORTS}
        client = registrar.connect(content)
        assert client.execute("x").result == "x"
        shut_down(client, started[content["kernel_id"]])
    assert len(ports) == 15


def test_a_launcher_that_listens_late_is_waited_for(launcher: Callable[..., Launcher]) -> None:
    registrar = launcher(transport="ipc")
    process = registrar.start("k")
    processes.until(lambda: any(registrar.runtime.glob("*.json")), "the kernel's connection file")
    registrar.listen()
    identity, content = registrar.receive()
    registrar.acknowledge(identity)
    shut_down(registrar.connect(content), process)


def test_what_is_no_receipt_is_not_taken_for_one(launcher: Callable[..., Launcher]) -> None:
    registrar = launcher()
    process = registrar.start("k")
    identity, content = registrar.receive()
    good = [b"<IDS|MSG>", registrar.signature(b"{}"), b"{}"]
    for bad in (
        [b""],
        good[:2],
        [*good, b""],
        good[1:],
        [good[0], b"0" * 64, b"{}"],
        [b"\xff" * 9],
    ):
        registrar.socket.send_multipart([identity, *bad])
    assert process.stderr is not None
    for _ in range(6):
        assert "a message from the launcher is dropped" in process.stderr.readline()
    registrar.acknowledge(identity, b"what it says does not matter")
    shut_down(registrar.connect(content), process)
    assert process.stderr.read() == ""


def test_without_a_key_signatures_are_empty(launcher: Callable[..., Launcher]) -> None:
    registrar = launcher(key="")
    process = registrar.start("k")
    identity, content = registrar.receive()
    registrar.acknowledge(identity)
    shut_down(registrar.connect(content), process)


def test_the_sockets_of_a_kernel_that_registers_can_be_encrypted(
    launcher: Callable[..., Launcher],
) -> None:
    registrar = launcher()
    public, secret = (key.decode() for key in zmq.curve_keypair())
    process = registrar.start("k", curve_publickey=public, curve_secretkey=secret)
    identity, content = registrar.receive()
    assert set(content) == {"kernel_id", *PORTS}
    registrar.acknowledge(identity)
    client = registrar.connect(content, curve_publickey=public)
    assert client.execute("x").result == "x"
    shut_down(client, process)


def test_a_kernel_whose_launcher_does_not_answer_ends_with_an_error(
    launcher: Callable[..., Launcher],
) -> None:
    registrar = launcher()
    process = registrar.start("k", ["-c", RUN_IN_HASTE])
    registrar.receive()
    assert process.wait(30) == 2
    assert process.stderr is not None
    assert process.stderr.read() == (
        f"polykernel: the launcher at tcp://127.0.0.1:{registrar.port} did not acknowledge this "
        "kernel's ports within 0.3 seconds\n"
    )
    assert list(registrar.runtime.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_kernel_that_is_ended_while_it_waits_leaves_no_file(
    launcher: Callable[..., Launcher], number: signal.Signals
) -> None:
    registrar = launcher(transport="ipc")
    registrar.listen()
    process = registrar.start("k")
    registrar.receive()
    process.send_signal(number)
    assert process.wait(20) == 0
    assert list(registrar.runtime.iterdir()) == []
    assert [*registrar.runtime.parent.glob("registrar-*")] == [
        registrar.runtime.parent / f"registrar-{registrar.port}"
    ]


def test_a_kernel_whose_parent_ends_while_it_waits_ends_too(
    launcher: Callable[..., Launcher],
) -> None:
    registrar = launcher()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as parent:
        process = registrar.start("k", environment={"JPY_PARENT_PID": str(parent.pid)})
        registrar.receive()
        assert process.poll() is None
    assert process.wait(20) == 0
    assert list(registrar.runtime.iterdir()) == []


def test_a_receipt_with_another_key_is_none(launcher: Callable[..., Launcher]) -> None:
    registrar = launcher()
    process = registrar.start("k", ["-c", RUN_IN_HASTE], key="another key")
    assert registrar.socket.poll(30_000)
    identity, _, signature, content = registrar.socket.recv_multipart()
    assert signature != registrar.signature(content)
    registrar.acknowledge(identity)
    assert process.wait(30) == 2
    assert process.stderr is not None
    lines = process.stderr.read().splitlines()
    assert lines[0].endswith("a message from the launcher is dropped: wrong signature")
    assert lines[1].startswith("polykernel: the launcher at tcp://")


def test_a_address_that_can_t_be_connected_to_ends_the_kernel_with_an_error(
    launcher: Callable[..., Launcher],
) -> None:
    registrar = launcher()
    process = registrar.start("k", registration_ip="*")
    assert process.wait(30) == 2
    assert process.stderr is not None
    told = process.stderr.read().splitlines()[-1]
    assert told.startswith("polykernel: can't connect to the launcher at tcp://*:"), told
    assert list(registrar.runtime.iterdir()) == []


def test_a_front_end_is_served_before_the_receipt(launcher: Callable[..., Launcher]) -> None:
    registrar = launcher()
    process = registrar.start("k")
    identity, content = registrar.receive()
    client = registrar.connect(content)
    assert client.execute("early").result == "early"
    registrar.acknowledge(identity)
    shut_down(client, process)
