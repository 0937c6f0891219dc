"""Owns the sockets and moves bytes; nobody else touches them.

IOPub has a bounded queue of its own. A subscriber that does not keep up makes the evaluator wait
(through :attr:`Transport.on_congestion`); one that hangs while others read is left out after a
while.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections import deque
from typing import TYPE_CHECKING, cast

import zmq
from tornado.ioloop import IOLoop

from polykernel.curve import CurveServer
from polykernel.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polykernel.connection import ConnectionInfo

HIGH_WATER = 1000  # messages in flight to one subscriber
HIGH_WATER_BYTES = 8 << 20  # bytes in flight, of messages that are large enough to be tracked
TRACKED = 32 << 10  # bytes from which a message is sent without a copy, and tracked
LOOK_AGAIN = 0.002  # seconds: POLLOUT of an XPUB socket is always set
LEAVE_OUT_AFTER = 10.0  # seconds that one subscriber may hold up the others
KNOCK_EVERY = 0.01  # seconds, at a front end whose stdin socket has not yet connected
KNOCKS = 500  # until a question is given up
LINGER = 1000  # milliseconds that messages may wait for their front end when the kernel ends
AT_ONCE = 64  # messages read from a socket before the others get their turn

REQUESTS = ("control", "shell", "stdin")

log = logging.getLogger("polykernel.transport")


class Transport:
    """Owns the ZeroMQ context, the five sockets, and what waits to be published.

    Args:
        info: What to listen on.
        on_frames: Called with channel and frames of what came.
        on_subscription: Called with the topic that a front end subscribed to.
        on_congestion: Called with true whenever front ends don't keep up, with false when they do.
        on_unasked: Called when a question on stdin could not be delivered.

    Raises:
        ConnectionFileError: The connection's CURVE keys can't be used.
        TransportError: An address can't be listened on.
    """

    def __init__(
        self,
        info: ConnectionInfo,
        *,
        on_frames: Callable[[str, list[bytes]], None],
        on_subscription: Callable[[bytes], None],
        on_congestion: Callable[[bool], None],
        on_unasked: Callable[[], None] = lambda: None,
    ) -> None:
        self._loop = IOLoop.current()
        self._on_frames = on_frames
        self._on_subscription = on_subscription
        self._on_congestion = on_congestion
        self._on_unasked = on_unasked
        self._question: Sequence[bytes] = ()  # that waits for its front end to connect on stdin
        self._curve = CurveServer(info, self._loop)
        self._context = zmq.Context()
        self._sockets: dict[str, zmq.Socket[bytes]] = {}
        self._queue: deque[tuple[str, Sequence[bytes]]] = deque()
        self._in_flight: deque[tuple[zmq.MessageTracker, int]] = deque()
        self._in_flight_bytes = 0
        self._subscribers = 0
        self._stalled_since: float | None = None
        self._files: list[tuple[str, os.stat_result]] = []  # of ipc, as they were when bound
        self.ports: dict[str, int] = {}
        try:
            for channel, kind in (
                ("shell", zmq.ROUTER),
                ("control", zmq.ROUTER),
                ("stdin", zmq.ROUTER),
                ("iopub", zmq.XPUB),
                ("hb", zmq.ROUTER),
            ):
                self._open(channel, kind, info)
        except BaseException:
            self._remove_files()
            self._context.destroy(linger=0)
            raise
        self._heartbeat = threading.Thread(
            target=_echo, args=(self._sockets.pop("hb"),), daemon=True, name="heartbeat"
        )

    def _open(self, channel: str, kind: int, info: ConnectionInfo) -> None:
        socket = self._sockets[channel] = self._context.socket(kind)
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
        self._curve.serve(socket)
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

    def start(self) -> None:
        """Begin to hand on what comes."""
        self._heartbeat.start()
        for channel, socket in self._sockets.items():
            self._loop.add_handler(cast(int, socket.fd), self._wake(channel), IOLoop.READ)
            self._loop.add_callback(self.pump, channel)
            self._curve.watch(channel, socket)

    def _wake(self, channel: str) -> Callable[[int, int], None]:
        # the descriptor is edge-triggered: whatever woke us, all of the socket must be looked at
        return lambda descriptor, events: self.pump(channel)

    def pump(self, channel: str, limit: int = AT_ONCE) -> None:
        """Hand on what has come on one socket, as far as it is there now."""
        socket = self._sockets.get(channel)
        if socket is None:
            return
        for _ in range(limit):
            try:
                frames = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            if channel == "iopub":
                self._on_subscriber(frames[0])
            else:
                self._on_frames(channel, frames)
            if socket.closed:
                return
        self._loop.add_callback(self.pump, channel)

    def take_all(self, channel: str) -> None:
        """Hand on everything that is there on one socket at this moment."""
        socket = self._sockets.get(channel)
        while socket is not None and not socket.closed and self._has(socket, zmq.POLLIN):
            self.pump(channel)

    def _has(self, socket: zmq.Socket[bytes], event: int) -> bool:
        return bool(cast(int, socket.getsockopt(zmq.EVENTS)) & event)

    def _on_subscriber(self, frame: bytes) -> None:
        if frame[:1] == b"\1":
            self._subscribers += 1
            self._on_subscription(frame[1:])
        elif frame[:1] == b"\0":
            self._subscribers -= 1

    # out

    def send(self, channel: str, frames: Sequence[bytes]) -> None:
        """Send on one socket, or queue it.

        What a request caused is published before its reply: a reply on shell, and a question on
        stdin, wait while messages wait for IOPub. Control does not wait.
        """
        if self._queue and channel != "control":
            self._queue.append((channel, frames))
            if channel == "iopub":
                self._on_congestion(True)
            return
        if not self._try(channel, frames):
            self._queue.append((channel, frames))
            self._stalled_since = self._loop.time()
            self._on_congestion(True)
            self._loop.call_later(LOOK_AGAIN, self._go_on)

    def _try(self, channel: str, frames: Sequence[bytes]) -> bool:
        """Send now; false where it can't be."""
        socket = self._sockets.get(channel)
        if socket is None:
            return True
        try:
            if channel == "iopub":
                return self._publish(socket, frames)
            if channel == "stdin":
                self._question = frames
                self._knock(frames)
                return True
            socket.send_multipart(frames, zmq.NOBLOCK)
        except zmq.ZMQError as error:
            log.warning("a message on %s could not be sent: %s", channel, error)
        finally:
            self._look_again(channel, socket)
        return True

    def _look_again(self, channel: str, socket: zmq.Socket[bytes]) -> None:
        """See to what has come: a send may have eaten the edge that would have woken us."""
        if self._has(socket, zmq.POLLIN):
            self._loop.add_callback(self.pump, channel)

    def _knock(self, frames: Sequence[bytes], knocks: int = KNOCKS) -> None:
        """Send on stdin, as soon as that front end is connected there."""
        socket = self._sockets.get("stdin")
        if socket is None or self._question is not frames:
            return
        try:
            socket.send_multipart(frames, zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if knocks:
                self._loop.call_later(KNOCK_EVERY, self._knock, frames, knocks - 1)
                return
            log.warning("a front end could not be asked for input: %s", error)
            self._on_unasked()
        finally:
            self._look_again("stdin", socket)
        self._question = ()

    def withdraw_question(self) -> None:
        """Let a question that could not yet be delivered be."""
        self._question = ()

    def _publish(self, socket: zmq.Socket[bytes], frames: Sequence[bytes]) -> bool:
        size = sum(map(len, frames))
        large = size >= TRACKED and self._subscribers > 0
        if large and self._too_much_in_flight():
            return False
        try:
            if large:
                # the last frame's tracker ends when ZeroMQ has no more use for all that were sent
                tracker = socket.send_multipart(frames, zmq.NOBLOCK, copy=False, track=True)
                self._in_flight.append((cast(zmq.MessageTracker, tracker), size))
                self._in_flight_bytes += size
            else:
                socket.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def _too_much_in_flight(self) -> bool:
        while self._in_flight and self._in_flight[0][0].done:
            self._in_flight_bytes -= self._in_flight.popleft()[1]
        return self._in_flight_bytes >= HIGH_WATER_BYTES

    def _go_on(self) -> None:
        """Send what waits, as far as front ends have read."""
        while self._queue:
            if not self._try(*self._queue[0]):
                self._leave_out_a_hung_one()
                self._loop.call_later(LOOK_AGAIN, self._go_on)
                return
            self._queue.popleft()
            self._stalled_since = self._loop.time()
        self._stalled_since = None
        self._on_congestion(False)

    def _leave_out_a_hung_one(self) -> None:
        """Go on without a subscriber that has not read for long, where others do read."""
        waited = self._loop.time() - (self._stalled_since or self._loop.time())
        if self._subscribers < 2 or waited < LEAVE_OUT_AFTER:
            return
        log.warning("a front end has not read for %.0f seconds and is left out", waited)
        socket = self._sockets["iopub"]
        self._in_flight.clear()
        self._in_flight_bytes = 0
        socket.setsockopt(zmq.XPUB_NODROP, 0)
        try:
            self._publish(socket, self._queue.popleft()[1])
        finally:
            socket.setsockopt(zmq.XPUB_NODROP, 1)

    # the end

    def close(self) -> None:
        """Send what can be sent, and close; a front end that does not read is not waited for."""
        self._curve.close()
        self._remove_files()
        sockets, self._sockets = self._sockets, {}
        for socket in sockets.values():
            self._loop.remove_handler(cast(int, socket.fd))
        unsent = 0
        for channel, frames in self._queue:
            try:
                sockets[channel].send_multipart(frames, zmq.NOBLOCK)
            except zmq.ZMQError:
                unsent += 1
        if unsent:
            log.warning("%s messages were not sent before the end: nobody read them", unsent)
        for socket in sockets.values():
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
