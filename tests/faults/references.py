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
elsewhere(
    EVALUATOR,
    "it uses more memory than the user has allowed",
    told="it is killed at once; the cell's error says how much it used, which limit that is and "
    "how to raise it",
    test="protocol/test_limits.py::"
    "test_an_evaluator_that_uses_too_much_memory_ends_with_an_error_in_its_cell",
)
elsewhere(
    EVALUATOR,
    "a child process uses more memory than the user has allowed",
    told="as if the evaluator did",
    test="protocol/test_limits.py::test_the_memory_of_child_processes_counts",
)
elsewhere(
    EVALUATOR,
    "it grows over its memory limit while idle",
    told="the next cell ends with an error that says so; the one after it runs",
    test="protocol/test_limits.py::test_memory_that_grows_while_idle_is_told_by_the_next_cell",
)
elsewhere(
    EVALUATOR,
    "a cell runs for longer than the user has allowed",
    told="it is interrupted, its error says which limit that is, and variables stay",
    test="protocol/test_limits.py::"
    "test_a_cell_that_runs_for_too_long_is_interrupted_and_the_state_stays",
)
elsewhere(
    EVALUATOR,
    "a cell goes on when its timeout has interrupted it: deaf, or an endless loop in C",
    told="its evaluator is killed, and the cell's error says for which limit",
    test="protocol/test_limits.py::test_a_cell_that_goes_on_nevertheless_ends_with_its_evaluator",
)
elsewhere(
    EVALUATOR,
    "it does not start within the cell timeout",
    told="the cell ends with an error, and the next one begins with a fresh evaluator",
    test="protocol/test_limits.py::test_an_evaluator_that_does_not_start_in_time_is_replaced",
)
elsewhere(
    EVALUATOR,
    "a cell prints more than the user has allowed",
    told="the cell goes on; the rest is in a file that it names",
    test="protocol/test_limits.py::test_what_a_cell_prints_beyond_its_limit_is_kept_in_a_file",
)
elsewhere(
    EVALUATOR,
    "an endless loop of prints under an output limit",
    told="the file grows to ten times the limit, and the cell says how much was dropped",
    test="protocol/test_limits.py::test_an_endless_print_does_not_fill_the_disk",
)
