"""Faults whose tests are in other folders, since they are about one of our parts alone."""

from __future__ import annotations

from faults.register import EVALUATOR, elsewhere

elsewhere(
    EVALUATOR,
    "a signal that it does not handle, an exit, from within a cell: eight ways",
    told="the cell's error names the signal or the exit code, and shows the last words; the next "
    "cell says that state is lost",
    test="protocol/test_death.py::"
    "test_a_cell_that_kills_its_evaluator_ends_with_an_error_that_says_how",
)
