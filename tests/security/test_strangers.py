"""What others than the owner reach: the network, other users of the machine, other programs."""

from __future__ import annotations

import json
import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import zmq
from polykernel_python import debug_tracing
from polykernel_python.debug_adapter import Adapter, DebuggerFailed
from support.client import Client
from support.debugger import Debugger
from support.launcher import Launcher

from polykernel import connection
from polykernel.connection import ConnectionInfo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.kernels import Kernel


def listening(kernel: Kernel) -> set[tuple[str, int]]:
    """Give the addresses at which any process of a kernel listens."""
    found = set()
    for each in [psutil.Process(kernel.pid), *kernel.processes()]:
        for one in each.net_connections("inet"):
            if one.status == psutil.CONN_LISTEN:
                found.add((str(one.laddr[0]), int(one.laddr[1])))
    return found


def test_a_kernel_listens_at_its_five_addresses_only_also_while_it_debugs(
    kernel: Callable[..., Kernel],
) -> None:
    started = kernel("polykernel-python")
    five = {
        (str(started.info["ip"]), int(port))
        for name, port in started.info.items()
        if name.endswith("_port")
    }
    assert len(five) == 5
    assert listening(started) == five
    Debugger(started.client).begin()
    assert started.execute("6 * 7").result == "42"
    assert listening(started) == five


def test_who_reaches_the_ports_reads_what_is_published_and_can_ask_for_nothing(
    kernel: Callable[..., Kernel],
) -> None:
    started = kernel("polykernel-python")
    stranger = Client({**started.info, "key": b"another key"}, checked=False)
    stranger.wait_for("iopub_welcome")
    for channel in ("shell", "control"):
        stranger.send("execute_request", {"code": "print('accepted')"}, channel=channel)
        stranger.send("kernel_info_request", channel=channel)
        stranger.send("shutdown_request", {"restart": False}, channel=channel)
    stranger.answer("an answer")
    started.wait_for_log("a message on stdin is dropped: wrong signature")
    assert started.execute("print('for all to read')").text() == "for all to read\n"
    stranger.wait_for_text("for all to read")
    assert stranger.beats(b"word") == b"word"
    assert not [each for each in stranger.seen if each.channel != "iopub"]
    assert "accepted" not in str(stranger.seen)
    stranger.close()


def test_a_kernel_that_registers_with_keys_of_curve_refuses_who_does_not_encrypt(
    tmp_path: Path,
) -> None:
    launcher = Launcher(tmp_path)
    try:
        public, secret = (key.decode() for key in zmq.curve_keypair())
        launcher.start("k", curve_publickey=public, curve_secretkey=secret)
        identity, registered = launcher.receive()
        launcher.acknowledge(identity)
        friend = launcher.connect(registered, curve_publickey=public)
        plain = {name: int(port) for name, port in registered.items() if name.endswith("_port")}
        info = {**plain, "transport": "tcp", "ip": "127.0.0.1", "signature_scheme": "hmac-sha256"}
        stranger = Client({**info, "key": friend.key}, patience=1.0)
        launcher.clients.append(stranger)
        asked = stranger.send("kernel_info_request")
        assert friend.execute("secret").result == "secret"
        assert not stranger.can_connect("hb")
        assert not stranger.replies([asked])
        assert stranger.seen == []
    finally:
        launcher.end()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"key": "k"}, []),
        ({"key": "k", "ip": "::1"}, []),
        ({"key": "k", "ip": "localhost"}, []),
        ({"key": ""}, ["the connection has no key"]),
        ({"key": "k", "ip": "0.0.0.0"}, ["listening on 0.0.0.0 without encryption"]),
        ({"key": "", "ip": "*"}, ["the connection has no key", "listening on *"]),
        ({"key": "k", "ip": "10.0.0.1"}, ["listening on 10.0.0.1 without encryption"]),
        ({"key": "k", "ip": "0.0.0.0", "curve_secretkey": "s", "curve_publickey": "p"}, []),
        ({"key": "", "ip": "/a/b", "transport": "ipc"}, []),
    ],
)
def test_what_others_can_reach_is_told_in_the_log(
    caplog: pytest.LogCaptureFixture, fields: dict[str, Any], told: list[str]
) -> None:
    with caplog.at_level(logging.WARNING, "polykernel"):
        connection.warn(ConnectionInfo(**fields))
    assert len(caplog.messages) == len(told)
    assert all(map(str.startswith, caplog.messages, told))


def test_a_kernel_without_a_key_says_so(kernel: Callable[..., Kernel]) -> None:
    started = kernel("polykernel-echo", key=b"")
    assert started.execute("a").result == "a"
    started.wait_for_log("the connection has no key: whoever reaches its ports can run code here")


def test_a_program_that_connects_in_the_debuggers_place_is_sent_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def impostor(address: tuple[str, int], token: str) -> None:
        with socket.create_connection(address) as connected, connected.makefile("rwb") as stream:
            size = int(stream.readline().partition(b":")[2])
            stream.readline()
            asked = json.loads(stream.read(size))
            body = {"clientAccessToken": "a guess"}
            answer = {"type": "response", "request_seq": asked["seq"], "body": body}
            data = json.dumps(answer).encode()
            stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
            stream.flush()
            gone.wait(30)

    def start_thread(work: Callable[[], object]) -> threading.Thread:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    gone = threading.Event()
    monkeypatch.setattr(debug_tracing, "connect", impostor)
    monkeypatch.setattr(debug_tracing, "start_thread", start_thread)
    try:
        with pytest.raises(DebuggerFailed, match="another process has connected"):
            Adapter(lambda event: None).start()
    finally:
        gone.set()
