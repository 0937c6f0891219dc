"""Faults whose tests are in other folders, since they are about one of our parts alone."""

from __future__ import annotations

from faults.register import EVALUATOR, HOST, elsewhere

elsewhere(
    EVALUATOR,
    "a signal that it does not handle, an exit, from within a cell: eight ways",
    told="the cell's error names the signal or the exit code, and shows the last words; the next "
    "cell says that state is lost",
    test="protocol/test_death.py::"
    "test_a_cell_that_kills_its_evaluator_ends_with_an_error_that_says_how",
)

elsewhere(
    HOST,
    "the process that started it is killed",
    told="nothing is left",
    test="protocol/test_end.py::test_a_kernel_ends_when_the_process_that_started_it_is_killed",
)
elsewhere(
    HOST,
    "a history file that is none",
    told="nothing: the file is set aside under another name, which the log tells; a new one begins",
    test="test_history.py::test_a_corrupt_file_is_set_aside_and_a_new_one_begun",
)
elsewhere(
    HOST,
    "a history file that another process has locked for long",
    told="nothing: memory answers; what is missing in the file is written when it is free",
    test="test_history.py::test_a_file_that_is_locked_for_long_gets_the_cells_when_it_is_free",
)
