"""The queue, with a real evaluator process and without sockets."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from support import schema
from support.loops import run_until
from test_supervisor import PROGRAM

from polykernel.execution import Execution
from polykernel.items import Question
from polykernel.message import Header, Message, from_json
from polykernel.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tornado.ioloop import IOLoop

NO_MATCHES = {"status": "ok", "matches": [], "cursor_start": 0, "cursor_end": 0, "metadata": {}}


class Kernel:
    """An execution and its evaluator; records what it sends."""

    def __init__(self, loop: IOLoop, *options: str, **more: Any) -> None:
        self.loop = loop
        self.sent: list[tuple[str, Message]] = []
        self.supervisor = Supervisor([*PROGRAM, *options], os.environ, "sample", None)
        self.read_ahead: Callable[[], None] = lambda: None
        self.execution = Execution(
            self.supervisor,
            self._send,
            read_ahead=lambda: self.read_ahead(),  # noqa: PLW0108 -- tests replace it
            **more,
        )
        self.supervisor.start()
        self._count = 0

    def _send(self, channel: str, message: Message) -> None:
        schema.check_message(channel, message)
        self.sent.append((channel, message))

    def message(self, msg_type: str, **content: Any) -> Message:
        self._count += 1
        header = {"msg_id": f"m{self._count}", "msg_type": msg_type}
        return Message(
            header=Header(**header),
            raw_header=json.dumps(header).encode(),
            content=json.dumps(content).encode(),
        )

    def execute(self, code: str, **content: Any) -> str:
        message = self.message("execute_request", code=code, **content)
        self.execution.execute(message)
        return message.header.msg_id

    def ask(self, code: str) -> str:
        message = self.message("complete_request")
        params = {"code": code, "cursor_pos": 0}
        self.execution.submit(Question(message, "shell", "complete", params, NO_MATCHES))
        return message.header.msg_id

    def replies(self, msg_id: str) -> list[dict[str, Any]]:
        return [
            from_json(message.content)
            for channel, message in self.sent
            if channel == "shell" and from_json(message.parent_header).get("msg_id") == msg_id
        ]

    def reply(self, msg_id: str) -> dict[str, Any]:
        run_until(self.loop, lambda: self.replies(msg_id), f"the reply to {msg_id}")
        (reply,) = self.replies(msg_id)
        return reply

    def states(self, msg_id: str) -> list[str]:
        return [
            from_json(message.content)["execution_state"]
            for _, message in self.sent
            if message.msg_type == "status"
            and from_json(message.parent_header).get("msg_id") == msg_id
        ]

    def end(self) -> None:
        gone: list[bool] = []
        self.execution.stop()
        self.supervisor.shutdown(False, lambda: gone.append(True))
        run_until(self.loop, lambda: gone, "the end")


@pytest.fixture
def start(
    loop: IOLoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Kernel]]:
    monkeypatch.chdir(tmp_path)
    kernels: list[Kernel] = []

    def start(*options: str, **more: Any) -> Kernel:
        kernels.append(Kernel(loop, *options, **more))
        return kernels[-1]

    yield start
    for each in kernels:
        each.end()


def test_what_has_come_but_is_not_yet_queued_is_aborted_too(start: Callable[..., Kernel]) -> None:
    kernel = start()
    late: list[str] = []
    kernel.read_ahead = lambda: late.append(kernel.execute("pass"))
    failed = kernel.execute("1/0")
    assert kernel.reply(failed)["status"] == "error"
    assert kernel.reply(late[0])["status"] == "aborted"
    assert kernel.states(failed) == kernel.states(late[0]) == ["busy", "idle"]


def test_a_shutdown_behind_a_cell_that_fails_ends_it_once(start: Callable[..., Kernel]) -> None:
    kernel = start()
    kernel.read_ahead = kernel.execution.stop
    failed = kernel.execute("1/0")
    assert kernel.reply(failed)["ename"] == "ZeroDivisionError"
    assert kernel.states(failed) == ["busy", "idle"]
    assert len(kernel.replies(failed)) == 1


def test_a_cell_behind_a_question_on_which_the_evaluator_dies_does_not_run(
    start: Callable[..., Kernel],
) -> None:
    kernel = start()
    question = kernel.ask("!os._exit(5)")
    cell, behind = kernel.execute("open('ran', 'w')"), kernel.execute("open('ran', 'w')")
    assert kernel.reply(question)["status"] == "error"
    assert kernel.reply(cell)["ename"] == "EvaluatorDied"
    assert kernel.reply(behind)["status"] == "aborted"
    assert not os.path.exists("ran")  # noqa: PTH110
    assert kernel.reply(kernel.execute("pass"))["status"] == "ok"


def test_a_death_while_idle_is_told_although_the_next_evaluator_dies_at_its_start(
    start: Callable[..., Kernel],
) -> None:
    kernel = start("--die-twice")
    assert kernel.reply(kernel.execute("pass"))["status"] == "ok"
    os.unlink("deaths")  # noqa: PTH108
    assert kernel.supervisor.pid is not None
    os.kill(kernel.supervisor.pid, 9)
    run_until(kernel.loop, lambda: os.path.exists("deaths"), "a death at start")  # noqa: PTH110
    assert kernel.reply(kernel.execute("pass"))["ename"] == "EvaluatorDied"


def test_very_many_queued_questions_are_answered_when_there_is_no_evaluator(
    start: Callable[..., Kernel],
) -> None:
    kernel = start("--die-at-start")
    questions = [kernel.ask("x") for _ in range(2000)]
    assert kernel.reply(questions[-1])
    assert all(len(kernel.replies(question)) == 1 for question in questions)


def test_interrupts_of_a_question_are_not_counted_in_the_next_cell(
    start: Callable[..., Kernel],
) -> None:
    kernel = start()
    os.mkfifo("gate")
    question = kernel.ask(
        "!signal.signal(signal.SIGINT, signal.SIG_IGN); print('deaf'); "
        f"open('gate').close(); put({{'id': number, 'result': {NO_MATCHES!r}}})"
    )
    run_until(kernel.loop, lambda: any(m.msg_type == "stream" for _, m in kernel.sent), "the text")
    kernel.execution.interrupt()
    kernel.execution.interrupt()
    with open("gate", "w"):
        assert kernel.reply(question) == NO_MATCHES
    cell = kernel.execute("print('begun'); read()")
    kernel.execution.interrupt()
    kernel.supervisor.conversation.answer("x", {})
    assert kernel.reply(cell)["status"] == "ok"


def test_a_silent_cell_leaves_it_to_the_next_one_to_tell_what_is_lost(
    start: Callable[..., Kernel],
) -> None:
    kernel = start()
    assert kernel.reply(kernel.execute("pass"))["status"] == "ok"
    assert kernel.supervisor.pid is not None
    before = kernel.supervisor.pid
    os.kill(before, 9)
    run_until(kernel.loop, lambda: kernel.supervisor.pid not in (None, before), "the next one")
    assert kernel.reply(kernel.execute("pass", silent=True))["ename"] == "EvaluatorDied"
    assert kernel.reply(kernel.execute("open('ran', 'w')"))["ename"] == "EvaluatorDied"
    assert not os.path.exists("ran")  # noqa: PTH110
    assert kernel.reply(kernel.execute("pass"))["status"] == "ok"


def test_a_flood_that_goes_on_after_an_interrupt_waits_again(start: Callable[..., Kernel]) -> None:
    kernel = start("--interrupts")
    kernel.execute(
        "try:\n    print('begun', flush=True)\n    while True: pass\n"
        "except KeyboardInterrupt: os.write(1, b'x' * (3 << 20))"
    )
    run_until(kernel.loop, lambda: any(m.msg_type == "stream" for _, m in kernel.sent), "the text")
    kernel.execution.interrupt()
    run_until(kernel.loop, lambda: any(b"xx" in m.content for _, m in kernel.sent), "the flood")
    kernel.execution.pause()
    turns: list[int] = []
    run_until(kernel.loop, lambda: turns.append(len(kernel.sent)) or len(turns) > 50, "turns")  # type: ignore[func-returns-value]
    assert turns[-1] == turns[5]
    kernel.execution.resume()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": "OK"}, "'OK'"),
        ({"status": None}, "`$.status`"),
        ({"status": "error"}, "an error must have an ename"),
        ({"result": {"data": "text"}}, "data and metadata must be objects"),
        ({"result": {"data": {}, "metadata": None}}, "data and metadata must be objects"),
    ],
)
def test_a_result_that_is_none_is_refused_and_told_in_its_cell(
    start: Callable[..., Kernel], answer: dict[str, Any], told: str
) -> None:
    kernel = start()
    reply = kernel.reply(kernel.execute(f"answer.update({answer!r})"))
    assert (reply["status"], reply["ename"]) == ("error", "ChannelError")
    assert "the cell's result was refused: " in reply["evalue"]
    assert told in reply["evalue"]
    assert kernel.reply(kernel.execute("pass"))["status"] == "ok"


def test_each_cell_that_counts_is_told_to_be_over_however_it_ends(
    start: Callable[..., Kernel],
) -> None:
    kernel = start()
    over: list[str] = []
    kernel.execution.on_over = lambda message: over.append(message.header.msg_id)
    cells = [kernel.execute("pass"), kernel.execute("1/0", stop_on_error=False)]
    silent = kernel.execute("pass", silent=True)
    cells.append(kernel.execute("os._exit(5)"))
    for each in (*cells, silent):
        kernel.reply(each)
    assert over == cells


def test_what_is_broken_is_told_by_each_cell_and_nothing_is_asked(
    start: Callable[..., Kernel],
) -> None:
    broken = {"status": "error", "ename": "PluginError", "evalue": "e", "traceback": ["why"]}
    kernel = start(broken=broken)
    for count in (1, 2):
        reply = kernel.reply(kernel.execute("x", stop_on_error=False))
        assert reply["traceback"] == ["why"]
        assert reply["execution_count"] == count


def test_a_stopped_kernel_answers_all_that_was_queued_once(start: Callable[..., Kernel]) -> None:
    kernel = start()
    running, cell, question = kernel.execute("read()"), kernel.execute("pass"), kernel.ask("x")
    kernel.execution.stop()
    late = kernel.execute("pass")
    assert kernel.reply(cell)["status"] == kernel.reply(late)["status"] == "aborted"
    assert kernel.reply(question)["status"] == "error"
    assert not kernel.replies(running)
    kernel.execution.end()
    assert kernel.reply(running)["ename"] == "KernelShutdown"
    for msg_id in (running, cell, question, late):
        assert kernel.states(msg_id) == ["busy", "idle"]
        assert len(kernel.replies(msg_id)) == 1


def test_the_evaluator_waits_when_front_ends_do_not_keep_up(start: Callable[..., Kernel]) -> None:
    kernel = start()
    assert kernel.reply(kernel.execute("pass"))["status"] == "ok"
    kernel.execution.pause()
    cell = kernel.execute("os.write(1, b'x' * (3 << 20))")
    busy: list[Message] = []
    run_until(kernel.loop, lambda: busy.append(kernel.sent[-1][1]) or len(busy) > 50, "turns")  # type: ignore[func-returns-value]
    assert not kernel.replies(cell)
    kernel.execution.resume()
    assert kernel.reply(cell)["status"] == "ok"
