"""What polykernel means to reach, as ratios in one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.kernels import KERNELS, OURS_NAMES
from benchmarks.measures import MEASURES, Column, Measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.rounds import Results

FASTEST = "the fastest peer"
ITSELF = "itself"


@dataclass(frozen=True)
class Target:
    """One thing to reach.

    Attributes:
        column: What is looked at.
        kernel: Whose.
        factor: The ratio to the other that it may be at most; at least, where more is better. The
            figure itself, where there is no other.
        against: The other: a kernel, the fastest peer, or itself in another column; nobody where
            empty.
        other_column: Where that is looked up; the same column where empty.
        below: Whether it must be below the factor, and not equal to it.
    """

    column: str
    kernel: str
    factor: float
    against: str = ""
    other_column: str = ""
    below: bool = False


@dataclass(frozen=True)
class Verdict:
    """What became of a target.

    Attributes:
        target: Which one.
        reached: The ratio, or the figure; ``None`` where it could not be measured.
        against: Who it was measured against, by name.
        met: Whether it was reached.
        remark: What else was wrong.
    """

    target: Target
    reached: float | None
    against: str
    met: bool
    remark: str = ""


ECHO, PYTHON = OURS_NAMES
TARGETS = (
    Target("start", ECHO, 0.85, "kernmini echo"),
    Target("start", ECHO, 0.35, "ipykernel"),
    Target("first cell", PYTHON, 1.0, "xeus-python raw", below=True),
    Target("first cell", PYTHON, 0.4, "ipykernel"),
    Target("trip p50", ECHO, 0.7, "kernmini echo"),
    Target("trip p50", ECHO, 1.5, "floor"),
    Target("trip p50", PYTHON, 1.0, "xeus-python raw", below=True),
    Target("trip p50", PYTHON, 0.13, "ipykernel"),
    Target("pipelined", PYTHON, 1.0, "xeus-python raw", below=True),
    Target("pipelined", PYTHON, 15, "ipykernel"),
    Target("control p99", PYTHON, 1.0, "xeus-python", below=True),
    Target("control p99", PYTHON, 0.05, "ipykernel", below=True),
    Target("interrupt", PYTHON, 0.2, "ipykernel"),
    Target("prints", PYTHON, 6, "ipykernel"),
    Target("block", PYTHON, 1.0, FASTEST),
    Target("buffer", PYTHON, 1.0, FASTEST),
    Target("memory", ECHO, 0.55, "ipykernel"),
    Target("memory", PYTHON, 0.55, "ipykernel"),
    Target("growth", ECHO, 0.5),
    Target("growth", PYTHON, 0.5),
    Target("flood", PYTHON, 32),
    Target("shutdown", PYTHON, 0.4, "ipykernel"),
    Target("list with others", PYTHON, 1.5, ITSELF, "list"),
    Target("start alone with others", ECHO, 1.05, ITSELF, "start alone"),
    Target("start alone with others", PYTHON, 1.05, ITSELF, "start alone"),
)


def column_named(name: str) -> tuple[Measure, Column]:
    """Find a column, and the measure that fills it."""
    return next((m, c) for m in MEASURES for c in m.columns if c.name == name)


def judge(results: Results, targets: Sequence[Target] = TARGETS) -> list[Verdict]:
    """Hold the results against the targets; what was not measured is left out."""
    return [_judge(results, target) for target in targets if target.column in results.values]


def _judge(results: Results, target: Target) -> Verdict:
    measure, column = column_named(target.column)
    remark = results.remarks.get(measure.name, {}).get(target.kernel, "")
    ours = results.median(target.column, target.kernel)
    against, other = _other(results, target, measure, column)
    if ours is None or (target.against and other is None):
        missing = f"no figure of {target.kernel if ours is None else against}"
        return Verdict(target, None, against, False, missing)
    reached = ours / other if other is not None else ours
    good = reached >= target.factor if column.more_is_better else reached <= target.factor
    if target.below:
        good = good and reached != target.factor
    return Verdict(target, reached, against, good and not remark, remark)


def _other(
    results: Results, target: Target, measure: Measure, column: Column
) -> tuple[str, float | None]:
    """Find the other's name and figure."""
    if target.against == ITSELF:
        return ITSELF, results.median(target.other_column, target.kernel)
    if target.against != FASTEST:
        return target.against, results.median(target.column, target.against)
    remarks = results.remarks.get(measure.name, {})
    peers = {
        kernel.name: value
        for kernel in KERNELS
        if kernel.package not in ("", "polykernel")
        and kernel.name not in remarks
        and (value := results.median(target.column, kernel.name)) is not None
    }
    if not peers:
        return FASTEST, None
    best = (max if column.more_is_better else min)(peers, key=lambda name: peers[name])
    return best, peers[best]
