"""A bare client: pyzmq, JSON and HMAC by hand, the same for all kernels."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import time
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import zmq

if TYPE_CHECKING:
    from collections.abc import Callable

DELIMITER = b"<IDS|MSG>"
CHANNELS = ("shell", "control", "stdin", "iopub", "hb")
PATIENCE = 30.0  # seconds that anything may take
LOOK_EVERY = 500  # milliseconds: whether the kernel is still there
RECONNECT = 1  # ms: ZeroMQ's 100 would be most of what a start is measured to take

Frames = list[bytes]


class Failed(Exception):
    """A kernel did not do what it was asked for; the message says what."""


class NoAnswer(Failed):
    """It did not answer in time, and would not the next time either."""


class Received(NamedTuple):
    """A message, as far as somebody wants to know it."""

    msg_type: str
    parent: bytes
    content: dict[str, Any]
    buffers: Frames


def free_ports(count: int) -> list[int]:
    """Find ports that are free just now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def fresh_connection() -> dict[str, Any]:
    """Make up the content of a connection file."""
    names = [f"{name}_port" for name in CHANNELS]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    return {
        "transport": "tcp",
        "ip": "127.0.0.1",
        "key": uuid.uuid4().hex,
        "signature_scheme": "hmac-sha256",
        **ports,
    }


class Client:
    """One front end.

    Args:
        connection: The content of the connection file.
        alive: Whether the kernel is still there; asked while we wait.
        reads_ahead: How many published messages may wait here unread; 0 for any number.
        context: Of another front end, whose thread then moves our bytes too.
    """

    def __init__(
        self,
        connection: dict[str, Any],
        alive: Callable[[], bool] = lambda: True,
        *,
        reads_ahead: int = 0,
        context: zmq.Context[zmq.Socket[bytes]] | None = None,
    ) -> None:
        self._alive = alive
        self._session = uuid.uuid4().hex
        self._count = 0
        self._hmac = hmac.new(connection["key"].encode(), digestmod=hashlib.sha256)
        self.context = context or zmq.Context()
        self._owns_context = context is None
        self._sockets: list[zmq.Socket[bytes]] = []
        address = f"tcp://{connection['ip']}:"
        self.shell = self._open(zmq.DEALER, address + str(connection["shell_port"]))
        self.control = self._open(zmq.DEALER, address + str(connection["control_port"]))
        self.iopub = self._open(zmq.SUB, address + str(connection["iopub_port"]), reads_ahead)
        self.iopub.subscribe(b"")
        self.patience = PATIENCE

    def _open(self, kind: int, address: str, reads_ahead: int = 0) -> zmq.Socket[bytes]:
        opened = self.context.socket(kind)
        opened.linger = 0
        opened.rcvhwm = reads_ahead
        opened.sndhwm = 0
        opened.reconnect_ivl = RECONNECT
        opened.rcvtimeo = LOOK_EVERY
        opened.connect(address)
        self._sockets.append(opened)
        return opened

    def close(self) -> None:
        """Leave."""
        for each in self._sockets:
            each.close(linger=0)
        if not self.context.closed and self._owns_context:
            self.context.term()

    # one message

    def send(self, channel: zmq.Socket[bytes], msg_type: str, content: dict[str, Any]) -> bytes:
        """Send a request, and give its id."""
        self._count += 1
        msg_id = f"{self._session}_{self._count}"
        header = {
            "msg_id": msg_id,
            "session": self._session,
            "username": "benchmark",
            "date": "2026-01-01T00:00:00.000000Z",
            "msg_type": msg_type,
            "version": "5.3",
        }
        signed = [json.dumps(header).encode(), b"{}", b"{}", json.dumps(content).encode()]
        digest = self._hmac.copy()
        digest.update(b"".join(signed))
        channel.send_multipart([DELIMITER, digest.hexdigest().encode(), *signed])
        return msg_id.encode()

    def receive(self, channel: zmq.Socket[bytes], patience: float | None = None) -> Frames:
        """Wait for one message.

        Raises:
            NoAnswer: None came.
            Failed: The kernel is gone.
        """
        deadline = 0.0
        while True:
            try:
                return channel.recv_multipart()
            except zmq.Again:
                pass
            now = time.monotonic()
            deadline = deadline or now + (self.patience if patience is None else patience)
            if not self._alive():
                raise Failed("the kernel died")
            if now > deadline:
                raise NoAnswer("no answer")

    # questions and answers

    def ask(self, channel: zmq.Socket[bytes], msg_type: str, content: dict[str, Any]) -> Received:
        """Send a request, and wait for its reply."""
        msg_id = self.send(channel, msg_type, content)
        return self.reply(channel, msg_id)

    def reply(self, channel: zmq.Socket[bytes], msg_id: bytes) -> Received:
        """Wait for the reply to a request."""
        while True:
            frames = self.receive(channel)
            if is_child(frames, msg_id):
                return parse(frames)

    def kernel_info(self) -> None:
        """Ask for kernel info on shell."""
        self.ask(self.shell, "kernel_info_request", {})

    def hear(self) -> None:
        """Make sure that our subscription has arrived, and that nothing is on its way to us."""
        deadline = time.monotonic() + self.patience
        while True:
            self.kernel_info()
            if self.iopub.poll(50):
                break
            if time.monotonic() > deadline:
                raise Failed("nothing is published")
        while self.iopub.poll(100):
            self.iopub.recv_multipart()

    def send_cell(self, code: str) -> bytes:
        """Send a cell, and give its id."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        return self.send(self.shell, "execute_request", content)

    def run(self, code: str) -> None:
        """Run a cell, and wait for its reply and for its idle status, whatever it publishes."""
        msg_id = self.send_cell(code)
        while not is_child(self.receive(self.shell), msg_id):
            pass
        while not is_idle(self.receive(self.iopub), msg_id):
            pass

    def run_silently(self, code: str) -> None:
        """Run a cell, and wait for its reply alone: nobody may hear us yet."""
        self.reply(self.shell, self.send_cell(code))

    def cell(self, code: str) -> tuple[Received, list[Frames]]:
        """Run a cell; give its reply, and all that was published until its idle status."""
        msg_id = self.send_cell(code)
        published = []
        while True:
            published.append(self.receive(self.iopub))
            if is_idle(published[-1], msg_id):
                return self.reply(self.shell, msg_id), published

    def succeed(self, code: str) -> list[Frames]:
        """Run a cell that must not fail; give what was published.

        Raises:
            Failed: It did.
        """
        reply, published = self.cell(code)
        if reply.content.get("status") != "ok":
            raise Failed(f"the cell failed: {reply.content.get('evalue', '')}"[:100])
        return published


def is_child(frames: Frames, msg_id: bytes) -> bool:
    """Tell whether a message belongs to a request."""
    return msg_id in frames[frames.index(DELIMITER) + 3]


def is_idle(frames: Frames, msg_id: bytes) -> bool:
    """Tell whether a message is the idle status of a request."""
    at = frames.index(DELIMITER)
    return b'"idle"' in frames[at + 5] and msg_id in frames[at + 3] and len(frames[at + 5]) < 100


def parse(frames: Frames) -> Received:
    """Look into a message."""
    at = frames.index(DELIMITER)
    header, parent = json.loads(frames[at + 2]), json.loads(frames[at + 3])
    return Received(
        header["msg_type"],
        parent.get("msg_id", "").encode(),
        json.loads(frames[at + 5]),
        frames[at + 6 :],
    )


def printed(published: list[Frames]) -> str:
    """Give the text that was printed."""
    seen = [parse(frames) for frames in published]
    return "".join(each.content["text"] for each in seen if each.msg_type == "stream")
