"""The least that pyzmq alone can do: an echo kernel of one thread, without a loop or an interrupt.

Nothing can be faster that speaks the protocol with pyzmq and msgspec. Started as a script, as a
kernelspec would.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sys

import msgspec
import zmq

DELIMITER = b"<IDS|MSG>"


class Header(msgspec.Struct):
    """What is needed of a request's header."""

    msg_type: str


class Code(msgspec.Struct):
    """What is needed of a cell."""

    code: str


INFO = {
    "status": "ok",
    "protocol_version": "5.5",
    "implementation": "floor",
    "implementation_version": "1.0",
    "language_info": {
        "name": "echo",
        "version": "1.0",
        "mimetype": "text/plain",
        "file_extension": ".txt",
    },
    "banner": "floor",
}


class Floor:
    """All of the kernel.

    Args:
        connection: The content of the connection file.
    """

    def __init__(self, connection: dict[str, str]) -> None:
        self._hmac = hmac.new(connection["key"].encode(), digestmod=hashlib.sha256)
        self._session = os.urandom(16).hex()
        self._count = 0
        self._context = zmq.Context()
        kinds = {
            "shell": zmq.ROUTER,
            "control": zmq.ROUTER,
            "stdin": zmq.ROUTER,
            "iopub": zmq.PUB,
            "hb": zmq.REP,
        }
        self._sockets = {name: self._context.socket(kind) for name, kind in kinds.items()}
        for name, socket in self._sockets.items():
            socket.linger = 1000
            socket.sndhwm = socket.rcvhwm = 0
            socket.bind(f"tcp://{connection['ip']}:{connection[f'{name}_port']}")
        self._header = msgspec.json.Decoder(Header).decode
        self._code = msgspec.json.Decoder(Code).decode
        self._encode = msgspec.json.Encoder().encode

    def run(self) -> None:
        """Serve until a shutdown request."""
        poller = zmq.Poller()
        for name in ("shell", "control"):
            poller.register(self._sockets[name], zmq.POLLIN)
        while True:
            for socket, _ in poller.poll():
                if self._serve(socket, socket.recv_multipart()):
                    self._context.destroy()
                    return

    def _serve(self, socket: zmq.Socket[bytes], frames: list[bytes]) -> bool:
        """Answer one request; true where it was the last."""
        at = frames.index(DELIMITER)
        signature, parent, content = frames[at + 1], frames[at + 2], frames[at + 5]
        if not hmac.compare_digest(self._signature(frames[at + 2 : at + 6]), signature):
            return False
        identities, msg_type = frames[:at], self._header(parent).msg_type
        iopub = self._sockets["iopub"]
        self._send(iopub, [b"status"], "status", parent, b'{"execution_state":"busy"}')
        if msg_type == "execute_request":
            self._count += 1
            count, code = self._count, self._code(content).code
            heard = {"code": code, "execution_count": count}
            self._send(iopub, [b"input"], "execute_input", parent, self._encode(heard))
            result = {"data": {"text/plain": code}, "metadata": {}, "execution_count": count}
            self._send(iopub, [b"result"], "execute_result", parent, self._encode(result))
            done = {
                "status": "ok",
                "execution_count": count,
                "user_expressions": {},
                "payload": [],
            }
            self._send(socket, identities, "execute_reply", parent, self._encode(done))
        elif msg_type == "kernel_info_request":
            self._send(socket, identities, "kernel_info_reply", parent, self._encode(INFO))
        elif msg_type == "shutdown_request":
            self._send(socket, identities, "shutdown_reply", parent, content)
        self._send(iopub, [b"status"], "status", parent, b'{"execution_state":"idle"}')
        return msg_type == "shutdown_request"

    def _signature(self, signed: list[bytes]) -> bytes:
        digest = self._hmac.copy()
        digest.update(b"".join(signed))
        return digest.hexdigest().encode()

    def _send(
        self,
        socket: zmq.Socket[bytes],
        identities: list[bytes],
        msg_type: str,
        parent: bytes,
        content: bytes,
    ) -> None:
        header = self._encode(
            {
                "msg_id": os.urandom(8).hex(),
                "session": self._session,
                "username": "kernel",
                "date": "2026-01-01T00:00:00.000000Z",
                "msg_type": msg_type,
                "version": "5.5",
            }
        )
        signed = [header, parent, b"{}", content]
        socket.send_multipart([*identities, DELIMITER, self._signature(signed), *signed])


if __name__ == "__main__":
    with open(sys.argv[-1], "rb") as file:
        Floor(msgspec.json.decode(file.read())).run()
