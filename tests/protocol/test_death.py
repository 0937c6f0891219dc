"""An evaluator that dies: the kernel lives, and says what happened."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from support import processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "signal SIGSEGV (Segmentation fault)"),
        ("os.abort()", "signal SIGABRT"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "signal SIGKILL"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "signal SIGTERM"),
        ("os.kill(os.getpid(), signal.SIGRTMIN + 3)", f"signal {signal.SIGRTMIN + 3}"),
        ("os._exit(3)", "exit code 3"),
        ("os._exit(0)", "exit code 0"),
        ("import ctypes; ctypes.string_at(0)", "signal SIGSEGV"),
    ],
)
def test_a_cell_that_kills_its_evaluator_ends_with_an_error_that_says_how(
    program: Kernel, code: str, told: str
) -> None:
    outcome = program.execute(f"print('before'); os.write(2, b'my last words'); {code}")
    assert outcome.sequence[:2] == ["busy", "execute_input"]
    assert outcome.sequence[-2:] == ["error", "idle"]
    assert outcome.text() == "before\n"
    assert outcome.reply["ename"] == "EvaluatorDied"
    assert told in outcome.reply["evalue"]
    assert "my last words" in outcome.traceback
    after = program.execute("print('works')")
    assert after.text() == "works\n"
    assert "fresh evaluator" in after.text("stderr")
    assert told in after.text("stderr")
    assert after.reply["execution_count"] == 2
    assert program.execute("pass").text("stderr") == "", "it is told once"


def test_all_queued_cells_are_aborted_at_a_death_whatever_they_asked(program: Kernel) -> None:
    gate, first = program.start_at_gate("os._exit(3)", stop_on_error=False)
    queued = [program.client.send_execute("pass", stop_on_error=False) for _ in range(3)]
    question = program.client.send("is_complete_request", {"code": ""})
    program.client.sync()
    gate.open()
    assert program.client.outcome(first).status == "error"
    assert [program.client.outcome(each).status for each in queued] == ["aborted"] * 3
    assert program.client.outcome(question).reply == {"status": "unknown"}


def test_a_death_while_idle_is_told_by_the_next_cell_which_does_not_run(program: Kernel) -> None:
    program.execute("pass")
    evaluator = program.evaluator()
    evaluator.kill()
    processes.until(lambda: not processes.alive(evaluator), "the evaluator's death")
    outcome = program.execute("print('must not run')")
    assert outcome.reply["ename"] == "EvaluatorDied"
    assert "SIGKILL" in outcome.reply["evalue"]
    assert outcome.text() == ""
    assert program.execute("print('runs')").text() == "runs\n"


def test_children_of_a_dead_evaluator_are_killed_and_hold_up_nothing(program: Kernel) -> None:
    cell = program.client.send_execute(
        "import subprocess; subprocess.Popen(['sleep', '1000'])\n" + program.gate().code
    )
    program.client.wait_for_text("at the gate", cell)
    evaluator = program.evaluator()
    watches = [program.watch(each.pid) for each in (evaluator, *evaluator.children())]
    assert len(watches) == 2
    evaluator.kill()
    assert program.client.outcome(cell).reply["ename"] == "EvaluatorDied"
    assert all(watch.ended_within(10) for watch in watches), watches


def test_a_question_on_which_the_evaluator_dies_is_answered(program: Kernel) -> None:
    outcome = program.client.request("complete_request", {"code": "!os._exit(5)", "cursor_pos": 1})
    assert outcome.status == "error"
    assert "exit code 5" in outcome.reply["evalue"]
    assert program.execute("print('must not run')").reply["ename"] == "EvaluatorDied"
    assert program.execute("print('runs')").text() == "runs\n"


def test_an_evaluator_that_dies_at_its_start_is_given_up_after_three_times(
    kernel: Callable[..., Kernel],
) -> None:
    dying = kernel("dies-at-start")
    for count in (1, 2):
        outcome = dying.execute("1")
        assert outcome.reply["ename"] == "EvaluatorStartError"
        assert "3 times" in outcome.reply["evalue"]
        assert "exit code 3" in outcome.reply["evalue"]
        assert outcome.reply["execution_count"] == count
        assert "my configuration is missing" in outcome.traceback or count == 2
    assert dying.client.request("complete_request", {"code": "a"}).reply["matches"] == []


def test_an_evaluator_that_dies_while_it_loads_tells_why_though_python_printed_it(
    kernel: Callable[..., Kernel],
) -> None:
    outcome = kernel("dies-loading").execute("1")
    assert "exit code 9" in outcome.reply["evalue"]
    assert "Its last words:\n  libsample is not there\n" in outcome.traceback


def test_a_cell_that_was_sent_to_an_evaluator_that_died_at_its_start_runs_in_the_next(
    kernel: Callable[..., Kernel],
) -> None:
    outcome = kernel("dies-twice").execute("print('runs')")
    assert outcome.text() == "runs\n"
    assert outcome.sequence.count("execute_input") == 1


def test_an_evaluator_that_speaks_another_version_is_refused(
    kernel: Callable[..., Kernel],
) -> None:
    outcome = kernel("wrong-version").execute("1")
    assert "version 99 of the channel" in outcome.traceback


GARBAGE = [
    b"garbage",
    b"\\xff\\xfe",
    b"[1, 2]",
    b'{"method": "stream", "params": {"content": {"name": NaN}}}',
    b'{"method": "display_data", "params": {"content": {"data": {"text/plain": "\\xff"}}}}',
    b'{"method": "display_data", "params": {"content": {"data": {"text/plain": "\\\\ud83d"}}}}',
    b'{"method": "display_data", "params": {"content": [1]}}',
    b'{"method": "stream", "params": {"content": {"name": "stdlog", "text": "x"}}}',
    b'{"method": "marks", "params": {"content": {"token": 3}}}',
    b'{"method": "no_such_event", "params": {"content": {}}}',
    b'{"method": "stream", "params": 3}',
    b'{"id": 4711, "result": {}}',
    b'{"id": 4712, "method": "no_such_request", "params": {}}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_on_the_channel_is_told_in_its_cell_and_harms_nothing(
    program: Kernel, garbage: bytes
) -> None:
    code = (
        f"raw(b'{garbage.decode()}\\n')" if len(garbage) < 1000 else "raw(b'[' * 100000 + b'\\n')"
    )
    outcome = program.execute(f"{code}; print('goes on')")
    assert outcome.status == "ok"
    assert outcome.text() == "goes on\n"
    assert not outcome.contents("display_data")
    if b"no_such_request" not in garbage:
        assert "polykernel: " in outcome.text("stderr")
    assert program.execute("print('works')").text() == "works\n"


@pytest.mark.parametrize(
    "result",
    [
        '{"status": "ok", "result": {"data": {"text/plain": NaN}}}',
        '{"status": "ok", "result": {"data": {"text/plain": "\\\\ud83d"}}}',
        '{"status": "ok", "result": {"data": {"text/plain": "\\xff"}}}',
        '{"status": "ok", "result": 3}',
        '{"status": "maybe"}',
        "[]",
        "null",
        "[" * 50_000,
    ],
    ids=["NaN", "surrogate", "utf8", "number", "status", "list", "null", "deep"],
)
def test_a_result_that_is_refused_ends_its_cell_with_an_error(program: Kernel, result: str) -> None:
    outcome = program.execute(
        f"raw(b'{{\"id\": ' + str(cell).encode() + b', \"result\": {result}}}\\n')\n"
        # the program's own answer comes too late
        "pass"
    )
    assert outcome.status == "error"
    assert program.execute("print('works')").text() == "works\n"


def test_a_request_of_the_evaluator_that_is_refused_is_answered(program: Kernel) -> None:
    code = 'raw(b\'{"id": "a", "method": "input_request", "params": NaN}\\n\')'
    outcome = program.execute(f"{code}; print(read()['error']['code'])", allow_stdin=True)
    assert outcome.text() == "-32700\n"


def test_an_answer_to_a_question_that_is_no_object_is_an_error(program: Kernel) -> None:
    code = "!put({'id': number, 'result': 3})"
    outcome = program.client.request("complete_request", {"code": code, "cursor_pos": 1})
    assert outcome.status == "error"
