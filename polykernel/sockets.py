"""Opens and closes the five sockets of a connection, and sets their options."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, cast

import zmq

from polykernel.curve import CurveServer
from polykernel.errors import TransportError

if TYPE_CHECKING:
    from polykernel.connection import ConnectionInfo

HIGH_WATER = 1000  # messages in flight to one subscriber
LINGER = 1000  # milliseconds that messages may wait for their front end when the kernel ends

_KINDS = (
    ("shell", zmq.ROUTER),
    ("control", zmq.ROUTER),
    ("stdin", zmq.ROUTER),
    ("iopub", zmq.XPUB),
    ("hb", zmq.ROUTER),
)


class Sockets:
    """Owns the ZeroMQ context, the sockets, and the heartbeat's thread.

    Args:
        info: What to listen on.

    Attributes:
        open: The sockets but the heartbeat's, by their channels' names.
        ports: What is listened on, by the names in a connection file.
        curve: Encrypts them, and looks for clients that don't.

    Raises:
        ConnectionFileError: The connection's CURVE keys can't be used.
        TransportError: An address can't be listened on.
    """

    def __init__(self, info: ConnectionInfo) -> None:
        self.curve = CurveServer(info)
        self.open: dict[str, zmq.Socket[bytes]] = {}
        self.ports: dict[str, int] = {}
        self._files: list[tuple[str, os.stat_result]] = []  # of ipc, as they were when bound
        self._context = zmq.Context()
        try:
            for channel, kind in _KINDS:
                self._open(channel, kind, info)
        except BaseException:
            self._remove_files()
            self._context.destroy(linger=0)
            raise
        self._heartbeat = threading.Thread(
            target=_echo, args=(self.open.pop("hb"),), daemon=True, name="heartbeat"
        )
        self._heartbeat.start()

    def _open(self, channel: str, kind: int, info: ConnectionInfo) -> None:
        socket = self.open[channel] = self._context.socket(kind)
        socket.linger = LINGER
        if kind == zmq.ROUTER:
            socket.router_handover = 1  # a front end that comes back under the same identity
            socket.sndhwm = socket.rcvhwm = 0  # a reply must not be dropped in silence
            # a front end's sockets connect one by one: it may run a cell before it can be asked
            socket.router_mandatory = channel == "stdin"
        else:
            socket.sndhwm = HIGH_WATER
            # or pyzmq copies a last frame below 64 KB, and says at once that it needs it no more
            socket.copy_threshold = 0
            socket.xpub_verboser = 1  # every subscription is welcomed, every one's end counted
            socket.setsockopt(zmq.XPUB_NODROP, 1)
        self.curve.serve(socket)
        port = getattr(info, f"{channel}_port")
        address = info.address(port) if port else f"{info.transport}://{info.ip}:*"
        mask = os.umask(0o077)  # whoever can write to an ipc socket's file can connect
        try:
            socket.bind(address)
        except zmq.ZMQError as error:
            raise TransportError(f"can't listen on {address} for {channel}: {error}") from None
        finally:
            os.umask(mask)
        if info.transport == "ipc":
            with contextlib.suppress(OSError):  # it has no file: an abstract address
                file = address.removeprefix("ipc://")
                self._files.append((file, os.lstat(file)))
        if info.transport == "tcp":
            port = int(cast(bytes, socket.last_endpoint).rpartition(b":")[2])
        self.ports[f"{channel}_port"] = port

    def close(self) -> None:
        """Close all; a front end that does not read is not waited for longer than ``LINGER``."""
        self._remove_files()
        for socket in self.open.values():
            socket.close()
        self._context.term()

    def _remove_files(self) -> None:
        """Remove the files of our ipc sockets, which ZeroMQ leaves behind.

        Another kernel may have taken a path since. As long as our sockets are open, no other file
        can have the number of one of ours.
        """
        files, self._files = self._files, []
        for file, ours in files:
            with contextlib.suppress(OSError):
                if os.path.samestat(ours, os.lstat(file)):
                    os.unlink(file)  # noqa: PTH108 - pathlib would be an import at a kernel's start


def _echo(socket: zmq.Socket[bytes]) -> None:
    """Echo heartbeats without the interpreter, until the context ends."""
    try:
        zmq.proxy(socket, socket)
    except zmq.ContextTerminated:
        pass
    finally:
        socket.close(linger=0)
