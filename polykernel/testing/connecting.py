"""A front end's sockets: requests go out, and all that comes is recorded."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import zmq

from polykernel.message import EMPTY, Header, Message, encode, from_json
from polykernel.testing.outcome import shorten
from polykernel.testing.waiting import NothingCame
from polykernel.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polykernel.connection import ConnectionInfo

_SHOWN = 60  # messages of a transcript
_PATIENCE = 60.0  # seconds
_ON_THE_WAY = 5.0  # seconds that messages of a kernel that has ended may need


class Seen(NamedTuple):
    """One message, sent or received.

    Attributes:
        at: When, by the clock of ``time.monotonic()``, in seconds.
        channel: ``shell``, ``control``, ``stdin`` or ``iopub``.
        sent: Whether it is ours.
        msg_id: Its id.
        msg_type: Its type.
        parent: The id of the request that caused it.
        date: When the sender says that it was made.
        content: Its content.
        metadata: Its metadata.
        buffers: Its binary data.
    """

    at: float
    channel: str
    sent: bool
    msg_id: str
    msg_type: str
    parent: str
    date: str
    content: dict[str, Any]
    metadata: dict[str, Any]
    buffers: tuple[bytes, ...]

    def __str__(self) -> str:
        arrow = "→" if self.sent else "←"
        return f"{arrow} {self.channel:8}{self.msg_type:20} {shorten(self.content)}"


class Connection:
    """The sockets of one front end. Owns what it has seen.

    Args:
        info: Where the kernel listens, and its key.
        patience: Seconds that what must come may take.
        still_there: Tells why nothing can come any more; empty while the kernel lives.

    Attributes:
        seen: All messages, sent and received, in order.
    """

    def __init__(
        self,
        info: ConnectionInfo,
        patience: float = _PATIENCE,
        gone: Callable[[], str] = lambda: "",
    ) -> None:
        self.patience = patience
        self.seen: list[Seen] = []
        self._gone = gone
        self._wire = Wire(info.key, info.signature_scheme, "polykernel")
        self._context = zmq.Context()
        self._poller = zmq.Poller()
        self._identity = os.urandom(16).hex().encode()
        self._channels: dict[Any, str] = {}
        ports = {"shell": info.shell_port, "control": info.control_port, "stdin": info.stdin_port}
        self._sockets = {
            name: self._open(name, zmq.DEALER, info.address(port)) for name, port in ports.items()
        }
        self._sockets["iopub"] = self._open("iopub", zmq.SUB, info.address(info.iopub_port))
        self._sockets["iopub"].subscribe(b"")

    def _open(self, name: str, kind: int, address: str) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.linger = 0
        socket.rcvhwm = 0  # what a cell shows is never too much for the test that made it
        if kind == zmq.DEALER:
            socket.identity = self._identity
        socket.connect(address)
        self._poller.register(socket, zmq.POLLIN)
        self._channels[socket] = name
        return socket

    def close(self) -> None:
        """Close the sockets."""
        self._context.destroy(linger=0)

    def send(
        self,
        channel: str,
        msg_type: str,
        content: dict[str, Any],
        *,
        parent: bytes = EMPTY,
        buffers: Sequence[bytes] = (),
    ) -> str:
        """Send a request, and give its id."""
        msg_id = os.urandom(16).hex()
        message = Message(
            header=Header(msg_id, msg_type),
            parent_header=parent,
            content=encode(content),
            buffers=tuple(buffers),
        )
        frames = self._wire.encode(message)
        # it could not be answered but by what comes later
        self._note("sent", frames, channel)
        self._sockets[channel].send_multipart(frames)
        return msg_id

    def _note(self, direction: str, frames: Sequence[bytes], channel: str) -> None:
        sent = direction == "sent"
        message = self._wire.decode(frames)
        header = from_json(message.raw_header, dict[str, Any])
        self.seen.append(
            Seen(
                time.monotonic(),
                channel,
                sent,
                message.header.msg_id,
                message.msg_type,
                str(from_json(message.parent_header, dict[str, Any]).get("msg_id", "")),
                str(header.get("date", "")),
                from_json(message.content, dict[str, Any]),
                from_json(message.metadata, dict[str, Any]),
                message.buffers,
            )
        )

    def pump(self, patience: float) -> bool:
        """Record what is there; wait at most so many seconds for something to come."""
        ready = self._poller.poll(max(0, int(patience * 1000)))
        for socket, _ in ready:
            while socket.poll(0):
                self._note("received", socket.recv_multipart(), self._channels[socket])
        return bool(ready)

    def wait(
        self,
        wanted: Callable[[Seen], bool],
        what: str,
        *,
        since: int = 0,
        patience: float | None = None,
    ) -> Seen:
        """Wait for the first message, from the ``since``-th on, that is wanted.

        Raises:
            NothingCame: It did not come in time, or the kernel has ended.
        """
        patience = self.patience if patience is None else patience
        deadline = time.monotonic() + patience
        gone = ""
        at = since
        while True:
            while at < len(self.seen):
                if not self.seen[at].sent and wanted(self.seen[at]):
                    return self.seen[at]
                at += 1
            left = deadline - time.monotonic()
            if left <= 0:
                reason = f": {gone}" if gone else f" within {patience:g} seconds"
                raise NothingCame(f"{what} did not come{reason}\n{self.transcript(since)}")
            if not gone:
                gone = self._gone()
                if gone:  # what it has sent may still be on its way
                    deadline = min(deadline, time.monotonic() + _ON_THE_WAY)
            self.pump(min(left, 0.1))

    def transcript(self, since: int = 0) -> str:
        """Tell the sequence of messages, the last ones where there are many."""
        seen = self.seen[since:]
        left_out = len(seen) - _SHOWN
        lines = [f"… {left_out} messages before"] if left_out > 0 else []
        return "\n".join([*lines, *map(str, seen[-_SHOWN:])])
