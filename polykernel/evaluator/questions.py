"""Input requests: one thread asks at a time, answered by the reader thread.

A thread that asks again has given up its older request, or a signal handler asks within it: the
host then forgets the older one, too.
"""

from __future__ import annotations

import itertools
import threading
from queue import Empty, SimpleQueue

from polykernel.evaluator.failure import InputRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

INTERRUPTED = -32003
SIGNAL_IS_ON_ITS_WAY = 1.0  # seconds


class Questions:
    """Matches answers with the caller that waits. State: the outstanding requests.

    Attributes:
        main_thread_waits: For an answer: an interrupt ends that, whatever the evaluator does.
    """

    def __init__(self) -> None:
        self.main_thread_waits = False
        self._numbers = itertools.count(1)
        self._outstanding: dict[int, tuple[int, SimpleQueue[dict[str, Any]]]] = {}

    def ask(self, params: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> str:
        """Send an input request and wait for the answer (docs/channel.md).

        Raises:
            InputRefused: Another thread's request is outstanding, or the host refuses.
            KeyboardInterrupt: The user interrupted.
        """
        asker = threading.get_ident()
        if any(other != asker for other, _ in list(self._outstanding.values())):
            raise InputRefused("another input request is outstanding")
        number = next(self._numbers)
        answer: SimpleQueue[dict[str, Any]] = SimpleQueue()
        in_main_thread = asker == threading.main_thread().ident
        waited = self.main_thread_waits
        try:
            self._outstanding[number] = asker, answer
            self.main_thread_waits = in_main_thread
            send({"jsonrpc": "2.0", "id": number, "method": "input_request", "params": params})
            return self._value(answer.get(), in_main_thread)
        finally:
            self._outstanding.pop(number, None)
            self.main_thread_waits = waited

    def answer(self, message: dict[str, Any]) -> None:
        """Take a response of the host's; a stale one is dropped."""
        found = self._outstanding.get(message.get("id", 0))
        if found is not None:
            found[1].put(message)

    def _value(self, message: dict[str, Any], in_main_thread: bool) -> str:
        if "error" in message:
            error = message["error"]
            if error.get("code") == INTERRUPTED:
                if in_main_thread:
                    self._await_signal()
                raise KeyboardInterrupt
            raise InputRefused(error.get("message") or "the host refused the input request")
        value = message["result"]
        return str(value["value"] if isinstance(value, dict) else value)

    def _await_signal(self) -> None:
        # the same interrupt's signal must not come later, into the user's own handling of it
        try:
            SimpleQueue().get(timeout=SIGNAL_IS_ON_ITS_WAY)
        except Empty:
            pass
