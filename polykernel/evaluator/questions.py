"""Input requests: threads ask in turn, one at a time, and are answered by the reader thread.

A thread that asks again has given up its older request, or a signal handler asks within it: the
newer one takes its place, and the host forgets the older one, too.

There is no lock: signal handlers may ask and raise anywhere. What is done to the queue is one
operation of a list's, and whoever waits also looks for itself: the one before it may have been kept
from saying that it is done, and an interrupt may have come when it was about to wait.
"""

from __future__ import annotations

import itertools
import threading
from time import monotonic

from polykernel.evaluator.bare import Empty, SimpleQueue
from polykernel.evaluator.failure import InputRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from polykernel.evaluator.ownership import Origin

INTERRUPTED = -32003
SIGNAL_IS_ON_ITS_WAY = 1.0  # seconds
LOOK_AGAIN = 0.1
MOMENT = 0.002

_INTERRUPTED = {"error": {"code": INTERRUPTED, "message": "interrupted"}}
_DONE: dict[str, Any] = {}  # the one before may be done


class _Turn:
    """One request, waiting for its turn or for its answer."""

    def __init__(self, number: int, origin: Origin) -> None:
        self.number = number
        self.origin = origin
        self.asker = threading.get_ident()
        self.in_main_thread = self.asker == threading.main_thread().ident
        self.messages: SimpleQueue[dict[str, Any]] = SimpleQueue()


class Questions:
    """Matches answers with the caller that waits. State: the requests, in the order of asking.

    Attributes:
        main_thread_waits: For its turn or an answer: an interrupt ends that, whatever the
            evaluator does.
        settle: Raises the interrupt that has come to the calling thread, if it is a subshell's, and
            tells whether it is.
    """

    def __init__(self) -> None:
        self.main_thread_waits = False
        self.settle: Callable[[], bool] = lambda: False
        self._numbers = itertools.count(1)
        self._turns: list[_Turn] = []

    def ask(
        self, origin: Origin, params: dict[str, Any], send: Callable[[dict[str, Any]], None]
    ) -> str:
        """Send an input request, when it is its turn, and wait for the answer (docs/channel.md).

        Raises:
            InputRefused: The cell has ended meanwhile, or the host refuses.
            KeyboardInterrupt: The user interrupted.
        """
        turn = _Turn(next(self._numbers), origin)
        waited = self.main_thread_waits
        try:
            self._turns.append(turn)
            if turn.in_main_thread:
                self.main_thread_waits = True
            self._await_turn(turn)
            if origin.over:
                raise InputRefused("the cell is over: it can't ask for input any more")
            send({"jsonrpc": "2.0", "id": turn.number, "method": "input_request", "params": params})
            return self._value(self._await_answer(turn), turn)
        finally:
            # first of all: an exception that a signal handler raises here must not keep it there
            if turn in self._turns:
                self._turns.remove(turn)
            if turn.in_main_thread:
                self.main_thread_waits = waited
            self._wake_next()

    # in the reader thread

    def answer(self, message: dict[str, Any]) -> None:
        """Take a response of the host's; a stale one is dropped."""
        number = message.get("id", 0)
        for turn in list(self._turns):
            if turn.number == number:
                if message.get("error", {}).get("code") == INTERRUPTED:
                    self.interrupt(turn.origin.number)  # or the next one would ask now
                turn.messages.put(message)

    def interrupt(self, cell: object) -> None:
        """Let no thread of a cell wait any longer; the signal does that for the main thread."""
        for turn in list(self._turns):
            if turn.origin.number == cell and not turn.in_main_thread:
                turn.messages.put(_INTERRUPTED)

    # in the thread that asks

    def _asker(self) -> int:
        """Find the thread whose turn it is; a cell that is over can't have left any."""
        return next((turn.asker for turn in list(self._turns) if not turn.origin.over), 0)

    def _wake_next(self) -> None:
        asker = self._asker()
        for turn in list(self._turns):
            if turn.asker == asker or turn.origin.over:
                turn.messages.put(_DONE)

    def _await_turn(self, turn: _Turn) -> None:
        while not turn.origin.over and self._asker() != turn.asker:
            self.settle()
            message = _next(turn.messages, LOOK_AGAIN)
            if message is not _DONE:
                self._value(message, turn)

    def _await_answer(self, turn: _Turn) -> dict[str, Any]:
        while True:
            timeout = LOOK_AGAIN if self.settle() else None
            message = _next(turn.messages, timeout)
            if message is not _DONE:
                return message

    def _value(self, message: dict[str, Any], turn: _Turn) -> str:
        if "error" in message:
            error = message["error"]
            if error.get("code") == INTERRUPTED:
                self._await_interrupt(turn)
                raise KeyboardInterrupt
            raise InputRefused(error.get("message") or "the host refused the input request")
        value = message["result"]
        return str(value["value"] if isinstance(value, dict) else value)

    def _await_interrupt(self, turn: _Turn) -> None:
        # the same interrupt must not come once more, later, into the user's own handling of it
        if turn.in_main_thread:
            _next(SimpleQueue(), SIGNAL_IS_ON_ITS_WAY)
        end = monotonic() + SIGNAL_IS_ON_ITS_WAY
        while self.settle() and monotonic() < end:
            _next(SimpleQueue(), MOMENT)


def _next(messages: SimpleQueue[dict[str, Any]], timeout: float | None) -> dict[str, Any]:
    try:
        return messages.get(timeout=timeout)
    except Empty:
        return _DONE
