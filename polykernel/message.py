"""A Jupyter message as it passes through the host: frozen, its JSON left as it came.

Only what the host must know is decoded; ``content`` and the raw header travel as bytes, so that
what a front end or an evaluator wrote is forwarded without a second encoding.
"""

from __future__ import annotations

from typing import Any

import msgspec

EMPTY = b"{}"

encode = msgspec.json.Encoder().encode


class Header(msgspec.Struct, frozen=True, gc=False):
    """What the host reads of a message's header (specification, "Message header")."""

    msg_id: str
    msg_type: str
    subshell_id: str | None = None


class Message(msgspec.Struct, frozen=True):
    """One message, received or about to be sent.

    Attributes:
        header: The header, decoded. The wire gives a message that is about to be sent a date, a
            session, and an id where it has none.
        raw_header: The header as it was received, JSON; empty for a message of our own.
        parent_header: The header of the request that caused this message, JSON.
        metadata: JSON.
        content: JSON.
        identities: ZeroMQ routing frames of a request and its reply; on IOPub the topic.
        buffers: Binary frames.
    """

    header: Header
    raw_header: bytes = b""
    parent_header: bytes = EMPTY
    metadata: bytes = EMPTY
    content: bytes = EMPTY
    identities: tuple[bytes, ...] = ()
    buffers: tuple[bytes, ...] = ()

    @property
    def msg_type(self) -> str:
        """The message type, as ``execute_request``."""
        return self.header.msg_type

    def child(
        self,
        msg_type: str,
        content: object,
        metadata: bytes = EMPTY,
        buffers: tuple[bytes, ...] = (),
    ) -> Message:
        """Make a message that this one causes, to be published on IOPub.

        Args:
            msg_type: Its type.
            content: Its content: JSON as bytes, or anything that can be encoded as JSON.
            metadata: JSON.
            buffers: Binary frames.
        """
        return Message(
            header=Header("", msg_type),
            parent_header=self.raw_header or EMPTY,
            metadata=metadata,
            content=to_json(content),
            buffers=buffers,
        )

    def as_parent(self) -> Message:
        """Keep what its children need: its code and buffers may be large, and long done with."""
        return Message(header=NOBODY.header, raw_header=self.raw_header)

    def reply(self, msg_type: str, content: object) -> Message:
        """Make a message that goes back to where this one came from.

        Args:
            msg_type: Its type.
            content: Its content: JSON as bytes, or anything that can be encoded as JSON.
        """
        return msgspec.structs.replace(self.child(msg_type, content), identities=self.identities)


#: The parent of what no request has caused, such as the status ``starting``.
NOBODY = Message(header=Header("", ""))


def to_json(content: object) -> bytes:
    """Encode content; bytes are JSON already."""
    return content if isinstance(content, bytes) else encode(content)


def from_json(data: bytes, into: Any = Any) -> Any:
    """Decode JSON into a type.

    Raises:
        msgspec.DecodeError: It is not JSON, not UTF-8, or not of that type.
    """
    try:
        return msgspec.json.decode(data, type=into)
    except RecursionError:
        raise msgspec.DecodeError("nested too deeply") from None
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from None


def check_json(data: bytes) -> None:
    """Make sure that what is forwarded as it came is JSON in UTF-8.

    Raises:
        msgspec.DecodeError: It is not.
    """
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from None
    from_json(data, msgspec.Raw)
