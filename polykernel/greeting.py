"""Answers the first kernel info of a start, while the loop and all else is not yet loaded.

To load them takes a third of a start, and front ends wait for nothing but this.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from polykernel.front_ends import FrontEnds
    from polykernel.message import Message

WAITS = 0.01  # seconds for a front end; less than what is loaded then takes


def greet(front_ends: FrontEnds, content: dict[str, Any]) -> list[tuple[str, Message]]:
    """Answer kernel info requests, until something else has come, or nothing in time.

    Args:
        front_ends: Who may ask.
        content: Of the reply.

    Returns:
        What else has come, and on which channel.
    """
    others: list[tuple[str, Message]] = []
    heard = False

    def hear(channel: str, message: Message) -> None:
        nonlocal heard
        heard = True
        if others or not _asks_for_kernel_info(channel, message):
            others.append((channel, message))
            return
        front_ends.status(message, "busy")
        front_ends.send(channel, message.reply("kernel_info_reply", content))
        front_ends.status(message, "idle")

    front_ends.on_message = hear
    until = monotonic() + WAITS
    while not heard and (left := until - monotonic()) > 0:
        front_ends.transport.wait(left)
    return others


def _asks_for_kernel_info(channel: str, message: Message) -> bool:
    whole_kernel = channel != "stdin" and message.header.subshell_id is None
    return whole_kernel and message.msg_type == "kernel_info_request"
