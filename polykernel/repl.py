"""``polykernel repl`` where there is no Jupyter console: a loop of our own in the terminal.

The parts are those of a kernel. While a line is read nothing else runs: what comes meanwhile, such
as what a thread of a cell prints, is shown with the next cell.
"""

from __future__ import annotations

import itertools
import os
import sys
from typing import TYPE_CHECKING, Any

from tornado.ioloop import IOLoop

from polykernel.execution import Execution
from polykernel.items import Question
from polykernel.message import Header, Message, encode
from polykernel.supervisor import Supervisor
from polykernel.terminal import Terminal

if TYPE_CHECKING:
    from polykernel.development import Development
    from polykernel.start import Start

_DELIMITERS = " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?"  # readline's: what ends a word


def main(begun: Start, development: Development | None = None, *, replay: bool = False) -> int:
    """Read cells and run them, until the end of the input.

    Args:
        begun: The language, and its evaluator.
        development: Who loads the language anew when its plugin changes; ``None`` where nobody
            develops it.
        replay: Whether earlier cells are run again then.

    Returns:
        0, or 1 where the evaluator could not be started or our own streams have failed.
    """
    if begun.process is None and development is None:
        print(f"polykernel: {begun.trouble}", file=sys.stderr)  # noqa: T201
        return 1
    loop = Loop(begun)
    if development is not None:
        loop.develop(development, begun, replay=replay)
    return loop.run()


class Loop:
    """Owns what has been typed of a cell, and what was answered last.

    Args:
        begun: The language, and its evaluator.
    """

    def __init__(self, begun: Start) -> None:
        self._loop = IOLoop.current()
        self._supervisor = Supervisor(
            begun.command,
            os.environ,
            begun.language.name,
            begun.process,
            begun.trouble,
            options=begun.language.options,
        )
        self._terminal = Terminal(self._supervisor, self._loop, self._on_reply)
        self._execution = Execution(
            self._supervisor, self._terminal.send, plugin=lambda: str(begun.plugin)
        )
        self._terminal.execution = self._execution
        self._prompt = f"{begun.language.name}> " if sys.stdin.isatty() else ""
        self._more = "... ".rjust(len(self._prompt)) if self._prompt else ""
        self._banner = begun.language.banner or f"{begun.language.display_name}, by polykernel"
        self._numbers = itertools.count(1)
        self._answer: dict[str, Any] = {}
        self._lines: list[str] = []
        self._indent = ""
        self._matches: list[str] = []
        self._ends = False

    def develop(self, development: Development, begun: Start, *, replay: bool) -> None:
        """Let the plugin's changes be heeded."""
        from polykernel.renewal import Renewal

        renewal = Renewal(development, self._execution, lambda: str(begun.plugin), replay=replay)
        self._execution.develop(renewal)

    def run(self) -> int:
        """Read and run until the end; give the exit code."""
        self._terminal.heed_interrupts()
        if self._prompt:
            self._set_up_readline()
            print(self._banner, "Ctrl-D ends.", sep="\n")  # noqa: T201
        while not self._ends and not self._terminal.failed:
            try:
                self._turn()
            except KeyboardInterrupt:
                self._lines.clear()
                print()  # noqa: T201
        if not self._terminal.failed:
            self._terminal.end()
            self._loop.start()
        return 1 if self._terminal.failed else 0

    def _turn(self) -> None:
        """Read one line; run what is there if it is a whole cell."""
        try:
            with self._terminal.reading():
                self._lines.append(input(self._more if self._lines else self._prompt))
        except EOFError:
            self._ends = True
            if self._prompt:
                print()  # noqa: T201
        except UnicodeDecodeError as error:
            print(f"polykernel: what was typed can't be read: {error}", file=sys.stderr)  # noqa: T201
            return
        code = "\n".join(self._lines)
        if not code.strip():
            self._lines.clear()
        elif self._ends or self._is_whole(code):
            self._lines.clear()
            self._run(code)

    def _is_whole(self, code: str) -> bool:
        answer = self._ask("is_complete", {"code": code}, {"status": "unknown"})
        if answer.get("status") != "incomplete":
            return True
        self._indent = str(answer.get("indent", ""))
        return False

    def _run(self, code: str) -> None:
        content = encode({"code": code, "allow_stdin": True})
        self._wait_for(self._execution.execute, self._message("execute_request", content))
        for payload in self._answer.get("payload") or ():
            if payload.get("source") == "ask_exit":
                self._ends = True

    # with the evaluator

    def _message(self, msg_type: str, content: bytes = b"{}") -> Message:
        return Message(header=Header(f"repl-{next(self._numbers)}", msg_type), content=content)

    def _ask(self, method: str, params: dict[str, Any], unsupported: dict[str, Any]) -> Any:
        message = self._message(f"{method}_request")
        question = Question(message, "shell", method, params, unsupported)
        self._wait_for(self._execution.submit, question)
        return self._answer

    def _wait_for(self, submit: Any, item: object) -> None:
        """Let the loop run until this has been answered."""
        self._answer = {}
        self._loop.add_callback(submit, item)
        self._loop.start()

    def _on_reply(self, msg_type: str, content: dict[str, Any]) -> None:
        self._answer = content
        self._loop.add_callback(self._loop.stop)

    # readline

    def _set_up_readline(self) -> None:
        try:
            import readline
        except ImportError:  # not every Python has it
            return
        tab = "bind ^I rl_complete" if "libedit" in (readline.__doc__ or "") else "tab: complete"
        readline.parse_and_bind(tab)
        readline.set_completer_delims(_DELIMITERS)
        readline.set_completer(self._complete)
        readline.set_startup_hook(lambda: self._insert_indent(readline.insert_text))

    def _insert_indent(self, insert: Any) -> None:
        indent, self._indent = self._indent, ""
        if self._lines:
            insert(indent)

    def _complete(self, word: str, state: int) -> str | None:
        """Give the ``state``-th completion of the word that ends at the cursor, for readline."""
        import readline

        if state == 0:
            try:
                self._matches = self._completions(readline.get_line_buffer(), readline.get_begidx())
            except Exception:  # readline swallows it, and what it says would spoil the line
                self._matches = []
        return self._matches[state] if state < len(self._matches) else None

    def _completions(self, line: str, begin: int) -> list[str]:
        import readline

        before = "".join(f"{each}\n" for each in self._lines)
        cursor = len(before) + readline.get_endidx()
        params = {"code": before + line, "cursor_pos": cursor}
        with self._terminal.running():
            answer = self._ask("complete", params, {"matches": []})
        start = answer.get("cursor_start", cursor) - len(before)
        # readline puts a match in the place of what stands from `begin` on
        return [
            line[begin:start] + match if start >= begin else match[begin - start :]
            for match in answer.get("matches", ())
        ]
