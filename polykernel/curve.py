"""CURVE, ZeroMQ's encryption: a kernel's sockets as servers, with keys from a connection file.

Specification: "Security" in jupyter_client's documentation; JEP 145. Whoever knows the server's
public key is let in: jupyter_client's heartbeat comes with a key that it has just made up.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

import zmq

from polykernel.errors import ConnectionFileError

if TYPE_CHECKING:
    from tornado.ioloop import IOLoop

    from polykernel.connection import ConnectionInfo

log = logging.getLogger("polykernel.curve")


def keys() -> tuple[str, str]:
    """Make up a public and a secret key.

    Raises:
        ConnectionFileError: The installed libzmq has no CURVE.
    """
    _need_curve()
    public, secret = zmq.curve_keypair()
    return public.decode(), secret.decode()


class CurveServer:
    """Encrypts the sockets of a connection that has keys; does nothing where there are none.

    Tells once that a client was refused, which otherwise nothing would show.

    Args:
        info: Where the keys are.

    Raises:
        ConnectionFileError: The installed libzmq has no CURVE, or the keys are no pair: every
            client would be refused.
    """

    def __init__(self, info: ConnectionInfo) -> None:
        self._public = info.curve_publickey.encode()
        self._secret = info.curve_secretkey.encode()
        self._watched: list[tuple[zmq.Socket[bytes], zmq.Socket[bytes], IOLoop]] = []
        if self._secret:
            _need_curve()
            if _public_of(self._secret) != self._public:
                raise ConnectionFileError(
                    "curve_publickey and curve_secretkey in the connection file are no pair"
                )

    def serve(self, socket: zmq.Socket[bytes]) -> None:
        """Let in only clients that encrypt for this server, at a socket that is not yet bound."""
        if self._secret:
            socket.curve_secretkey = self._secret
            socket.curve_publickey = self._public
            socket.curve_server = True

    def watch(self, channel: str, socket: zmq.Socket[bytes], loop: IOLoop) -> None:
        """Look for refused clients of a socket, which must be of the loop's own thread."""
        if not self._secret:
            return
        monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL)
        self._watched.append((socket, monitor, loop))

        def look(*woken: int) -> None:
            if self._watched and monitor.poll(0):
                self.close()  # a client that is refused tries again for ever
                log.warning(
                    "a client was refused on %s: it does not encrypt for this kernel "
                    "(no more is said of further ones)",
                    channel,
                )

        loop.add_handler(cast(int, monitor.fd), look, loop.READ)
        loop.add_callback(look)  # the descriptor is edge-triggered

    def close(self) -> None:
        """Look no more."""
        watched, self._watched = self._watched, []
        for socket, monitor, loop in watched:
            loop.remove_handler(cast(int, monitor.fd))
            socket.disable_monitor()
            monitor.close(linger=0)


def _need_curve() -> None:
    if not zmq.has("curve"):
        raise ConnectionFileError(
            "the connection is to be encrypted, but the installed libzmq has no CURVE"
        )


def _public_of(secret: bytes) -> bytes:
    try:
        return zmq.curve_public(secret)
    except zmq.ZMQError:
        raise ConnectionFileError("curve_secretkey in the connection file is no key") from None
