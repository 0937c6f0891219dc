"""All measures, and the columns that they fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.measures import cells, living, output, packages, starting

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.kernels import Kernel
    from benchmarks.measures.outcome import Outcome, Size
    from benchmarks.running import Place


@dataclass(frozen=True)
class Column:
    """One figure.

    Attributes:
        name: What a measure calls it.
        title: What a table calls it.
        digits: Behind the point.
        more_is_better: Whether it counts something that there should be much of.
    """

    name: str
    title: str
    digits: int = 0
    more_is_better: bool = False


@dataclass(frozen=True)
class Measure:
    """One measurement.

    Attributes:
        name: What ``--only`` calls it.
        function: Takes it.
        columns: What it fills.
        rounds: In how many rounds it is taken, at most.
        only: The kernels that it is about; all where there are none.
    """

    name: str
    function: Callable[[Kernel, Place, Size], Outcome]
    columns: tuple[Column, ...]
    rounds: int = 1000
    only: tuple[str, ...] = ()


MEASURES = (
    Measure(
        "start",
        starting.start,
        (
            Column("start", "start to kernel info, ms"),
            Column("first cell", "start to first cell done, ms"),
        ),
    ),
    Measure(
        "trip",
        cells.trip,
        (
            Column("trip p50", "round trip of a cell p50, ms", 2),
            Column("trip p99", "p99, ms", 2),
        ),
    ),
    Measure(
        "pipelined",
        cells.pipelined,
        (Column("pipelined", "pipelined cells/s", more_is_better=True),),
    ),
    Measure(
        "control",
        cells.control,
        (
            Column("control p50", "kernel info while a cell computes p50, ms", 2),
            Column("control p99", "p99, ms", 2),
        ),
    ),
    Measure("interrupt", cells.interrupt, (Column("interrupt", "interrupt of a loop, ms", 1),)),
    Measure(
        "prints",
        output.prints,
        (Column("prints", "100,000 prints, lines/s", more_is_better=True),),
    ),
    Measure(
        "block", output.block, (Column("block", "one 50 MB print, MB/s", more_is_better=True),)
    ),
    Measure("buffer", output.buffer, (Column("buffer", "one 100 MB buffer, ms"),)),
    Measure("memory", living.memory, (Column("memory", "memory after start, MB", 1),)),
    Measure("growth", living.growth, (Column("growth", "over 10,000 cells, MB", 1),), rounds=1),
    Measure("flood", output.flood, (Column("flood", "400 MB unread, MB", 1),), rounds=1),
    Measure("shutdown", living.shutdown, (Column("shutdown", "shutdown, ms"),)),
    Measure(
        "packages",
        packages.packages,
        (
            Column("list", "`polykernel list`, ms"),
            Column("list with others", "with 300 other packages, ms"),
            Column("start alone", "start to kernel info, ms"),
            Column("start alone with others", "with 300 other packages, ms"),
        ),
        only=("polykernel echo", "polykernel python"),
    ),
)


def measure_named(name: str) -> Measure:
    """Find a measure."""
    return next(measure for measure in MEASURES if measure.name == name)
