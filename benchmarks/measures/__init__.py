"""What is measured: one function for each, and one list of them all."""

from benchmarks.measures.catalogue import MEASURES, Column, Measure, measure_named
from benchmarks.measures.outcome import FULL, QUICK, TINY, NotSaid, Outcome, Size

__all__ = [
    "FULL",
    "MEASURES",
    "QUICK",
    "TINY",
    "Column",
    "Measure",
    "NotSaid",
    "Outcome",
    "Size",
    "measure_named",
]
