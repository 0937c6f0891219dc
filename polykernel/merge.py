"""Puts together again what an evaluator printed and what it showed, in the order of making.

Text comes over a pipe and events come over the channel; marks in the pipe say where an event
belongs (docs/channel.md, "Order"). Pure logic: bytes and events in, calls out.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, Protocol, TypeVar

Event = TypeVar("Event")
Taken = TypeVar("Taken", contravariant=True)

_ESCAPE = 0x1B
_BEGIN = b"\x1b_polykernel "
_END = b"\x1b\\"
_MAXIMUM = 64  # bytes that a mark can be long
_NO_TOKEN = b"\0"  # nothing that a scan for escapes can find


class Sink(Protocol[Taken]):
    """Where merged output goes, and where more of it comes from."""

    def text(self, data: bytes) -> None:
        """Take bytes of descriptor 1, free of marks."""

    def event(self, event: Taken) -> None:
        """Take an event or a response of the channel."""

    def stalled(self) -> bool:
        """Say whether nothing more can be taken for now; :meth:`Merge.advance` goes on later."""

    def drain(self) -> None:
        """Read what is in the pipes now, and feed it to :meth:`Merge.feed`."""

    def receive(self) -> bool:
        """Read a piece of the channel, for :meth:`Merge.add`; false where nothing is there."""


class Merge(Generic[Event]):
    """Owns the bytes that wait for an event, and the events that wait for their turn.

    Args:
        sink: Where everything goes.
    """

    def __init__(self, sink: Sink[Event]) -> None:
        self._sink = sink
        self._begin = _NO_TOKEN
        self._bytes = bytearray()
        self._events: deque[tuple[int, Event]] = deque()
        self._published = 0  # the highest mark whose event has been published
        self._held = 0  # the mark at which the text waits, or 0
        self._greeted = False  # the first message, which tells of marks, has been published
        self._busy = False

    def set_token(self, token: str) -> None:
        """Look for this evaluator's marks from now on."""
        self._begin = _BEGIN + token.encode() + b" "
        self._greeted = True

    def add(self, event: Event, mark: int = 0) -> None:
        """Queue a message of the channel; :meth:`advance` publishes it."""
        self._events.append((mark, event))

    def feed(self, data: bytes) -> None:
        """Take bytes of descriptor 1; publishes them up to the first mark without its event."""
        self._greet()
        # a single byte is looked for ten times as fast as two, and most text has none
        may_have_marks = _ESCAPE in data and (b"\x1b_" in data or data[-1] == _ESCAPE)
        if not (self._bytes or self._held or may_have_marks):
            self._sink.text(data)
            return
        self._bytes += data
        self._scan()

    def advance(self) -> None:
        """Publish all queued messages whose turn it is; call it after :meth:`add` and ``feed``."""
        if self._busy:
            return
        self._busy = True
        try:
            self._greet()
            self._settle()
            while self._events and not self._sink.stalled():
                mark, event = self._events[0]
                if not mark or mark > self._held:
                    self._sink.drain()
                    self._settle()
                if mark > self._held and len(self._events) == 1:
                    return  # its mark is on the way, or a later message tells that it is lost
                self._events.popleft()
                self._publish(mark, event)
        finally:
            self._busy = False

    def finish(self) -> None:
        """Publish everything that is left, in the best order known: the evaluator is dead."""
        self.advance()
        while self._events:
            self._publish(*self._events.popleft())
        self._held = 0
        self._scan()
        while self._held:  # at one more mark whose event never came
            self._held = 0
            self._scan()
        self._release_partial()

    def _greet(self) -> None:
        """Publish the first message before any text: it tells of the marks that are in the text."""
        while not self._greeted and (self._events or self._sink.receive()):
            if self._events:
                self._greeted = True
                self._sink.event(self._events.popleft()[1])

    def _publish(self, mark: int, event: Event) -> None:
        if not mark:
            self._release_partial()
        self._sink.event(event)
        self._published = max(self._published, mark)
        if self._held and self._held <= self._published:
            self._held = 0
            self._scan()

    def _settle(self) -> None:
        """Make sure that text is held only at a mark whose event has come.

        An event is written before its mark, so that a mark without one was forged or left over.
        """
        while self._held and all(mark != self._held for mark, _ in self._events):
            if not self._sink.receive():
                self._held = 0
                self._scan()

    def _scan(self) -> None:
        """Publish bytes up to a mark that waits for its event, or to what may begin a mark."""
        while self._bytes and not self._held:
            at = self._bytes.find(b"\x1b")
            while at >= 0 and not self._may_begin(at):
                at = self._bytes.find(b"\x1b", at + 1)
            if at < 0:
                self._take(len(self._bytes))
                return
            if at:
                self._take(at)
            end = self._bytes.find(_END, len(self._begin), _MAXIMUM)
            if end < 0:
                if len(self._bytes) < _MAXIMUM:
                    return
                self._take(1)
                continue
            number = bytes(self._bytes[len(self._begin) : end])
            if not number.isdigit():
                self._take(end)
                continue
            del self._bytes[: end + len(_END)]
            if int(number) > self._published:
                self._held = int(number)

    def _may_begin(self, at: int) -> bool:
        head = bytes(self._bytes[at : at + len(self._begin)])
        return self._begin.startswith(head)

    def _take(self, count: int) -> None:
        data = bytes(self._bytes[:count])
        del self._bytes[:count]
        self._sink.text(data)

    def _release_partial(self) -> None:
        """Publish the beginning of a mark that never came: a program's own escape sequence."""
        if self._bytes and not self._held:
            self._take(len(self._bytes))
