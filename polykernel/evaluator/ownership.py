"""Which cell a thread or a task works for: its text and its displays go there.

The main thread and asyncio's tasks carry their cell in a context variable. A new thread begins
with an empty context, so :func:`follow_threads` lets each one remember who started it.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from functools import wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from polykernel.evaluator.cell import Cell

REMEMBERED = "_polykernel_origin"


class Origin:
    """A cell, as the runtime sees it: where output comes from.

    Args:
        number: The name that the host gave the cell; ``None`` before the first one.

    Attributes:
        cell: The author's handle.
        over: The cell's reply has been sent.
        begun: The lines that are begun, by thread: of stdout, and of stderr.
        watched: Begun lines will be shown soon (see :class:`streams.Watcher`).
    """

    cell: Cell

    def __init__(self, number: int | None) -> None:
        self.number = number
        self.over = False
        self.begun: tuple[dict[int, list[str]], dict[int, list[str]]] = ({}, {})
        self.watched = False


latest: Origin | None = None  # the cell of what nobody claims; kept by the outlet
owner: ContextVar[Origin | None] = ContextVar("polykernel_origin", default=None)


def find_owner() -> Origin | None:
    """Find the cell of the calling thread or task; ``None`` where no cell started it."""
    origin = owner.get()
    if origin is None:
        # not current_thread(): it would invent an entry for threads that C code started
        active: dict[int, Any] = threading._active  # type: ignore[attr-defined]  # noqa: SLF001
        origin = getattr(active.get(threading.get_ident()), REMEMBERED, None)
        if origin is not None:
            owner.set(origin)
    return origin


def follow_threads(settled: Callable[[], None]) -> None:
    """Let each thread that is started from now on belong to the cell that starts it.

    Args:
        settled: Lets an interrupt act that has waited until the thread was started: an exception
            for a thread that starts another could be raised in that one.
    """
    start = threading.Thread.start

    @wraps(start)
    def start_remembering(self: threading.Thread) -> None:
        setattr(self, REMEMBERED, find_owner())
        start(self)
        settled()

    threading.Thread.start = start_remembering  # type: ignore[method-assign]
