"""The least that pyzmq alone can do: an echo kernel of one thread, without a loop or an interrupt.

Nothing can be faster that speaks the protocol with pyzmq and msgspec. Started as a script, as a
kernelspec would. With ``--two`` the cells are evaluated by another process, behind a pipe: what
separates a cell from the kernel costs that, before anything is done for a user.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
import sys
from collections import deque

import msgspec
import zmq

DELIMITER = b"<IDS|MSG>"


class Header(msgspec.Struct):
    """What is needed of a request's header."""

    msg_type: str


class Code(msgspec.Struct):
    """What is needed of a cell."""

    code: str


EVALUATOR = """
import os, sys
from _json import make_scanner
class Context:
    strict = True; object_hook = object_pairs_hook = parse_constant = None
    parse_float = float; parse_int = int
scan = make_scanner(Context)
rest = b""
while True:
    data = os.read(0, 65536)
    if not data:
        break
    *lines, rest = (rest + data).split(b"\\n")
    for line in lines:
        os.write(1, b'{"text": "%b"}\\n' % scan(line.decode(), 0)[0]["code"].encode())
"""

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
        if msg_type == "execute_request":
            return self._execute(socket, identities, parent, content)
        self._busy(parent)
        if msg_type == "kernel_info_request":
            self._send(socket, identities, "kernel_info_reply", parent, self._encode(INFO))
        elif msg_type == "shutdown_request":
            self._send(socket, identities, "shutdown_reply", parent, content)
        self._idle(parent)
        return msg_type == "shutdown_request"

    def _execute(
        self, socket: zmq.Socket[bytes], identities: list[bytes], parent: bytes, content: bytes
    ) -> bool:
        code = self._code(content).code
        self._busy(parent)
        self._input(parent, code)
        self._result(socket, identities, parent, code)
        self._idle(parent)
        return False

    def _busy(self, parent: bytes) -> None:
        self._publish("status", parent, b'{"execution_state":"busy"}')

    def _idle(self, parent: bytes) -> None:
        self._publish("status", parent, b'{"execution_state":"idle"}')

    def _input(self, parent: bytes, code: str) -> None:
        self._count += 1
        heard = {"code": code, "execution_count": self._count}
        self._publish("execute_input", parent, self._encode(heard))

    def _result(
        self, socket: zmq.Socket[bytes], identities: list[bytes], parent: bytes, text: str
    ) -> None:
        result = {"data": {"text/plain": text}, "metadata": {}, "execution_count": self._count}
        self._publish("execute_result", parent, self._encode(result))
        done = {
            "status": "ok",
            "execution_count": self._count,
            "user_expressions": {},
            "payload": [],
        }
        self._send(socket, identities, "execute_reply", parent, self._encode(done))

    def _publish(self, msg_type: str, parent: bytes, content: bytes) -> None:
        self._send(self._sockets["iopub"], [msg_type.encode()], msg_type, parent, content)

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


class FloorOfTwo(Floor):
    """The floor, whose cells another process evaluates: one after the other.

    Args:
        connection: The content of the connection file.
    """

    def __init__(self, connection: dict[str, str]) -> None:
        self._evaluator = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", EVALUATOR],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self._evaluator.stdin is not None
        assert self._evaluator.stdout is not None
        self._requests = self._evaluator.stdin.fileno()
        self._answers = self._evaluator.stdout.fileno()
        self._cells: deque[tuple[list[bytes], bytes, str]] = deque()
        super().__init__(connection)

    def run(self) -> None:
        """Serve until a shutdown request."""
        poller = zmq.Poller()
        for name in ("shell", "control"):
            poller.register(self._sockets[name], zmq.POLLIN)
        poller.register(self._answers, zmq.POLLIN)
        while True:
            for ready, _ in poller.poll():
                if ready == self._answers:
                    self._answered()
                elif self._serve(ready, ready.recv_multipart()):
                    self._evaluator.stdin.close()  # type: ignore[union-attr]
                    self._evaluator.wait()
                    self._context.destroy()
                    return

    def _execute(
        self, socket: zmq.Socket[bytes], identities: list[bytes], parent: bytes, content: bytes
    ) -> bool:
        self._cells.append((identities, parent, self._code(content).code))
        if len(self._cells) == 1:
            self._begin()
        return False

    def _begin(self) -> None:
        _, parent, code = self._cells[0]
        os.write(self._requests, self._encode({"code": code}) + b"\n")
        self._busy(parent)
        self._input(parent, code)

    def _answered(self) -> None:
        text = msgspec.json.decode(os.read(self._answers, 65536))["text"]
        identities, parent, _ = self._cells.popleft()
        self._result(self._sockets["shell"], identities, parent, text)
        self._idle(parent)
        if self._cells:
            self._begin()


if __name__ == "__main__":
    with open(sys.argv[-1], "rb") as file:
        made = FloorOfTwo if "--two" in sys.argv else Floor
        made(msgspec.json.decode(file.read())).run()
