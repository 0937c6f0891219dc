"""What an awaiting cell ends with, where its task was cancelled or closed.

Loaded with the first cell that awaits.
"""

from __future__ import annotations

import asyncio
from typing import Any

_ENDED_BY = "_polykernel_ended_by"  # the runtime notes there what its cancellation stands for


class AwaitingCell:
    """The running cell's task."""

    def __init__(self) -> None:
        self._task: Any = asyncio.current_task()

    @property
    def is_closed(self) -> bool:
        """Whether the coroutine is being closed, since nobody will run it any more."""
        try:
            return asyncio.current_task() is not self._task
        except RuntimeError:  # no loop is running
            return True

    def reason(self, error: BaseException) -> BaseException:
        """Give what a cancellation by the runtime stands for, at the same place: an interrupt, say.

        A cancellation that user code has asked for stands for itself.
        """
        ended_by = getattr(self._task, _ENDED_BY, None)
        if ended_by is not None and isinstance(error, asyncio.CancelledError):
            return ended_by.with_traceback(error.__traceback__)  # type: ignore[no-any-return]
        return error
