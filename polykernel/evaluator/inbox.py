"""Requests on their way from the reader thread to the thread that serves them."""

from __future__ import annotations

from collections import deque

from polykernel.evaluator.bare import SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Inbox:
    """A queue whose first message stays until it is taken, and can be put back.

    Anything may be raised in the thread that waits, before it serves what it has got: by a trace
    function that the user has left behind, or by another thread. No message is lost then.

    Attributes:
        taken: The message that was taken last.
    """

    def __init__(self) -> None:
        self._messages: deque[Any] = deque()
        self._arrivals: SimpleQueue[None] = SimpleQueue()
        self.taken: Any = None

    def put(self, message: Any) -> None:
        """Add a message."""
        self._messages.append(message)
        self._arrivals.put(None)

    def empty(self) -> bool:
        """Whether none is there."""
        return not self._messages

    def first(self) -> Any:
        """Wait for a message, and leave it there."""
        while not self._messages:
            self._arrivals.get()
        return self._messages[0]

    def take(self) -> None:
        """Remove the first message."""
        self.taken = self._messages[0]
        self._messages.popleft()

    def put_back(self) -> None:
        """Let the message that was taken last be the first again."""
        if not self._messages or self._messages[0] is not self.taken:
            self._messages.appendleft(self.taken)
