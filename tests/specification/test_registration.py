"""The kernel startup handshake of protocol 5.6; no other kernel here has it yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import zmq
from support.launcher import PORTS, Launcher

from specification.rules import KERNELS, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HANDSHAKE = "Kernel startup handshake"
OURS = ("polykernel-echo",)


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path)
    yield launcher
    launcher.end()


def handshake(message: str, text: str, **more: str) -> Callable[..., Callable[..., None]]:
    return rule(message, HANDSHAKE, text, languages=OURS, peers=False, **more)


@handshake(
    "registration", "The kernel is responsible for selecting the ports for its five channels."
)
def test_a_kernel_chooses_five_ports_and_serves_there(launcher: Launcher) -> None:
    launcher.start("k")
    identity, content = launcher.receive()
    assert len({content[name] for name in PORTS}) == 5
    launcher.acknowledge(identity)
    assert launcher.connect(content).execute("hello").result == "hello"


@handshake("registration", "sends a message containing the following JSON dictionary")
def test_the_registration_has_the_ports_as_texts(launcher: Launcher) -> None:
    launcher.start("k")
    _, content = launcher.receive()
    assert set(content) == {"kernel_id", *PORTS}
    assert all(content[name].isdigit() for name in PORTS)


@handshake("registration", "The ``kernel_id`` value must be that from the registration file.")
def test_the_registration_names_the_kernel_as_the_file_does(launcher: Launcher) -> None:
    launcher.start("of this very kernel")
    assert launcher.receive()[1]["kernel_id"] == "of this very kernel"


@handshake(
    "registration",
    "This message is **not** a full Jupyter message with header, parent and metadata. It is a "
    "minimal, signed, single-frame content dict",
)
def test_the_registration_is_one_signed_frame(launcher: Launcher) -> None:
    launcher.start("k")
    assert launcher.socket.poll(launcher.milliseconds)
    _, delimiter, signature, content = launcher.socket.recv_multipart()
    assert delimiter == b"<IDS|MSG>"
    assert signature == launcher.signature(content)


@handshake(
    "registration",
    "The content of this message is let to the implementation.",
)
def test_any_signed_receipt_ends_the_handshake(launcher: Launcher) -> None:
    monitor = launcher.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    launcher.start("k")
    identity, _ = launcher.receive()
    launcher.acknowledge(identity, b'"whatever"')
    assert monitor.poll(launcher.milliseconds), "the kernel stays connected"
    monitor.close(linger=0)
    launcher.socket.disable_monitor()


@handshake(
    "registration",
    "The kernel can then close its DEALER socket and the handshake is over.",
)
def test_a_receipt_that_is_not_signed_does_not_end_the_handshake(launcher: Launcher) -> None:
    monitor = launcher.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    process = launcher.start("k")
    identity, _ = launcher.receive()
    launcher.socket.send_multipart([identity, b"<IDS|MSG>", b"0" * 64, b"{}"])
    assert process.stderr is not None
    assert "dropped" in process.stderr.readline()
    assert not monitor.poll(0)
    launcher.acknowledge(identity)
    assert monitor.poll(launcher.milliseconds)
    monitor.close(linger=0)
    launcher.socket.disable_monitor()


@rule(
    "registration file",
    "Registration file format",
    "the port the kernel should connect to to send its connection information",
    page=KERNELS,
    languages=OURS,
    peers=False,
)
def test_a_file_with_a_registration_port_begins_the_handshake(launcher: Launcher) -> None:
    launcher.start("k")
    assert launcher.receive()[1]["kernel_id"] == "k"
