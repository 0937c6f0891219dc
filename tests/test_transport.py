"""The sockets, with a real loop and a real client."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
import zmq
from support.loops import run_until

from polykernel import patience
from polykernel.connection import ConnectionInfo
from polykernel.errors import TransportError
from polykernel.patience import LOOKS
from polykernel.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tornado.ioloop import IOLoop

ALL = ("shell", "control", "stdin", "iopub", "hb")


class Sockets:
    """A transport, and a client's ends."""

    def __init__(self, loop: IOLoop, info: ConnectionInfo) -> None:
        self.loop = loop
        self.came: list[tuple[str, list[bytes]]] = []
        self.subscriptions: list[bytes] = []
        self.congestion: list[bool] = []
        self.transport = Transport(
            info,
            on_frames=lambda channel, frames: self.came.append((channel, frames)),
            on_subscription=self.subscriptions.append,
        )
        self.transport.on_congestion = self.congestion.append
        self.info = info
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.clients: list[zmq.Socket[bytes]] = []
        self.transport.start(loop)  # type: ignore[arg-type]

    def connect(self, channel: str, kind: int, **options: Any) -> zmq.Socket[bytes]:
        client = self.context.socket(kind)
        self.clients.append(client)
        client.linger = 0
        for name, value in options.items():
            setattr(client, name, value)
        client.connect(self.info.address(self.transport.ports[f"{channel}_port"]))
        return client

    def subscribe_without_reading(self) -> zmq.Socket[bytes]:
        client = self.connect("iopub", zmq.SUB, rcvhwm=1, rcvbuf=1 << 16)
        client.subscribe(b"")
        self.until(lambda: self.subscriptions, "the subscription")
        return client

    def until(self, happened: Callable[[], object], what: str) -> None:
        run_until(self.loop, happened, what)

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.context.term()
        self.transport.close()


@pytest.fixture(params=["tcp", "ipc"])
def sockets(loop: IOLoop, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sockets]:
    info = ConnectionInfo()
    if request.param == "ipc":
        numbers = {f"{name}_port": number for number, name in enumerate(ALL, start=1)}
        info = ConnectionInfo(transport="ipc", ip=str(tmp_path / "k"), **numbers)  # type: ignore[arg-type]
    sockets = Sockets(loop, info)
    yield sockets
    sockets.close()


@pytest.mark.parametrize("channel", ["shell", "control", "stdin"])
def test_requests_come_with_their_senders_and_replies_go_back(
    sockets: Sockets, channel: str
) -> None:
    client = sockets.connect(channel, zmq.DEALER, identity=b"me")
    client.send_multipart([b"a", b"b"])
    sockets.until(lambda: sockets.came, "the request")
    assert sockets.came == [(channel, [b"me", b"a", b"b"])]
    sockets.transport.send(channel, [b"me", b"answer"])
    sockets.until(lambda: client.poll(0), "the reply")
    assert client.recv_multipart() == [b"answer"]


def test_many_requests_all_come_in_order(sockets: Sockets) -> None:
    client = sockets.connect("shell", zmq.DEALER, identity=b"me")
    for number in range(5000):
        client.send_multipart([b"%d" % number])
    sockets.until(lambda: len(sockets.came) == 5000, "all requests")
    assert [frames[1] for _, frames in sockets.came] == [b"%d" % number for number in range(5000)]


def test_take_all_hands_on_what_is_there_at_once(sockets: Sockets) -> None:
    client = sockets.connect("shell", zmq.DEALER, identity=b"me")
    client.send_multipart([b"first"])
    sockets.until(lambda: sockets.came, "the connection")
    for number in range(200):
        client.send_multipart([b"%d" % number])
    deadline = threading.Event()
    while len(sockets.came) < 201 and not deadline.wait(0.01):
        sockets.transport.take_all("shell")
    assert len(sockets.came) == 201


def test_subscriptions_are_told_and_what_is_published_reaches_all(sockets: Sockets) -> None:
    clients = [sockets.connect("iopub", zmq.SUB) for _ in range(3)]
    for client in clients:
        client.subscribe(b"")
    sockets.until(lambda: len(sockets.subscriptions) == 3, "three subscriptions")
    sockets.transport.send("iopub", [b"topic", b"x"])
    sockets.until(lambda: all(client.poll(0) for client in clients), "three deliveries")
    assert [client.recv_multipart() for client in clients] == [[b"topic", b"x"]] * 3


def test_publishing_to_nobody_is_nothing(sockets: Sockets) -> None:
    for _ in range(3000):
        sockets.transport.send("iopub", [b"topic", b"x" * 100_000])
    assert sockets.congestion == []


@pytest.mark.parametrize("size", [1000, 200_000])
def test_a_subscriber_that_does_not_read_is_waited_for_and_loses_nothing(
    sockets: Sockets, size: int
) -> None:
    client = sockets.subscribe_without_reading()
    sent = 0
    while True not in sockets.congestion:
        assert sent < 100_000, "nobody was told to wait"
        sockets.transport.send("iopub", [b"%d" % sent, b"x" * size])
        sent += 1
    got: list[bytes] = []

    def all_read() -> bool:
        while client.poll(0):
            got.append(client.recv_multipart()[0])
        return len(got) == sent

    sockets.until(all_read, "all messages")
    assert got == [b"%d" % number for number in range(sent)]
    sockets.until(lambda: sockets.congestion[-1] is False, "the end of the congestion")


@pytest.mark.parametrize(
    "frames",
    [[b"t", bytes(40_000)], [b"t", bytes(1_000_000), b"a small buffer"]],
    ids=["many", "ending small"],
)
def test_what_is_in_flight_is_bounded_however_it_is_divided(
    sockets: Sockets, frames: list[bytes]
) -> None:
    sockets.subscribe_without_reading()
    sent = 0
    while True not in sockets.congestion:
        sockets.transport.send("iopub", frames)
        sent += sum(map(len, frames))
        assert sent < 32_000_000


def test_a_reply_waits_for_what_was_published_before_it_but_control_does_not(
    sockets: Sockets,
) -> None:
    client = sockets.connect("iopub", zmq.SUB, rcvhwm=1, rcvbuf=1 << 16)
    client.subscribe(b"")
    shell = sockets.connect("shell", zmq.DEALER, identity=b"me")
    control = sockets.connect("control", zmq.DEALER, identity=b"me")
    for each in (shell, control):
        each.send(b"hello")
    sockets.until(lambda: sockets.subscriptions and len(sockets.came) == 2, "the connections")
    while True not in sockets.congestion:
        sockets.transport.send("iopub", [b"t", b"x" * 200_000])
    sockets.transport.send("shell", [b"me", b"reply"])
    sockets.transport.send("control", [b"me", b"reply"])
    sockets.until(lambda: control.poll(0), "the reply on control")
    assert not shell.poll(0)

    def replied() -> bool:
        while client.poll(0):
            client.recv_multipart()
        return bool(shell.poll(0))

    sockets.until(replied, "the reply on shell")


def test_a_question_waits_for_a_front_end_whose_stdin_connects_late(sockets: Sockets) -> None:
    sockets.transport.send("stdin", [b"late", b"question"])
    client = sockets.connect("stdin", zmq.DEALER, identity=b"late")
    sockets.until(lambda: client.poll(0), "the question")
    assert client.recv_multipart() == [b"question"]


def test_a_reply_to_a_front_end_that_is_gone_is_dropped(sockets: Sockets) -> None:
    sockets.transport.send("shell", [b"nobody", b"reply"])
    sockets.transport.send("control", [b"nobody", b"reply"])


def test_the_heartbeat_echoes_without_the_loop(sockets: Sockets) -> None:
    client = sockets.connect("hb", zmq.REQ)
    for beat in (b"a", b"", b"b" * 1000):
        client.send(beat)
        assert client.poll(20_000)
        assert client.recv() == beat


def test_a_front_end_that_comes_back_under_its_identity_gets_the_replies(
    sockets: Sockets,
) -> None:
    for number in range(3):
        client = sockets.connect("shell", zmq.DEALER, identity=b"me")
        client.send(b"%d" % number)
        sockets.until(lambda number=number: len(sockets.came) > number, "the request")  # type: ignore[misc]
        sockets.transport.send("shell", [b"me", b"reply"])
        sockets.until(lambda client=client: client.poll(0), "the reply")  # type: ignore[misc]


def test_an_address_that_is_taken_is_named_and_nothing_stays_open(loop: IOLoop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for name in ("shell_port", "hb_port"):
            with pytest.raises(TransportError, match=str(port)):
                Transport(
                    ConnectionInfo(**{name: port}),
                    on_frames=lambda channel, frames: None,
                    on_subscription=lambda topic: None,
                )


def test_files_of_ipc_are_gone_at_the_end_and_those_of_another_kernel_stay(
    loop: IOLoop, tmp_path: Path
) -> None:
    numbers = {f"{name}_port": number for number, name in enumerate(ALL, start=1)}
    info = ConnectionInfo(transport="ipc", ip=str(tmp_path / "k"), **numbers)  # type: ignore[arg-type]
    older = Sockets(loop, info)
    newer = Sockets(loop, info)  # takes the paths
    older.close()
    assert len(list(tmp_path.iterdir())) == 5
    client = newer.connect("shell", zmq.DEALER, identity=b"me")
    client.send_multipart([b"a"])
    newer.until(lambda: newer.came, "the request")
    newer.close()
    assert list(tmp_path.iterdir()) == []


def test_files_of_ipc_are_gone_where_one_can_not_be_listened_on(
    loop: IOLoop, tmp_path: Path
) -> None:
    numbers = {f"{name}_port": number for number, name in enumerate(ALL, start=1)}
    (tmp_path / f"k-{numbers['hb_port']}").mkdir()
    with pytest.raises(TransportError):
        Sockets(loop, ConnectionInfo(transport="ipc", ip=str(tmp_path / "k"), **numbers))  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == [f"k-{numbers['hb_port']}"]


class Flood:
    """Numbered messages, published as far as front ends keep up."""

    def __init__(self, sockets: Sockets, size: int) -> None:
        self._sockets = sockets
        self._content = bytes(size)
        self.sent = 0

    def go_on(self, up_to: int = 1 << 30) -> None:
        for _ in range(200):
            if self._sockets.congestion[-1:] == [True] or self.sent == up_to:
                return
            self._sockets.transport.send("iopub", [b"%d" % self.sent, self._content])
            self.sent += 1


def read_all(client: zmq.Socket[bytes], got: list[bytes]) -> None:
    while client.poll(0):
        got.append(client.recv_multipart()[0])


def numbers(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("polykernel.patience.LOOK_EVERY", 0.25)  # a connection ends within 1 s
    caplog.set_level("DEBUG", "polykernel.patience")


@pytest.mark.parametrize("size", [1000, 200_000])
def test_subscribers_that_hang_together_are_waited_for_and_lose_nothing(
    sockets: Sockets, short_patience: None, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    clients = [sockets.subscribe_without_reading(), sockets.subscribe_without_reading()]
    sockets.until(lambda: len(sockets.subscriptions) == 2, "both subscriptions")
    flood = Flood(sockets, size)

    def looked_often() -> bool:
        flood.go_on()
        return "left out" in caplog.text or caplog.text.count("no front end reads") > LOOKS + 1

    sockets.until(looked_often, "more looks than one that hangs alone is given")
    got: list[list[bytes]] = [[], []]

    def all_read() -> bool:
        for client, numbers_read in zip(clients, got, strict=True):
            read_all(client, numbers_read)
        return [len(each) for each in got] == [flood.sent, flood.sent]

    sockets.until(all_read, "all messages")
    assert got == [numbers(flood.sent)] * 2
    assert "left out" not in caplog.text


@pytest.mark.parametrize(("size", "many"), [(1000, 20_000), (1_000_000, 100)])
def test_one_that_hangs_is_left_out_once_and_the_others_get_everything(
    sockets: Sockets,
    short_patience: None,
    caplog: pytest.LogCaptureFixture,
    size: int,
    many: int,
) -> None:
    sockets.subscribe_without_reading()
    reads = sockets.connect("iopub", zmq.SUB)
    reads.subscribe(b"")
    sockets.until(lambda: len(sockets.subscriptions) == 2, "both subscriptions")
    flood = Flood(sockets, size)
    got: list[bytes] = []

    def all_came() -> bool:
        flood.go_on(many)
        read_all(reads, got)
        return len(got) == many

    sockets.until(all_came, "all messages")
    assert got == numbers(many)
    assert caplog.text.count("is left out") == 1


def test_who_reads_slowly_is_not_taken_for_one_who_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    unread = {1: 0, 2: 500}  # a front end that keeps up, and one behind a slow link
    monkeypatch.setattr(patience, "LOOK_EVERY", 0)
    monkeypatch.setattr(
        patience, "_connections", lambda endpoint: [(each, each) for each in unread]
    )
    monkeypatch.setattr(patience, "_unread", lambda opened: unread[opened])
    watched = patience.Patience("tcp://127.0.0.1:1")
    for _ in range(5 * patience.LOOKS):
        unread[2] -= 1
        assert not watched.is_over()
    for _ in range(5 * patience.LOOKS):  # from now on it hangs, while the other one reads
        unread[1] = 1 - unread[1]
        if watched.is_over():
            break
    assert watched.hung == {2}
