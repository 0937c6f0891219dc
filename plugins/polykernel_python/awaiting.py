"""Telling the user's interrupt of an awaiting cell from a cancellation that the code asked for.

Loaded with the first cell that awaits.
"""

from __future__ import annotations

import asyncio
from typing import Any, Callable


def watch_cancellation() -> Callable[[], bool]:
    """Watch the running task.

    Returns:
        A function that says whether somebody has cancelled the task itself, as the runtime does on
        an interrupt; not whether something that it awaits was cancelled.
    """
    task: Any = asyncio.current_task()
    if hasattr(task, "cancelling"):  # Python 3.11
        return lambda: task.cancelling() > 0
    cancel = task.cancel
    cancelled: list[bool] = []

    def noting(*arguments: Any, **options: Any) -> Any:
        cancelled.append(True)
        return cancel(*arguments, **options)

    task.cancel = noting
    return lambda: bool(cancelled)


def as_interrupt(error: BaseException, was_cancelled: Callable[[], bool]) -> BaseException:
    """Give ``KeyboardInterrupt``, at the same place, for the cancellation that stands for it."""
    if isinstance(error, asyncio.CancelledError) and was_cancelled():
        return KeyboardInterrupt().with_traceback(error.__traceback__)
    return error
