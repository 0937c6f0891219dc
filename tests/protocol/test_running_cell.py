"""What works while a cell runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel


@pytest.mark.parametrize("channel", ["shell", "control"])
def test_kernel_info_is_answered_while_a_cell_runs_which_stays_busy(
    program: Kernel, channel: str
) -> None:
    gate, cell = program.start_at_gate()
    client = program.client
    info = client.request("kernel_info_request", channel=channel)
    assert info.sequence == ["busy", "idle"]
    at = client.seen.index(info.iopub[-1])
    last = client.wait_for("status", cell, since=at)
    assert last.content == {"execution_state": "busy"}
    gate.open()
    outcome = client.outcome(cell)
    assert outcome.sequence == ["busy", "execute_input", "stream", "busy", "idle"]


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_the_heartbeat_echoes_while_a_cell_computes(
    kernel: Callable[..., Kernel], transport: str
) -> None:
    program = kernel(transport=transport)
    gate, cell = program.start_at_gate()
    for word in (b"ping", b"", b"x" * 100_000):
        assert program.client.beats(word) == word
    gate.open()
    assert program.client.outcome(cell).status == "ok"


def test_a_question_waits_for_the_cell_where_the_evaluator_can_do_one_thing_at_a_time(
    program: Kernel,
) -> None:
    gate, cell = program.start_at_gate()
    question = program.client.send("complete_request", {"code": "abc", "cursor_pos": 2})
    gate.open()
    reply = program.client.outcome(question).reply
    assert reply == {
        "status": "ok",
        "matches": [],
        "cursor_start": 2,
        "cursor_end": 2,
        "metadata": {},
    }
    assert [seen.parent for seen in program.client.replies([cell, question])] == [cell, question]


# what the program that answers beside a cell does with a completion while it waits in one
MATCHES = {
    "status": "ok",
    "matches": ["beside"],
    "cursor_start": 0,
    "cursor_end": 0,
    "metadata": {},
}
ANSWER = f"put({{'id': read()['id'], 'result': {MATCHES!r}}})"


def test_a_question_is_answered_beside_the_cell_where_the_evaluator_offers_that(
    kernel: Callable[..., Kernel],
) -> None:
    beside = kernel("beside")
    client = beside.client
    cell = client.send_execute(f"print('waits', flush=True); {ANSWER}; open('gate').close()")
    client.wait_for_text("waits")
    (beside.folder / "gate").touch()
    question = client.request("complete_request", {"code": "abc", "cursor_pos": 2})
    assert question.reply["matches"] == ["beside"]
    assert question.sequence == ["busy", "idle"]
    assert client.outcome(cell).sequence[:3] == ["busy", "execute_input", "stream"]


def test_a_question_beside_a_cell_is_answered_also_when_the_evaluator_dies(
    kernel: Callable[..., Kernel],
) -> None:
    client = kernel("beside").client
    cell = client.send_execute("print('waits', flush=True); read(); os._exit(7)")
    client.wait_for_text("waits")
    question = client.request("complete_request", {"code": "abc", "cursor_pos": 2})
    assert question.status == "error"
    assert "exit code 7" in question.reply["evalue"]
    assert client.outcome(cell).status == "error"


def test_a_question_beside_a_cell_is_answered_once_when_the_kernel_is_shut_down(
    kernel: Callable[..., Kernel],
) -> None:
    client = kernel("beside").client
    cell = client.send_execute(
        "print('waits', flush=True); read(); print('has', flush=True); read()"
    )
    client.wait_for_text("waits")
    question = client.send("complete_request", {"code": "abc", "cursor_pos": 2})
    client.wait_for_text("has")
    shutdown = client.send("shutdown_request", {"restart": False}, channel="control")
    client.outcome(shutdown)
    replies = [seen.parent for seen in client.replies([cell, question, shutdown])]
    assert sorted(replies) == sorted([cell, question, shutdown])
    assert replies[-1] == shutdown


def test_two_front_ends_get_their_own_replies_and_both_see_what_is_published(
    program: Kernel,
) -> None:
    one, two = program.client, program.connect()
    two.ready()
    first, second = one.send_execute("print('one')"), two.send_execute("print('two')")
    assert one.outcome(first).text() == "one\n"
    assert two.outcome(second).text() == "two\n"
    one.wait(lambda seen: seen.parent == second and "two" in str(seen.content), "the other's text")
    two.wait(lambda seen: seen.parent == first and "one" in str(seen.content), "the other's text")
    assert not one.replies([second])
    assert not two.replies([first])


def test_every_subscription_is_welcomed(program: Kernel) -> None:
    for _ in range(2):
        client = program.connect(subscribe=False)
        for topic in (b"", b"some.topic"):
            client.iopub.subscribe(topic)
            seen = client.wait(
                lambda seen, topic=topic: seen.content.get("subscription") == topic.decode(),  # type: ignore[misc]
                f"the welcome to {topic!r}",
            )
            assert seen.msg_type == "iopub_welcome"
            assert seen.parent == ""


def test_who_comes_late_is_told_nothing_wrong(program: Kernel) -> None:
    gate, cell = program.start_at_gate("print('after')")
    late = program.connect()
    late.ready()
    gate.open()
    late.wait_for_text("after", cell)
    assert program.client.outcome(cell).status == "ok"
