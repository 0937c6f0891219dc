"""What a measure is given, and what it gives."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class NotSaid(Exception):
    """Something can't be said to a kernel: its language, or the kernel, has no words for it."""


class Outcome(NamedTuple):
    """What one measure found of one kernel in one round.

    Attributes:
        values: By the names of the columns.
        remark: What was wrong all the same, as lost data; empty where nothing was.
    """

    values: dict[str, float]
    remark: str = ""


@dataclass(frozen=True)
class Size:
    """How much of everything.

    Attributes:
        starts: Starts of each kind.
        trips: Cells, one after the other.
        pipelined: Cells that are sent at once.
        infos: Kernel infos on control, at most.
        computing: Seconds that the cell computes meanwhile.
        interrupts: Interrupts.
        lines: Printed lines.
        block: Bytes of one print.
        buffer: Bytes of one buffer.
        cells: Cells over which memory may grow.
        flood: Printed lines of 1000 bytes that nobody reads.
        unread: Seconds for which nobody reads.
        packages: Other packages.
    """

    starts: int = 2
    trips: int = 300
    pipelined: int = 1000
    infos: int = 2000
    computing: float = 2.5
    interrupts: int = 3
    lines: int = 100_000
    block: int = 50_000_000
    buffer: int = 100_000_000
    cells: int = 10_000
    flood: int = 400_000
    unread: float = 30.0
    packages: int = 300


FULL = Size()
QUICK = Size(
    starts=1,
    trips=50,
    pipelined=100,
    infos=30,
    computing=1.0,
    interrupts=1,
    lines=10_000,
    block=5_000_000,
    buffer=5_000_000,
    cells=300,
    flood=20_000,
    unread=3.0,
    packages=30,
)
TINY = Size(
    starts=1,
    trips=5,
    pipelined=20,
    infos=5,
    computing=0.2,
    interrupts=1,
    lines=500,
    block=100_000,
    buffer=100_000,
    cells=20,
    flood=2000,
    unread=0.5,
    packages=5,
)


def p99(samples: Sequence[float]) -> float:
    """Give the value that one of a hundred samples exceeds."""
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * 0.99))]


def p50_and_p99(name: str, seconds: Sequence[float]) -> dict[str, float]:
    """Give both in milliseconds, as columns."""
    return {f"{name} p50": statistics.median(seconds) * 1000, f"{name} p99": p99(seconds) * 1000}
