"""Hands large binary data to the host in memory that both share (docs/channel.md, "Parcels").

Linux alone has what this needs; where anything is missing, the data goes through the channel.
"""

from __future__ import annotations

import fcntl
import os
import sys

from polykernel.evaluator.lines import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

LARGE = 1 << 20  # bytes of a message's buffers from which a parcel is faster
_MESSAGE = 32  # bytes that an answer can be long, and more
_ALL_SEALS = 15  # F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE

_memfd_create = getattr(os, "memfd_create", None)
_ADD_SEALS = getattr(fcntl, "F_ADD_SEALS", None)


class Parcels:
    """Owns our end of the socket that parcels go through. For one thread at a time.

    Args:
        descriptor: The socket; -1 where there is none.

    Attributes:
        wanted: The host takes parcels.
    """

    def __init__(self, descriptor: int = -1) -> None:
        self.wanted = False
        self._descriptor = descriptor
        self._number = 0
        self._untaken = 0  # the number of a parcel whose line has been sent, and that is not taken

    def pack(self, buffers: Sequence[memoryview]) -> int:
        """Send the buffers of a message, if they are large, before its line is sent.

        The host must have taken the parcel before: so memory stays bounded when it does not read.

        Returns:
            The parcel's number; 0 where the buffers have to go through the channel.
        """
        if (
            not self.wanted
            or self._descriptor < 0
            or _memfd_create is None
            or _ADD_SEALS is None
            or sum(map(len, buffers)) < LARGE
        ):
            return 0
        try:
            self._wait()
            memory = _memfd_create("polykernel", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            try:
                for each in buffers:
                    write_all(memory, each)
                fcntl.fcntl(memory, _ADD_SEALS, _ALL_SEALS)
                return self._send(memory)
            finally:
                os.close(memory)
        except OSError:  # no memory, no descriptors left, forbidden
            return 0

    def announced(self, number: int) -> None:
        """Take notice that the line that tells of a parcel has been sent."""
        self._untaken = number

    def _send(self, memory: int) -> int:
        from _socket import SCM_RIGHTS, SOL_SOCKET  # most kernels never need it

        self._number += 1
        message = [b"%d" % self._number]
        rights = [(SOL_SOCKET, SCM_RIGHTS, memory.to_bytes(4, sys.byteorder))]
        self._with_socket(lambda connection: connection.sendmsg(message, rights))
        return self._number

    def _wait(self) -> None:
        """Wait until the host has taken what it has been told of."""
        while self._untaken:
            answer = self._with_socket(lambda connection: connection.recv(_MESSAGE))
            if not answer or int(answer) >= self._untaken:  # the host is gone, or has taken it
                self._untaken = 0

    def _with_socket(self, work: Callable[[Any], Any]) -> Any:
        from _socket import socket

        connection = socket(fileno=self._descriptor)
        try:
            connection.settimeout(None)  # whatever default the user has set
            return work(connection)
        finally:
            connection.detach()  # a forked child closes the descriptor, and may use its number
