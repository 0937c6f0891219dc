"""What an evaluator prints and shows, made into IOPub messages with the right parent.

Pieces of text that come close together are merged into one ``stream`` message; whatever else is
published, the text before it goes first.
"""

from __future__ import annotations

import codecs
import logging
from time import monotonic
from typing import TYPE_CHECKING, Literal

import msgspec
from tornado.ioloop import IOLoop

from polykernel.content import display_content
from polykernel.message import NOBODY, Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.channel_lines import Params
    from polykernel.limits import Limit
    from polykernel.overflow import Overflow

MERGE_FOR = 0.005  # seconds that text waits for more, unless nothing was published lately
MERGE_UP_TO = 1 << 20  # characters that wait at most
KEPT_WORDS = 2000  # characters of stderr that are kept for the case of a death
REMEMBERED = 256  # cells whose threads may still print with the right parent

SHOWN = frozenset({"stream", "display_data", "update_display_data", "clear_output"})
COMMS = frozenset({"comm_open", "comm_msg", "comm_close"})  # of a silent cell too
EVENTS = SHOWN | COMMS
COUNTED = frozenset({"display_data", "update_display_data"})

log = logging.getLogger("polykernel.output")
_decoder = codecs.getincrementaldecoder("utf-8")


class _Stream(msgspec.Struct):
    name: Literal["stdout", "stderr"]
    text: str


class _Target(msgspec.Struct, eq=False):
    """Whose text or event it is.

    Attributes:
        parent: The request that caused it.
        silent: Nothing of it is published.
        overflow: Takes what is too much; ``None`` where nothing is.
    """

    parent: Message
    silent: bool = False
    overflow: Overflow | None = None


class Output:
    """Owns the text that is not yet published, and the parents of the last cells.

    Args:
        publish: Sends a message on IOPub.
        runs: Whether the evaluator has not yet answered the request of that id.
    """

    def __init__(
        self, publish: Callable[[Message], None], runs: Callable[[int], bool] = lambda cell: False
    ) -> None:
        self._send = publish
        self._runs = runs
        self._loop = IOLoop.current()
        self._cells: dict[int, _Target] = {}
        self._last = _Target(NOBODY)
        self._decoders = {name: _decoder("replace") for name in ("stdout", "stderr")}
        self._pending: list[str] = []
        self._pending_size = 0
        self._pending_for = (self._last, "stdout")
        self._flushed_at = 0.0
        self._timer: object | None = None
        self._last_words = ""
        self._muted = False

    def mute(self) -> None:
        """Drop all that comes from now on: nobody reads it, and it can't wait."""
        self._muted = True

    def begin(
        self,
        cell: int | None,
        parent: Message,
        silent: bool,
        *,
        unclaimed: bool = True,
        starting: bool = False,
        limit: Limit | None = None,
    ) -> None:
        """Let what comes from now on belong to a cell, unless it says otherwise.

        Args:
            cell: The id of the evaluator's request; ``None`` where it was never sent.
            parent: The execute request.
            silent: Whether all that the cell prints and shows is to be dropped.
            unclaimed: Whether it gets what says of no cell that it belongs to it.
            starting: Whether the evaluator is not up yet: what it has said may be its last words.
            limit: How much of it is published, where that is limited.
        """
        self.flush()
        target = _Target(parent.as_parent(), silent)
        if limit is not None and not silent:
            from polykernel.overflow import Overflow

            target.overflow = Overflow(limit)
        if unclaimed:
            if not starting:
                self._last_words = ""
            self._last = target
        if cell is not None:
            self._cells[cell] = target
        if len(self._cells) > REMEMBERED:
            self._forget_one()

    def _forget_one(self) -> None:
        over = (cell for cell in self._cells if not self._runs(cell))
        self._cells.pop(next(over, -1), None)

    def leave_unclaimed_to(self, cell: int | None) -> bool:
        """Let a cell that runs already get what says of no cell that it belongs to it.

        Returns:
            Whether it is one that has begun.
        """
        target = self._cells.get(cell) if cell is not None else None
        if target is None:
            return False
        self._last = target
        return True

    def take(self, stream: str, data: bytes) -> None:
        """Take bytes of descriptor 1 or 2, UTF-8 that may be cut anywhere."""
        text = self._decoders[stream].decode(data)
        self._remember(stream, text)
        self._add(self._last, stream, text)

    def finish_text(self) -> None:
        """Publish all text, also the beginning of a character whose end never came."""
        for stream, decoder in self._decoders.items():
            self._add(self._last, stream, decoder.decode(b"", final=True))
        self.flush()

    def last_words(self) -> str:
        """Give the end of what the evaluator has said on stderr, and forget it."""
        words, self._last_words = self._last_words, ""
        return words

    def _remember(self, stream: str, text: str) -> None:
        # an evaluator's own stderr comes as events, what C code and children print comes raw
        if stream == "stderr":
            self._last_words = (self._last_words + text)[-KEPT_WORDS:]

    def event(self, msg_type: str, params: Params) -> bool:
        """Publish an event of an evaluator's.

        Args:
            msg_type: The message type that it becomes.
            params: Its cell (the last one where there is none, or it is forgotten), its content,
                metadata and buffers.

        Returns:
            Whether it was one that an evaluator may send, with such a content.
        """
        if msg_type not in EVENTS:
            return False
        cell, content = params.cell, bytes(params.content)
        target = self._target(cell)
        if msg_type == "stream":
            try:
                stream = msgspec.json.decode(content, type=_Stream)
            except msgspec.DecodeError:
                return False
            self._remember(stream.name, stream.text)
            self._add(target, stream.name, stream.text)
        elif content.lstrip()[:1] == b"{":
            metadata = bytes(params.metadata)
            if metadata.lstrip()[:1] != b"{":
                return False
            if msg_type in COUNTED:
                try:
                    content = display_content(content)
                except (msgspec.DecodeError, RecursionError):
                    return False
            self.flush()
            if self._wants(target, msg_type, content, params):
                self._send(target.parent.child(msg_type, content, metadata, params.binary()))
        else:
            return False
        return True

    def _wants(self, target: _Target, msg_type: str, content: bytes, params: Params) -> bool:
        """Whether an event is to be published."""
        if self._muted or (target.silent and msg_type in SHOWN):
            return False
        if target.overflow is None or msg_type not in COUNTED:
            return True
        admitted = target.overflow.admits(msg_type, content, params.binary())
        self._tell(target, target.overflow.notice())
        return admitted

    def admits(self, cell: int | None, msg_type: str, content: bytes) -> bool:
        """Whether a cell may show this too; where not, it is kept, and the cell says where."""
        target = self._cells.get(cell) if cell is not None else None
        if target is None or target.overflow is None:
            return True
        admitted = target.overflow.admits(msg_type, content)
        self._tell(target, target.overflow.notice())
        return admitted

    def end(self, cell: int | None) -> None:
        """Say in a cell that has ended how much of what it showed was too much."""
        target = self._cells.get(cell) if cell is not None else None
        if target is not None and target.overflow is not None:
            self._tell(target, target.overflow.end())

    def _tell(self, target: _Target, notice: str) -> None:
        """Tell the user something on a cell's stderr, whatever it has shown already."""
        if not notice:
            return
        try:
            self._put(target, "stderr", notice.encode(errors="backslashreplace").decode())
            self.flush()
        except Exception:  # a bug of ours, or no memory, must not keep a cell from its end
            log.exception("the user is not told: %r", notice)

    def _target(self, cell: int | None) -> _Target:
        """Find whose text or event it is; an earlier cell that goes on printing is kept."""
        target = self._last if cell is None else self._cells.get(cell, self._last)
        if cell is not None and target is not self._last:
            self._cells[cell] = self._cells.pop(cell)
        return target

    def say(self, text: str, cell: int | None = None) -> bool:
        """Tell the user something on a cell's stderr; on the last one's where it is ``None``.

        Returns:
            Whether it was told: a silent cell shows nothing.
        """
        target = self._target(cell)
        if not target.silent:
            self._tell(target, text)
        return not target.silent

    def _add(self, target: _Target, stream: str, text: str) -> None:
        if not text or target.silent or self._muted:
            return
        if target.overflow is not None:
            text = target.overflow.admit(text)
        if text:
            self._put(target, stream, text)
        if target.overflow is not None:
            self._tell(target, target.overflow.notice())

    def _put(self, target: _Target, stream: str, text: str) -> None:
        if self._muted:
            return
        if self._pending and (self._pending_for[0] is not target or self._pending_for[1] != stream):
            self.flush()
        self._pending_for = (target, stream)
        self._pending.append(text)
        self._pending_size += len(text)
        if self._pending_size >= MERGE_UP_TO:
            self.flush()
        elif self._timer is None:
            wait = self._flushed_at + MERGE_FOR - monotonic()
            if wait <= 0:
                self.flush()
            else:
                self._timer = self._loop.call_later(wait, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.flush()

    def flush(self) -> None:
        """Publish the text that waits."""
        if self._timer is not None:
            self._loop.remove_timeout(self._timer)
            self._timer = None
        if not self._pending:
            return
        target, name = self._pending_for
        text = "".join(self._pending)
        self._pending.clear()
        self._pending_size = 0
        self._flushed_at = monotonic()
        self._send(target.parent.child("stream", {"name": name, "text": text}))
