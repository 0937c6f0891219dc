"""Two minutes of the soak."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from soak.soaking import soak

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS = float(os.environ.get("SOAK_SECONDS", "120"))
SEED = int(os.environ.get("SOAK_SEED", "5"))  # the timing differs in each run all the same


def test_random_front_ends_lose_nothing_and_leave_nothing(
    tmp_path: Path, alive: Callable[[], None]
) -> None:
    driver = soak(SEED, SECONDS, tmp_path, alive=alive)
    print(driver.summary())
    assert driver.totals["rounds"]
    assert driver.totals["requests"] > 100
