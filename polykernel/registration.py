"""The handshake at a kernel's start: tells whoever started it on which ports it listens.

Specification: "Kernel startup handshake"; JEP 66.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

import zmq
from tornado.ioloop import IOLoop

from polykernel.errors import RegistrationError, WireError
from polykernel.logs import Dropped
from polykernel.message import encode
from polykernel.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polykernel.connection import ConnectionInfo, Registrar

ANSWERED_WITHIN = 30.0  # seconds, then the kernel ends; the specification leaves it to us

log = logging.getLogger("polykernel.registration")


class Registration:
    """One handshake: owns the registration socket, from the message until its receipt.

    It runs in the loop, so that a kernel that waits can be ended like any other.

    Args:
        info: The key that signs.
        registrar: Whom to tell.
        ports: The ports that are listened on, by their names in a connection file.
        end: Called when there was no receipt in time.

    Attributes:
        trouble: What went wrong; empty as long as nothing did.
    """

    def __init__(
        self,
        info: ConnectionInfo,
        registrar: Registrar,
        ports: Mapping[str, int],
        end: Callable[[], None],
    ) -> None:
        self.trouble = ""
        self._registrar = registrar
        self._ports = ports
        self._end = end
        self._loop = IOLoop.current()
        self._wire = Wire(info.key, info.signature_scheme, "")
        self._dropped = Dropped(log)
        self._context = zmq.Context()
        self._socket: zmq.Socket[bytes] = self._context.socket(zmq.DEALER)
        self._deadline: object | None = None

    def begin(self) -> None:
        """Tell the ports.

        Raises:
            RegistrationError: The registrar's address is no good.
        """
        try:
            self._socket.connect(self._registrar.address)
        except zmq.ZMQError as error:
            raise RegistrationError(
                f"can't connect to the launcher at {self._registrar.address}: {error}"
            ) from None
        self._loop.add_handler(cast(int, self._socket.fd), self._on_wake, IOLoop.READ)
        self._deadline = self._loop.call_later(ANSWERED_WITHIN, self._give_up)
        # the specification has the ports as strings
        ports = {name: str(port) for name, port in self._ports.items()}
        content = {"kernel_id": self._registrar.kernel_id, **ports}
        self._socket.send_multipart(self._wire.seal(encode(content)))
        self._loop.add_callback(self._receive)  # the send may have eaten the edge

    def close(self) -> None:
        """Disconnect from the registrar; no receipt is waited for any more."""
        if self._deadline is not None:
            self._loop.remove_timeout(self._deadline)
            self._loop.remove_handler(cast(int, self._socket.fd))
            self._deadline = None
        self._context.destroy(linger=0)

    def _on_wake(self, descriptor: int, events: int) -> None:
        self._receive()

    def _receive(self) -> None:
        """Take one message; with a right signature it is the receipt, whatever it says."""
        if self._socket.closed:
            return
        try:
            self._wire.unseal(self._socket.recv_multipart(zmq.NOBLOCK))
        except zmq.Again:
            return
        except WireError as error:
            self._dropped.tell("a message from the launcher is dropped: %s", error)
            self._loop.add_callback(self._receive)
        else:
            self.close()

    def _give_up(self) -> None:
        self.trouble = (
            f"the launcher at {self._registrar.address} did not acknowledge this kernel's ports "
            f"within {ANSWERED_WITHIN:g} seconds"
        )
        self.close()
        self._end()
