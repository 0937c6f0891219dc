"""The other end of debugpy: it connects to us, and both speak the Debug Adapter Protocol.

Between front ends and debugpy stands, as a rule, a process of its own, debugpy's adapter, which
lives on when the evaluator is killed. What it does that a kernel needs is little, and done in
:mod:`polykernel_python.debugger`.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Callable

from polykernel_python import debug_tracing

if TYPE_CHECKING:
    Event = Callable[[dict[str, Any]], None]

CONNECTS_WITHIN = 30.0  # seconds
ANSWERS_WITHIN = 60.0  # seconds; what is evaluated in a frame may take its time
_QUIET = {
    # a warning on stderr that the standard library's frozen modules have no lines
    "PYDEVD_DISABLE_FILE_VALIDATION": "1"
}


class DebuggerFailed(Exception):
    """The debugger can't do what was asked; the text says why."""


class Adapter:
    """A connection to the debugger in this process. State: the requests without a response.

    Args:
        on_event: Called with each event, in a thread of the adapter's.
    """

    def __init__(self, on_event: Event) -> None:
        self._on_event = on_event
        self._numbers = itertools.count(1)
        self._waiting: dict[int, SimpleQueue[dict[str, Any]]] = {}
        self._sending = threading.Lock()
        self._socket: socket.socket
        self._starting: threading.Thread | None = None
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Load debugpy and let it connect; it traces nothing before ``configurationDone``.

        Raises:
            DebuggerFailed: It can't be loaded, or does not connect.
        """
        token = os.urandom(16).hex()
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        with listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
            listener.settimeout(0.1)
            address = listener.getsockname()
            self._starting = debug_tracing.start_thread(lambda: self._connect(address, token))
            self._socket = self._accept(listener)
        debug_tracing.start_thread(self._read)
        answer = self.request("pydevdAuthorize", {"debugServerAccessToken": None})
        if answer.get("body", {}).get("clientAccessToken") != token:
            self._socket.close()
            raise DebuggerFailed("another process has connected in the debugger's place")

    def _connect(self, address: tuple[str, int], token: str) -> None:
        before = {name: os.environ.get(name) for name in _QUIET}
        os.environ.update(_QUIET)
        try:
            debug_tracing.connect(address, token)
        except BaseException as error:
            self._failure = error
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)

    def _accept(self, listener: socket.socket) -> socket.socket:
        for _ in range(int(CONNECTS_WITHIN / 0.1)):
            try:
                connection, _ = listener.accept()
            except socket.timeout:  # noqa: PERF203
                if self._failure is not None:
                    break
            else:
                connection.settimeout(None)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connection
        reason = self._failure or "it does not connect"
        raise DebuggerFailed(f"debugpy can't be started: {reason}")

    def finish_start(self) -> None:
        """Wait until the threads are traced: what runs from now on can be stopped."""
        if self._starting is not None:
            self._starting.join(CONNECTS_WITHIN)
            self._starting = None
        if self._failure is not None:
            raise DebuggerFailed(f"debugpy can't be started: {self._failure}")

    def request(self, command: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a request and wait for its response.

        Raises:
            DebuggerFailed: The connection is lost, or no response comes.
        """
        answer: SimpleQueue[dict[str, Any]] = SimpleQueue()
        number = self._send(command, arguments, answer)
        try:
            response = answer.get(timeout=ANSWERS_WITHIN)
        except Empty:
            raise DebuggerFailed(f"the debugger does not answer to {command}") from None
        finally:
            self._waiting.pop(number, None)
        if not response:
            raise DebuggerFailed("the connection to the debugger is lost")
        return response

    def send(self, command: str, arguments: dict[str, Any]) -> None:
        """Send a request whose response nobody waits for."""
        self._send(command, arguments, None)

    def _send(
        self,
        command: str,
        arguments: dict[str, Any] | None,
        answer: SimpleQueue[dict[str, Any]] | None,
    ) -> int:
        number = next(self._numbers)
        if answer is not None:
            self._waiting[number] = answer
        message = {"type": "request", "seq": number, "command": command}
        data = json.dumps({**message, "arguments": arguments or {}}).encode()
        try:
            with self._sending:
                self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        except OSError:
            if answer is not None:
                answer.put({})
        return number

    def _read(self) -> None:
        with self._socket.makefile("rb") as stream:
            try:
                while True:
                    message = _receive(stream)
                    if message is None:
                        break
                    self._take(message)
            except (OSError, ValueError):
                pass  # it is gone
        for answer in list(self._waiting.values()):
            answer.put({})

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("type") == "event":
            self._on_event(message)
        elif message.get("type") == "response":
            answer = self._waiting.get(message.get("request_seq", 0))
            if answer is not None:
                answer.put(message)


def _receive(stream: Any) -> dict[str, Any] | None:
    """Read one message; ``None`` at the end."""
    size = 0
    while True:
        line = stream.readline()
        if not line:
            return None
        if line == b"\r\n":
            break
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            size = int(value)
    data = stream.read(size)
    return json.loads(data) if len(data) == size else None
