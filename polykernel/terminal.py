"""A front end in the terminal: prints what a kernel would publish, and asks what it would ask."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from typing import TYPE_CHECKING, Any

from polykernel.message import Header, Message, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tornado.ioloop import IOLoop

    from polykernel.execution import Execution
    from polykernel.supervisor import Supervisor

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_END_OF_FILE = "\x04"  # as front ends send it (docs/channel.md)


class Terminal:
    """Plays the front end of an execution.

    Args:
        supervisor: The evaluator's process.
        loop: What runs all.
        on_reply: Told of each reply: its message type and its content.

    Attributes:
        execution: What is asked to run cells; to be set before anything is.
        failed: Whether our own streams have failed, so that nothing more can be run.
    """

    execution: Execution

    def __init__(
        self,
        supervisor: Supervisor,
        loop: IOLoop,
        on_reply: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._supervisor = supervisor
        self._loop = loop
        self._on_reply = on_reply
        self.failed = False

    def send(self, channel: str, message: Message) -> None:
        """Take a message that a kernel would send."""
        if self.failed:
            return
        try:
            if message.msg_type.endswith("_reply"):
                self._on_reply(message.msg_type, from_json(message.content))
                return
            handler = getattr(self, f"_on_{message.msg_type}", None)
            if handler is not None:
                handler(from_json(message.content))
        except Exception as error:  # or the code would wait for ever
            self._give_up(error)

    def _on_stream(self, content: dict[str, Any]) -> None:
        _write(content["text"], sys.stderr if content["name"] == "stderr" else sys.stdout)

    def _on_display_data(self, content: dict[str, Any]) -> None:
        text = content["data"].get("text/plain")
        if text:
            _write(f"{text}\n", sys.stdout)

    _on_update_display_data = _on_execute_result = _on_display_data

    def _on_error(self, content: dict[str, Any]) -> None:
        text = "\n".join(content["traceback"])
        _write(f"{text}\n", sys.stderr)

    def _on_input_request(self, content: dict[str, Any]) -> None:
        try:
            with self.reading():
                value = _ask(content.get("prompt", ""), content.get("password", False))
        except KeyboardInterrupt:
            self.execution.interrupt()
            return
        reply = Message(header=Header("", "input_reply"), content=to_json({"value": value}))
        self.execution.input_reply(reply)

    def heed_interrupts(self) -> None:
        """Let Ctrl-C interrupt what runs."""
        self._loop.asyncio_loop.add_signal_handler(  # type: ignore[attr-defined]
            signal.SIGINT, self.execution.interrupt
        )

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Let Ctrl-C end what reads from the terminal: meanwhile the loop's handler is not called.

        Raises:
            KeyboardInterrupt: It was pressed.
        """
        self._leave_interrupts()
        try:
            yield
        finally:
            self.heed_interrupts()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Within :meth:`reading`, let Ctrl-C interrupt what runs, such as a completion."""
        self.heed_interrupts()
        try:
            yield
        finally:
            self._leave_interrupts()

    def _leave_interrupts(self) -> None:
        # the loop would hear of them later, and interrupt what runs then
        self._loop.asyncio_loop.remove_signal_handler(signal.SIGINT)  # type: ignore[attr-defined]

    def end(self) -> None:
        """End the evaluator in good order, and then the loop."""
        # not from here, in the midst of what the execution does
        self._loop.add_callback(self._supervisor.shutdown, False, self._gone)

    def _give_up(self, error: Exception) -> None:
        """End the code: our own streams have failed it."""
        self.failed = True
        if not isinstance(error, BrokenPipeError):  # `polykernel exec ... | head` is no mistake
            reason = getattr(error, "strerror", None) or error
            print(f"polykernel: can't read or write: {reason}", file=sys.stderr)  # noqa: T201
        self._loop.add_callback(self.execution.interrupt)
        self.end()

    def _gone(self) -> None:
        self.execution.output.finish_text()
        self._loop.stop()


def _write(text: str, stream: Any) -> None:
    if stream is None:  # it was closed as we were started
        return
    if not stream.isatty():
        text = _ANSI.sub("", text) if stream is sys.stderr else text
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        # or Python would complain, at its end, that it can't write what is left
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise


def _ask(prompt: str, password: bool) -> str:
    try:
        if password:
            import getpass

            return getpass.getpass(prompt)
        return input(prompt)
    except EOFError:
        return _END_OF_FILE
