"""Messages packed by hand, as the specification's page "The Wire Protocol" says, and unpacked."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.schema import DELIMITER, sign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.client import Client


def parts(frames: Sequence[bytes]) -> list[bytes]:
    """Give what stands behind the signature."""
    return list(frames[frames.index(DELIMITER) + 2 :])


def signature_of(frames: Sequence[bytes]) -> bytes:
    """Give the signature that came."""
    return frames[frames.index(DELIMITER) + 1]


def make_header(client: Client, msg_type: str, more: dict[str, Any]) -> dict[str, Any]:
    """Make a header with more in it than there need be."""
    return {
        "msg_id": uuid.uuid4().hex,
        "session": client.session.session,
        "username": "Ada",
        "date": datetime.now(UTC).isoformat().replace("+00:00", "Z"),  # as jupyter_client has it
        "msg_type": msg_type,
        "version": "5.5",
        **more,
    }


def pack(
    client: Client, msg_type: str, content: dict[str, Any], header: dict[str, Any]
) -> tuple[str, list[bytes]]:
    """Give a message's id and its four dictionaries."""
    full = make_header(client, msg_type, header)
    client.sent_headers[full["msg_id"]] = full
    return full["msg_id"], [json.dumps(each).encode() for each in (full, {}, {}, content)]


def send(
    client: Client,
    msg_type: str,
    content: dict[str, Any],
    *,
    header: dict[str, Any] | None = None,
    channel: str = "shell",
    prefix: Sequence[bytes] = (),
    buffers: Sequence[bytes] = (),
    signature: bytes | None = None,
) -> str:
    """Send a message with a header, a prefix or a signature of the test's own; give its id."""
    msg_id, dictionaries = pack(client, msg_type, content, header or {})
    if signature is None:
        signature = sign(client.key, dictionaries)
    client.send_frames([*prefix, DELIMITER, signature, *dictionaries, *buffers], channel)
    return msg_id


def kernel_json(spec: Any) -> dict[str, Any]:
    """Read what stands in a kernelspec, whatever jupyter_client makes of it."""
    found: dict[str, Any] = json.loads((Path(spec.resource_dir) / "kernel.json").read_text())
    return found
