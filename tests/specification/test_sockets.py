"""The sockets, and who may be connected to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.subjects import NEVER

from specification.rules import ALL, KERNELS, rule

if TYPE_CHECKING:
    from support.subjects import Subject

INTRODUCTION = "Introduction"


@rule(
    "shell",
    INTRODUCTION,
    "this single ROUTER socket allows multiple incoming connections from frontends",
    languages=ALL,
)
def test_several_front_ends_get_their_own_replies(kernel: Subject) -> None:
    front_ends = [kernel.client, kernel.connect(), kernel.connect()]
    sent = [each.send_execute(kernel.words.value) for each in front_ends]
    for each, msg_id in zip(front_ends, sent, strict=True):
        assert each.outcome(msg_id).result == kernel.words.shown
        assert {seen.parent for seen in each.replies(sent)} == {msg_id}


@rule(
    "iopub",
    INTRODUCTION,
    "we want all frontends to be able to know what each other has sent to the kernel",
    languages=ALL,
)
def test_all_front_ends_see_what_one_has_sent(kernel: Subject) -> None:
    other = kernel.connect()
    sent = kernel.client.send_execute(kernel.words.value)
    assert other.wait_for("execute_input", sent).content["code"] == kernel.words.value


@rule(
    "iopub",
    INTRODUCTION,
    "the kernel publishes all side effects (stdout, stderr, debugging events etc.)",
)
def test_all_front_ends_see_what_a_cell_of_one_writes(kernel: Subject) -> None:
    other = kernel.connect()
    sent = kernel.client.send_execute("import sys; print('out'); print('err', file=sys.stderr)")
    for stream in ("stdout", "stderr"):
        other.wait(
            lambda seen, name=stream: seen.parent == sent and seen.content.get("name") == name,  # type: ignore[misc]
            stream,
        )


@rule(
    "any",
    INTRODUCTION,
    "All messages are tagged with enough information (details below) for clients to know which "
    "messages come from their own interaction with the kernel and which ones are from other "
    "clients",
    languages=ALL,
)
def test_what_is_published_names_the_front_end_that_caused_it(kernel: Subject) -> None:
    other = kernel.connect()
    sent = kernel.client.send_execute(kernel.words.value)
    seen = other.wait_for("execute_result", sent)
    assert seen.message["parent_header"]["session"] == kernel.client.session.session


@rule(
    "control",
    INTRODUCTION,
    "operates on a separate socket to avoid queueing behind execution requests",
)
def test_control_is_answered_while_a_cell_runs(kernel: Subject) -> None:
    gate, cell = kernel.send_gate()
    asked = kernel.client.request("kernel_info_request", channel="control", patience=5)
    assert asked.status == "ok"
    assert not kernel.client.replies([cell])
    gate.open()
    assert kernel.client.outcome(cell).status == "ok"


@rule(
    "shutdown_request",
    INTRODUCTION,
    "shutdown or debug messages can be processed immediately without waiting for a long-running "
    "shell message to be finished processing",
)
def test_a_shutdown_does_not_wait_for_the_running_cell(kernel: Subject) -> None:
    other = kernel.fresh()
    other.send_gate()
    sent = other.client.send("shutdown_request", {"restart": False}, channel="control")
    assert other.client.wait_for("shutdown_reply", sent).content["status"] == "ok"
    other.exit_code()


@rule(
    "heartbeat",
    "Heartbeat for kernels",
    "Clients send ping messages on a REQ socket, which are echoed right back from the Kernel's "
    "REP socket.",
    languages=ALL,
)
def test_the_heartbeat_comes_right_back(kernel: Subject) -> None:
    for word in (b"ping", b"pong"):
        assert kernel.client.beats(word) == word


@rule(
    "heartbeat",
    "Heartbeat for kernels",
    "These are simple bytestrings, not full JSON messages described above.",
    languages=ALL,
)
def test_any_bytes_come_back_on_the_heartbeat_as_they_went(kernel: Subject) -> None:
    for word in (b"", bytes(range(256)), b"x" * 70_000):
        assert kernel.client.beats(word) == word


@rule(
    "heartbeat",
    "Handling messages",
    "the frontend uses this to check that the kernel is still alive",
    page=KERNELS,
)
def test_the_heart_beats_while_a_cell_computes_in_c(kernel: Subject) -> None:
    other = kernel.fresh()
    code = "print('computes', flush=True); import itertools; all(itertools.repeat(True))"
    other.client.wait_for_text("computes", other.client.send_execute(code))
    assert other.client.beats(b"alive?", NEVER * 5) == b"alive?"


@rule(
    "sockets",
    "Connection file format",
    "The transport, ip and five _port fields specify five ports which the kernel should bind to",
    page=KERNELS,
    languages=ALL,
)
def test_all_five_ports_of_the_connection_file_are_listened_on(kernel: Subject) -> None:
    client = kernel.client
    assert client.beats(b"here") == b"here"
    for channel in ("shell", "control"):
        assert client.request("kernel_info_request", channel=channel).status == "ok"
    assert "idle" in client.states()
    assert set(client.sockets) == {"shell", "control", "stdin"}
    assert client.can_connect("stdin")
