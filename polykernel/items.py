"""What stands in a shell's queue: cells, questions, comm messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from polykernel.channel_lines import Failure
    from polykernel.content import ExecuteRequest
    from polykernel.message import Message


class Send(Protocol):
    """Sends a message on one of the kernel's sockets."""

    def __call__(self, channel: str, message: Message) -> None:
        """Send; ``channel`` is ``shell``, ``control``, ``stdin`` or ``iopub``."""


class Cell(msgspec.Struct, frozen=True):
    """An execute request on its way.

    Attributes:
        message: The request.
        request: Its content.
        quiet: Nothing of it is to be published but its status.
        counts: It makes the execution count go up, and belongs to the history.
    """

    message: Message
    request: ExecuteRequest
    quiet: bool
    counts: bool


class Question(msgspec.Struct, frozen=True):
    """A request that an evaluator answers and that is not a cell.

    Attributes:
        message: The request.
        channel: Where its reply goes.
        method: The evaluator's method.
        params: What it is asked.
        unsupported: The reply's content where the evaluator lacks the method.
    """

    message: Message
    channel: str
    method: str
    params: dict[str, Any]
    unsupported: dict[str, Any]


class CommMessage(msgspec.Struct, frozen=True):
    """A comm message of a front end's; it has no reply.

    Attributes:
        message: ``comm_open``, ``comm_msg`` or ``comm_close``.
        on_refused: Called with the reason where the evaluator has not taken it.
    """

    message: Message
    on_refused: Callable[[Failure], None]


Item = Cell | Question | CommMessage
