"""Execution: what an execute request asks for, and what its reply says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from specification.rules import ALL, PYTHON, WITH_ERRORS, rule

if TYPE_CHECKING:
    from support.subjects import Subject

    from specification.tour import Tour

EXECUTE = "Execute"
COUNTER = "Execution counter (prompt number)"
RESULTS = "Execution results"
PAYLOADS = "Payloads (DEPRECATED)"
OUTPUT = {"stream", "execute_result", "display_data", "error", "execute_input"}


@rule(
    "execute_request",
    EXECUTE,
    "The ``code`` field contains a single string (possibly multiline) to be executed.",
    languages=ALL,
)
def test_code_of_many_lines_runs(kernel: Subject) -> None:
    outcome = kernel.execute(f"1\n\n{kernel.words.value}\n")
    assert outcome.status == "ok"
    assert kernel.words.shown in outcome.result


@rule(
    "execute_request",
    EXECUTE,
    "Source code to be executed by the kernel, one or more lines.",
)
def test_code_is_unicode_whatever_its_line_ends_are(kernel: Subject) -> None:
    outcome = kernel.execute("s = 'ü😀𨭎'\r\nif s:\r\n    print(s)\r\n")
    assert outcome.text() == "ü😀𨭎\n"


@rule(
    "execute_request",
    EXECUTE,
    "in a namespace reserved to the user's variables (and thus separate from the kernel's own "
    "internal code and variables)",
)
def test_users_variables_take_nothing_from_the_kernel(kernel: Subject) -> None:
    other = kernel.fresh()
    names = "json = sys = os = threading = print = len = zmq = comm = str = kernel = None"
    assert other.execute(names).status == "ok"
    assert other.execute("1 / 0").reply["ename"] == "ZeroDivisionError"
    assert other.execute("6 * 7").result == "42"
    completed = other.client.request("complete_request", {"code": "abs", "cursor_pos": 3})
    assert "abs" in str(completed.reply["matches"])


@rule(
    "execute_request",
    EXECUTE,
    "broadcast output on the IOPUB channel",
)
def test_a_silent_cell_shows_nothing(kernel: Subject) -> None:
    code = (
        "import sys, subprocess\nfrom IPython.display import display\n"
        "print('out'); print('err', file=sys.stderr); display('shown')\n"
        "subprocess.run(['echo', 'a child'])\n6 * 7"
    )
    outcome = kernel.execute(code, silent=True)
    assert outcome.status == "ok"
    assert not OUTPUT & set(outcome.sequence)


@rule(
    "execute_request",
    EXECUTE,
    "have an execute_result",
    languages=ALL,
)
def test_a_silent_cell_has_no_result(kernel: Subject) -> None:
    outcome = kernel.execute(kernel.words.value, silent=True)
    assert (outcome.status, outcome.sequence) == ("ok", ["busy", "idle"])


@rule(
    "execute_request",
    EXECUTE,
    "silent=True forces store_history to be False",
    languages=ALL,
)
def test_a_silent_cell_does_not_count_whatever_it_says_of_history(kernel: Subject) -> None:
    before = kernel.execute(kernel.words.value).reply["execution_count"]
    kernel.execute(kernel.words.value, silent=True, store_history=True)
    assert kernel.execute(kernel.words.value).reply["execution_count"] == before + 1


@rule(
    "history_request",
    EXECUTE,
    "If silent is True, store_history is forced to be False.",
    languages=ALL,
)
def test_a_silent_cell_is_not_in_the_history(kernel: Subject) -> None:
    kernel.execute("a_silent_cell", silent=True, store_history=True)
    kernel.execute(kernel.words.value)
    asked = {"hist_access_type": "tail", "n": 3, "output": False, "raw": True}
    history = kernel.client.request("history_request", asked).reply["history"]
    assert history
    assert "a_silent_cell" not in [entry[2] for entry in history]


@rule("execute_request", EXECUTE, "The default is False.", languages=ALL)
def test_a_cell_is_not_silent_unless_it_says_so(kernel: Subject) -> None:
    sent = kernel.client.send("execute_request", {"code": kernel.words.value})
    assert kernel.client.outcome(sent).result == kernel.words.shown


@rule(
    "execute_request",
    EXECUTE,
    "The default is True if silent is False.",
    languages=ALL,
)
def test_a_cell_is_in_the_history_unless_it_says_otherwise(kernel: Subject) -> None:
    sent = kernel.client.send("execute_request", {"code": kernel.words.value})
    first = kernel.client.outcome(sent).reply["execution_count"]
    asked = {"hist_access_type": "tail", "n": 1, "output": False, "raw": True}
    history = kernel.client.request("history_request", asked).reply["history"]
    assert [entry[1:] for entry in history] == [[first, kernel.words.value]]


@rule(
    "execute_request",
    EXECUTE,
    "A boolean flag which, if True, signals the kernel to populate history",
    languages=ALL,
)
def test_a_cell_that_is_not_to_be_stored_neither_counts_nor_is_in_the_history(
    kernel: Subject,
) -> None:
    before = kernel.execute(kernel.words.value).reply["execution_count"]
    assert kernel.execute("an_unstored_cell = 1", store_history=False).reply["execution_count"]
    assert kernel.execute(kernel.words.value).reply["execution_count"] == before + 1
    asked = {"hist_access_type": "tail", "n": 2, "output": False, "raw": True}
    history = kernel.client.request("history_request", asked).reply["history"]
    assert [entry[2] for entry in history] == [kernel.words.value] * 2


@rule(
    "execute_reply",
    EXECUTE,
    "A dict mapping names to expressions to be evaluated in the user's dict. The rich display-data "
    "representation of each will be evaluated after execution.",
    languages=WITH_ERRORS,
)
def test_user_expressions_see_what_the_cell_has_made(kernel: Subject) -> None:
    reply = kernel.execute("x = 41", user_expressions={"more": "x + 1"}).reply
    value = reply["user_expressions"]["more"]
    assert value["status"] == "ok"
    assert value["data"]["text/plain"] == "42"
    assert isinstance(value["metadata"], dict)


@rule(
    "execute_reply",
    EXECUTE,
    "See the display_data content for the structure of the representation data.",
)
def test_user_expressions_are_rich(kernel: Subject) -> None:
    code = "class Rich:\n    def _repr_html_(self): return '<b>rich</b>'"
    reply = kernel.execute(code, user_expressions={"rich": "Rich()"}).reply
    data = reply["user_expressions"]["rich"]["data"]
    assert data["text/html"] == "<b>rich</b>"
    assert "text/plain" in data


@rule(
    "execute_reply",
    EXECUTE,
    "Any error in evaluating any expression in ``user_expressions`` will result in only that key "
    "containing a standard error message",
    languages=WITH_ERRORS,
)
def test_a_user_expression_that_fails_spoils_only_its_own_key(kernel: Subject) -> None:
    asked = {"good": "6 * 7", "bad": "nobody", "worse": "1 +", "fine": "1 + 1"}
    outcome = kernel.execute("x = 1", user_expressions=asked)
    assert outcome.status == "ok"
    values = outcome.reply["user_expressions"]
    assert values["good"]["data"]["text/plain"] == "42"
    assert values["fine"]["data"]["text/plain"] == "2"
    for name in ("bad", "worse"):
        assert values[name]["status"] == "error"
        assert {"ename", "evalue", "traceback"} <= set(values[name])
        assert isinstance(values[name]["traceback"], list)
    assert "error" not in outcome.sequence


@rule(
    "execute_request",
    EXECUTE,
    "If it is false, the kernel should not send these messages.",
)
def test_without_allow_stdin_nobody_is_asked(kernel: Subject) -> None:
    outcome = kernel.execute("input('who? ')", allow_stdin=False)
    assert outcome.status == "error"
    assert not [seen for seen in kernel.client.seen if seen.msg_type == "input_request"]


@rule(
    "execute_request",
    EXECUTE,
    "if True, aborts the execution queue if an exception is encountered",
    languages=WITH_ERRORS,
)
def test_an_error_aborts_the_queued_cells(kernel: Subject) -> None:
    client = kernel.client
    codes = [kernel.words.error, *["x = 1"] * 5]
    failing, *queued = kernel.send_queued(codes, stop_on_error=True)
    assert client.outcome(failing).status == "error"
    outcomes = [client.outcome(each) for each in queued]
    assert [each.status for each in outcomes] == ["aborted"] * 5
    assert [each.sequence for each in outcomes] == [["busy", "idle"]] * 5
    assert kernel.execute("1 + 1").status == "ok"


@rule("execute_request", EXECUTE, "'stop_on_error' : True", languages=WITH_ERRORS)
def test_an_error_aborts_the_queue_by_default(kernel: Subject) -> None:
    client = kernel.client
    failing, queued = kernel.send_queued([kernel.words.error, "1 + 1"])
    assert client.outcome(failing).status == "error"
    assert client.outcome(queued).status == "aborted"


@rule(
    "execute_request",
    EXECUTE,
    "If False, queued execute_requests will execute even if this request generates an exception.",
    languages=WITH_ERRORS,
)
def test_an_error_that_shall_not_stop_lets_the_queue_run(kernel: Subject) -> None:
    client = kernel.client
    codes = [kernel.words.error, "1 + 1"]
    failing, queued = kernel.send_queued(codes, stop_on_error=False)
    assert client.outcome(failing).status == "error"
    assert client.outcome(queued).result == "2"


@rule(
    "*_request",
    EXECUTE,
    "aborts the execution queue",
    languages=WITH_ERRORS,
)
def test_only_cells_are_aborted(kernel: Subject) -> None:
    client = kernel.client
    with kernel.stopped():
        client.send_execute(kernel.words.value)
        client.send_execute(kernel.words.error)
        asked = client.send("is_complete_request", {"code": "1 + 1"})
        info = client.send("kernel_info_request")
    assert client.outcome(asked).status == "complete"
    assert client.outcome(info).status == "ok"


@rule(
    "execute_reply",
    EXECUTE,
    "frontends may make an execution request with an empty code string and ``silent=True``",
    languages=ALL,
)
def test_an_empty_silent_cell_tells_the_count(kernel: Subject) -> None:
    before = kernel.execute(kernel.words.value).reply["execution_count"]
    outcome = kernel.execute("", silent=True)
    assert (outcome.status, outcome.reply["execution_count"]) == ("ok", before)
    assert outcome.sequence == ["busy", "idle"]


@rule(
    "execute_reply",
    EXECUTE,
    "Upon completion of the execution request, the kernel *always* sends a reply, with a status "
    "code indicating what happened",
)
@pytest.mark.parametrize(
    "code",
    [
        "def",
        "raise KeyboardInterrupt",
        "raise SystemExit(3)",
        "class E(BaseException):\n    def __str__(self): raise self\nraise E",
        "raise Exception('\\ud83d')",
        "def f(): f()\nf()",
    ],
)
def test_a_cell_that_ends_oddly_has_its_reply(kernel: Subject, code: str) -> None:
    outcome = kernel.execute(code)
    assert outcome.status == "error"
    assert kernel.execute("6 * 7").result == "42"


@rule(
    "execute_reply",
    EXECUTE,
    "Upon completion of the execution request, the kernel *always* sends a reply",
)
@pytest.mark.parametrize("code", ["import os; os._exit(3)", "import ctypes; ctypes.string_at(0)"])
def test_a_cell_that_crashes_the_interpreter_has_its_reply(kernel: Subject, code: str) -> None:
    other = kernel.fresh()
    assert other.execute(code).status == "error"
    assert other.execute("6 * 7").result == "42"


@rule(
    "execute_reply",
    COUNTER,
    "The kernel should have a single, monotonically increasing counter of all execution requests "
    "that are made with ``store_history=True``.",
    languages=ALL,
)
def test_all_front_ends_share_one_count(kernel: Subject) -> None:
    other = kernel.connect()
    counts = []
    for client in (kernel.client, other, kernel.client, other):
        outcome = client.outcome(client.send_execute(kernel.words.value, store_history=True))
        counts.append(outcome.reply["execution_count"])
    assert counts == list(range(counts[0], counts[0] + 4))


@rule(
    "execute_input",
    COUNTER,
    "The value of this counter will be returned as the ``execution_count`` field of all "
    "``execute_reply`` and ``execute_input`` messages.",
    languages=ALL,
)
def test_reply_input_and_result_of_a_cell_have_one_count(kernel: Subject) -> None:
    outcome = kernel.execute(kernel.words.value)
    count = outcome.reply["execution_count"]
    assert outcome.contents("execute_input")[0]["execution_count"] == count
    assert outcome.contents("execute_result")[0]["execution_count"] == count


@rule(
    "execute_reply",
    RESULTS,
    "The global kernel counter that increases by one with each request that stores history.",
    languages=ALL,
)
def test_the_count_begins_with_one_and_goes_up_by_one(kernel: Subject) -> None:
    other = kernel.fresh()
    counts = [other.execute(other.words.value).reply["execution_count"] for _ in range(3)]
    assert counts == [1, 2, 3]


@rule(
    "execute_reply",
    RESULTS,
    "The global kernel counter that increases by one with each request that stores history",
    languages=WITH_ERRORS,
)
def test_a_cell_that_fails_counts_too(kernel: Subject) -> None:
    before = kernel.execute(kernel.words.value).reply["execution_count"]
    assert kernel.execute(kernel.words.error).reply["execution_count"] == before + 1
    assert kernel.execute(kernel.words.value).reply["execution_count"] == before + 2


@rule(
    "execute_reply",
    RESULTS,
    "If the request did not store history, this will be the current value of the counter in the "
    "kernel.",
    languages=ALL,
)
def test_the_count_of_a_cell_that_does_not_count_is_the_last_one(kernel: Subject) -> None:
    before = kernel.execute(kernel.words.value).reply["execution_count"]
    after = kernel.execute(kernel.words.value, store_history=False).reply["execution_count"]
    assert after == before


@rule(
    "execute_reply",
    RESULTS,
    "When status is 'ok', the following extra fields are present: ... Results for the "
    "user_expressions.",
    languages=ALL,
)
def test_a_success_has_user_expressions_also_where_none_were_asked_for(kernel: Subject) -> None:
    reply = kernel.execute(kernel.words.value).reply
    assert reply["user_expressions"] == {}


@rule(
    "execute_reply",
    RESULTS,
    "'payload' will be a list of payload dicts, and is optional. ... each payload dict ... have a "
    "'source' key",
    languages=ALL,
)
def test_payloads_are_a_list_of_dictionaries_with_a_source(tour: Tour) -> None:
    for seen in tour.of("execute_reply"):
        if "payload" in seen.content:
            assert isinstance(seen.content["payload"], list)
            assert all(isinstance(each["source"], str) for each in seen.content["payload"])


@rule("execute_reply", PAYLOADS, "**page**: display data in a pager. ... Must include text/plain.")
def test_a_page_has_its_text_and_its_first_line(kernel: Subject) -> None:
    payload = kernel.execute(kernel.words.page).reply["payload"]
    pages = [each for each in payload if each["source"] == "page"]
    assert pages[0]["data"]["text/plain"]
    assert isinstance(pages[0]["start"], int)


@rule(
    "execute_reply",
    PAYLOADS,
    "**set_next_input** ... used to create new cells in the notebook, or set the next input in a "
    "console interface.",
)
def test_the_next_input_has_its_text_and_says_whether_it_replaces(kernel: Subject) -> None:
    payload = kernel.execute(kernel.words.next_input).reply["payload"]
    (found,) = [each for each in payload if each["source"] == "set_next_input"]
    assert (found["text"], found["replace"]) == ("6 * 7", False)


@rule(
    "execute_reply",
    PAYLOADS,
    "**ask_exit**: instruct the frontend to prompt the user for exit",
    languages=PYTHON,
)
def test_a_console_is_asked_to_end(kernel: Subject) -> None:
    other = kernel.fresh()  # some kernels end with it
    payload = other.execute(kernel.words.leave, allow_stdin=True).reply["payload"]
    (found,) = [each for each in payload if each["source"] == "ask_exit"]
    assert isinstance(found["keepkernel"], bool)


@rule(
    "execute_input",
    "Code inputs",
    "these messages contain a re-broadcast of the ``code`` portion of an :ref:`execute_request "
    "<execute>`",
    languages=ALL,
)
def test_execute_input_has_the_code_as_it_came(kernel: Subject) -> None:
    code = f"{kernel.words.value}\r\n\n   "
    assert kernel.execute(code).contents("execute_input")[0]["code"] == code


@rule(
    "execute_input",
    "Code inputs",
    "To let all frontends know what code is being executed at any given time",
)
def test_execute_input_comes_when_the_cell_begins_and_before_its_output(kernel: Subject) -> None:
    gate, cell = kernel.send_gate()
    queued = kernel.client.send_execute("print('second')")
    sequence = [seen.msg_type for seen in kernel.client.seen if seen.parent == cell]
    inputs = [seen.parent for seen in kernel.client.seen if seen.msg_type == "execute_input"]
    assert sequence.index("execute_input") < sequence.index("stream")
    gate.open()
    outcome = kernel.client.outcome(queued)
    assert queued not in inputs
    assert outcome.sequence.index("execute_input") < outcome.sequence.index("stream")
