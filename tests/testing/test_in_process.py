"""Evaluators in the test's own process: what is recorded is what a front end would see."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from polykernel.evaluator import (
    Bundle,
    Cell,
    CellError,
    Comm,
    CommMessage,
    Completions,
    Evaluator,
    InputRefused,
    current_cell,
)
from polykernel.testing import Completeness, Event, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polykernel.testing.fixtures import MakeEvaluator
    from polykernel.testing.in_process import InProcess


class Scripted(Evaluator):
    """Runs a Python function for each cell."""

    def __init__(self) -> None:
        self.script: Callable[[Cell], object] = lambda cell: None
        self.said: list[object] = []

    def execute(self, code: str, cell: Cell) -> object:
        return self.script(cell) if code == "script" else code or None

    def shutdown(self, restart: bool) -> None:
        self.said.append(restart)


@pytest.fixture
def runner(evaluator: MakeEvaluator) -> InProcess:
    return evaluator(Scripted)


def run(runner: InProcess, script: Callable[[Cell], object], **options: Any) -> Any:
    scripted = runner.evaluator
    assert isinstance(scripted, Scripted)
    scripted.script = script
    return runner.execute("script", **options)


# what is recorded


def test_a_value_is_a_result_in_all_its_forms(runner: InProcess) -> None:
    outcome = run(runner, lambda cell: Bundle({"text/plain": "1", "text/html": "<b>1</b>"}))
    assert outcome.status == "ok"
    assert outcome.result == "1"
    assert outcome.data == {"text/plain": "1", "text/html": "<b>1</b>"}
    assert outcome.error is None


def test_no_value_is_no_result(runner: InProcess) -> None:
    outcome = runner.execute("")
    assert (outcome.status, outcome.result, outcome.data, outcome.events) == ("ok", None, {}, [])


@pytest.mark.parametrize("code", ["\N{SNAKE}", "a\r\nb", "x" * 1_000_000])
def test_text_of_any_kind_comes_back(runner: InProcess, code: str) -> None:
    assert runner.execute(code).result == code


def test_all_ways_of_printing_are_recorded_in_their_order(
    runner: InProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    def script(cell: Cell) -> None:
        print("print")
        cell.write("cell")
        print("oh", file=sys.stderr)
        sys.stdout.buffer.write(b"bytes \xff\n")
        sys.stdout.writelines(["a", "b"])
        cell.write("\ud800", "stderr")

    outcome = run(runner, script)
    assert outcome.stdout == "print\ncellbytes \N{REPLACEMENT CHARACTER}\nab"
    assert outcome.stderr == "oh\n\\ud800"
    assert [event.content["name"] for event in outcome.events] == [
        "stdout",
        "stderr",
        "stdout",
        "stderr",
    ]
    assert capfd.readouterr() == ("", "")


def test_displays_updates_clearings_and_pages_are_recorded(runner: InProcess) -> None:
    def script(cell: Cell) -> None:
        cell.display(Bundle({"text/html": "<i>"}), display_id="it", buffers=[b"\x00\xff"])
        cell.display("again", display_id="it", update=True)
        cell.clear_output(wait=True)
        cell.page("help")
        cell.set_next_input("next")

    outcome = run(runner, script)
    [shown] = outcome.displays
    assert (shown.data, shown.display_id, shown.text) == ({"text/html": "<i>"}, "it", None)
    assert shown.buffers == (b"\x00\xff",)
    assert [update.text for update in outcome.updates] == ["again"]
    assert outcome.clears == [True]
    assert outcome.pages == [{"text/plain": "help"}]
    assert [payload["source"] for payload in outcome.payloads] == ["page", "set_next_input"]


def test_what_has_no_json_form_fails_as_in_an_evaluator_process(runner: InProcess) -> None:
    circle: list[object] = []
    circle.append(circle)
    outcome = run(runner, lambda cell: Bundle({"application/json": circle}))
    assert outcome.failure.ename == "Unsendable"
    outcome = run(runner, lambda cell: Bundle({"application/json": {"x": float("nan")}}))
    assert outcome.data["application/json"] == {"x": None}


def test_an_error_of_the_users_is_shown_as_it_is(runner: InProcess) -> None:
    def script(cell: Cell) -> None:
        raise CellError("no such thing", ename="NameError", traceback=["\x1b[31mhere\x1b[39m"])

    outcome = run(runner, script)
    assert outcome.status == "error"
    assert outcome.failure == ("NameError", "no such thing", ["\x1b[31mhere\x1b[39m"])
    assert outcome.failure.text == "here"
    assert outcome.events[-1].msg_type == "error"


def test_any_other_exception_is_a_bug_with_its_traceback(evaluator: MakeEvaluator) -> None:
    runner = evaluator(Scripted, plugin="mine 1.2")
    outcome = run(runner, lambda cell: vars()["lost"])
    assert outcome.failure.ename == "KeyError"
    assert "A bug in the plugin mine 1.2, running the cell:" in outcome.failure.text
    assert "test_in_process.py" in outcome.failure.text


def test_an_outcome_without_an_error_has_no_failure_and_shows_itself(runner: InProcess) -> None:
    with pytest.raises(AssertionError, match=r"did not fail[\s\S]*execute_result.*code"):
        _ = runner.execute("code").failure


def test_execution_counts_as_a_kernel_counts(runner: InProcess) -> None:
    counts: list[int] = []

    def script(cell: Cell) -> None:
        counts.append(cell.execution_count)

    run(runner, script)
    run(runner, script, silent=True)
    run(runner, script, store_history=False)
    run(runner, script)
    assert counts == [1, 1, 1, 2]


def test_a_cell_knows_what_it_was_asked_with(runner: InProcess) -> None:
    seen: list[object] = []

    def script(cell: Cell) -> None:
        seen.extend([cell.silent, cell.store_history, cell.cell_id, cell.allow_stdin])
        assert current_cell() is cell

    run(runner, script, silent=True, cell_id="abc", inputs=["x"])
    assert seen == [True, False, "abc", True]
    assert current_cell() is None


def test_threads_print_into_the_cell_that_started_them(runner: InProcess) -> None:
    def script(cell: Cell) -> None:
        thread = threading.Thread(target=lambda: print("from a thread"))
        thread.start()
        thread.join()

    assert run(runner, script).stdout == "from a thread\n"


def test_a_coroutine_is_awaited_and_its_tasks_run(runner: InProcess) -> None:
    async def cell_of(cell: Cell) -> str:
        task = asyncio.create_task(asyncio.sleep(0, "task"))
        cell.write("begun\n")
        return await task

    outcome = run(runner, cell_of)
    assert (outcome.result, outcome.stdout) == ("task", "begun\n")


# input


def test_input_is_answered_in_order(runner: InProcess) -> None:
    outcome = run(
        runner, lambda cell: cell.input("a? ") + cell.input("b? "), inputs=["1", "\N{SNAKE}"]
    )
    assert outcome.result == "1\N{SNAKE}"
    assert outcome.prompts == ["a? ", "b? "]


def test_without_inputs_it_is_refused(runner: InProcess) -> None:
    def script(cell: Cell) -> str:
        try:
            return cell.input()
        except InputRefused:
            return "refused"

    assert run(runner, script).result == "refused"


def test_too_few_inputs_fail_the_test_and_say_what_was_asked(runner: InProcess) -> None:
    with pytest.raises(AssertionError, match=r"asked 'more\? ', and the test has no further"):
        run(runner, lambda cell: [cell.input("one? "), cell.input("more? ")], inputs=["1"])
    assert runner.execute("next").result == "next"


# interrupts


def endless(cell: Cell) -> None:
    cell.write("begun")
    while True:
        pass


def waiting(cell: Cell) -> None:
    cell.write("begun")
    threading.Event().wait()


async def awaiting(cell: Cell) -> None:
    cell.write("begun")
    await asyncio.Event().wait()


@pytest.mark.parametrize("script", [endless, waiting, awaiting])
@pytest.mark.parametrize("after", ["begun", 0.01])
def test_what_runs_is_interrupted(
    runner: InProcess, script: Callable[[Cell], object], after: str | float
) -> None:
    handler = signal.getsignal(signal.SIGINT)
    outcome = run(runner, script, interrupt_after=after)
    assert outcome.failure.ename == "KeyboardInterrupt"
    assert runner.execute("next").result == "next"
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_interrupt_is_the_evaluators_own(evaluator: MakeEvaluator) -> None:
    class Flagged(Evaluator):
        stop = False

        def execute(self, code: str, cell: Cell) -> object:
            while not self.stop:
                cell.write(".")
                time.sleep(0.001)
            return "stopped by its flag"

        def interrupt(self) -> None:
            self.stop = True

    assert evaluator(Flagged).execute("", interrupt_after="..").result == "stopped by its flag"


def test_an_interrupt_ends_a_wait_for_input(runner: InProcess) -> None:
    interrupt = runner.interrupt

    def script(cell: Cell) -> None:
        cell.write("asking")
        cell.input()

    def on_event(event: Event) -> None:
        interrupt()

    assert run(runner, script, inputs=["x"], on_event=on_event).failure.ename == "KeyboardInterrupt"


def test_there_is_nothing_to_interrupt_between_cells(runner: InProcess) -> None:
    with pytest.raises(RuntimeError, match="no cell runs"):
        runner.interrupt()


# questions


class Questioned(Evaluator):
    def execute(self, code: str, cell: Cell) -> object:
        return None

    def complete(self, code: str, cursor_pos: int) -> Any:
        return {"words": ["print", "private", "other"], "wrong": 3}.get(code.split()[0]) or (
            Completions(["\N{SNAKE}"], 0, cursor_pos)
        )

    def inspect(self, code: str, cursor_pos: int, detail_level: int = 0) -> object:
        return f"{code} {cursor_pos} {detail_level}" if code else None

    def is_complete(self, code: str) -> Any:
        return {"if": ("incomplete", "  "), "bad": "perhaps"}.get(code, "complete")

    def evaluate(self, expression: str) -> object:
        if expression == "bad":
            raise CellError("no value", ename="ValueError")
        return expression.upper()


def test_questions_are_answered_as_by_a_kernel(evaluator: MakeEvaluator) -> None:
    runner = evaluator(Questioned)
    reply = runner.complete("words pri")
    assert reply["matches"] == ["print", "private"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (6, 9)
    assert runner.complete("x y", 1)["cursor_end"] == 1
    assert runner.inspect("help", 2, detail_level=1)["data"] == {"text/plain": "help 2 1"}
    assert runner.inspect("")["found"] is False
    assert runner.is_complete("if") == Completeness("incomplete", "  ")
    assert runner.is_complete("x") == Completeness("complete")
    assert runner.evaluate("abc")["data"] == {"text/plain": "ABC"}
    assert runner.evaluate("bad")["ename"] == "ValueError"


def test_a_wrong_answer_to_a_question_fails_the_test(evaluator: MakeEvaluator) -> None:
    runner = evaluator(Questioned, plugin="mine")
    with pytest.raises(Refused, match=r"complete\(\) must return Completions.*, not 3"):
        runner.complete("wrong")
    with pytest.raises(Refused, match=r"is_complete\(\) must return one of .* not 'perhaps'"):
        runner.is_complete("bad")


def test_what_is_not_overridden_has_the_answers_of_the_specification(runner: InProcess) -> None:
    assert runner.complete("x")["matches"] == []
    assert runner.inspect("x")["found"] is False
    assert runner.is_complete("x") == Completeness("unknown")
    assert runner.evaluate("x")["ename"] == "NotImplementedError"


# comms


def test_comms_go_both_ways(evaluator: MakeEvaluator) -> None:
    class Echoing(Evaluator):
        def open_comm(self, comm: Comm, message: CommMessage) -> bool:
            comm.on_message = lambda message: comm.send(message.data, buffers=message.buffers)
            comm.on_close = lambda message: print("closed")
            return comm.target_name == "echo"

    runner = evaluator(Echoing)
    assert runner.comm("comm_open", "1", target_name="other") is None
    assert runner.comm("comm_open", "1", target_name="echo") == []
    events = runner.comm("comm_msg", "1", {"a": 1}, buffers=[b"\x01"])
    assert events is not None
    [event] = events
    assert (event.msg_type, event.content["data"], event.buffers) == (
        "comm_msg",
        {"a": 1},
        (b"\x01",),
    )
    closed = runner.comm("comm_close", "1")
    assert closed is not None
    assert closed[0].content["text"] == "closed\n"
    assert runner.comm("comm_msg", "1") is None


# its life


def test_start_gets_its_options_and_what_it_prints_is_outside_any_cell(
    evaluator: MakeEvaluator,
) -> None:
    class Starting(Scripted):
        def start(self) -> None:
            print("with", dict(self.options), Path(self.temporary).is_absolute())

    runner = evaluator(Starting, options={"depth": 3})
    assert [event.content["text"] for event in runner.outside] == ["with {'depth': 3} True\n"]


def test_an_evaluator_that_can_not_start_says_why_in_each_cell(evaluator: MakeEvaluator) -> None:
    class Unlicensed(Scripted):
        def start(self) -> None:
            raise RuntimeError("no licence")

    runner = evaluator(Unlicensed)
    for _ in range(2):
        assert runner.execute("x").failure.ename == "PluginError"
        assert "no licence" in runner.execute("x").failure.evalue


def test_an_evaluator_is_named_by_its_module_too(evaluator: MakeEvaluator) -> None:
    assert evaluator("polykernel_echo.evaluator:Echo").execute("x").result == "x"
    assert evaluator("polykernel_echo.evaluator:Ech").execute("x").failure.ename == "PluginError"


@pytest.mark.parametrize("wrong", [int, object()])
def test_what_is_no_evaluator_is_refused(evaluator: MakeEvaluator, wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"needs a subclass of polykernel\.evaluator\.Evaluator"):
        evaluator(wrong)


def test_it_is_shut_down_once(evaluator: MakeEvaluator) -> None:
    runner = evaluator(Scripted)
    scripted = runner.evaluator
    assert isinstance(scripted, Scripted)
    runner.shutdown(restart=True)
    runner.shutdown()
    assert scripted.said == [True]
    with pytest.raises(RuntimeError, match="has been shut down"):
        runner.execute("x")


@pytest.fixture
def shut_down_by_the_end_of_the_test() -> Iterator[list[Scripted]]:
    made: list[Scripted] = []
    yield made
    assert [each.said for each in made] == [[False]]


def test_the_fixture_shuts_it_down(
    shut_down_by_the_end_of_the_test: list[Scripted], evaluator: MakeEvaluator
) -> None:
    runner = evaluator(Scripted)
    assert isinstance(runner.evaluator, Scripted)
    shut_down_by_the_end_of_the_test.append(runner.evaluator)


def test_nothing_of_the_process_stays_changed(evaluator: MakeEvaluator) -> None:
    before = (sys.stdout, sys.stderr, threading.Thread.start, signal.getsignal(signal.SIGTERM))
    runner = evaluator(Scripted)
    run(runner, lambda cell: asyncio.sleep(0))
    run(runner, lambda cell: 1 / 0)
    runner.shutdown()
    after = (sys.stdout, sys.stderr, threading.Thread.start, signal.getsignal(signal.SIGTERM))
    assert after == before
    assert asyncio.run(asyncio.sleep(0, "a loop of our own")) == "a loop of our own"


def test_evaluators_do_not_meet(evaluator: MakeEvaluator) -> None:
    one, other = evaluator(Scripted), evaluator(Scripted)
    assert one.execute("1").result == "1"
    assert other.execute("2").result == "2"
    assert len(one.outcomes) == len(other.outcomes) == 1


def test_it_runs_in_another_thread_but_can_not_be_interrupted_there() -> None:
    from polykernel.testing import InProcess

    results: list[object] = []

    def elsewhere() -> None:
        runner = InProcess(Scripted)

        def script(cell: Cell) -> str:
            with pytest.raises(RuntimeError, match="in the main thread"):
                runner.interrupt()
            return "ran"

        results.append(run(runner, script).result)
        runner.shutdown()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert results == ["ran"]


def test_one_request_at_a_time(runner: InProcess) -> None:
    def script(cell: Cell) -> object:
        cell.write("outer")
        return runner.execute("inner")

    outcome = run(runner, script)
    assert "serves one request at a time" in outcome.failure.evalue
    assert outcome.stdout == "outer"


def test_an_interrupt_that_comes_too_late_reaches_nobody(runner: InProcess) -> None:
    for _ in range(200):
        outcome = run(runner, lambda cell: cell.write("."), interrupt_after=0.0001)
        assert outcome.status == "ok" or outcome.failure.ename == "KeyboardInterrupt"
    assert runner.execute("next").result == "next"
