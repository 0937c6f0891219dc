"""The descriptor in reserve, where threads come for it at the same time."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from polykernel.evaluator.spare import Spare

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

OPEN = "polykernel.evaluator.spare._open"


def nulls() -> int:
    """Count the descriptors of /dev/null."""
    links = list(Path("/proc/self/fd").iterdir())
    return sum(link.exists() and link.resolve() == Path(os.devnull) for link in links)


@pytest.mark.parametrize("act", [Spare.keep, Spare.give])
def test_another_thread_that_comes_in_between_leaves_no_descriptor(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[Spare], None]
) -> None:
    before = nulls()
    reserve = Spare()

    def open_while_another_comes(path: str, flags: int) -> int:
        monkeypatch.setattr(OPEN, os.open)
        act(reserve)  # as a thread does that runs just now
        return os.open(path, flags)

    monkeypatch.setattr(OPEN, open_while_another_comes)
    reserve.keep()
    assert nulls() == before + 1
    reserve.give()
    assert nulls() == before
