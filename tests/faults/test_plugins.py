"""Plugins that break their promises: the kernel keeps its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import processes

from faults.checks import (
    Check,
    all_gone,
    answers_on_control,
    check,
    leaves_nothing,
    shuts_down,
    told_in,
)
from faults.register import PLUGIN, fault

if TYPE_CHECKING:
    from support.subjects import Subject

QUESTIONS = (
    ("complete_request", {"code": "a", "cursor_pos": 1}),
    ("inspect_request", {"code": "a", "cursor_pos": 1, "detail_level": 0}),
    ("is_complete_request", {"code": "a"}),
)


def answers_all_questions(kernel: Subject) -> None:
    """Check that each request gets its one reply, whatever is in it."""
    with check(Check.ANSWERS):
        for msg_type, content in QUESTIONS:
            outcome = kernel.client.request(msg_type, content)
            assert outcome.status in ("ok", "error", "unknown")
            assert outcome.sequence[-1] == "idle"
        comm = {"comm_id": "c", "target_name": "t", "data": {}}
        sent = kernel.client.send("comm_open", comm)
        kernel.client.wait(
            lambda seen: seen.parent == sent and seen.content.get("execution_state") == "idle",
            "idle after a comm",
        )
        debug = {"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}}
        sent = kernel.client.send("debug_request", debug, channel="control")
        kernel.client.wait_for("debug_reply", sent)
        answers_on_control(kernel)


@fault(
    PLUGIN,
    "raises in every method, what can't even be shown",
    told="each request is answered with an error that names the plugin",
    languages=("raises",),
    peers=False,
)
def test_a_plugin_that_raises_everywhere_is_told_in_each_reply(kernel: Subject) -> None:
    for _ in range(2):
        cell = kernel.client.send_execute("x", user_expressions={"a": "b"})
        told_in(kernel, cell, "polykernel_sample", ename="Unspeakable")
        answers_all_questions(kernel)
    cell = kernel.client.send_execute("loop")
    kernel.client.wait_for_text("begun", cell)
    with check(Check.OUT):
        kernel.interrupt()
        assert kernel.client.outcome(cell).status == "error"
    answers_all_questions(kernel)
    leaves_nothing(kernel)


@fault(
    PLUGIN,
    "returns a wrong type from every method",
    told="each request is answered, with an error that says what was expected, or with what could "
    "be shown",
    languages=("wrong-types",),
    peers=False,
)
def test_a_plugin_that_returns_wrong_types_everywhere_is_answered_for(kernel: Subject) -> None:
    words = ("x", "set", "bytes", "class", "surrogate", "bundle", "keys", "html", "deep", "nan")
    for word in words:
        with check(Check.ANSWERS):
            outcome = kernel.execute(word, user_expressions={"a": "b"})
            assert outcome.status in ("ok", "error")
            assert outcome.sequence[-1] == "idle"
    answers_all_questions(kernel)
    with check(Check.TOLD):
        reply = kernel.client.request(*QUESTIONS[0]).reply
        assert "complete() must return Completions" in reply["evalue"]
    leaves_nothing(kernel)


@pytest.mark.parametrize("word", ["hears", "deaf"])
@fault(
    PLUGIN,
    "hangs in `complete` while cells wait",
    told="one interrupt ends it, or the third where it does not hear; the request gets an error, "
    "and the cells run, or are told that state is lost",
    languages=("hangs-completing",),
    peers=False,
)
def test_a_completion_that_hangs_is_ended_by_interrupts_and_the_cells_go_on(
    kernel: Subject, word: str
) -> None:
    client = kernel.client
    question = client.send("complete_request", {"code": word, "cursor_pos": len(word)})
    processes.until((kernel.folder / "completing").exists, "a completion that has begun")
    cell = client.send_execute("print('runs', flush=True)")
    answers_on_control(kernel)
    if word == "deaf":
        kernel.kernel.wait_until_it_computes()
    with check(Check.OUT):
        for _ in range(3 if word == "deaf" else 1):
            kernel.interrupt()
        assert client.outcome(question).reply["status"] == "error"
    if word == "deaf":
        told_in(kernel, cell, "3 interrupts that it did not hear")
        cell = client.send_execute("print('runs', flush=True)")
    with check(Check.ANSWERS):
        assert client.outcome(cell).text() == "runs\n"
    leaves_nothing(kernel)


@fault(
    PLUGIN,
    "hangs in `shutdown`, and hears no signal",
    told="it is killed after the grace; the shutdown is answered, and nothing is left",
    languages=("hangs-ending",),
    peers=False,
)
def test_a_plugin_that_hangs_in_its_shutdown_is_killed(kernel: Subject) -> None:
    kernel.execute("print('x')")
    shuts_down(kernel, kernel.kernel.watch_all())


@fault(
    PLUGIN,
    "hangs in `shutdown` when the kernel is restarted",
    told="it is killed after the grace, and the next cell runs",
    languages=("hangs-ending",),
    peers=False,
)
def test_a_plugin_that_hangs_in_its_shutdown_does_not_keep_the_kernel_from_restarting(
    kernel: Subject,
) -> None:
    kernel.execute("print('x')")
    watches = kernel.kernel.watch_all()
    kernel.kernel.restart()
    with check(Check.CLEAN):
        all_gone(watches)
    kernel.client = kernel.connect()
    with check(Check.ANSWERS):
        assert kernel.execute("print('runs', flush=True)").text() == "runs\n"
