"""``multiprocessing`` with functions that are defined in cells."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def change_context(context: ModuleType) -> None:
    """Let workers be forks where that was Python's default until 3.14, all but macOS.

    Workers that start afresh can't know what a notebook's cells define: there is no file to
    import it from. A pool of them would wait for ever.
    """
    default: Any = context._default_context  # noqa: SLF001
    if default.get_start_method() == "forkserver" and sys.platform != "darwin":
        fork = context._concrete_contexts["fork"]  # noqa: SLF001
        context._default_context = type(default)(fork)  # type: ignore[attr-defined]  # noqa: SLF001
