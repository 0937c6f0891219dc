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
    from typing import Any, Optional

    from polykernel.evaluator.cell import Cell

owner: ContextVar[Optional[Cell]] = ContextVar("polykernel_cell", default=None)
_REMEMBERED = "_polykernel_cell"


def find_owner() -> Optional[Cell]:
    """The cell of the calling thread or task; ``None`` where no cell started it."""
    cell = owner.get()
    if cell is None:
        # not current_thread(): it would invent an entry for threads that C code started
        thread = threading._active.get(threading.get_ident())  # type: ignore[attr-defined]  # noqa: SLF001
        cell = getattr(thread, _REMEMBERED, None)
        if cell is not None:
            owner.set(cell)
    return cell


def follow_threads() -> None:
    """Let each thread that is started from now on belong to the cell that starts it."""
    start = threading.Thread.start

    @wraps(start)
    def start_remembering(self: threading.Thread) -> Any:
        setattr(self, _REMEMBERED, find_owner())
        return start(self)

    threading.Thread.start = start_remembering  # type: ignore[method-assign]
