"""Encrypted kernels: jupyter_client's manager starts them, and nobody without the key gets in."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

from polykernel import connection
from polykernel.connection import PORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from jupyter_client.session import Session
    from support.kernels import Kernel

ALL = ("shell", "control", "stdin", "iopub", "hb")
KINDS = {"iopub": zmq.SUB, "hb": zmq.REQ}
CELLS = {"polykernel-echo": "1 + 1", "polykernel-python": "print(1 + 1)"}
OUTPUTS = {"polykernel-echo": "1 + 1", "polykernel-python": "2"}


class Stranger:
    """A client that has the HMAC key and the addresses, but not the right key of CURVE."""

    def __init__(self, kernel: Kernel, channel: str, server_key: bytes | None) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self._context.socket(KINDS.get(channel, zmq.DEALER))
        self.socket.linger = 0
        if server_key is not None:
            self.socket.curve_publickey, self.socket.curve_secretkey = zmq.curve_keypair()
            self.socket.curve_serverkey = server_key
        if channel == "iopub":
            self.socket.subscribe(b"")
        self._monitor = self.socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED
        )
        self.socket.connect(kernel.client.address(channel))
        self._send(kernel.client.session, channel)

    def _send(self, session: Session, channel: str) -> None:
        """Send as soon as possible; a socket that was refused before has nowhere to send to."""
        frames = [b"ping"]
        if channel != "hb":
            asked = session.msg("execute_request", {"code": "print(6 * 7)"})
            frames = session.serialize(asked)
        if channel != "iopub":
            with suppress(zmq.Again):
                self.socket.send_multipart(frames, zmq.DONTWAIT)

    def wait_until_refused(self) -> None:
        assert self._monitor.poll(30_000), "neither let in nor refused"
        self.was_never_let_in()

    def was_never_let_in(self) -> None:
        while self._monitor.poll(0):
            assert recv_monitor_message(self._monitor)["event"] == zmq.EVENT_DISCONNECTED

    def close(self) -> None:
        self._monitor.close(linger=0)
        self.socket.disable_monitor()
        self._context.destroy(linger=0)


@pytest.fixture
def stranger() -> Iterator[Callable[..., Stranger]]:
    strangers: list[Stranger] = []

    def knock(kernel: Kernel, channel: str, server_key: bytes | None) -> Stranger:
        strangers.append(Stranger(kernel, channel, server_key))
        return strangers[-1]

    yield knock
    for each in strangers:
        each.close()


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
@pytest.mark.parametrize("policy", ["auto", "required"])
@pytest.mark.parametrize("name", CELLS)
def test_jupyters_manager_starts_encrypted_kernels_and_cells_run(
    kernel: Callable[..., Kernel], name: str, policy: str, transport: str
) -> None:
    started = kernel(name, transport=transport, encryption=policy)
    assert len(started.info["curve_secretkey"]) == 40
    client = started.manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=30)
        texts: list[str] = []

        def note(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] in ("execute_result", "stream"):
                texts.append(content.get("text") or content["data"]["text/plain"])

        reply = client.execute_interactive(CELLS[name], timeout=30, output_hook=note)
        assert reply["content"]["status"] == "ok"
        assert "".join(texts).strip() == OUTPUTS[name]
        assert client.hb_channel.is_beating()
    finally:
        client.stop_channels()


def test_without_the_managers_setting_nothing_is_encrypted(kernel: Callable[..., Kernel]) -> None:
    started = kernel("polykernel-echo")
    assert not [name for name in started.info if "curve" in name]
    assert started.execute("still there").result == "still there"


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
@pytest.mark.parametrize("right_server_key", [None, False], ids=["plain", "wrong key"])
def test_who_does_not_encrypt_for_the_kernel_gets_nothing_and_reaches_nothing(
    kernel: Callable[..., Kernel],
    stranger: Callable[..., Stranger],
    transport: str,
    right_server_key: bool | None,
) -> None:
    started = kernel("polykernel-python", transport=transport, encryption="required")
    key = None if right_server_key is None else zmq.curve_keypair()[0]
    strangers = [stranger(started, channel, key) for channel in ALL]
    for each in strangers:
        each.wait_until_refused()
    outcome = started.execute("print('secret')")
    assert outcome.text() == "secret\n"
    assert started.client.beats(b"still") == b"still"
    for each in strangers:
        each.was_never_let_in()
        assert not each.socket.poll(0)
    assert not [seen for seen in started.client.seen if "6 * 7" in str(seen.content)]
    assert outcome.reply["execution_count"] == 1


def test_clients_that_are_refused_are_told_of_once(
    kernel: Callable[..., Kernel], stranger: Callable[..., Stranger]
) -> None:
    started = kernel("polykernel-echo", encryption="required")

    def knock() -> None:
        stranger(started, "shell", None).wait_until_refused()
        stranger(started, "iopub", None).wait_until_refused()

    for _ in range(100):
        knock()  # the client may find out first, and go before the kernel does
        if "refused on" in started.log:
            break
    started.wait_for_log("a client was refused on ")
    knock()
    assert started.execute("a").result == "a"
    assert started.log.count("refused on") == 1
    assert not [key for name, key in started.info.items() if "curve" in name and key in started.log]


def test_input_interrupt_and_restart_work_encrypted(kernel: Callable[..., Kernel]) -> None:
    started = kernel("polykernel-python", encryption="required")
    client = started.client
    cell = client.send_execute("input('name: ')", allow_stdin=True)
    client.wait_for("input_request")
    client.answer("Ada")
    assert client.outcome(cell).result == "'Ada'"
    cell = client.send_execute("print('begun', flush=True)\nwhile True: pass")
    client.wait_for_text("begun")
    assert client.request("interrupt_request", channel="control").status == "ok"
    assert client.outcome(cell).reply["ename"] == "KeyboardInterrupt"
    before = started.info["curve_publickey"]
    started.restart()
    assert started.info["curve_publickey"] == before
    again = started.connect()
    again.ready()
    assert again.execute("6 * 7").result == "42"


def test_the_evaluator_is_not_handed_any_key(kernel: Callable[..., Kernel]) -> None:
    started = kernel("polykernel-python", encryption="required")
    evaluator = started.evaluator()
    handed = [*evaluator.cmdline(), *evaluator.environ().values()]
    keys = [started.info[name] for name in ("key", "curve_publickey", "curve_secretkey")]
    texts = [key.decode() if isinstance(key, bytes) else key for key in keys]
    assert all(texts)
    assert not [text for text in texts if any(text in each for each in handed)]


def pair() -> dict[str, str]:
    public, secret = zmq.curve_keypair()
    return {"curve_publickey": public.decode(), "curve_secretkey": secret.decode()}


def no_pair() -> dict[str, str]:
    return {**pair(), "curve_secretkey": pair()["curve_secretkey"]}


def no_number() -> dict[str, str]:
    # as text it is Z85, but its groups of five are larger than 32 bits
    return {**pair(), "curve_secretkey": "#" * 40}


def half() -> dict[str, str]:
    return {"curve_publickey": pair()["curve_publickey"]}


@pytest.mark.parametrize("keys", [half, no_pair, no_number])
def test_keys_that_are_no_good_end_the_kernel_with_a_line(
    tmp_path: Path, keys: Callable[[], dict[str, str]]
) -> None:
    path = tmp_path / "connection.json"
    fields: dict[str, Any] = dict.fromkeys(PORTS, 0) | keys()
    path.write_text(json.dumps(fields))
    command = [sys.executable, "-m", "polykernel", "run", "echo", "-f", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("polykernel: ")
    assert "curve_" in done.stderr
    assert done.stderr.count("\n") == 1
    assert fields.get("curve_secretkey", "?") not in done.stderr


def test_a_plain_connection_file_is_refused_where_encryption_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "connection.json"
    connection.write(connection.fresh("echo", "tcp", "127.0.0.1", tmp_path, "k"), {}, path)
    command = [sys.executable, "-m", "polykernel", "run", "echo", "--encrypt", "-f", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"polykernel: the connection file {path} has no keys for CURVE\n"
