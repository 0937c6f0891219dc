"""Tells a request that was meant for the kernel before this one.

Who restarts a kernel that has just been killed may still ask it to shut down (jupyter_client does,
where it has not yet noticed). ZeroMQ keeps that request, and the new kernel, which listens at the
same address, gets it. Other requests are not told apart: a front end may well ask before the kernel
that it means is up.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from polykernel.message import Message

# seconds: later none is on its way any more, and clocks of other machines can do no harm
YOUNG = 10.0


class _Dated(msgspec.Struct, frozen=True):
    date: str = ""


def is_stale(message: Message, born: float) -> bool:
    """Whether a message was made before this process was started, which is young.

    Args:
        message: What has come.
        born: When this process was started; never later than the first who could know it.
    """
    if not 0 <= time.time() - born < YOUNG:
        return False
    try:
        made = datetime.fromisoformat(msgspec.json.decode(message.raw_header, type=_Dated).date)
    except (msgspec.DecodeError, ValueError):
        return False
    return made.tzinfo is not None and made.timestamp() < born
