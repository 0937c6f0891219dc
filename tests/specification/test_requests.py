"""Requests and replies: busy, what a request causes, the reply, idle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.subjects import NEVER

from specification.rules import ALL, WITH_ERRORS, rule

if TYPE_CHECKING:
    from support.client import Seen
    from support.subjects import Subject

    from specification.tour import Tour

REQUEST_REPLY = "Request-Reply"
STATUS = "Kernel status"


def states(caused: list[Seen]) -> list[str]:
    return [seen.content["execution_state"] for seen in caused if seen.msg_type == "status"]


@rule(
    "status",
    REQUEST_REPLY,
    "The kernel receives that request and immediately publishes a ``status: busy`` message on "
    "IOPub.",
    languages=ALL,
)
def test_busy_comes_before_all_that_a_request_causes(tour: Tour) -> None:
    for msg_type, caused in tour.caused():
        assert caused, f"nothing was published for {msg_type}"
        assert caused[0].content.get("execution_state") == "busy", msg_type


@rule(
    "*_reply",
    REQUEST_REPLY,
    "sends the appropriate ``<action>_reply`` message, such as ``execute_reply``",
    languages=ALL,
)
def test_every_request_has_one_reply_of_its_own_type(tour: Tour) -> None:
    for msg_id, header in tour.sent.items():
        replies = [seen.msg_type for seen in tour.replies if seen.parent == msg_id]
        action, _, kind = header["msg_type"].rpartition("_")
        assert replies == ([f"{action}_reply"] if kind == "request" else [])


@rule(
    "status",
    REQUEST_REPLY,
    "After processing the request and publishing associated IOPub messages, if any, the kernel "
    "publishes a ``status: idle`` message.",
    languages=ALL,
)
def test_every_request_ends_with_idle(tour: Tour) -> None:
    for msg_type, caused in tour.caused():
        assert states(caused)[-1:] == ["idle"], msg_type


@rule(
    "status",
    REQUEST_REPLY,
    "This idle status message indicates that IOPub messages associated with a given request have "
    "all been received.",
    languages=ALL,
)
def test_nothing_that_a_request_caused_comes_after_its_idle(tour: Tour) -> None:
    for msg_type, caused in tour.caused():
        assert caused[-1].content.get("execution_state") == "idle", msg_type


@rule(
    "status",
    REQUEST_REPLY,
    "publishing associated IOPub messages, if any",
)
def test_what_child_processes_print_comes_before_idle(kernel: Subject) -> None:
    code = "import subprocess; subprocess.run(['echo', 'from a child'])"
    outcome = kernel.execute(code)
    assert outcome.text() == "from a child\n"
    assert outcome.sequence[-1] == "idle"


@rule(
    "*_reply",
    REQUEST_REPLY,
    "All reply messages have a ``'status'`` field, which will have one of the following values",
    languages=ALL,
)
def test_every_reply_has_a_status(tour: Tour) -> None:
    for seen in tour.replies:
        allowed = {"ok", "error", "aborted"}
        if seen.msg_type == "is_complete_reply":
            allowed = {"complete", "incomplete", "invalid", "unknown", "error"}
        assert seen.content["status"] in allowed, seen


@rule(
    "*_reply",
    REQUEST_REPLY,
    "``status='error'``: The request failed due to an error.",
    languages=ALL,
)
@pytest.mark.parametrize(
    "msg_type", ["execute_request", "complete_request", "inspect_request", "is_complete_request"]
)
def test_a_malformed_request_has_an_error_as_its_reply(kernel: Subject, msg_type: str) -> None:
    for content in ({}, {"code": None}, {"code": 7, "cursor_pos": "x"}):
        outcome = kernel.client.request(msg_type, content)
        assert outcome.status == "error"
        assert isinstance(outcome.reply["ename"], str)
        # of a cell, who only sees what is published is told, too
        between = ["error"] if msg_type == "execute_request" and kernel.kind.ours else []
        assert outcome.sequence == ["busy", *between, "idle"]


@rule(
    "*_reply",
    REQUEST_REPLY,
    "instead the following fields should be present",
    languages=WITH_ERRORS,
)
def test_an_error_has_a_name_a_value_and_a_traceback(kernel: Subject) -> None:
    reply = kernel.execute(kernel.words.error).reply
    assert reply["status"] == "error"
    assert reply["ename"]
    assert isinstance(reply["ename"], str)
    assert isinstance(reply["evalue"], str)
    assert reply["traceback"]
    assert all(isinstance(line, str) for line in reply["traceback"])


@rule(
    "*_reply",
    REQUEST_REPLY,
    "When status is 'error', the usual content of a successful reply should be omitted",
    languages=WITH_ERRORS,
)
def test_an_error_has_nothing_of_a_success(kernel: Subject) -> None:
    reply = kernel.execute(kernel.words.error).reply
    assert set(reply) == {"status", "ename", "evalue", "traceback", "execution_count"}


@rule(
    "*_reply",
    REQUEST_REPLY,
    "``status='aborted'``: ... No fields should be present other that ``status``.",
    languages=WITH_ERRORS,
)
def test_an_aborted_reply_tells_nothing_but_its_count(kernel: Subject) -> None:
    reply = aborted(kernel)
    assert set(reply) == {"status", "execution_count"}


def aborted(kernel: Subject) -> dict[str, object]:
    """Queue a cell behind one that fails, and give its reply."""
    client = kernel.client
    failing, queued = kernel.send_queued([kernel.words.error, "1 + 1"])
    assert client.outcome(failing).status == "error"
    outcome = client.outcome(queued)
    assert outcome.status == "aborted"
    return outcome.reply


@rule(
    "execute_reply",
    REQUEST_REPLY,
    "have an ``execution_count`` field regardless of their status",
    languages=WITH_ERRORS,
)
def test_replies_of_cells_that_fail_or_never_run_have_a_count(kernel: Subject) -> None:
    for reply in (
        kernel.execute(kernel.words.value).reply,
        kernel.execute(kernel.words.error).reply,
        aborted(kernel),
    ):
        assert isinstance(reply["execution_count"], int)


@rule(
    "*_reply",
    "Introduction",
    "The communication on this socket is a sequence of request/reply actions from each frontend "
    "and the kernel.",
    languages=ALL,
)
def test_replies_come_in_the_order_of_the_cells(kernel: Subject) -> None:
    client = kernel.client
    ids = kernel.send_queued([kernel.words.value] * 20)
    for msg_id in ids:
        client.outcome(msg_id)
    assert [seen.parent for seen in client.replies(ids)] == ids


@rule(
    "status",
    STATUS,
    "the kernel shall immediately publish a status message with ``execution_state: 'busy'``",
    languages=ALL,
)
def test_requests_on_control_are_between_busy_and_idle_too(kernel: Subject) -> None:
    for msg_type in ("kernel_info_request", "interrupt_request"):
        outcome = kernel.client.request(msg_type, channel="control")
        assert outcome.sequence == ["busy", "idle"]


@rule(
    "status",
    STATUS,
    "Busy and idle messages should be sent before/after handling every request, not just "
    "execution.",
    languages=ALL,
)
def test_every_request_is_between_one_busy_and_one_idle(tour: Tour) -> None:
    for msg_type, caused in tour.caused():
        assert states(caused) == ["busy", "idle"], msg_type


@rule(
    "status",
    STATUS,
    "outputs associated with a given execution shall generally arrive between the busy and idle "
    "status messages associated with a given request",
)
def test_a_flood_of_text_is_whole_before_idle(kernel: Subject) -> None:
    outcome = kernel.execute("for n in range(20000): print(n)")
    assert outcome.text() == "".join(f"{n}\n" for n in range(20000))
    assert (outcome.sequence[0], outcome.sequence[-1]) == ("busy", "idle")


@rule(
    "status",
    STATUS,
    "When the kernel starts to handle a message, it will enter the 'busy' state and when it "
    "finishes, it will enter the 'idle' state.",
)
def test_a_kernel_that_runs_a_cell_is_busy_whatever_it_answers_beside_it(kernel: Subject) -> None:
    gate, cell = kernel.send_gate()
    client = kernel.client
    for channel in ("control", "control"):
        client.request("kernel_info_request", channel=channel)
    client.pump(NEVER)
    assert client.states()[-1] == "busy"
    gate.open()
    client.outcome(cell)
    assert client.states()[-1] == "idle"


@rule(
    "status",
    STATUS,
    "execution_state : ('busy', 'idle', 'starting')",
    languages=ALL,
)
def test_there_are_three_states_and_no_others(tour: Tour) -> None:
    assert {seen.content["execution_state"] for seen in tour.of("status")} <= {
        "busy",
        "idle",
        "starting",
    }


@rule(
    "status",
    STATUS,
    "The kernel will publish state 'starting' exactly once at process startup.",
    languages=ALL,
    peers=False,
)
def test_starting_is_published_once(kernel: Subject) -> None:
    other = kernel.fresh(arguments=["-vvv"])  # nobody can have subscribed yet: it is in the log
    other.execute(other.words.value)
    other.kernel.wait_for_log('"idle"')
    assert other.kernel.log.count('"starting"') == 1
    before = other.kernel.log.index('"busy"')
    assert other.kernel.log.index('"starting"') < before
