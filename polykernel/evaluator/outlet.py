"""The evaluator's only way out: text to pipe 1, events and responses to the channel.

One lock holds the order of both (docs/channel.md, "Order"). While the main thread has it no signal
handler raises, so that no line is ever torn (see :mod:`polykernel.evaluator.interrupts`).
"""

from __future__ import annotations

import threading

from polykernel.evaluator import ownership
from polykernel.evaluator.failure import InputRefused
from polykernel.evaluator.lines import as_bytes, encode, to_bytes, write_all
from polykernel.evaluator.ownership import Origin, find_owner
from polykernel.evaluator.parcels import Parcels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from polykernel.evaluator.questions import Questions

STDOUT, STDERR = 0, 1
MANY = 1000  # parts of a begun line that are kept together
STREAM_NAMES = ("stdout", "stderr")


class Outlet:
    """Owns what is sent: the lock, the marks' numbers, and which cell is running.

    Args:
        channel: Descriptor of events and responses.
        marks: A descriptor of pipe 1 of our own, for marks.
        token: The random part of each mark.
        questions: Sends input requests.
        parcels: Sends large binary data.

    Attributes:
        running: The cell whose text goes raw to descriptor 1; ``None`` between cells.
        last: The cell that unclaimed output belongs to.
        quick: The running cell, while the main thread has begun no line on stderr.
        late: What finalizers and signal handlers have printed within our own writes.
        main_parts: The main thread's begun line on stdout, in the running cell.
        has_channel: False in a child that was forked: it prints, and can't answer for its parent.
        deferred: A signal came while the lock was held; ``settle`` lets it act.
        raw_buffers: The host takes binary data as it is, behind its line.
        settle: Called when the lock is free again.
    """

    def __init__(
        self,
        channel: int,
        marks: int,
        token: str,
        questions: Questions,
        parcels: Parcels | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.running: Origin | None = Origin(None)
        self.last: Origin = self.running
        self.quick: Origin | None = None
        self.main_parts: list[str] = []
        self.has_channel = True
        self.deferred = False
        self.raw_buffers = False
        self.parcels = parcels or Parcels()
        self.settle: Callable[[], None] = lambda: None
        self.watch: Callable[[Origin], None] = lambda origin: None
        self._channel = channel
        self._marks = marks
        self._token = token
        self._questions = questions
        self._main_thread = threading.get_ident()
        self.late: list[tuple[Origin, int, str]] = []
        self._serial = 0
        self._sending = False
        self._waiting: list[tuple[bytes | memoryview, ...]] = []

    def begin(self, origin: Origin) -> None:
        """From now on this cell runs."""
        with self.lock:
            self.running = self.last = self.quick = ownership.latest = origin
            self.main_parts = origin.begun[STDOUT].setdefault(threading.get_ident(), [])

    def finish(self, origin: Origin) -> None:
        """Show all that the cell's threads have printed; what they print later goes as events."""
        with self.lock:
            origin.over = True
            try:
                self.flush_all(origin)
            except OSError:
                pass  # user code has closed descriptor 1
            self.running = self.quick = None
        self.settled()

    def finish_beside(self, origin: Origin) -> None:
        """Show all that the threads of a subshell's cell have printed."""
        origin.over = True
        self.flush_all(origin)

    def lose_channel(self) -> None:
        """In a forked child: print, and leave the channel to the parent."""
        self.has_channel = False
        ownership.latest = None
        self.deferred = False
        self.late.clear()
        self.last.watched = False

    def is_locked_here(self) -> bool:
        """Whether the calling thread has the lock."""
        return bool(self.lock._is_owned())  # type: ignore[attr-defined]  # noqa: SLF001

    def settled(self) -> None:
        """To be called wherever the lock was released: a signal may have waited for it."""
        while self.late and not self.is_locked_here():
            try:
                text = self.late.pop(0)
            except IndexError:  # printed by another thread, or by a handler just now
                break
            self.text(*text)
        if self.deferred:
            self.settle()

    # text

    def text(self, origin: Origin, stream: int, text: str) -> None:
        """Print for a cell: whole lines at once, the rest when its line ends, or soon."""
        if self.is_locked_here():
            self.late.append((origin, stream, text))  # a finalizer or a handler within our write
            return
        ident = threading.get_ident()
        begun = origin.begun[stream]
        try:
            parts = begun[ident]
        except KeyError:
            parts = begun[ident] = []
        other = origin.begun[not stream].get(ident)
        if other:
            self._flush(origin, not stream, other)  # so the two streams keep their order
        end = text.rfind("\n") + 1
        if end or len(parts) > MANY:
            self._flush(origin, stream, parts, text[:end])
            text = text[end:]
        if text:
            parts.append(text)
            if not origin.watched:
                self.watch(origin)
        if origin is self.running and parts is self.main_parts:
            self.quick = origin
        elif text and ident == self._main_thread:
            self.quick = None

    def flush(self, origin: Origin) -> None:
        """Show the line that the calling thread has begun."""
        if self.is_locked_here():
            return  # within our own write
        ident = threading.get_ident()
        for stream, begun in enumerate(origin.begun):
            parts = begun.get(ident)
            if parts:
                self._flush(origin, stream, parts)

    def flush_all(self, origin: Origin) -> None:
        """Show the lines that any thread has begun for the cell."""
        for stream, begun in enumerate(origin.begun):
            for parts in list(begun.values()):
                if parts:
                    self._flush(origin, stream, parts)

    def flush_line(self, origin: Origin, stream: int, ident: int) -> None:
        """Show the line that one thread has begun for the cell."""
        self._flush(origin, stream, origin.begun[stream][ident])

    def raw(self, origin: Origin, stream: int, data: bytes) -> None:
        """Print bytes, as they are where the cell is running."""
        self.flush(origin)
        with self.lock:
            if not self.has_channel or (stream == STDOUT and origin is self.running):
                write_all(stream + 1, data)
            else:
                self._print(origin, stream, data.decode("utf-8", "replace"))
        self.settled()

    def _flush(self, origin: Origin, stream: int, parts: list[str], more: str = "") -> None:
        with self.lock:
            taken = parts[:]
            del parts[: len(taken)]  # its own thread may be appending
            taken.append(more)
            self._print(origin, stream, "".join(taken))
        self.settled()

    def _print(self, origin: Origin, stream: int, text: str) -> None:
        if (stream == STDOUT and origin is self.running) or not self.has_channel:
            write_all(stream + 1, text.encode("utf-8", "backslashreplace"))
        elif text:
            self.event("stream", origin, {"name": STREAM_NAMES[stream], "text": text})

    # the channel

    def event(
        self,
        method: str,
        origin: Origin,
        content: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        buffers: Sequence[Any] = (),
    ) -> None:
        """Send an event, and its mark.

        Args:
            method: The message type that it becomes.
            origin: The cell that it belongs to.
            content: Of the message.
            metadata: Of the message.
            buffers: Binary data: anything with the buffer protocol.

        Raises:
            TypeError: A buffer is none.
            ValueError: The content has no JSON form.
        """
        body = encode(content)
        if method != "stream" or content["name"] != "stdout":
            self.flush(origin)
        if not self.has_channel:
            self._print_instead(method, origin, content)
            return
        number = origin.number
        whose = "" if number is None else f'"cell":{number},'
        more, tails = "", [as_bytes(each) for each in buffers]
        if metadata:
            more = f',"metadata":{encode(metadata)}'
        if tails:
            sizes = [len(each) if self.raw_buffers else each for each in tails]
            more += f',"buffers":{encode(sizes)}'
        with self.lock:
            self._serial += 1
            serial = self._serial
            parcel = 0 if self._sending else self.parcels.pack(tails)
            if parcel:
                more += f',"parcel":{parcel}'
            self._send(
                f'{{"jsonrpc":"2.0","method":"{method}",'
                f'"params":{{{whose}"mark":{serial},"content":{body}{more}}}}}\n',
                tails if self.raw_buffers and not parcel else (),
            )
            if parcel:
                self.parcels.announced(parcel)
            write_all(self._marks, b"\x1b_polykernel %s %d\x1b\\" % (self._token.encode(), serial))
        self.settled()

    def announce_marks(self) -> None:
        """Tell the host what marks look like, before the first one is made."""
        content = encode({"token": self._token})
        self._send_alone(f'{{"jsonrpc":"2.0","method":"marks","params":{{"content":{content}}}}}\n')

    def acknowledge_interrupt(self, number: object) -> None:
        """Tell the host that its interrupt has been heard, and by which request, if any."""
        params = "{}" if number is None else f'{{"cell":{encode(number)}}}'
        self._send_alone(f'{{"jsonrpc":"2.0","method":"interrupted","params":{params}}}\n')

    def respond(self, number: object, result: object) -> None:
        """Send the result of a request.

        Raises:
            Unsendable: The result has no JSON form.
        """
        self._send_alone(encode({"jsonrpc": "2.0", "id": number, "result": result}) + "\n")

    def refuse(self, number: object, code: int, message: str, data: object = None) -> None:
        """Send a JSON-RPC error: the evaluator has a bug, or can't do what was asked."""
        error = {"code": code, "message": message}
        if data is not None:
            error["data"] = data
        self._send_alone(encode({"jsonrpc": "2.0", "id": number, "error": error}) + "\n")

    def ask(self, origin: Origin, prompt: str, password: bool) -> str:
        """Send an input request and wait for the answer.

        Raises:
            InputRefused: Input is not allowed, or not any more.
            KeyboardInterrupt: The user interrupted.
        """
        if not self.has_channel:
            raise InputRefused("a forked process can't ask for input")
        if origin.over:
            raise InputRefused("the cell is over: it can't ask for input any more")
        self.flush_all(origin)
        content = {"prompt": prompt, "password": password}
        params = {"cell": origin.number, "content": content}
        return self._questions.ask(
            origin, params, lambda message: self._send_alone(f"{encode(message)}\n")
        )

    def name(self, kind: str, origin: Origin) -> str:
        """Make a display id that no other cell or process has."""
        return f"polykernel-{kind}-{self._token}-{origin.number}"

    def _send_alone(self, line: str) -> None:
        if self.has_channel:
            with self.lock:
                self._send(line)
            self.settled()

    def _send(self, line: str, tails: Sequence[memoryview] = ()) -> None:
        data = to_bytes(line)
        if self._sending:  # a finalizer or a signal handler of the user's, within our own write
            self._waiting.append((data, *tails))
            return
        self._sending = True
        try:
            write_all(self._channel, data, *tails)
            while self._waiting:
                write_all(self._channel, *self._waiting.pop(0))
        finally:
            self._sending = False

    def _print_instead(self, method: str, origin: Origin, content: dict[str, Any]) -> None:
        plain = content.get("data", {}).get("text/plain") if method == "display_data" else None
        if plain is not None:
            self.text(origin, STDOUT, f"{plain}\n")


def current(outlet: Outlet) -> Origin:
    """Find the cell that the calling thread's or task's output belongs to."""
    return find_owner() or outlet.last
