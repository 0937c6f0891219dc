"""Faults whose tests are in other folders, since they are about one of our parts alone."""

from __future__ import annotations

from faults.register import EVALUATOR, FRONT_END, HOST, PLUGIN, WIRE, elsewhere

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
elsewhere(
    EVALUATOR,
    "a death, with cells and a question waiting behind it",
    told="the cells are aborted, whatever their `stop_on_error`; the question is answered",
    test="protocol/test_death.py::test_all_queued_cells_are_aborted_at_a_death_whatever_they_asked",
)
elsewhere(
    EVALUATOR,
    "it dies at each start",
    told="each cell's error says so, and shows its last words; after three times it is not "
    "tried again",
    test="protocol/test_death.py::"
    "test_an_evaluator_that_dies_at_its_start_is_given_up_after_three_times",
)
elsewhere(
    EVALUATOR,
    "it dies twice at its start, and then starts",
    told="nothing: the cell that was sent runs",
    test="protocol/test_death.py::"
    "test_a_cell_that_was_sent_to_an_evaluator_that_died_at_its_start_runs_in_the_next",
)
elsewhere(
    EVALUATOR,
    "it dies while it is loaded",
    told="the cell's error shows what was printed",
    test="protocol/test_death.py::"
    "test_an_evaluator_that_dies_while_it_loads_tells_why_though_python_printed_it",
)
elsewhere(
    EVALUATOR,
    "it speaks another version of the channel",
    told="the cell's error says so",
    test="protocol/test_death.py::test_an_evaluator_that_speaks_another_version_is_refused",
)
elsewhere(
    EVALUATOR,
    "fourteen kinds of garbage on the channel, from a program that is no Python evaluator",
    told="the cell's stderr says that something was refused; what is printed comes",
    test="protocol/test_death.py::"
    "test_garbage_on_the_channel_is_told_in_its_cell_and_harms_nothing",
)
elsewhere(
    EVALUATOR,
    "eight results that are none",
    told="the cell ends with an error that says so",
    test="protocol/test_death.py::test_a_result_that_is_refused_ends_its_cell_with_an_error",
)
elsewhere(
    EVALUATOR,
    "it dies while it asks for input",
    told="the cell ends with an error; a late answer is dropped, and the next question gets "
    "its own",
    test="protocol/test_input_requests.py::test_a_question_of_an_evaluator_that_died_is_forgotten",
)
elsewhere(
    EVALUATOR,
    "an interrupt that it does not hear, with the signal ignored",
    told="after five seconds the cell's stderr names the way out",
    test="protocol/test_interrupts.py::"
    "test_an_interrupt_that_is_not_heard_is_told_with_the_way_out",
)
elsewhere(
    EVALUATOR,
    "the signals ignored, and the third interrupt",
    told="it is killed, and the cell's error says so",
    test="protocol/test_interrupts.py::test_the_third_interrupt_that_is_not_heard_kills",
)
elsewhere(
    EVALUATOR,
    "a flood of output that nobody reads, and an interrupt",
    told="the interrupt gets through, and the cell ends",
    test="protocol/test_interrupts.py::"
    "test_an_interrupt_gets_through_to_an_evaluator_that_waits_for_a_front_end_to_read",
)
elsewhere(
    EVALUATOR,
    "a task of a cell that is over keeps the next one waiting",
    told="an interrupt ends the task, and the next cell runs",
    test="protocol/test_interrupts.py::"
    "test_an_interrupt_between_cells_stops_the_task_that_keeps_the_next_one_waiting",
)
elsewhere(
    EVALUATOR,
    "all signals ignored, and the kernel is shut down",
    told="it is killed after two seconds; nothing is left",
    test="protocol/test_end.py::test_an_evaluator_that_hears_no_signal_is_killed_at_shutdown",
)
elsewhere(
    PLUGIN,
    "it can't be imported",
    told="each cell's error has the package, its version and the traceback",
    test="protocol/test_bad_input.py::"
    "test_a_kernel_whose_plugin_is_broken_starts_and_each_cell_says_why",
)
elsewhere(
    PLUGIN,
    "a bug in `execute` and in `complete`",
    told="the error names the plugin and has the traceback",
    test="protocol/test_bad_input.py::"
    "test_a_bug_in_an_evaluator_names_the_plugin_and_its_traceback",
)
elsewhere(
    HOST,
    "kill -9 while idle, while a cell runs, and while a cell hears no signal",
    told="the front end says that the kernel died; nothing is left",
    test="protocol/test_end.py::test_a_host_that_is_killed_leaves_nothing_behind",
)
elsewhere(
    HOST,
    "kill -9 after its evaluator was replaced",
    told="nothing is left, of the old evaluator's guard either",
    test="protocol/test_end.py::"
    "test_a_host_that_is_killed_after_its_evaluator_was_replaced_leaves_nothing",
)
elsewhere(
    HOST,
    "the process that started it is killed",
    told="nothing is left",
    test="protocol/test_end.py::test_a_kernel_ends_when_the_process_that_started_it_is_killed",
)
elsewhere(
    FRONT_END,
    "it does not read while 400 MB are printed, or shown",
    told="the evaluator waits, memory stays bounded, control is answered; all of it comes when"
    " it reads",
    test="protocol/test_flood.py::"
    "test_a_flood_that_nobody_reads_waits_in_the_evaluator_and_arrives_whole",
)
elsewhere(
    FRONT_END,
    "it does not read while 400 MB of binary buffers are shown",
    told="the evaluator waits, and all of it comes when it reads",
    test="protocol/test_flood.py::"
    "test_large_buffers_that_nobody_reads_wait_in_the_evaluator_and_arrive_whole",
)
elsewhere(
    FRONT_END,
    "it hangs, while others read",
    told="after ten seconds it is left out, and the log says so; the others lose nothing",
    test="protocol/test_flood.py::test_a_front_end_that_hangs_does_not_hold_up_the_others_for_ever",
)
elsewhere(
    FRONT_END,
    "it hangs, while large displays are shown and others read",
    told="after ten seconds, once, its connection is ended, so that nothing is kept for it; it may "
    "come back; the others lose nothing",
    test="test_transport.py::test_one_that_hangs_is_left_out_once_and_the_others_get_everything",
)
elsewhere(
    FRONT_END,
    "all hang together: a Jupyter server has two subscribers",
    told="they are waited for, as one alone; none loses anything",
    test="test_transport.py::test_subscribers_that_hang_together_are_waited_for_and_lose_nothing",
)
elsewhere(
    FRONT_END,
    "it does not read, and the kernel is shut down",
    told="the shutdown is answered, and nothing is left",
    test="protocol/test_flood.py::test_a_shutdown_while_nobody_reads_ends_the_kernel",
)
elsewhere(
    FRONT_END,
    "it answers an input request twice, or too late",
    told="what nobody waits for is dropped",
    test="protocol/test_input_requests.py::"
    "test_a_late_answer_to_an_earlier_question_is_not_taken_for_the_newer_one",
)
elsewhere(
    FRONT_END,
    "its stdin socket connects after its cell has asked",
    told="it is asked as soon as it is there",
    test="protocol/test_input_requests.py::"
    "test_a_front_end_whose_stdin_socket_connects_late_is_asked_all_the_same",
)
elsewhere(
    WIRE,
    "messages with a wrong signature, or damaged",
    told="they are dropped, and the log says so",
    test="protocol/test_bad_input.py::test_a_damaged_message_is_logged_and_dropped",
)
elsewhere(
    WIRE,
    "a flood of damaged messages, with a log that nobody reads",
    told="they are dropped; the log tells of ever fewer",
    test="protocol/test_bad_input.py::"
    "test_a_flood_of_damaged_messages_does_not_stop_a_kernel_whose_log_nobody_reads",
)
elsewhere(
    WIRE,
    "a request whose content is malformed",
    told="it gets an error as its reply",
    test="protocol/test_bad_input.py::"
    "test_a_request_with_malformed_content_is_answered_with_an_error",
)
elsewhere(
    WIRE,
    "odd contents in every request",
    told="each gets one reply",
    test="protocol/test_odd_contents.py::test_every_request_of_odd_content_gets_one_reply",
)
elsewhere(
    WIRE,
    "lone surrogates, in a cell and in what it shows",
    told="a replacement character",
    test="protocol/test_odd_contents.py::test_half_of_an_emoji_is_a_replacement_character",
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
