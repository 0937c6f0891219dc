"""``polykernel exec``: runs code without a front end, through the same parts as a kernel."""

from __future__ import annotations

import os
import re
import signal
import sys
from typing import TYPE_CHECKING, Any

from tornado.ioloop import IOLoop

from polykernel.execution import Execution
from polykernel.message import Header, Message, encode, from_json, to_json
from polykernel.start import start_found
from polykernel.supervisor import Supervisor

if TYPE_CHECKING:
    from polykernel.plugins import FoundLanguage

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_END_OF_FILE = "\x04"  # as front ends send it (docs/channel.md)


def main(found: FoundLanguage, code: str, *, python: str | None, allow_stdin: bool) -> int:
    """Run code: output as it comes, the result on stdout, the error on stderr.

    Args:
        found: The language.
        code: One cell.
        python: The interpreter that evaluates; this one where ``None``.
        allow_stdin: Whether the code may ask on our standard input.

    Returns:
        0, or 1 where the code ended with an error.
    """
    begun = start_found(found, python)
    if begun.process is None:
        print(f"polykernel: {begun.trouble}", file=sys.stderr)  # noqa: T201
        return 1
    loop = IOLoop.current()
    supervisor = Supervisor(
        begun.command,
        os.environ,
        found.language.name,
        begun.process,
        options=found.language.options,
    )
    front_end = _Terminal(supervisor, loop)
    front_end.execution = execution = Execution(
        supervisor, front_end.send, plugin=lambda: str(found.plugin)
    )
    loop.asyncio_loop.add_signal_handler(signal.SIGINT, execution.interrupt)  # type: ignore[attr-defined]
    content = encode({"code": code, "allow_stdin": allow_stdin})
    request = Message(header=Header("exec", "execute_request"), content=content)
    loop.add_callback(execution.execute, request)
    loop.start()
    return front_end.exit_code


class _Terminal:
    """Plays the front end: prints what a kernel would publish."""

    execution: Execution

    def __init__(self, supervisor: Supervisor, loop: IOLoop) -> None:
        self._supervisor = supervisor
        self._loop = loop
        self._gave_up = False
        self.exit_code = 0

    def send(self, channel: str, message: Message) -> None:
        """Take a message that a kernel would send."""
        handler = getattr(self, f"_on_{message.msg_type}", None)
        if handler is None or self._gave_up:
            return
        try:
            handler(from_json(message.content))
        except (OSError, UnicodeError) as error:  # or the code would wait for ever
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
        # while we wait here the loop's handler would never be called
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            value = _ask(content.get("prompt", ""), content.get("password", False))
        except KeyboardInterrupt:
            self.execution.interrupt()
            return
        finally:
            self._loop.asyncio_loop.add_signal_handler(  # type: ignore[attr-defined]
                signal.SIGINT, self.execution.interrupt
            )
        reply = Message(header=Header("", "input_reply"), content=to_json({"value": value}))
        self.execution.input_reply(reply)

    def _on_execute_reply(self, content: dict[str, Any]) -> None:
        self.exit_code = 0 if content["status"] == "ok" else 1
        self._loop.add_callback(self._supervisor.shutdown, False, self._gone)

    def _give_up(self, error: OSError | UnicodeError) -> None:
        """End the code: our own streams have failed it."""
        self._gave_up = True
        self.exit_code = 1
        if not isinstance(error, BrokenPipeError):  # `polykernel exec ... | head` is no mistake
            reason = getattr(error, "strerror", None) or error
            print(f"polykernel: can't read or write: {reason}", file=sys.stderr)  # noqa: T201
        # not from here, in the midst of what the execution does
        self._loop.add_callback(self.execution.interrupt)
        self._loop.add_callback(self._supervisor.shutdown, False, self._gone)

    def _gone(self) -> None:
        self.execution.output.finish_text()
        self._loop.stop()


def _write(text: str, stream: Any) -> None:
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
