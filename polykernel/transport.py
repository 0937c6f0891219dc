"""Moves bytes through the sockets; nobody else touches them.

IOPub has a bounded queue of its own. A subscriber that does not keep up makes the evaluator wait
(through :attr:`Transport.on_congestion`); one that hangs while others read is left out after a
while. When nobody reads they are waited for, however long it takes.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, cast

import zmq
from zmq.backend import Socket as _Core

from polykernel.patience import Patience
from polykernel.sockets import Sockets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tornado.platform.asyncio import AsyncIOLoop

    from polykernel.connection import ConnectionInfo

HIGH_WATER_BYTES = 8 << 20  # bytes in flight, of messages that are large enough to be tracked
TRACKED = 32 << 10  # bytes from which a message is sent without a copy, and tracked
BURST = 64  # messages that wait for the end of a turn of the loop, at most
LOOK_AGAIN = 0.002  # seconds: POLLOUT of an XPUB socket is always set
KNOCK_EVERY = 0.01  # seconds, at a front end whose stdin socket has not yet connected
KNOCKS = 500  # until a question is given up
AT_ONCE = 64  # messages read from a socket before the others get their turn

# plain numbers, and below the methods of pyzmq's core: its enumerations take longer to combine than
# a message to send, and what its own methods add, for sockets of other kinds, as long as the core
_NOW = int(zmq.NOBLOCK)
_MORE = int(zmq.SNDMORE) | _NOW
_EVENTS, _POLLIN = int(zmq.EVENTS), int(zmq.POLLIN)

log = logging.getLogger("polykernel.transport")


class Transport:
    """Owns what waits to be sent.

    Args:
        info: What to listen on.
        on_frames: Called with channel and frames of what came.
        on_subscription: Called with the topic that a front end subscribed to.

    Attributes:
        on_congestion: Called with true whenever front ends don't keep up, with false when they do.
        on_unasked: Called when a question on stdin could not be delivered.
        on_turn_over: Called at the end of a turn, before what was sent goes out.
        turn: Entered while what may send is called: what was sent goes out at its end. Without it
            that is in the loop's next turn, which costs some 10 microseconds.

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
    ) -> None:
        self._opened = Sockets(info)
        self._sockets = self._opened.open  # those that still are
        self._loop: AsyncIOLoop | None = None
        self._on_frames = on_frames
        self._on_subscription = on_subscription
        self.on_congestion: Callable[[bool], None] = lambda congested: None
        self.on_unasked: Callable[[], None] = lambda: None
        self.on_turn_over: Callable[[], None] = lambda: None
        self._question: Sequence[bytes] = ()  # that waits for its front end to connect on stdin
        self._queue: deque[tuple[str, Sequence[bytes]]] = deque()
        self._sent_on: set[str] = set()  # since the sockets were last looked at
        self._in_flight: deque[tuple[zmq.MessageTracker, int]] = deque()
        self._in_flight_bytes = 0
        self._subscribers = 0
        self.turn = _Turn(self._end_turn)
        self._patience: Patience | None = None  # while front ends are waited for

    @property
    def ports(self) -> dict[str, int]:
        """What is listened on, by the names in a connection file."""
        return self._opened.ports

    # in

    def wait(self, seconds: float) -> None:
        """Hand on what comes, until something has come; only before :meth:`start`."""
        sockets = [(socket, _POLLIN) for socket in self._sockets.values()]
        zmq.zmq_poll(sockets, int(seconds * 1000))
        for channel in ("iopub", "control", "shell", "stdin"):
            self.pump(channel)  # IOPub first: who subscribes hears what is published for it

    def start(self, loop: AsyncIOLoop) -> None:
        """Hand on in a loop what comes from now on."""
        self._loop = loop
        for channel, socket in self._sockets.items():
            loop.add_handler(cast(int, socket.fd), self._wake(channel), loop.READ)
            self._soon(self.pump, channel)
            self._opened.curve.watch(channel, socket, loop)

    def _soon(self, callback: Callable[..., None], *arguments: object) -> None:
        """Call in the loop's next turn."""
        if self._loop is not None:  # whose start looks at everything
            self._loop.asyncio_loop.call_soon(callback, *arguments)

    def _later(self, seconds: float, callback: Callable[..., None], *arguments: object) -> None:
        if self._loop is not None:
            self._loop.call_later(seconds, callback, *arguments)

    def _wake(self, channel: str) -> Callable[[int, int], None]:
        # the descriptor is edge-triggered: whatever woke us, all of the socket must be looked at
        return lambda descriptor, events: self.pump(channel)

    def pump(self, channel: str) -> None:
        """Hand on what has come on one socket, as far as it is there now."""
        with self.turn:
            self._read(channel)

    def _read(self, channel: str) -> None:
        socket = self._sockets.get(channel)
        if socket is None:
            return
        for _ in range(AT_ONCE):
            if not _has_come(socket):
                return
            frames = _receive(socket)
            if channel == "iopub":
                self._on_subscriber(frames[0])
            else:
                self._on_frames(channel, frames)
            if socket.closed:
                return
        self._soon(self.pump, channel)

    def take_all(self, channel: str) -> None:
        """Hand on everything that is there on one socket at this moment."""
        socket = self._sockets.get(channel)
        while socket is not None and not socket.closed and _has_come(socket):
            self._read(channel)

    def _on_subscriber(self, frame: bytes) -> None:
        if frame[:1] == b"\1":
            self._subscribers += 1
            self._on_subscription(frame[1:])
        elif frame[:1] == b"\0":
            self._subscribers -= 1

    # out

    def send(self, channel: str, frames: Sequence[bytes]) -> None:
        """Send on one socket, at the end of this turn of the loop, or when it can be.

        What is sent at once wakes ZeroMQ's thread once, and goes out in one piece. What a request
        caused is published before its reply: a reply on shell, and a question on stdin, wait while
        messages wait for IOPub. Control does not wait for front ends that don't read.
        """
        if self._patience is None:
            if not self._queue and not self.turn.lasts:
                self._soon(self._flush)
            self._queue.append((channel, frames))
            if len(self._queue) >= BURST or sum(map(len, frames)) >= TRACKED:
                self._flush()
        elif channel == "control":
            self._try(channel, frames)
        else:
            self._queue.append((channel, frames))
            if channel == "iopub":
                self.on_congestion(True)

    def _end_turn(self) -> None:
        try:
            self.on_turn_over()
        finally:
            self._flush()

    def _flush(self) -> None:
        """Send what waits for the end of the turn; nothing where front ends are waited for."""
        if self._queue and self._patience is None:
            self._go_on()

    def _try(self, channel: str, frames: Sequence[bytes]) -> bool:
        """Send now; false where it can't be."""
        socket = self._sockets.get(channel)
        if socket is None:
            return True
        self._sent_on.add(channel)
        try:
            if channel == "iopub":
                return self._publish(socket, frames)
            if channel == "stdin":
                self._question = frames
                self._knock(frames)
                return True
            _send(socket, frames)
        except zmq.ZMQError as error:
            log.warning("a message on %s could not be sent: %s", channel, error)
        return True

    def _look_again(self) -> None:
        """See to what has come: a send may have eaten the edge that would have woken us."""
        for channel in self._sent_on:
            socket = self._sockets.get(channel)
            if socket is not None and _has_come(socket):
                self._soon(self.pump, channel)
        self._sent_on.clear()

    def _knock(self, frames: Sequence[bytes], knocks: int = KNOCKS) -> None:
        """Send on stdin, as soon as that front end is connected there."""
        socket = self._sockets.get("stdin")
        if socket is None or self._question is not frames:
            return
        try:
            _send(socket, frames)
        except zmq.ZMQError as error:
            if knocks:
                self._later(KNOCK_EVERY, self._knock, frames, knocks - 1)
                return
            log.warning("a front end could not be asked for input: %s", error)
            self.on_unasked()
        finally:
            self._soon(self.pump, "stdin")
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
                tracker = socket.send_multipart(frames, _NOW, copy=False, track=True)
                self._in_flight.append((cast(zmq.MessageTracker, tracker), size))
                self._in_flight_bytes += size
            else:
                _send(socket, frames)
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
            channel, frames = self._queue.popleft()
            if not self._try(channel, frames):
                self._queue.appendleft((channel, frames))
                self._stall()
                break
            if self._patience is not None:
                self._patience.begin_anew()
        else:
            if self._patience is not None:
                self._patience = None
                self.on_congestion(False)
        self._look_again()

    def _stall(self) -> None:
        """Wait for front ends to read."""
        if self._patience is None:
            endpoint = cast(bytes, self._sockets["iopub"].last_endpoint)
            self._patience = Patience(endpoint.decode(errors="surrogateescape"))
            self.on_congestion(True)
        elif self._subscribers > 1 and self._patience.is_over():
            self._leave_out_hung_ones(self._patience)
            self._patience.begin_anew()
        self._later(LOOK_AGAIN, self._go_on)

    def _leave_out_hung_ones(self, patience: Patience) -> None:
        """Go on without subscribers that have not read for long, where others do read."""
        log.warning("a front end has not read for %.0f seconds and is left out", patience.waited)
        if self._too_much_in_flight():
            self._forget_in_flight(patience)
            return
        socket = self._sockets["iopub"]
        socket.setsockopt(zmq.XPUB_NODROP, 0)
        try:
            self._publish(socket, self._queue.popleft()[1])
        finally:
            socket.setsockopt(zmq.XPUB_NODROP, 1)

    def _forget_in_flight(self, patience: Patience) -> None:
        """Go on although much is in flight.

        ZeroMQ would leave out a subscriber only where it has not read a thousand messages, and keep
        these for it, however large they are: its connection is ended instead.
        """
        patience.disconnect_hung()
        self._in_flight.clear()
        self._in_flight_bytes = 0

    # the end

    def close(self) -> None:
        """Send what can be sent, and close; a front end that does not read is not waited for."""
        self._opened.curve.close()
        sockets, self._sockets = self._sockets, {}
        if self._loop is not None:
            for socket in sockets.values():
                self._loop.remove_handler(cast(int, socket.fd))
        unsent = 0
        for channel, frames in self._queue:
            try:
                _send(sockets[channel], frames)
            except zmq.ZMQError:
                unsent += 1
        if unsent:
            log.warning("%s messages were not sent before the end: nobody read them", unsent)
        self._opened.close()


class _Turn:
    """A part of the loop's turn, at whose end what was sent goes out.

    Attributes:
        lasts: Whether it has not ended.
    """

    def __init__(self, at_end: Callable[[], None]) -> None:
        self.lasts = False
        self._at_end = at_end

    def __enter__(self) -> None:
        self.lasts = True

    def __exit__(self, *exception: object) -> None:
        self.lasts = False
        self._at_end()


def _has_come(socket: zmq.Socket[bytes]) -> bool:
    """Tell whether a message is there; to be told by an exception would cost more."""
    return bool(cast(int, socket.get(_EVENTS)) & _POLLIN)


def _receive(socket: zmq.Socket[bytes]) -> list[bytes]:
    """Take a message that has come; those of pyzmq's CFFI backend would not tell where it ends."""
    receive = _Core.recv
    frames = []
    while True:
        frame = receive(socket, _NOW, False)  # as an object, that knows whether it is the last one
        frames.append(frame.bytes)
        if not frame.more:
            return frames


def _send(socket: zmq.Socket[bytes], frames: Sequence[bytes]) -> None:
    """Send a message now.

    Raises:
        zmq.Again: It can't be.
        zmq.ZMQError: Nobody is there.
    """
    send = _Core.send
    for frame in frames[:-1]:
        send(socket, frame, _MORE)
    send(socket, frames[-1], _NOW)
