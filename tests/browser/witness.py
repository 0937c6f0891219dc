"""What a page saw: the browser's errors, and the messages that kernels sent to it."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, WebSocket

LONGEST = 500  # characters of a message's content that are shown


class Witness:
    """Collects from the pages that it watches.

    Attributes:
        errors: What the browser's console has as errors, and uncaught exceptions.
        messages: One line for each message between the page and a kernel.
    """

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.messages: list[str] = []

    def watch(self, page: Page) -> None:
        """Collect from a page, from now on."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.on("websocket", self._websocket)

    def forget(self) -> None:
        """Begin anew."""
        self.errors.clear()
        self.messages.clear()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _websocket(self, socket: WebSocket) -> None:
        if "/api/kernels/" in socket.url:
            socket.on("framesent", lambda frame: self.messages.append("> " + describe(frame)))
            socket.on("framereceived", lambda frame: self.messages.append("< " + describe(frame)))


def describe(frame: str | bytes) -> str:
    """Show one websocket frame, in either of the protocols that Jupyter's server speaks.

    The binary one is ``v1.kernel.websocket.jupyter.org``: how many offsets, the offsets (all 64
    bits, little-endian), then channel, header, parent header, metadata, content and buffers.
    """
    if isinstance(frame, str):
        message = json.loads(frame)
        return _line(
            message["channel"], message["header"]["msg_type"], json.dumps(message["content"])
        )
    count = int.from_bytes(frame[:8], "little")
    offsets = [int.from_bytes(frame[8 * i : 8 * i + 8], "little") for i in range(1, count + 1)]
    parts = [frame[start:end] for start, end in itertools.pairwise(offsets)]
    channel, header, _parent, _metadata, content = (part.decode() for part in parts[:5])
    return _line(channel, json.loads(header)["msg_type"], content)


def _line(channel: str, msg_type: str, content: str) -> str:
    return f"{channel:7} {msg_type}: {content[:LONGEST]}"
