"""The process that runs the cells dies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faults.checks import answers, leaves_nothing, printed, told_in
from faults.register import EVALUATOR, fault

if TYPE_CHECKING:
    from support.subjects import Subject


@fault(
    EVALUATOR,
    "a segmentation fault in a cell",
    told="the cell's error names the signal and shows where it came from; the next cell runs in a "
    "fresh evaluator, and says so",
)
def test_a_segmentation_fault_in_a_cell_ends_that_cell_alone(kernel: Subject) -> None:
    cell = kernel.client.send_execute("print('before'); import ctypes; ctypes.string_at(0)")
    outcome = told_in(kernel, cell, "SIGSEGV", "Fatal Python error: Segmentation fault")
    printed(outcome, "before\n")
    answers(kernel)
    leaves_nothing(kernel)
