"""What front ends ask beside cells: inspection, completion, completeness, history, comm info."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from specification.rules import ALL, WITH_ERRORS, rule

if TYPE_CHECKING:
    from support.subjects import Subject

INTROSPECTION = "Introspection"
COMPLETION = "Completion"
COMPLETENESS = "Code completeness"
HISTORY = "History"


def inspect(kernel: Subject, code: str, cursor_pos: int | None = None, **more: Any) -> Any:
    at = len(code) if cursor_pos is None else cursor_pos
    content = {"code": code, "cursor_pos": at, "detail_level": 0, **more}
    return kernel.client.request("inspect_request", content).reply


def complete(kernel: Subject, code: str, cursor_pos: int | None = None) -> Any:
    at = len(code) if cursor_pos is None else cursor_pos
    content = {"code": code, "cursor_pos": at}
    return kernel.client.request("complete_request", content).reply


def completeness(kernel: Subject, code: str) -> Any:
    return kernel.client.request("is_complete_request", {"code": code}).reply


def history(kernel: Subject, **asked: Any) -> list[Any]:
    content = {"output": False, "raw": True, **asked}
    reply = kernel.client.request("history_request", content).reply
    assert reply["status"] == "ok"
    found: list[Any] = reply["history"]
    return found


@rule(
    "inspect_reply",
    INTROSPECTION,
    "The reply is a mime-bundle, like a `display_data`_ message, which should be a formatted "
    "representation of information about the context.",
    languages=WITH_ERRORS,
)
def test_an_inspection_that_finds_something_is_a_bundle(kernel: Subject) -> None:
    reply = inspect(kernel, "round")
    assert (reply["status"], reply["found"]) == ("ok", True)
    assert "round" in reply["data"]["text/plain"].lower()
    assert isinstance(reply["metadata"], dict)


@rule(
    "inspect_reply",
    INTROSPECTION,
    "found should be true if an object was found, false otherwise",
    languages=ALL,
)
def test_an_inspection_that_finds_nothing_is_a_success(kernel: Subject) -> None:
    for code in ("no_such_name_anywhere", "", "   "):
        reply = inspect(kernel, code)
        assert (reply["status"], reply["found"]) == ("ok", False)


@rule(
    "inspect_reply",
    INTROSPECTION,
    "data can be empty if nothing is found",
    languages=ALL,
)
def test_an_inspection_that_finds_nothing_has_empty_dictionaries(kernel: Subject) -> None:
    reply = inspect(kernel, "no_such_name_anywhere")
    assert (reply["data"], reply["metadata"]) == ({}, {})


@rule(
    "inspect_request",
    INTROSPECTION,
    "The code context in which introspection is requested this may be up to an entire multiline "
    "cell.",
)
def test_the_inspected_place_may_be_within_a_cell_of_many_lines(kernel: Subject) -> None:
    kernel.execute("def of_users(x):\n    'what it does'")
    code = "a = 1\nof_users(a)\nb = 2\n"
    reply = inspect(kernel, code, code.index("users") + 2)
    assert reply["found"]
    assert "what it does" in reply["data"]["text/plain"]


@rule(
    "inspect_request",
    INTROSPECTION,
    "cursor_pos **must be** the actual encoding-independent offset in unicode codepoints",
)
def test_the_place_of_an_inspection_is_counted_in_code_points(kernel: Subject) -> None:
    kernel.execute("def of_users(x):\n    'what it does'")
    code = "'😀😀😀😀😀😀😀😀😀😀'; of_users;  None"
    reply = inspect(kernel, code, code.index("of_users") + 4)
    assert reply["found"]
    assert "what it does" in reply["data"]["text/plain"]


@rule(
    "inspect_request",
    INTROSPECTION,
    "The difference is up to kernels, but in IPython level 1 includes the source code if "
    "available.",
)
def test_more_detail_brings_the_source(kernel: Subject) -> None:
    kernel.execute("def of_users(x):\n    'what it does'\n    return x * 1234")
    assert "1234" not in inspect(kernel, "of_users")["data"]["text/plain"]
    assert "1234" in inspect(kernel, "of_users", detail_level=1)["data"]["text/plain"]


@rule(
    "complete_reply",
    COMPLETION,
    "The list of all matches to the completion request",
    languages=WITH_ERRORS,
)
def test_completions_are_a_list_of_texts(kernel: Subject) -> None:
    reply = complete(kernel, "roun")
    assert reply["status"] == "ok"
    assert any("round" in match for match in reply["matches"])
    assert all(isinstance(match, str) for match in reply["matches"])


@rule(
    "complete_reply",
    COMPLETION,
    "The range of text that should be replaced by the above matches when a completion is accepted.",
)
def test_a_match_in_the_place_of_its_range_is_the_completed_code(kernel: Subject) -> None:
    kernel.execute("a = 'text'")
    code = "foo = a.isal; bar"
    reply = complete(kernel, code, code.index(";"))
    assert reply["matches"]
    done = {
        code[: reply["cursor_start"]] + match + code[reply["cursor_end"] :]
        for match in reply["matches"]
    }
    assert {"foo = a.isalnum; bar", "foo = a.isalpha; bar"} <= done


@rule(
    "complete_reply",
    COMPLETION,
    "typically cursor_end is the same as cursor_pos in the request",
    languages=ALL,
)
def test_the_range_of_completions_ends_at_the_cursor(kernel: Subject) -> None:
    for code, at in (("roun", 4), ("roun + 1", 4), ("", 0)):
        reply = complete(kernel, code, at)
        assert reply["cursor_end"] == at
        assert 0 <= reply["cursor_start"] <= at


@rule(
    "complete_reply",
    COMPLETION,
    "Information that frontend plugins might use for extra display information about completions.",
    languages=ALL,
)
def test_completions_have_metadata(kernel: Subject) -> None:
    for code in ("roun", "no_such_name_anywhere"):
        assert isinstance(complete(kernel, code)["metadata"], dict)


@rule(
    "complete_reply",
    COMPLETION,
    "status should be 'ok' unless an exception was raised during the request",
    languages=ALL,
)
def test_completion_that_finds_nothing_is_a_success(kernel: Subject) -> None:
    for code in ("no_such_name_anywhere.", "((((", "'", "\\", "   "):
        assert complete(kernel, code)["status"] == "ok"


@rule(
    "complete_request",
    COMPLETION,
    "The code context in which completion is requested this may be up to an entire multiline cell",
)
def test_the_completed_place_may_be_within_a_cell_of_many_lines(kernel: Subject) -> None:
    kernel.execute("of_a_user = 1")
    code = "a = 1\nb = of_a_us\nc = 2\n"
    at = code.index("us\n") + 2
    reply = complete(kernel, code, at)
    assert "of_a_user" in reply["matches"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (at - 7, at)


@rule(
    "complete_request",
    "``cursor_pos`` and unicode offsets",
    "use a python3 kernel and evaluate ``𨭎𨭎𨭎𨭎𨭎 = 10``.  Then type ``𨭎𨭎`` followed by the "
    "tab key and see if it properly completes",
)
def test_the_specifications_example_of_astral_characters_completes(kernel: Subject) -> None:
    assert kernel.execute("𨭎𨭎𨭎𨭎𨭎 = 10").status == "ok"
    reply = complete(kernel, "𨭎𨭎")
    assert "𨭎𨭎𨭎𨭎𨭎" in reply["matches"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (0, 2)


@rule(
    "complete_request",
    COMPLETION,
    "cursor_pos **must be** the actual encoding-independent offset in unicode codepoints",
)
def test_the_place_of_a_completion_is_counted_in_code_points(kernel: Subject) -> None:
    kernel.execute("of_a_user = 1")
    code = "'😀😀😀😀', of_a_us, 1"
    at = code.index("us,") + 2
    reply = complete(kernel, code, at)
    assert "of_a_user" in reply["matches"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (at - 7, at)


@rule(
    "complete_request",
    COMPLETION,
    "The cursor position within 'code' (in unicode characters) where completion is requested",
)
def test_zero_is_a_place_as_any_other(kernel: Subject) -> None:
    reply = complete(kernel, "zzzz = 1", 0)
    assert reply["status"] == "ok"
    assert (reply["cursor_start"], reply["cursor_end"]) == (0, 0)
    assert len(reply["matches"]) > 50


@rule(
    "is_complete_reply",
    COMPLETENESS,
    "*complete* code is ready to be executed",
    languages=WITH_ERRORS,
)
def test_complete_code_is_complete(kernel: Subject) -> None:
    for code in ("a = 5", "1 + 1", "max(1,\n2)"):
        assert completeness(kernel, code) == {"status": "complete"}


@rule(
    "is_complete_reply",
    COMPLETENESS,
    "*incomplete* code should prompt for another line",
    languages=WITH_ERRORS,
)
def test_code_that_wants_more_is_incomplete(kernel: Subject) -> None:
    for code in ("max(1,", "[1, 2"):
        assert completeness(kernel, code)["status"] == "incomplete"


@rule(
    "is_complete_reply",
    COMPLETENESS,
    "``for i in range(5):`` would expect further input",
)
def test_the_specifications_examples_are_told_apart(kernel: Subject) -> None:
    assert completeness(kernel, "a = 5")["status"] == "complete"
    assert completeness(kernel, "for i in range(5):")["status"] == "incomplete"


@rule(
    "is_complete_reply",
    COMPLETENESS,
    "*invalid* code will typically be sent for execution, so that the user sees the error soonest",
    languages=WITH_ERRORS,
)
def test_code_that_nothing_can_mend_is_invalid(kernel: Subject) -> None:
    for code in ("1 + * 2", "2)"):
        assert completeness(kernel, code)["status"] == "invalid"


@rule(
    "is_complete_reply",
    COMPLETENESS,
    "*unknown* - if the kernel is not able to determine this.",
    languages=("polykernel-echo",),
    peers=False,
)
def test_a_language_that_can_not_tell_says_unknown(kernel: Subject) -> None:
    for code in ("", "any", "more\n"):
        assert completeness(kernel, code) == {"status": "unknown"}


@rule(
    "is_complete_reply",
    COMPLETENESS,
    "If status is 'incomplete', indent should contain the characters to use to indent the next "
    "line.",
)
def test_incomplete_code_tells_how_to_indent(kernel: Subject) -> None:
    assert completeness(kernel, "for i in range(5):")["indent"] == "    "
    assert completeness(kernel, "if 1:\n    if 2:")["indent"] == " " * 8


@rule(
    "is_complete_reply",
    COMPLETENESS,
    "For other statuses, this field does not exist.",
    languages=ALL,
)
def test_only_incomplete_code_has_an_indent(kernel: Subject) -> None:
    for code in ("1 + 1", "", "2)", "1 + * 2"):
        reply = completeness(kernel, code)
        assert reply["status"] == "incomplete" or "indent" not in reply


@rule(
    "history_reply",
    HISTORY,
    "A list of 3 tuples, either: (session, line_number, input)",
    languages=ALL,
)
def test_the_tail_of_the_history_has_session_line_and_input(kernel: Subject) -> None:
    count = kernel.execute(kernel.words.value).reply["execution_count"]
    ((session, line, code),) = history(kernel, hist_access_type="tail", n=1)
    assert isinstance(session, int)
    assert (line, code) == (count, kernel.words.value)


@rule(
    "history_reply",
    HISTORY,
    "(session, line_number, (input, output)), depending on whether output was False or True",
    languages=ALL,
)
def test_the_history_has_outputs_where_they_are_asked_for(kernel: Subject) -> None:
    other = kernel.fresh()  # an output may be written a while later
    other.execute(other.words.value)
    other.execute(other.words.value)
    entries = history(other, hist_access_type="tail", n=2, output=True)
    assert [entry[2][0] for entry in entries] == [other.words.value] * 2
    outputs = {entry[2][1] for entry in entries}
    assert outputs == {other.words.shown} or (outputs == {None} and not other.kind.ours)


@rule(
    "history_request",
    HISTORY,
    "If hist_access_type is 'tail' or 'search', get the last n cells.",
    languages=ALL,
)
def test_the_tail_is_the_last_cells_in_the_order_of_running(kernel: Subject) -> None:
    first = kernel.execute("1").reply["execution_count"]
    for code in ("2", "3", "4"):
        kernel.execute(code)
    entries = history(kernel, hist_access_type="tail", n=3)
    assert [tuple(entry[1:]) for entry in entries] == [
        (first + 1, "2"),
        (first + 2, "3"),
        (first + 3, "4"),
    ]


@rule(
    "history_request",
    HISTORY,
    "get cells matching the specified glob pattern (with * and ? as wildcards)",
    languages=ALL,
)
def test_the_history_is_searched_by_globs(kernel: Subject) -> None:
    other = kernel.fresh()
    for code in ("12345", "12945", "1 + 2345"):
        other.execute(code)
    found = [entry[2] for entry in history(other, hist_access_type="search", pattern="12?45", n=9)]
    assert found == ["12345", "12945"]
    found = [entry[2] for entry in history(other, hist_access_type="search", pattern="1*2345", n=9)]
    assert found == ["12345", "1 + 2345"]


@rule(
    "history_request",
    HISTORY,
    "If hist_access_type is 'search' and unique is true, do not include duplicated history.",
    languages=ALL,
)
def test_a_search_may_leave_out_what_is_there_twice(kernel: Subject) -> None:
    for code in ("7 + 7", "8 + 8", "7 + 7"):
        kernel.execute(code)
    asked = {"hist_access_type": "search", "pattern": "? + ?", "n": 20}
    found = [entry[2] for entry in history(kernel, unique=True, **asked)]
    assert sorted(found) == sorted(set(found))
    assert {"7 + 7", "8 + 8"} <= set(found)


@rule("history_request", HISTORY, "Default is false.", languages=ALL)
def test_a_search_shows_all_that_was_run_unless_it_says_otherwise(kernel: Subject) -> None:
    for _ in range(2):
        kernel.execute("7 + 70")
    found = history(kernel, hist_access_type="search", pattern="7 + 70", n=2)
    assert [entry[2] for entry in found] == ["7 + 70"] * 2


@rule(
    "history_request",
    HISTORY,
    "start and stop are line (cell) numbers within that session.",
    languages=ALL,
)
def test_a_range_is_of_cells_of_this_session(kernel: Subject) -> None:
    other = kernel.fresh()
    for code in ("1", "2", "3", "4"):
        other.execute(code)
    entries = history(other, hist_access_type="range", session=0, start=2, stop=4)
    assert [(line, code) for _, line, code in entries] == [(2, "2"), (3, "3")]


@rule(
    "history_request",
    HISTORY,
    "you can give a positive session number, or a negative number to count back from the current "
    "session",
    languages=ALL,
)
def test_a_range_may_be_of_an_earlier_session(kernel: Subject) -> None:
    other = kernel.fresh()
    other.execute("1001")
    (session, _, _) = history(other, hist_access_type="tail", n=1)[0]
    other.client.request("shutdown_request", {"restart": True}, channel="control")
    other.exit_code()
    other.kernel.restart()
    other.client = other.connect()
    other.execute("1002")
    for number in (session, -1):
        entries = history(other, hist_access_type="range", session=number, start=1, stop=2)
        assert [entry[2] for entry in entries] == ["1001"]


@rule(
    "history_request",
    HISTORY,
    "session is a number counting up each time the kernel starts",
    languages=ALL,
)
def test_sessions_count_up(kernel: Subject) -> None:
    other = kernel.fresh()
    numbers = []
    for code in ("1", "2"):
        other.execute(code)
        numbers.append(history(other, hist_access_type="tail", n=1)[0][0])
        other.client.request("shutdown_request", {"restart": True}, channel="control")
        other.exit_code()
        other.kernel.restart()
        other.client = other.connect()
    assert numbers[1] == numbers[0] + 1


@rule(
    "history_reply",
    HISTORY,
    "The kernel has all the actual execution history stored in a single location",
    languages=ALL,
)
def test_the_history_has_the_cells_of_all_front_ends(kernel: Subject) -> None:
    other = kernel.connect()
    kernel.execute("501")
    other.execute("502")
    entries = history(kernel, hist_access_type="tail", n=2)
    assert [entry[2] for entry in entries] == ["501", "502"]


@rule(
    "history_reply",
    HISTORY,
    "'ok' if the request succeeded or 'error', with error information as in all other replies",
    languages=ALL,
)
@pytest.mark.parametrize("asked", [{"hist_access_type": "no such"}, {"hist_access_type": None}])
def test_a_history_request_that_makes_no_sense_has_an_error_as_its_reply(
    kernel: Subject, asked: dict[str, Any]
) -> None:
    reply = kernel.client.request("history_request", {"output": False, "raw": True, **asked}).reply
    assert reply["status"] == "error"
    assert isinstance(reply["ename"], str)


COMM_INFO = "Comm info"
OPENED = "from comm import create_comm\none = create_comm(target_name='{}', comm_id='{}')"


@rule(
    "comm_info_reply",
    COMM_INFO,
    "A dictionary of the comms, indexed by UUIDs.",
)
def test_open_comms_are_listed_with_their_targets(kernel: Subject) -> None:
    assert kernel.execute(OPENED.format("of users", "c-1")).status == "ok"
    reply = kernel.client.request("comm_info_request", {}).reply
    assert reply["status"] == "ok"
    assert reply["comms"]["c-1"] == {"target_name": "of users"}
    kernel.execute("one.close()")
    assert "c-1" not in kernel.client.request("comm_info_request", {}).reply["comms"]


@rule(
    "comm_info_request",
    COMM_INFO,
    "When the optional ``target_name`` is specified, the reply only contains the currently open "
    "comms for the target.",
)
def test_comms_of_one_target_are_listed_alone(kernel: Subject) -> None:
    kernel.execute(OPENED.format("first", "f-1"))
    kernel.execute(OPENED.format("second", "s-1").replace("one =", "two ="))
    reply = kernel.client.request("comm_info_request", {"target_name": "second"}).reply
    assert list(reply["comms"]) == ["s-1"]
    reply = kernel.client.request("comm_info_request", {"target_name": "nobody's"}).reply
    assert reply["comms"] == {}
    kernel.execute("one.close(); two.close()")


@rule(
    "comm_info_reply",
    COMM_INFO,
    "'ok' if the request succeeded",
    languages=ALL,
)
def test_without_comms_the_list_is_empty(kernel: Subject) -> None:
    reply = kernel.fresh().client.request("comm_info_request", {}).reply
    assert reply == {"status": "ok", "comms": {}}


CONNECT = "Connect"


@rule(
    "connect_reply",
    CONNECT,
    "The ports for any additional channels the kernel is listening on should be included in the "
    "reply.",
    languages=ALL,
)
def test_connect_tells_the_five_ports(kernel: Subject) -> None:
    reply = kernel.client.request("connect_request").reply
    ports = {name: port for name, port in kernel.kernel.info.items() if name.endswith("_port")}
    assert reply == {"status": "ok", **ports}
