"""The evaluator's only way out: text to pipe 1, events and responses to the channel.

One lock holds the order of both (docs/channel.md, "Order"). While the main thread has it no signal
handler raises, so that no line is ever torn (see :mod:`polykernel.evaluator.interrupts`).
"""

from __future__ import annotations

import threading

from polykernel.evaluator.cell import Cell
from polykernel.evaluator.failure import InputRefused
from polykernel.evaluator.lines import Unsendable, encode, to_bytes, write_all
from polykernel.evaluator.ownership import find_owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional

    from polykernel.evaluator.questions import Questions

STDOUT, STDERR = 0, 1
STREAM_NAMES = ("stdout", "stderr")


class Outlet:
    """Owns what is sent: the lock, the marks' numbers, and which cell is running.

    Args:
        channel: Descriptor of events and responses.
        marks: A descriptor of pipe 1 of our own, for marks.
        token: The random part of each mark.
        questions: Sends input requests.

    Attributes:
        running: The cell whose text goes raw to descriptor 1; ``None`` between cells.
        last: The cell that unclaimed output belongs to.
        has_channel: False in a child that was forked: it prints, and can't answer for its parent.
        deferred: A signal came while the lock was held; ``settle`` lets it act.
        settle: Called by the main thread when the lock is free again.
    """

    def __init__(self, channel: int, marks: int, token: str, questions: Questions) -> None:
        self.lock = threading.RLock()
        self.running: Optional[Cell] = Cell(self, None, {})
        self.last: Cell = self.running  # type: ignore[assignment]
        self.has_channel = True
        self.deferred = False
        self.settle: Callable[[], None] = lambda: None
        self.watch: Callable[[Cell], None] = lambda cell: None  # noqa: ARG005
        self._channel = channel
        self._marks = marks
        self._token = token
        self._questions = questions
        self._serial = 0
        self._sending = False
        self._waiting: List[bytes] = []

    def begin(self, cell: Cell) -> None:
        """From now on this cell runs."""
        with self.lock:
            self.running = self.last = cell

    def finish(self, cell: Cell) -> None:
        """Show all that the cell's threads have printed; what they print later goes as events."""
        with self.lock:
            cell._over = True  # noqa: SLF001
            self.flush_all(cell)
            self.running = None
        self.settled()

    def settled(self) -> None:
        """To be called wherever the lock was released: a signal may have waited for it."""
        if self.deferred:
            self.settle()

    # text

    def text(self, cell: Cell, stream: int, text: str) -> None:
        """Print for a cell: whole lines at once, the rest when its line ends, or soon."""
        begun = cell._begun[stream]  # noqa: SLF001
        ident = threading.get_ident()
        try:
            parts = begun[ident]
        except KeyError:
            parts = begun[ident] = []
        if text[-1:] == "\n":
            with self.lock:
                if parts:
                    parts.append(text)
                    text = "".join(parts)
                    parts.clear()
                self._print(cell, stream, text)
            if self.deferred:
                self.settle()
        elif "\n" in text or len(parts) > 1000:
            with self.lock:
                end = text.rfind("\n") + 1
                parts.append(text[:end])
                self._flush(cell, stream, parts)
                if text[end:]:
                    parts.append(text[end:])
            self.settled()
        elif text:
            parts.append(text)
        if parts and not cell._watched:  # noqa: SLF001
            self.watch(cell)

    def flush(self, cell: Cell) -> None:
        """Show the lines that the calling thread has begun."""
        ident = threading.get_ident()
        for stream, begun in enumerate(cell._begun):  # noqa: SLF001
            parts = begun.get(ident)
            if parts:
                with self.lock:
                    self._flush(cell, stream, parts)
                self.settled()

    def flush_all(self, cell: Cell) -> None:
        """Show the lines that any thread has begun for the cell."""
        for stream, begun in enumerate(cell._begun):  # noqa: SLF001
            for parts in list(begun.values()):
                if parts:
                    with self.lock:
                        self._flush(cell, stream, parts)
                    self.settled()

    def flush_line(self, cell: Cell, stream: int, ident: int) -> None:
        """Show the line that one thread has begun for the cell."""
        with self.lock:
            self._flush(cell, stream, cell._begun[stream][ident])  # noqa: SLF001

    def raw(self, cell: Cell, stream: int, data: bytes) -> None:
        """Print bytes, as they are where the cell is running."""
        self.flush(cell)
        with self.lock:
            if not self.has_channel or (stream == STDOUT and cell is self.running):
                write_all(stream + 1, data)
            else:
                self._print(cell, stream, data.decode("utf-8", "replace"))
        self.settled()

    def _flush(self, cell: Cell, stream: int, parts: List[str]) -> None:
        taken = parts[:]
        del parts[: len(taken)]  # another thread may be appending
        self._print(cell, stream, "".join(taken))

    def _print(self, cell: Cell, stream: int, text: str) -> None:
        if (stream == STDOUT and cell is self.running) or not self.has_channel:
            write_all(stream + 1, text.encode("utf-8", "backslashreplace"))
        elif text:
            self.event("stream", cell, {"name": STREAM_NAMES[stream], "text": text})

    # the channel

    def event(self, method: str, cell: Cell, content: Dict[str, Any]) -> None:
        """Send an event, and its mark.

        Raises:
            ValueError: The content has no JSON form.
        """
        body = encode(content)
        if method != "stream" or content["name"] != "stdout":
            self.flush(cell)
        if not self.has_channel:
            self._print_instead(method, cell, content)
            return
        number = cell._number  # noqa: SLF001
        whose = "" if number is None else f'"cell":{number},'
        with self.lock:
            self._serial += 1
            serial = self._serial
            self._send(
                f'{{"jsonrpc":"2.0","method":"{method}",'
                f'"params":{{{whose}"mark":{serial},"content":{body}}}}}\n'
            )
            write_all(self._marks, b"\x1b_polykernel %s %d\x1b\\" % (self._token.encode(), serial))
        self.settled()

    def acknowledge_interrupt(self) -> None:
        """Tell the host that its interrupt has been heard."""
        self._send_alone('{"jsonrpc":"2.0","method":"interrupted","params":{}}\n')

    def respond(self, number: object, result: object) -> None:
        """Send the result of a request.

        Raises:
            Unsendable: The result has no JSON form.
        """
        self._send_alone(f'{{"jsonrpc":"2.0","id":{encode(number)},"result":{encode(result)}}}\n')

    def refuse(self, number: object, code: int, message: str, data: object = None) -> None:
        """Send a JSON-RPC error: the evaluator has a bug, or can't do what was asked."""
        error = {"code": code, "message": message}
        if data is not None:
            error["data"] = data  # type: ignore[assignment]
        self._send_alone(f'{{"jsonrpc":"2.0","id":{encode(number)},"error":{encode(error)}}}\n')

    def ask(self, cell: Cell, prompt: str, password: bool) -> str:
        """Send an input request and wait for the answer.

        Raises:
            InputRefused: Input is not allowed, or not any more.
            KeyboardInterrupt: The user interrupted.
        """
        if not self.has_channel:
            raise InputRefused("a forked process can't ask for input")
        if not cell.allow_stdin:
            raise InputRefused("the front end does not allow input requests")
        if cell._over:  # noqa: SLF001
            raise InputRefused("the cell is over: it can't ask for input any more")
        self.flush_all(cell)
        content = {"prompt": prompt, "password": password}
        params = {"cell": cell._number, "content": content}  # noqa: SLF001
        return self._questions.ask(params, lambda message: self._send_alone(f"{encode(message)}\n"))

    def name(self, kind: str, cell: Cell) -> str:
        """A display id that no other cell or process has."""
        return f"polykernel-{kind}-{self._token}-{cell._number}"  # noqa: SLF001

    def _send_alone(self, line: str) -> None:
        if self.has_channel:
            with self.lock:
                self._send(line)
            self.settled()

    def _send(self, line: str) -> None:
        data = to_bytes(line)
        if self._sending:  # a finalizer or a signal handler of the user's, within our own write
            self._waiting.append(data)
            return
        self._sending = True
        try:
            write_all(self._channel, data)
            while self._waiting:
                write_all(self._channel, self._waiting.pop(0))
        finally:
            self._sending = False

    def _print_instead(self, method: str, cell: Cell, content: Dict[str, Any]) -> None:
        plain = content.get("data", {}).get("text/plain") if method == "display_data" else None
        if plain is not None:
            self.text(cell, STDOUT, f"{plain}\n")


def current(outlet: Outlet) -> Cell:
    """The cell that the calling thread's or task's output belongs to."""
    return find_owner() or outlet.last


__all__ = ["Outlet", "Unsendable", "current", "STDOUT", "STDERR", "STREAM_NAMES"]
