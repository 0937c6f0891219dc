"""Takes the large binary data of an evaluator's messages, without a copy.

Linux alone has what this needs (docs/channel.md, "Parcels").
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket

_MESSAGE = 32  # bytes that a parcel's number can be long, and more


class Parcels:
    """Owns the host's end of the socket that parcels come through.

    Args:
        descriptor: The socket, non-blocking; -1 where there is none.
    """

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor) if descriptor >= 0 else None
        self._newest = (0, -1)  # number and descriptor of what has come and not been taken

    def take(self, number: int, size: int) -> memoryview:
        """Give what is in a parcel, which must have come; others before it are dropped.

        Raises:
            ValueError: It has not come, is too small, or its sender might still change it.
        """
        while self._newest[0] != number:
            if not self._receive():
                raise ValueError(f"parcel {number} has not come")
        descriptor = self._newest[1]
        if descriptor < 0:
            raise ValueError(f"parcel {number} is empty")
        try:
            return _map(descriptor, size)
        except OSError as error:
            raise ValueError(f"parcel {number} can't be read: {error.strerror}") from None
        finally:
            self._drop()

    def accept(self) -> None:
        """Take in what has come: its line was refused, and its sender waits with the next one.

        The newest is kept: it may be that of a line that comes.
        """
        while self._receive():
            pass

    def close(self) -> None:
        """Take no more."""
        self._drop()
        if self._socket is not None:
            self._socket.close()

    def _drop(self) -> None:
        if self._newest[1] >= 0:
            os.close(self._newest[1])
        self._newest = (0, -1)

    def _receive(self) -> bool:
        """Receive one parcel and say so; false where none is there."""
        if self._socket is None:
            return False
        try:
            data, descriptors, _, _ = socket.recv_fds(
                self._socket, _MESSAGE, 1, socket.MSG_CMSG_CLOEXEC
            )
        except OSError:
            return False
        if not data:
            return False
        self._drop()
        number = int(data) if data.isdigit() else 0
        self._newest = (number, descriptors[0] if descriptors else -1)
        with contextlib.suppress(OSError):
            self._socket.send(data)
        return True


def _map(descriptor: int, size: int) -> memoryview:
    import mmap  # most kernels never need it

    # who reads a mapping that has become smaller is killed by SIGBUS
    wanted = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_WRITE
    if fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & wanted != wanted:
        raise ValueError("a parcel without its seals")
    if os.fstat(descriptor).st_size < size:
        raise ValueError("a parcel that is too small")
    # shared, a sealed one could not be mapped before Linux 6.7
    return memoryview(mmap.mmap(descriptor, size, mmap.MAP_PRIVATE, mmap.PROT_READ))
