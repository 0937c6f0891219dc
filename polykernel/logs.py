"""Logging of the host: how much is said, and messages in readable form."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polykernel.message import Message

MESSAGES = 5  # the level below DEBUG at which every message is shown
_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG, MESSAGES)
EACH_TOLD = 32  # dropped messages, until only some are told
_SHOWN = 500  # characters of a content

log = logging.getLogger("polykernel.messages")


def configure(verbosity: int) -> None:
    """Log to stderr: 0 warnings, 1 the running state, 2 the loop's events, 3 every message."""
    logging.addLevelName(MESSAGES, "MESSAGE")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter("%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
    )
    root = logging.getLogger("polykernel")
    root.handlers[:] = [handler]
    root.propagate = False
    root.setLevel(_LEVELS[min(verbosity, len(_LEVELS) - 1)])


class Dropped:
    """Tells of messages that are dropped: of the first ones each, then ever more seldom.

    Anybody who reaches a socket can send them without end, and so can an evaluator. Were each told,
    they would fill the disk, or the pipe of a launcher that does not read it, where the next line
    stops the host.

    Args:
        log: Where to.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._count = 0

    def tell(self, text: str, *args: object) -> str:
        """Tell of one, where it is its turn; gives what was told, or nothing."""
        self._count += 1
        if self._count >= EACH_TOLD:
            if self._count & (self._count - 1):  # no power of two
                return ""
            text, args = f"{text} (%s so far; further ones are told seldom)", (*args, self._count)
        self._log.warning(text, *args)
        return text % args


def message(arrow: str, channel: str, message: Message) -> None:
    """Log one message: direction, socket, type, topic or identity, and content.

    Of what a user has typed only the length is told.
    """
    who = b" ".join(message.identities)
    content = message.content.decode(errors="replace")
    if message.msg_type == "input_reply":  # what was typed may be a password
        content = f"({len(content)} characters, not shown)"
    elif len(content) > _SHOWN:
        content = f"{content[:_SHOWN]}... ({len(content)} characters)"
    buffers = f" +{len(message.buffers)} buffers" if message.buffers else ""
    log.log(
        MESSAGES,
        "%s %s %s [%s] %s%s",
        arrow,
        channel,
        message.msg_type,
        who.decode(errors="backslashreplace"),
        content,
        buffers,
    )
