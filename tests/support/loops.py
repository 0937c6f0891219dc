"""Runs a loop until something has happened, but not for ever."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tornado.ioloop import IOLoop


def run_until(
    loop: IOLoop, happened: Callable[[], object], what: str, patience: float = 20
) -> None:
    deadline = time.monotonic() + patience

    async def wait() -> None:
        while not happened():
            assert time.monotonic() < deadline, f"{what} did not happen within {patience} seconds"
            await asyncio.sleep(0.001)

    loop.run_sync(wait)
