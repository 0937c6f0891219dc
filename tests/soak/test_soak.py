"""Two minutes of the soak."""

from __future__ import annotations

import faulthandler
import os
from typing import TYPE_CHECKING

import pytest

from soak.soaking import soak

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = float(os.environ.get("SOAK_SECONDS", "120"))
SEED = int(os.environ.get("SOAK_SEED", "5"))  # the timing differs in each run all the same
HANGS_AFTER = 180  # seconds without the end of a round


@pytest.fixture(autouse=True)
def _no_test_hangs() -> Iterator[None]:
    """Let a test be longer than others: the soak says that it is alive."""
    yield
    faulthandler.cancel_dump_traceback_later()


def test_random_front_ends_lose_nothing_and_leave_nothing(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from conftest import _stderr

    def alive() -> None:
        descriptor = request.config.stash[_stderr]
        faulthandler.dump_traceback_later(HANGS_AFTER, exit=True, file=descriptor)

    alive()
    driver = soak(SEED, SECONDS, tmp_path, alive=alive)
    print(driver.summary())
    assert driver.totals["rounds"]
    assert driver.totals["requests"] > 100
    assert driver.totals["crashes"]
