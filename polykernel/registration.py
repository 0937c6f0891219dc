"""The handshake at a kernel's start: tells whoever started it on which ports it listens.

Specification: "Kernel startup handshake"; JEP 66.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import zmq

from polykernel.errors import RegistrationError, WireError
from polykernel.message import encode
from polykernel.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polykernel.connection import ConnectionInfo, Registrar

ANSWERED_WITHIN = 30.0  # seconds, then the kernel ends; the specification leaves it to us

log = logging.getLogger("polykernel.registration")


def register(info: ConnectionInfo, registrar: Registrar, ports: Mapping[str, int]) -> None:
    """Tell the ports, and wait until that is acknowledged; what the receipt says does not matter.

    A message with a wrong signature is no receipt: it is logged, and waited on.

    Args:
        info: The key that signs.
        registrar: Whom to tell.
        ports: The ports that are listened on, by their names in a connection file.

    Raises:
        RegistrationError: Nobody can be or has answered.
    """
    wire = Wire(info.key, info.signature_scheme, "")
    # the specification has the ports as strings
    content = {"kernel_id": registrar.kernel_id, **{name: str(ports[name]) for name in ports}}
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        try:
            socket.connect(registrar.address)
        except zmq.ZMQError as error:
            raise RegistrationError(
                f"can't connect to the launcher at {registrar.address}: {error}"
            ) from None
        socket.send_multipart(wire.seal(encode(content)))
        if not _acknowledged(wire, socket):
            raise RegistrationError(
                f"the launcher at {registrar.address} did not acknowledge this kernel's ports "
                f"within {ANSWERED_WITHIN:g} seconds"
            )


def _acknowledged(wire: Wire, socket: zmq.Socket[bytes]) -> bool:
    deadline = time.monotonic() + ANSWERED_WITHIN
    while socket.poll(max(0, int((deadline - time.monotonic()) * 1000))):
        try:
            wire.unseal(socket.recv_multipart())
        except WireError as error:
            log.warning("a message from the launcher is dropped: %s", error)
        else:
            return True
    return False
