"""What a cell causes, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel

SHOW = "print('text'); display('shown'); answer['result'] = {'data': {'text/plain': '42'}}"


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_a_cell_is_busy_then_shows_what_it_made_then_idle(
    kernel: Callable[..., Kernel], transport: str
) -> None:
    outcome = kernel(transport=transport).execute(SHOW)
    assert outcome.sequence == [
        "busy",
        "execute_input",
        "stream",
        "display_data",
        "execute_result",
        "idle",
    ]
    assert outcome.contents("execute_input") == [{"code": SHOW, "execution_count": 1}]
    assert outcome.text() == "text\n"
    assert outcome.contents("execute_result") == [
        {"execution_count": 1, "data": {"text/plain": "42"}, "metadata": {}}
    ]
    assert outcome.reply == {
        "status": "ok",
        "execution_count": 1,
        "user_expressions": {},
        "payload": [],
    }


def test_an_error_is_published_before_idle_and_is_in_the_reply(program: Kernel) -> None:
    outcome = program.execute("print('before'); 1/0")
    assert outcome.sequence == ["busy", "execute_input", "stream", "error", "idle"]
    error = outcome.contents("error")[0]
    assert error["ename"] == "ZeroDivisionError"
    assert {**outcome.reply, **error} == outcome.reply
    assert outcome.status == "error"
    assert outcome.reply["execution_count"] == 1


def test_kernel_info_comes_first_of_all_with_the_facts_of_the_language(
    kernel: Callable[..., Kernel],
) -> None:
    echo = kernel("polykernel-echo").client
    for channel in ("shell", "control"):
        outcome = echo.request("kernel_info_request", channel=channel)
        assert outcome.sequence == ["busy", "idle"]
        assert outcome.reply["status"] == "ok"
        assert outcome.reply["protocol_version"] == "5.5"
        assert outcome.reply["implementation"] == "polykernel"
        assert outcome.reply["language_info"]["name"] == "echo"
        assert outcome.reply["language_info"]["file_extension"] == ".txt"
        assert outcome.reply["banner"]


def test_headers_say_who_speaks_and_when(program: Kernel) -> None:
    outcome = program.execute("print(1)")
    session = {seen.message["header"]["session"] for seen in outcome.caused}
    assert len(session) == 1
    ids = [seen.message["header"]["msg_id"] for seen in program.client.seen]
    assert len(ids) == len(set(ids))
    for seen in outcome.caused:
        assert seen.message["header"]["version"] == "5.5"
        assert seen.message["header"]["date"].tzinfo is not None
        assert seen.message["parent_header"]["msg_type"] == "execute_request"


@pytest.mark.parametrize(
    ("flags", "counts"),
    [
        ({}, True),
        ({"store_history": False}, False),
        ({"silent": True}, False),
        ({"silent": True, "store_history": True}, False),
    ],
)
def test_the_execution_count_goes_up_only_for_cells_that_count(
    program: Kernel, flags: dict[str, bool], counts: bool
) -> None:
    assert program.execute("pass").reply["execution_count"] == 1
    assert program.execute("pass", **flags).reply["execution_count"] == 1 + counts
    assert program.execute("pass").reply["execution_count"] == 2 + counts


def test_the_history_has_the_cells_that_count(program: Kernel) -> None:
    program.execute("'one'")
    program.execute("'hidden'", silent=True)
    program.execute("'not stored'", store_history=False)
    program.execute("'two'")
    request = {"hist_access_type": "tail", "n": 10, "raw": True, "output": False}
    history = program.client.request("history_request", request).reply
    assert history == {"status": "ok", "history": [[1, 1, "'one'"], [1, 2, "'two'"]]}


def test_a_silent_cell_shows_nothing(program: Kernel) -> None:
    outcome = program.execute(SHOW, silent=True)
    assert outcome.sequence == ["busy", "idle"]
    assert outcome.status == "ok"
    outcome = program.execute("print(1); 1/0", silent=True)
    assert outcome.sequence == ["busy", "idle"]
    assert outcome.reply["ename"] == "ZeroDivisionError"


def test_the_evaluator_is_told_all_that_the_front_end_asked(program: Kernel) -> None:
    outcome = program.execute(
        "import json; print(json.dumps(params))",
        user_expressions={"a": "1+1"},
        store_history=False,
        allow_stdin=True,
    )
    assert '"user_expressions": {"a": "1+1"}' in outcome.text()
    assert '"store_history": false' in outcome.text()
    assert '"allow_stdin": true' in outcome.text()
    assert '"silent": false' in outcome.text()


def test_user_expressions_and_payload_of_the_evaluator_are_in_the_reply(program: Kernel) -> None:
    shown = {"status": "ok", "data": {"text/plain": "2"}, "metadata": {}}
    more = {"user_expressions": {"a": shown}, "payload": [{"source": "page"}]}
    good = program.execute(f"answer.update({more!r})").reply
    assert {**good, **more} == good
    bad = {**more, "status": "error", "ename": "E", "evalue": "E"}
    assert program.execute(f"answer.update({bad!r})").reply["ename"] == "E"


def test_an_error_aborts_the_cells_that_are_queued(program: Kernel) -> None:
    gate, first = program.start_at_gate("1/0")
    queued = [program.client.send_execute("print('must not run')") for _ in range(20)]
    program.client.sync()
    gate.open()
    assert program.client.outcome(first).status == "error"
    for msg_id in queued:
        outcome = program.client.outcome(msg_id)
        assert outcome.status == "aborted"
        assert outcome.sequence == ["busy", "idle"]
    replies = [seen.parent for seen in program.client.replies([first, *queued])]
    assert replies == [first, *queued], "replies must come in the order of the requests"
    after = program.execute("print('runs')")
    assert after.text() == "runs\n"
    assert after.reply["execution_count"] == 2


def test_an_error_aborts_nothing_where_stop_on_error_is_false(program: Kernel) -> None:
    gate, first = program.start_at_gate("1/0", stop_on_error=False)
    second = program.client.send_execute("print('runs')")
    program.client.sync()
    gate.open()
    assert program.client.outcome(first).status == "error"
    assert program.client.outcome(second).text() == "runs\n"


def test_an_error_leaves_queued_questions_in_the_queue(program: Kernel) -> None:
    gate, first = program.start_at_gate("1/0")
    question = program.client.send("is_complete_request", {"code": "1"})
    program.client.sync()
    gate.open()
    assert program.client.outcome(first).status == "error"
    assert program.client.outcome(question).reply == {"status": "unknown"}


def test_queued_cells_run_in_order(program: Kernel) -> None:
    sent = [program.client.send_execute(f"print({number})") for number in range(50)]
    outcomes = [program.client.outcome(msg_id) for msg_id in sent]
    assert [outcome.text() for outcome in outcomes] == [f"{number}\n" for number in range(50)]
    assert [outcome.reply["execution_count"] for outcome in outcomes] == list(range(1, 51))
    states = [
        (seen.content["execution_state"], seen.parent)
        for seen in program.client.seen
        if seen.msg_type == "status" and seen.parent in sent
    ]
    assert states == [(state, msg_id) for msg_id in sent for state in ("busy", "idle")]


def test_what_comes_after_a_cell_belongs_to_it(program: Kernel) -> None:
    late = (
        "import threading\n"
        "def later():\n"
        "    open('gate').close(); print('late', flush=True)\n"
        "os.mkfifo('gate'); threading.Thread(target=later).start()"
    )
    first = program.client.send_execute(late)
    assert program.client.outcome(first).status == "ok"
    (program.folder / "gate").open("w").close()
    program.client.wait_for_text("late", first)


def test_an_event_that_names_its_cell_goes_to_that_cell(program: Kernel) -> None:
    first = program.client.send_execute(
        "globals()['number'] = cell; open('number', 'w').write(str(cell))"
    )
    assert program.client.outcome(first).status == "ok"
    number = int((program.folder / "number").read_text())
    second = program.client.send_execute(
        f"event('stream', {{'name': 'stdout', 'text': 'for the first'}}, {number}); print('mine')"
    )
    outcome = program.client.outcome(second)
    program.client.wait_for_text("for the first", first)
    assert outcome.text() == "mine\n"


@pytest.mark.parametrize("event", ["update_display_data", "clear_output", "display_data"])
def test_every_event_of_the_channel_is_published_as_it_is(program: Kernel, event: str) -> None:
    content = {
        "data": {"a/b": {"c": [1, 2.5, None]}},
        "metadata": {},
        "transient": {"display_id": "x"},
    }
    if event == "clear_output":
        content = {"wait": True}
    assert program.execute(f"event({event!r}, {content!r})").contents(event) == [content]


def test_text_of_both_streams_keeps_its_order_within_each(program: Kernel) -> None:
    outcome = program.execute(
        "for n in range(200): os.write(1, b'o%d ' % n); os.write(2, b'e%d ' % n)"
    )
    assert outcome.text("stdout") == "".join(f"o{n} " for n in range(200))
    assert outcome.text("stderr") == "".join(f"e{n} " for n in range(200))


def test_characters_that_are_cut_and_bytes_that_are_none_are_shown(program: Kernel) -> None:
    outcome = program.execute(
        "for byte in '\u00e9\u20ac\U0001f600'.encode(): os.write(1, bytes([byte]))\n"
        "os.write(1, b'\\xff\\x80'); os.write(1, b'\\rcolour \\x1b[31mred\\x1b[0m \\xe2\\x82')"
    )
    assert outcome.text() == "\u00e9\u20ac\U0001f600\ufffd\ufffd\rcolour \x1b[31mred\x1b[0m \ufffd"


def test_the_standard_input_of_a_cell_is_at_its_end(program: Kernel) -> None:
    assert program.execute("print(repr(os.read(0, 10)))").text() == "b''\n"


def test_a_large_request_and_a_large_answer_arrive_whole(program: Kernel) -> None:
    text = "\u00e4" * 3_000_000
    code = f"text = '{text}'; print(text); answer['result'] = {{'data': {{'text/plain': text}}}}"
    outcome = program.execute(code)
    assert outcome.text() == text + "\n"
    assert outcome.result == text


def test_a_program_that_offers_marks_shows_all_in_the_order_of_making(
    kernel: Callable[..., Kernel],
) -> None:
    outcome = kernel("marks").execute(
        "import subprocess\n"
        "for n in range(100):\n"
        "    print(f'p{n}')\n"
        "    if n % 3 == 0: os.write(1, b'w%d\\n' % n)\n"
        "    if n % 20 == 0: subprocess.run(['echo', f'c{n}'])\n"
        "    if n % 2 == 0: display(n)\n"
    )
    expected = ""
    for n in range(100):
        expected += f"p{n}\n"
        expected += f"w{n}\n" if n % 3 == 0 else ""
        expected += f"c{n}\n" if n % 20 == 0 else ""
        expected += f"<{n}>" if n % 2 == 0 else ""
    assert "".join(outcome.pieces()) == expected


def test_an_event_whose_mark_is_lost_is_published_all_the_same(
    kernel: Callable[..., Kernel],
) -> None:
    lost = {"data": {"text/plain": "lost"}, "metadata": {}, "transient": {}}
    outcome = kernel("marks").execute(
        f"display('first'); event('display_data', {lost!r}, mark=2); next(marks)\n"
        f"print('between'); display('last')"
    )
    assert sorted(outcome.pieces()) == ["<first>", "<last>", "<lost>", "between\n"]
    assert outcome.pieces()[0] == "<first>"
    assert outcome.pieces()[-1] == "<last>"


def test_a_mark_that_a_cell_forges_holds_up_nothing(kernel: Callable[..., Kernel]) -> None:
    marks = kernel("marks")
    outcome = marks.execute(
        "os.write(1, f'a\\x1b_polykernel {TOKEN} 4711\\x1b\\\\b'.encode()); display(1); print('c')"
    )
    assert "".join(outcome.pieces()) == "ab<1>c\n"
    assert marks.execute("print('d'); display(2); print('e')").pieces() == ["d\n", "<2>", "e\n"]


def test_comms_and_connections_are_told(program: Kernel) -> None:
    assert program.client.request("comm_info_request").reply == {"status": "ok", "comms": {}}
    reply = program.client.request("connect_request").reply
    info = program.info
    for name in ("shell", "iopub", "stdin", "control", "hb"):
        assert reply[f"{name}_port"] == info[f"{name}_port"]
