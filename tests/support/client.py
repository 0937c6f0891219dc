"""A bare front end that records everything it sees, on all five sockets.

It packs and signs with jupyter_client's Session, not with the code under test, and checks all that
it receives against the specification's schemas.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import zmq
from jupyter_client.session import Session

from support import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SHOWN = 200  # messages of a transcript
PATIENCE = 30.0  # seconds: a bound for what must come, not a measurement


class Seen(NamedTuple):
    """One message, as the front end saw it."""

    channel: str
    msg_type: str
    parent: str
    content: dict[str, Any]
    message: dict[str, Any]
    frames: tuple[bytes, ...]

    def __str__(self) -> str:
        content = json.dumps(self.content, ensure_ascii=False)
        if len(content) > 300:
            content = f"{content[:300]}... ({len(content)} characters)"
        return f"{self.channel:8}{self.msg_type:20}{self.parent[-12:]:13} {content}"


class Outcome:
    """All that a request caused."""

    def __init__(self, reply: Seen, caused: Sequence[Seen]) -> None:
        self.reply = reply.content
        self.message = reply.message
        self.iopub = [seen for seen in caused if seen.channel == "iopub"]
        self.caused = list(caused)

    @property
    def status(self) -> str:
        return str(self.reply["status"])

    @property
    def sequence(self) -> list[str]:
        """Message types in the order of coming; of a status its state."""
        return [
            seen.content["execution_state"] if seen.msg_type == "status" else seen.msg_type
            for seen in self.iopub
        ]

    def text(self, name: str = "stdout") -> str:
        return "".join(
            seen.content["text"]
            for seen in self.iopub
            if seen.msg_type == "stream" and seen.content["name"] == name
        )

    def contents(self, msg_type: str) -> list[dict[str, Any]]:
        return [seen.content for seen in self.iopub if seen.msg_type == msg_type]

    @property
    def result(self) -> Any:
        """The plain text of the result."""
        shown = self.contents("execute_result")
        return shown[0]["data"]["text/plain"] if shown else None

    @property
    def traceback(self) -> str:
        return "\n".join(self.reply["traceback"])

    def pieces(self) -> list[str]:
        """Texts and displays in the order of coming; texts that follow each other are joined."""
        found: list[str] = []
        before = ""
        for seen in self.iopub:
            if seen.msg_type == "stream":
                if before == "stream":
                    found[-1] += seen.content["text"]
                else:
                    found.append(seen.content["text"])
            elif seen.msg_type == "display_data":
                found.append(f"<{seen.content['data']['text/plain']}>")
            else:
                continue
            before = seen.msg_type
        return found


class Client:
    """One front end.

    Args:
        info: The fields of a connection file.
        subscribe: Whether it listens on iopub from the beginning.
        stdin: Whether its stdin socket is connected from the beginning.
        slow: Whether next to nothing is kept for it while it does not read.
        checked: Whether what comes must conform; not of kernels that are not ours.
        patience: Seconds that it waits for what must come.
        session: The id of its session, which is its identity too; one of its own where ``None``.
    """

    of_this_test: ClassVar[list[Client]] = []

    def __init__(
        self,
        info: dict[str, Any],
        *,
        subscribe: bool = True,
        stdin: bool = True,
        slow: bool = False,
        checked: bool = True,
        patience: float = PATIENCE,
        session: str | None = None,
    ) -> None:
        key = info["key"]
        self.key = key if isinstance(key, bytes) else key.encode()
        self._checked = checked
        self.patience = patience
        self.session = Session(key=self.key, signature_scheme=info["signature_scheme"])
        self.session.session = session or self.session.session
        schema.exempt(self.session)  # the frames are checked, with their topic and signature
        self._info = info
        self._context = zmq.Context()
        self._poller = zmq.Poller()
        self.seen: list[Seen] = []
        self.sent_headers: dict[str, dict[str, Any]] = {}
        self.sockets = {name: self._open(name, zmq.DEALER) for name in ("shell", "control")}
        if stdin:
            self.connect_stdin()
        self.iopub = self._open("iopub", zmq.SUB, slow=slow)
        if subscribe:
            self.iopub.subscribe(b"")
        self.of_this_test.append(self)

    def _open(self, channel: str, kind: int, *, slow: bool = False) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.linger = 0
        if slow:
            socket.rcvhwm = 1
            socket.rcvbuf = 64 << 10
        if kind == zmq.DEALER:
            socket.identity = self.session.session.encode()
        self._encrypt(socket)
        socket.connect(self.address(channel))
        self._poller.register(socket, zmq.POLLIN)
        return socket

    def _encrypt(self, socket: zmq.Socket[bytes]) -> None:
        """Encrypt for the connection's server, under a key of this socket's own."""
        if "curve_publickey" in self._info:
            socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
            socket.curve_serverkey = self._info["curve_publickey"].encode()

    def connect_stdin(self) -> None:
        self.sockets["stdin"] = self._open("stdin", zmq.DEALER)

    def address(self, channel: str) -> str:
        info = self._info
        separator = "-" if info["transport"] == "ipc" else ":"
        return f"{info['transport']}://{info['ip']}{separator}{info[f'{channel}_port']}"

    def stranger(self, info: dict[str, Any]) -> Client:
        """Make a front end that knows this much of the connection, and listens to nothing."""
        return Client({**info, "key": self.key}, subscribe=False, stdin=False)

    def can_connect(self, channel: str) -> bool:
        """Look whether somebody listens there who speaks ZeroMQ."""
        with self._context.socket(zmq.DEALER) as socket:
            socket.linger = 0
            self._encrypt(socket)
            events = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
            socket.connect(self.address(channel))
            connected = bool(events.poll(int(self.patience * 1000)))
            socket.disable_monitor()
            events.close(linger=0)
            return connected

    def close(self) -> None:
        self._context.destroy(linger=0)

    # what goes

    def send(
        self,
        msg_type: str,
        content: dict[str, Any] | None = None,
        *,
        channel: str = "shell",
        subshell: str | None = None,
        metadata: dict[str, Any] | None = None,
        buffers: Sequence[bytes] = (),
    ) -> str:
        """Send a request, and give its id."""
        message = self.session.msg(msg_type, content or {}, metadata=metadata)
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        self.session.send(self.sockets[channel], message, buffers=list(buffers))
        msg_id = str(message["header"]["msg_id"])
        self.sent_headers[msg_id] = message["header"]
        return msg_id

    def send_execute(self, code: str, *, subshell: str | None = None, **content: Any) -> str:
        content = {"code": code, "allow_stdin": False, **content}
        return self.send("execute_request", content, subshell=subshell)

    def create_subshell(self) -> str:
        reply = self.request("create_subshell_request", channel="control").reply
        assert reply["status"] == "ok"
        return str(reply["subshell_id"])

    def send_frames(self, frames: Sequence[bytes], channel: str = "shell") -> None:
        self.sockets[channel].send_multipart(frames)

    def flush(self) -> None:
        """Wait until all that was sent has left this process.

        What follows another message through the context's one thread is behind it.
        """
        with self._context.socket(zmq.PAIR) as near, self._context.socket(zmq.PAIR) as far:
            port = near.bind_to_random_port("tcp://127.0.0.1")
            far.connect(f"tcp://127.0.0.1:{port}")
            near.send(b"behind")
            assert far.poll(int(self.patience * 1000)), "the context's thread does nothing"

    def answer(self, value: str, parent: dict[str, Any] | None = None) -> None:
        """Answer an input request; ``parent`` is its header, which many front ends leave out."""
        message = self.session.msg("input_reply", {"value": value}, parent and {"header": parent})
        self.session.send(self.sockets["stdin"], message)

    def beats(self, word: bytes, patience: float | None = None) -> bytes:
        """Send a heartbeat, and give its echo."""
        with self._context.socket(zmq.REQ) as socket:
            socket.linger = 0
            self._encrypt(socket)
            socket.connect(self.address("hb"))
            socket.send(word)
            milliseconds = int((patience or self.patience) * 1000)
            assert socket.poll(milliseconds), "no echo on the heartbeat socket"
            return socket.recv()

    # what comes

    def pump(self, patience: float) -> bool:
        """Record what is there; wait at most that long for something to come."""
        ready = self._poller.poll(max(0, int(patience * 1000)))
        for socket, _ in ready:
            while socket.poll(0):
                self._record(socket)
        return bool(ready)

    def _record(self, socket: zmq.Socket[bytes]) -> None:
        names = {id(socket): name for name, socket in self.sockets.items()}
        channel = names.get(id(socket), "iopub")
        raw = socket.recv_multipart()
        if self._checked:
            schema.check_frames(channel, raw, self.key, self._info["signature_scheme"])
            _, frames = self.session.feed_identities(raw)
            message = self.session.deserialize(frames)
        else:
            message = _read_anything(raw)
        self.seen.append(
            Seen(
                channel,
                message["msg_type"],
                (message["parent_header"] or {}).get("msg_id", ""),  # others send null, too
                message["content"] or {},
                message,
                tuple(raw),
            )
        )

    def wait(
        self,
        wanted: Callable[[Seen], bool],
        what: str,
        patience: float | None = None,
        since: int = 0,
    ) -> Seen:
        """Wait for the first message, from the ``since``-th on, that is wanted."""
        at = since
        patience = patience or self.patience
        deadline = time.monotonic() + patience
        while True:
            while at < len(self.seen):
                if wanted(self.seen[at]):
                    return self.seen[at]
                at += 1
            left = deadline - time.monotonic()
            if left <= 0 or not self.pump(left):
                raise AssertionError(f"{what} did not come within {patience} seconds")

    def wait_for(self, msg_type: str, parent: str = "", **more: Any) -> Seen:
        """Wait for a message of this type, caused by this request."""
        return self.wait(
            lambda seen: seen.msg_type == msg_type and parent in ("", seen.parent), msg_type, **more
        )

    def wait_for_text(self, text: str, parent: str = "") -> None:
        """Wait until this has been printed."""

        def printed(seen: Seen) -> bool:
            return text in "".join(
                each.content["text"]
                for each in self.seen
                if each.msg_type == "stream" and parent in ("", each.parent)
            )

        self.wait(printed, f"the text {text!r}")

    def outcome(self, msg_id: str, patience: float | None = None) -> Outcome:
        """Wait for a request's reply and idle status; they come on two sockets, in any order."""
        reply = self.wait(
            lambda seen: seen.parent == msg_id and seen.channel in ("shell", "control"),
            f"the reply to {msg_id}",
            patience,
        )
        self.wait(
            lambda seen: seen.parent == msg_id and seen.content.get("execution_state") == "idle",
            f"idle after {msg_id}",
            patience,
        )
        return Outcome(reply, [seen for seen in self.seen if seen.parent == msg_id])

    def request(
        self,
        msg_type: str,
        content: dict[str, Any] | None = None,
        *,
        channel: str = "shell",
        subshell: str | None = None,
        patience: float | None = None,
    ) -> Outcome:
        """Send a request, and wait for all that it causes."""
        msg_id = self.send(msg_type, content, channel=channel, subshell=subshell)
        return self.outcome(msg_id, patience)

    def execute(self, code: str, **content: Any) -> Outcome:
        """Run a cell, and wait for all that it causes."""
        return self.outcome(self.send_execute(code, **content))

    def ready(self) -> None:
        """Wait until the kernel answers and what it publishes reaches us."""
        self.wait_for("iopub_welcome")
        self.request("kernel_info_request")

    def sync(self) -> None:
        """Wait until all that we sent on shell has been read by the kernel."""
        self.request("kernel_info_request")

    def states(self) -> list[str]:
        return [seen.content["execution_state"] for seen in self.seen if seen.msg_type == "status"]

    def replies(self, msg_ids: Iterable[str]) -> list[Seen]:
        wanted = set(msg_ids)
        return [
            seen
            for seen in self.seen
            if seen.parent in wanted and seen.channel in ("shell", "control")
        ]

    def transcript(self) -> str:
        left_out = max(0, len(self.seen) - SHOWN)
        lines = [f"... {left_out} more"] if left_out else []
        return "\n".join([*lines, *map(str, self.seen[left_out:])])


def _read_anything(frames: Sequence[bytes]) -> dict[str, Any]:
    """Read a message that may break rules."""
    _signature, *parts = frames[frames.index(schema.DELIMITER) + 1 :]
    names = ("header", "parent_header", "metadata", "content")
    message: dict[str, Any] = dict(zip(names, map(json.loads, parts), strict=False))
    header = message["header"]
    return {
        **message,
        "msg_type": header["msg_type"],
        "msg_id": header["msg_id"],
        "buffers": list(parts[4:]),
    }
