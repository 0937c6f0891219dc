"""How long front ends are waited for, and which of them read meanwhile.

ZeroMQ tells of no subscriber whether it reads. The system does: it knows how much of what was sent
on a connection the other end has not taken. Where it does not, somebody is taken to read.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import struct
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("polykernel.patience")

LOOK_EVERY = 1.0  # seconds
LOOKS = 10  # at which somebody reads, until those are left out who do not


class Patience:
    """Owns what was seen since nothing could be sent; made when that begins.

    Args:
        endpoint: What the front ends are connected to.

    Attributes:
        hung: The connections whose front end was not seen to read.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self.begin_anew()

    def begin_anew(self) -> None:
        """Take notice that something could be sent."""
        self._looks = 0  # rather than a time: who was stopped meanwhile may be ourselves
        self._looked_at = monotonic()
        self._unread: dict[int, int] = {}  # bytes, by connection, at the last look
        self._reading: set[int] = set()
        self.hung: set[int] = set()

    @property
    def waited(self) -> float:
        """For how many seconds those that read have been held up."""
        return self._looks * LOOK_EVERY

    def is_over(self) -> bool:
        """Look now and then who reads; whether some have held up for long others that do."""
        now = monotonic()
        if now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            self._look()
        return self._looks >= LOOKS

    def _look(self) -> None:
        unread = {each: _unread(opened) for each, opened in _connections(self._endpoint)}
        still = {each for each, size in unread.items() if size and self._unread.get(each) == size}
        self._looks += 1
        if self._unread:
            self._reading |= unread.keys() - still
        if unread and len(still) == len(unread):  # then nobody is held up by another
            self._looks = 0
            self._reading.clear()
            log.debug("no front end reads: they are waited for")
        self._unread = unread
        self.hung = still - self._reading
        if unread and not self.hung:  # all read, if slowly
            self._looks = 0
            self._reading.clear()

    def disconnect_hung(self) -> None:
        """End the connections of those that hang; they may come back."""
        for each, opened in _connections(self._endpoint):
            if each in self.hung:
                with contextlib.suppress(OSError):
                    opened.shutdown(socket.SHUT_RDWR)


def _connections(endpoint: str) -> Iterator[tuple[int, socket.socket]]:
    """Find the connections to an endpoint among our descriptors, each with its number."""
    transport, _, address = endpoint.rstrip("\0").partition("://")
    ours: object = address
    if transport == "tcp":
        ours = int(address.rpartition(":")[2])
    elif address.startswith("@"):
        ours = b"\0" + os.fsencode(address[1:])
    try:
        descriptors = os.listdir("/dev/fd")  # noqa: PTH208 - pathlib gives what has to be parsed
    except OSError:  # none is free
        return
    for descriptor in descriptors:
        # one of our own: ZeroMQ's thread may close its one at any time
        with contextlib.suppress(OSError), _duplicate(int(descriptor)) as opened:
            opened.getpeername()  # or it is what listens
            name = opened.getsockname()
            if (name[1] if transport == "tcp" and isinstance(name, tuple) else name) == ours:
                yield os.fstat(opened.fileno()).st_ino, opened


def _duplicate(descriptor: int) -> socket.socket:
    duplicate = os.dup(descriptor)
    try:
        return socket.socket(fileno=duplicate)
    except OSError:
        os.close(duplicate)
        raise


def _unread(opened: socket.socket) -> int:
    """Tell how many bytes the other end has not taken; none where the system does not tell."""
    import fcntl  # not before it is needed: a kernel's start is to be short
    import termios

    try:
        return int(struct.unpack("i", fcntl.ioctl(opened, termios.TIOCOUTQ, bytes(4)))[0])
    except OSError:
        return 0
