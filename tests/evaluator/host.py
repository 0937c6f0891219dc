"""Plays the host over real pipes: starts an evaluator process and speaks the channel with it."""

from __future__ import annotations

import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polykernel

PACKAGE = Path(polykernel.__file__).parent
SAMPLE = Path(__file__).parent / "sample"
DEADLINE = float(os.environ.get("POLYKERNEL_TEST_DEADLINE", "30"))
MARK = re.compile(rb"\x1b_polykernel ([0-9a-f]{16}) (\d+)\x1b\\")


class Host:
    """One evaluator process and what it has sent. Fails with the whole conversation.

    Attributes:
        messages: What came on the channel, in order.
        printed: The bytes of pipes 1 and 2, marks included, by descriptor.
        events: Channel and pipe 1 put together in the order in which a front end would see them.
    """

    def __init__(
        self,
        evaluator: str = "sample.python:Python",
        *,
        python: str = sys.executable,
        cwd: Path | None = None,
        plugin: str = "sample_plugin 1.0",
        env: dict[str, str] | None = None,
        packages: dict[str, Path] | None = None,
    ) -> None:
        requests, self._requests = os.pipe()
        self._channel, channel = os.pipe()
        keep = _above(requests, channel)
        # the shell moves the pipes to the descriptors that the channel names
        script = f'exec "$@" 3<&{keep[0]} 4>&{keep[1]} {keep[0]}<&- {keep[1]}>&-'
        shown = {"polykernel": PACKAGE, "sample": SAMPLE, **(packages or {})}
        command = [
            *("/bin/bash", "-c", script, "bash", python, "-u"),
            *(str(PACKAGE / "evaluator" / "bootstrap.py"), evaluator),
            *(f"{name}={path}" for name, path in shown.items()),
            *("--plugin", plugin),
        ]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=keep,
            start_new_session=True,
            cwd=cwd,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(env or {})},
        )
        for descriptor in keep:
            os.close(descriptor)
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.messages: list[dict[str, Any]] = []
        self.printed = {1: b"", 2: b""}
        self._line = b""
        self._numbers = iter(range(1, 1 << 30))
        self._selector = selectors.DefaultSelector()
        self.paused: set[int] = set()
        for key, descriptor in (
            (0, self._channel),
            (1, self.process.stdout.fileno()),
            (2, self.process.stderr.fileno()),
        ):
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ, key)

    # sending

    def send(self, method: str, **params: Any) -> int:
        number = next(self._numbers)
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        self.write(json.dumps(message) + "\n")
        return number

    def write(self, line: str, raw: bytes = b"") -> None:
        rest = line.encode() + raw
        while rest:
            rest = rest[os.write(self._requests, rest) :]

    def start(self, code: str, **params: Any) -> int:
        defaults = {
            "silent": False,
            "store_history": True,
            "allow_stdin": True,
            "user_expressions": {},
            "execution_count": 1,
            "cell_id": None,
        }
        return self.send("execute", code=code, **{**defaults, **params})

    def comm(
        self,
        method: str,
        *,
        raw: bytes = b"",
        buffers: list[int | str] | None = None,
        **content: Any,
    ) -> int:
        """Send a comm message; ``raw`` are the buffers of which ``buffers`` holds the lengths."""
        number = next(self._numbers)
        params = {"content": content, "metadata": {}, "buffers": buffers or []}
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        self.write(json.dumps(message) + "\n", raw)
        return number

    def notify(self, method: str, **params: Any) -> None:
        self.write(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}) + "\n")

    def interrupt(self, cell: int | None = None) -> None:
        """Interrupt as the host does; without a cell, as anybody may."""
        if cell is not None:
            self.notify("interrupt", cell=cell)
        os.killpg(self.process.pid, signal.SIGINT)

    def close(self) -> None:
        """Vanish, as a killed host does."""
        if self._requests >= 0:
            os.close(self._requests)
            self._requests = -1

    # receiving

    def read(self, until: Any, why: str) -> None:
        """Read whatever comes until the condition holds."""
        deadline = time.monotonic() + DEADLINE
        while not until():
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"waited in vain for {why}; {self.seen()}")
            if not self._selector.get_map():
                self.process.wait(DEADLINE)
                if not until():
                    raise AssertionError(f"it ended before {why}; {self.seen()}")
                return
            for key, _ in self._selector.select(min(left, 1.0)):
                self._receive(key.fd, key.data)

    def _receive(self, descriptor: int, which: int) -> None:
        try:
            data = os.read(descriptor, 1 << 20)
        except BlockingIOError:
            return
        if not data:
            self._selector.unregister(descriptor)
        elif which:
            self.printed[which] += data
        else:
            *lines, self._line = (self._line + data).split(b"\n")
            self.messages += [self._parsed(line) for line in lines]

    def _parsed(self, line: bytes) -> dict[str, Any]:
        try:
            message = json.loads(line.decode(), parse_constant=_refuse)
        except ValueError as error:
            raise AssertionError(f"a torn line {line[:300]!r}: {error}; {self.seen()}") from None
        assert isinstance(message, dict)
        return message

    def drain(self) -> None:
        """Read what is already there."""
        while ready := self._selector.select(0):
            before = len(self._selector.get_map())
            for key, _ in ready:
                self._receive(key.fd, key.data)
            if len(self._selector.get_map()) < before and not self._selector.get_map():
                return

    def response(self, number: object) -> dict[str, Any]:
        """Wait for the response to a request; everything printed before it has been read then."""

        def there() -> bool:
            return any(m.get("id") == number and "method" not in m for m in self.messages)

        self.read(there, f"the response to request {number}")
        self.drain()
        return next(m for m in self.messages if m.get("id") == number and "method" not in m)

    def result(self, number: int) -> dict[str, Any]:
        answer = self.response(number)
        assert "result" in answer, self.seen()
        result = answer["result"]
        assert isinstance(result, dict)
        return result

    def hello(self, **params: Any) -> dict[str, Any]:
        return self.result(self.send("hello", **{"protocol": 1, "language": "sample", **params}))

    def run(self, code: str, **params: Any) -> dict[str, Any]:
        """Run a cell to its end."""
        return self.result(self.start(code, **params))

    def shown(self, code: str, **params: Any) -> str:
        """Run a cell that must succeed; what it printed."""
        before = len(self.text())
        reply = self.run(code, **params)
        assert reply["status"] == "ok", self.seen()
        return self.text()[before:]

    def value(self, code: str, **params: Any) -> str:
        """Run a cell that must succeed; its result as plain text."""
        reply = self.run(code, **params)
        assert reply["status"] == "ok", self.seen()
        text = reply["result"]["data"]["text/plain"]
        assert isinstance(text, str)
        return text

    def wait_for(self, text: str) -> None:
        """Read until the text has been printed."""
        self.read(lambda: text in self.text(), f"the text {text!r}")

    def wait_for_event(self, method: str) -> dict[str, Any]:
        self.read(lambda: bool(self.events(method)), f"the event {method}")
        return self.events(method)[-1]

    def wait_for_end(self) -> int:
        """Read until the process and its pipes have ended; its exit code."""
        self.read(lambda: not self._selector.get_map(), "its end")
        return self.process.wait(DEADLINE)

    # what was seen

    def text(self) -> str:
        """What was printed raw, without marks."""
        return MARK.sub(b"", self.printed[1]).decode()

    def events(self, method: str) -> list[dict[str, Any]]:
        return [m["params"] for m in self.messages if m.get("method") == method]

    def streams(self, name: str, cell: int | None = None) -> str:
        """The text of the stream events."""
        return "".join(
            params["content"]["text"]
            for params in self.events("stream")
            if params["content"]["name"] == name and cell in (None, params.get("cell"))
        )

    def order(self) -> list[str]:
        """Raw text and events as a front end would see them, by the marks."""
        events = {
            message["params"]["mark"]: message
            for message in self.messages
            if "mark" in message.get("params", {})
        }
        pieces = MARK.split(self.printed[1])
        seen = [pieces[0].decode()]
        for serial, text in zip(pieces[2::3], pieces[3::3], strict=True):
            event = events[int(serial)]
            content = event["params"]["content"]
            seen.append(f"<{event['method']} {content.get('text') or content.get('data')}>")
            seen.append(text.decode())
        return [piece for piece in seen if piece]

    def seen(self) -> str:
        """The whole conversation, for failures."""
        lines = [json.dumps(message)[:2000] for message in self.messages]
        printed = f"1: {self.printed[1][-2000:]!r}\n2: {self.printed[2][-2000:]!r}"
        return "\n".join(["what was seen:", *lines, printed, f"begun line {self._line[:200]!r}"])

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(DEADLINE)
        self._selector.close()
        os.close(self._channel)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def _above(*descriptors: int) -> tuple[int, ...]:
    import fcntl

    moved = []
    for descriptor in descriptors:
        moved.append(fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10))
        os.close(descriptor)
    return tuple(moved)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
