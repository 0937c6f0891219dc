"""``polykernel exec``: runs code without a front end, through the same parts as a kernel."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from tornado.ioloop import IOLoop

from polykernel.execution import Execution
from polykernel.message import Header, Message, encode
from polykernel.start import start_found
from polykernel.supervisor import Supervisor
from polykernel.terminal import Terminal

if TYPE_CHECKING:
    from polykernel.plugins import FoundLanguage


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
    statuses: list[str] = []

    def on_reply(msg_type: str, content: dict[str, Any]) -> None:
        statuses.append(content["status"])
        terminal.end()

    terminal = Terminal(supervisor, loop, on_reply)
    terminal.execution = execution = Execution(
        supervisor, terminal.send, plugin=lambda: str(found.plugin)
    )
    terminal.heed_interrupts()
    content = encode({"code": code, "allow_stdin": allow_stdin})
    request = Message(header=Header("exec", "execute_request"), content=content)
    loop.add_callback(execution.execute, request)
    loop.start()
    return 0 if statuses == ["ok"] and not terminal.failed else 1
