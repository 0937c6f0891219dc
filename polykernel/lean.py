"""Imports libraries without what they have for others than kernels."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# asyncio and Tornado do without them where they are missing: TLS, and colours of Tornado's own log
_TORNADO_LEAVES = ("ssl", "curses")
_MSGSPEC_LEAVES = ("typing_extensions",)  # all that it looks for there is in Python's own typing


def import_tornado() -> None:
    """Load the loop; what is left out is 4 % of a start, and as much of a kernel's memory."""
    with _without(_TORNADO_LEAVES):
        import tornado.ioloop  # noqa: F401


def import_msgspec() -> None:
    """Load it; what is left out is another 4 % of a start, where it is installed."""
    with _without(_MSGSPEC_LEAVES):
        import msgspec  # noqa: F401


@contextlib.contextmanager
def _without(modules: tuple[str, ...]) -> Iterator[None]:
    """Let these modules not be found, where they are not loaded already."""
    left_out = [name for name in modules if name not in sys.modules]
    for name in left_out:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in left_out:
            del sys.modules[name]
