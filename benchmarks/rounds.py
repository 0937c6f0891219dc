"""Runs all measures on all kernels, round by round, so that a noisy machine hurts all alike."""

from __future__ import annotations

import statistics
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil
import zmq

from benchmarks.client import Failed, NoAnswer
from benchmarks.measures import Measure, NotSaid, Outcome, Size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.kernels import Kernel
    from benchmarks.running import Place

GIVEN_UP_AFTER = 2  # failures of one kernel in one measure
#: What a kernel, or the machine, can do to a measure; anything else is a bug of ours.
TROUBLES = (Failed, OSError, psutil.Error, subprocess.SubprocessError, zmq.ZMQError)


@dataclass
class Results:
    """All that has been found so far.

    Attributes:
        values: Those of each round, by measure's column and kernel.
        remarks: What was wrong, by measure and kernel.
        failures: Why there are no values, by measure and kernel.
    """

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    remarks: dict[str, dict[str, str]] = field(default_factory=dict)
    failures: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, measure: str, kernel: str, outcome: Outcome) -> None:
        """Keep what one round found."""
        for column, value in outcome.values.items():
            self.values.setdefault(column, {}).setdefault(kernel, []).append(value)
        if outcome.remark:
            self.remarks.setdefault(measure, {})[kernel] = outcome.remark

    def median(self, column: str, kernel: str) -> float | None:
        """Give the median of the rounds, if there was one."""
        found = self.values.get(column, {}).get(kernel)
        return statistics.median(found) if found else None


def run(
    kernels: Sequence[Kernel],
    measures: Sequence[Measure],
    place: Place,
    size: Size,
    *,
    rounds: int,
    minutes: float,
    tell: Callable[[str], None],
) -> Results:
    """Measure; stop between two measures when the time is over."""
    results = Results()
    deadline = time.monotonic() + minutes * 60
    failed: dict[tuple[str, str], int] = {}
    for number in range(rounds):
        tell(f"round {number + 1} of {rounds}")
        for measure in measures:
            if number >= measure.rounds:
                continue
            for kernel in _turned(kernels, number):
                if measure.only and kernel.name not in measure.only:
                    continue
                key = (measure.name, kernel.name)
                if failed.get(key, 0) >= GIVEN_UP_AFTER:
                    continue
                if time.monotonic() > deadline:
                    tell(f"the {minutes:g} minutes are over")
                    return results
                failed[key] = failed.get(key, 0) + _one(kernel, measure, place, size, results, tell)
    return results


def _one(
    kernel: Kernel,
    measure: Measure,
    place: Place,
    size: Size,
    results: Results,
    tell: Callable[[str], None],
) -> int:
    """Measure one kernel once; give the number of failures."""
    try:
        outcome = measure.function(kernel, place, size)
    except NotSaid:
        return GIVEN_UP_AFTER
    except TROUBLES as trouble:
        results.failures.setdefault(measure.name, {})[kernel.name] = str(trouble)
        tell(f"  {measure.name}, {kernel.name}: {trouble}")
        return GIVEN_UP_AFTER if isinstance(trouble, NoAnswer) else 1
    results.add(measure.name, kernel.name, outcome)
    figures = ", ".join(f"{name} {value:.2f}" for name, value in outcome.values.items())
    tell(f"  {measure.name}, {kernel.name}: {figures} {outcome.remark}")
    return 0


def _turned(kernels: Sequence[Kernel], number: int) -> list[Kernel]:
    """Let another kernel be the first in each round."""
    at = number % max(1, len(kernels))
    return [*kernels[at:], *kernels[:at]]
