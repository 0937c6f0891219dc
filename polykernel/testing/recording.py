"""The evaluator's way out where there is no host: everything that leaves is recorded.

It is the evaluator process's own outlet up to the last step. What would go to a pipe as a line of
JSON is decoded again, so that what has no JSON form fails here as it does there.
"""

from __future__ import annotations

import functools
import json
import os
from typing import TYPE_CHECKING, Any

from polykernel.evaluator.lines import to_bytes
from polykernel.evaluator.outlet import STREAM_NAMES, Outlet
from polykernel.evaluator.streams import TextStream
from polykernel.testing.outcome import Event, add

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polykernel.evaluator.ownership import Origin
    from polykernel.evaluator.questions import Questions


class RecordingOutlet(Outlet):
    """Owns what an evaluator has sent.

    Args:
        questions: Sends input requests.
        asked: Answers one: is called with the prompt, and gives the line or ``None`` to refuse.

    Attributes:
        events: What was shown, in order.
        responses: The answers to requests, by the requests' numbers.
        prompts: What was asked.
        on_event: Called with each event, in the thread that shows it.
    """

    def __init__(self, questions: Questions, asked: Callable[[str], str | None]) -> None:
        # marks go nowhere: in one process order is plain
        super().__init__(-1, _nowhere(), os.urandom(8).hex(), questions)
        self._answerer = questions
        self._asked = asked
        self.raw_buffers = True
        self.events: list[Event] = []
        self.responses: dict[object, dict[str, Any]] = {}
        self.prompts: list[str] = []
        self.on_event: Callable[[Event], object] = lambda event: None

    def text(self, origin: Origin, stream: int, text: str) -> None:
        """Take text at once: a line that is begun and not ended must not wait for a timer."""
        super().text(origin, stream, text)
        self.flush(origin)

    def raw(self, origin: Origin, stream: int, data: bytes) -> None:
        """Take bytes as the text that front ends make of them."""
        self.flush(origin)
        with self.lock:
            self._print(origin, stream, data.decode("utf-8", "replace"))
        self.settled()

    def _print(self, origin: Origin, stream: int, text: str) -> None:
        if text:
            # what has no UTF-8 is escaped, as where it is written to a pipe
            text = text.encode("utf-8", "backslashreplace").decode()
            self._record(Event("stream", {"name": STREAM_NAMES[stream], "text": text}))

    def _send(self, line: str, tails: Sequence[memoryview] = ()) -> None:
        message = json.loads(to_bytes(line))
        method = message.get("method")
        if method is None:
            self.responses[message["id"]] = message
        elif method == "input_request":
            self._answer(message)
        elif method != "interrupted":
            params = message["params"]
            self._record(
                Event(
                    method,
                    params["content"],
                    params.get("metadata", {}),
                    tuple(bytes(tail) for tail in tails),
                )
            )

    def _answer(self, request: dict[str, Any]) -> None:
        prompt = request["params"]["content"]["prompt"]
        self.prompts.append(prompt)
        value = self._asked(prompt)
        if value is None:
            error = {"code": -32002, "message": "the test has no further input"}
            self._answerer.answer({"id": request["id"], "error": error})
        else:
            self._answerer.answer({"id": request["id"], "result": {"value": value}})

    def _record(self, event: Event) -> None:
        add(self.events, event)
        self.on_event(event)


@functools.cache
def _nowhere() -> int:
    """Give a descriptor that takes everything: one for all evaluators of this process."""
    return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)


class RecordedStream(TextStream):
    """``sys.stdout`` or ``sys.stderr`` while an evaluator runs."""

    def __init__(self, outlet: Outlet, index: int) -> None:
        super().__init__(outlet, index)
        self.__dict__.pop("write", None)  # the quick way, which writes to descriptor 1 itself
