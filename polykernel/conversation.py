"""What the host and its evaluator say to each other: requests and their answers, events, refusals.

Goes on over an evaluator's death: who asks need not know which process it is that answers.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec
from tornado.ioloop import IOLoop

from polykernel.channel import NO_TURN, Channel
from polykernel.channel_lines import INTERNAL_ERROR, METHOD_NOT_FOUND, Failure, Line
from polykernel.errors import ChannelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from polykernel.launch import Pipes
    from polykernel.watcher import Watcher


class _Marks(msgspec.Struct, frozen=True):
    token: str


class Conversation:
    """Owns the channel of the present evaluator, and the requests that it has not answered.

    Args:
        turn: Entered while what the evaluator writes is told.
        on_acknowledged: Told that an interrupt has been heard.

    Attributes:
        watcher: Told of what comes; to be set before :meth:`begin`.
        active_at: When the evaluator was last heard or asked, by :func:`time.monotonic`.
        raw_buffers: Whether it takes binary data as it is.
    """

    watcher: Watcher

    def __init__(
        self,
        turn: AbstractContextManager[None] = NO_TURN,
        on_acknowledged: Callable[[], None] = lambda: None,
    ) -> None:
        self._turn = turn
        self._on_acknowledged = on_acknowledged
        self._loop = IOLoop.current()
        self._channel: Channel | None = None
        self._waiting: dict[int, Callable[[msgspec.Raw | Failure], None]] = {}
        self._next_id = 0
        self._paused = False
        self.active_at = monotonic()
        self.raw_buffers = False

    def begin(self, pipes: Pipes) -> None:
        """Talk to an evaluator that was just started."""
        self.raw_buffers = False
        self._channel = Channel(pipes, self, self._turn)
        if self._paused:
            self._channel.pause()

    def end(self) -> str:
        """Hand on all that a dead evaluator has left; what it has not answered it never will.

        Returns:
            Its last words.
        """
        channel = self._channel
        if channel is None:
            return ""
        last_words = channel.last_words()
        channel.finish()
        self._channel = None
        self._waiting.clear()
        return last_words

    # to the evaluator

    def request(
        self,
        method: str,
        params: dict[str, Any],
        respond: Callable[[msgspec.Raw | Failure], None],
        buffers: Sequence[bytes] = (),
        trouble: str = "",
    ) -> int:
        """Send a request; ``respond`` is called once with the result, or never after a death.

        Where there is no evaluator ``respond`` is called with a failure.

        Args:
            method: As docs/channel.md has it.
            params: What can be encoded as JSON.
            respond: Takes the result.
            buffers: Binary data of the request.
            trouble: Why there is no evaluator.

        Returns:
            The request's id.
        """
        self._next_id += 1
        self.active_at = monotonic()
        if self._channel is not None:
            self._waiting[self._next_id] = respond
            message = {"id": self._next_id, "method": method, "params": params}
            self._channel.send(message, buffers, raw=self.raw_buffers)
        else:
            failure = Failure(INTERNAL_ERROR, trouble or "there is no evaluator")
            self._loop.add_callback(respond, failure)
        return self._next_id

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def answer(self, request_id: int | str, result: object) -> None:
        """Answer a request of the evaluator's."""
        self._send({"id": request_id, "result": result})

    def refuse(self, request_id: int | str, code: int, message: str) -> None:
        """Answer a request of the evaluator's with an error."""
        self._send({"id": request_id, "error": {"code": code, "message": message}})

    def _send(self, message: dict[str, Any]) -> None:
        if self._channel is not None:
            self._channel.send(message)

    def offers_marks(self, token: str) -> None:
        """Look out for marks with this token."""
        if token and self._channel is not None:
            self._channel.offers_marks(token)

    # what the channel tells

    def on_text(self, stream: str, data: bytes) -> None:
        """Hand on bytes of descriptor 1 or 2."""
        self.active_at = monotonic()
        self.watcher.on_text(stream, data)

    def on_line(self, line: Line) -> None:
        """Sort a line: response, acknowledgement, request for input, event."""
        self.active_at = monotonic()
        if line.method is None:
            self._on_response(line)
        elif line.method == "interrupted":
            self._on_acknowledged()
        elif line.method == "marks":
            self._on_marks(line)
        elif line.method == "input_request":
            self.watcher.on_input_request(line)
        elif line.id is not None:
            self.refuse(line.id, METHOD_NOT_FOUND, f"the host has no method {line.method!r}")
        else:
            self.watcher.on_event(line)

    def _on_response(self, line: Line) -> None:
        respond = self._waiting.pop(line.id, None) if isinstance(line.id, int) else None
        if respond is None:
            self.on_refused(ChannelError(f"a response to no request: id {line.id!r}"))
        elif line.error is not None:
            respond(line.error)
        elif bytes(line.result):
            respond(line.result)
        else:
            respond(Failure(INTERNAL_ERROR, "the response has neither result nor error"))

    def _on_marks(self, line: Line) -> None:
        try:
            token = msgspec.json.decode(line.params.content, type=_Marks).token
        except msgspec.DecodeError as error:
            self.on_refused(ChannelError(f"marks: {error}"))
            return
        self.offers_marks(token)

    def on_refused(self, error: ChannelError) -> None:
        """Hand on that a line was left out."""
        self.watcher.on_refused(error)

    # back-pressure

    def pause(self) -> None:
        """Stop reading what the evaluator writes."""
        self._paused = True
        if self._channel is not None:
            self._channel.pause()

    def resume(self) -> None:
        """Read on."""
        self._paused = False
        if self._channel is not None:
            self._channel.resume()
