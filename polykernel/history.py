"""The history facet: what the cells of this kernel and of earlier ones were.

Specification: "History". The loop's end of it: what counts is remembered in memory, and handed to
a thread that writes it to a file, a tenth of a second later at most. The thread answers requests by
callback; where it can't, memory does.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec
from tornado.ioloop import IOLoop

from polykernel.history_memory import (
    ENTRIES_BESIDE,
    ENTRIES_KEPT,
    Change,
    Counted,
    Entry,
    HistoryRequest,
    Memory,
    Result,
)
from polykernel.message import Message, from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polykernel.history_thread import HistoryThread

SWITCH = "POLYKERNEL_HISTORY"  # the environment variable
WRITTEN_AFTER = 0.1  # seconds: many cells at once cost less, and a start costs nothing
WAITING = 250  # changes that wait for that: more at once cost hardly less, and take memory
STARTED_AGAIN_AFTER = 5.0  # seconds, where the thread could not be started
ANSWERED_WITHIN = 10.0  # seconds, else memory answers
CLOSED_WITHIN = 2.5  # seconds: front ends kill a kernel whose shutdown takes 5
OUTPUT_KEPT = 100_000  # characters of a result

log = logging.getLogger("polykernel.history")


class _Data(msgspec.Struct, frozen=True):
    """What is kept of a result's MIME bundle."""

    plain: Any = msgspec.field(name="text/plain", default=None)


class _Waiting(msgspec.Struct, eq=False):
    """A request that the thread has not answered."""

    request: HistoryRequest
    deliver: Callable[[dict[str, Any]], None]
    timer: object = None


class History:
    """Owns what is remembered of this session, and the thread.

    Args:
        language: The kernel's language: only its cells are found.
        where: ``off``: in memory only; an absolute path: in that file; empty: in Jupyter's data
            folder.
    """

    def __init__(self, language: str, where: str = "") -> None:
        self._language = language
        self._path = where
        self._in_memory = bool(where) and not where.startswith(("/", "~"))
        if self._in_memory and where != "off":
            log.warning("%s is neither off nor an absolute path: %r; off is taken", SWITCH, where)
        self._loop = IOLoop.current()
        self._thread: HistoryThread | None = None
        self._memory = Memory(ENTRIES_KEPT if self._in_memory else ENTRIES_BESIDE)
        self._changes: list[Change] = []  # that the thread does not know
        self._timer: object = None  # until it is told
        self._out_of_order = False  # the thread could not be started
        self._running: dict[str, int] = {}
        self._waiting: list[_Waiting] = []
        self._on_closed: Callable[[], None] | None = None

    # what cells tell

    def counted(self, message: Message, line: int, code: str) -> None:
        """Remember a cell that counts.

        Args:
            message: Its request.
            line: Its execution count.
            code: Its input.
        """
        serial = self._memory.add(line, code)
        self._running[message.header.msg_id] = serial
        self._change(Counted(serial, line, code))

    def result(self, message: Message, data: msgspec.Raw) -> None:
        """Remember the result of a cell that counts.

        Args:
            message: Its request.
            data: The MIME bundle of its result.
        """
        serial = self._running.get(message.header.msg_id)
        text = from_json(bytes(data), _Data).plain
        if serial is None or not isinstance(text, str):
            return
        if len(text) > OUTPUT_KEPT:
            text = f"{text[:OUTPUT_KEPT]}\N{HORIZONTAL ELLIPSIS}"
        self._memory.set_output(serial, text)
        self._change(Result(serial, text))

    def over(self, message: Message) -> None:
        """Take notice that a cell that counts has ended.

        Args:
            message: Its request.
        """
        self._running.pop(message.header.msg_id, None)

    def _change(self, change: Change) -> None:
        if self._in_memory:
            return
        self._changes.append(change)
        if len(self._changes) >= WAITING and self._thread is not None:
            self._hand_over()
        elif self._timer is None:
            self._timer = self._loop.call_later(WRITTEN_AFTER, self._hand_over)

    def _hand_over(self) -> HistoryThread | None:
        """Let the thread know all changes; ``None`` where it can't be started now."""
        if self._timer is not None:
            self._loop.remove_timeout(self._timer)
            self._timer = None
        if self._thread is None:
            try:
                from polykernel.history_thread import HistoryThread

                self._thread = HistoryThread(self._path, self._language, self._loop.add_callback)
            except (OSError, RuntimeError) as error:  # no descriptor, or no thread, is left
                self._start_later(error)
                return None
        if self._changes:
            self._thread.put(self._changes)
            self._changes = []
        return self._thread

    def _start_later(self, error: Exception) -> None:
        """Try again after a while to start the thread."""
        if not self._out_of_order:
            log.warning("the history is only in memory for now: %s", error)
        self._out_of_order = True
        del self._changes[:-ENTRIES_KEPT]
        self._timer = self._loop.call_later(STARTED_AGAIN_AFTER, self._hand_over)

    # what front ends ask

    def answer(self, message: Message, deliver: Callable[[dict[str, Any]], None]) -> None:
        """Give the content of a history reply: at once, or later.

        Raises:
            msgspec.DecodeError: The request's content is malformed.
        """
        # some front ends write null for what they have no wish about; they must say what they ask
        asked = from_json(message.content, dict[str, Any])
        wishes = {
            name: wish
            for name, wish in asked.items()
            if wish is not None or name == "hist_access_type"
        }
        waiting = _Waiting(msgspec.convert(wishes, HistoryRequest), deliver)
        self._waiting.append(waiting)
        ended = self._in_memory or self._on_closed is not None
        thread = None if ended else self._hand_over()
        if thread is None:
            self._deliver(waiting, None)
            return
        from polykernel.history_thread import Ask

        waiting.timer = self._loop.call_later(ANSWERED_WITHIN, self._deliver, waiting, None)
        thread.put(Ask(waiting.request, lambda entries: self._deliver(waiting, entries)))

    def _deliver(self, waiting: _Waiting, entries: Sequence[Entry] | None) -> None:
        if waiting not in self._waiting:
            return  # memory has answered
        self._waiting.remove(waiting)
        if waiting.timer is not None:
            self._loop.remove_timeout(waiting.timer)
        if entries is None:
            entries = self._memory.find(waiting.request)
        shown = [
            (
                each.session,
                each.line,
                (each.input, each.output) if waiting.request.output else each.input,
            )
            for each in entries
        ]
        waiting.deliver({"status": "ok", "history": shown})

    # the end

    def close(self, closed: Callable[[], None]) -> None:
        """Write what is not yet written, and answer what is not yet answered.

        Args:
            closed: Called once, when it is done or takes too long.
        """
        self._on_closed = closed
        if self._thread is None and not self._changes:
            self._closed()
            return
        thread = self._hand_over()
        if thread is None:
            self._closed()
            return
        from polykernel.history_thread import Close

        thread.put(Close(self._closed))
        self._loop.call_later(CLOSED_WITHIN, self._closed)

    def _closed(self) -> None:
        for waiting in list(self._waiting):
            self._deliver(waiting, None)
        closed, self._on_closed = self._on_closed, _already
        if closed is not None:
            closed()


def _already() -> None:
    """Do nothing: the end has been told."""
