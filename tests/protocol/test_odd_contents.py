"""Every request gets its one reply whatever stands in its fields, and the next one works."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.client import Client
    from support.kernels import Kernel

ODD: list[Any] = [
    None,
    True,
    -1,
    2**31,
    2**64,
    10**400,
    1.5,
    1e308,
    "",
    "\0",
    "\ud800",
    "a\nb",
    "é\U0001f600",
    "<IDS|MSG>",
    "'; --",
    "x" * 70_000,
    [],
    [[]],
    {},
    {"": {"a": [None]}},
]
RAW = [
    b"[" * 900 + b"]" * 900,
    b"[" * 100_000,
    b"NaN",
    b"1e999",
    b'"\xff"',
    b'"\\ud800"',
    b"\n{\n}\n",
    b"{",
]
HISTORY = {"output": True, "raw": True, "session": 0, "n": 3, "start": 0, "stop": 5}
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("shell", "execute_request", {"code": "1", "silent": False, "user_expressions": {"a": "1"}}),
    ("shell", "complete_request", {"code": "pri", "cursor_pos": 2}),
    ("shell", "inspect_request", {"code": "print", "cursor_pos": 3, "detail_level": 0}),
    ("shell", "is_complete_request", {"code": "def"}),
    ("shell", "history_request", {"hist_access_type": "tail", **HISTORY}),
    ("control", "history_request", {"hist_access_type": "range", **HISTORY}),
    (
        "shell",
        "history_request",
        {"hist_access_type": "search", "pattern": "*", "unique": True, **HISTORY},
    ),
    ("shell", "comm_info_request", {"target_name": "t"}),
    ("shell", "kernel_info_request", {"more": 1}),
    ("shell", "connect_request", {"more": 1}),
    ("control", "usage_request", {"more": 1}),
    ("control", "create_subshell_request", {"more": 1}),
    ("control", "delete_subshell_request", {"subshell_id": "x"}),
    ("control", "list_subshell_request", {"more": 1}),
    ("control", "interrupt_request", {"more": 1}),
    *(
        (
            "control",
            "debug_request",
            {"type": "request", "seq": 1, "command": command, "arguments": {}},
        )
        for command in ("initialize", "dumpCell", "debugInfo", "inspectVariables", "no such one")
    ),
]


def variants(content: dict[str, Any]) -> Iterator[bytes]:
    """Give the content with one field left out, or odd, at a time."""
    for name in content:
        rest = {key: value for key, value in content.items() if key != name}
        yield json.dumps(rest).encode()
        for odd in ODD:
            yield json.dumps({**rest, name: odd}).encode()
        for raw in RAW:
            yield json.dumps({**rest, name: 0}).encode()[:-2] + raw + b"}"
    yield json.dumps(content, indent=1).encode()


def send(
    client: Client, channel: str, number: int, msg_type: str, content: bytes, *buffers: bytes
) -> str:
    msg_id = f"odd-{number}"
    header = json.dumps({"msg_id": msg_id, "msg_type": msg_type, "session": "s"}).encode()
    parts = [header, b"{}", b"{}", content]
    frames = [b"<IDS|MSG>", client.session.sign(parts), *parts, *buffers]
    client.send_frames(frames, channel)
    return msg_id


def works(kernel: Kernel, client: Client) -> None:
    assert client.request("kernel_info_request", channel="control").status == "ok"
    assert client.execute("print(6 * 7)").text() == "42\n"
    assert client.beats(b"beat") == b"beat"
    assert "Traceback" not in kernel.log
    assert "a bug of" not in kernel.log


@pytest.mark.parametrize(
    ("channel", "msg_type", "content"),
    REQUESTS,
    ids=["-".join([*each[:2], str(each[2].get("command", ""))]) for each in REQUESTS],
)
def test_every_request_of_odd_content_gets_one_reply(
    kernel: Callable[..., Kernel], channel: str, msg_type: str, content: dict[str, Any]
) -> None:
    python = kernel("polykernel-python")
    client = python.client
    evaluator = python.evaluator().pid
    sent: list[str] = []
    for number, odd in enumerate(variants(content)):
        sent.append(send(client, channel, number, msg_type, odd))
        # one by one: an error would abort the cells that are queued
        outcome = client.outcome(sent[-1])
        assert outcome.sequence[0] == "busy"
        assert outcome.sequence[-1] == "idle"
    works(python, client)
    assert [seen.parent for seen in client.replies(sent)] == sent
    assert python.evaluator().pid == evaluator


def test_comm_messages_of_odd_contents_and_buffers_harm_nothing(
    kernel: Callable[..., Kernel],
) -> None:
    python = kernel("polykernel-python", encryption="required", subscribe=False)
    client = python.connect(checked=False)  # the ids of comms are odd, and come back so
    client.ready()
    evaluator = python.evaluator().pid
    number = 0
    for msg_type in ("comm_open", "comm_msg", "comm_close"):
        for content in variants({"comm_id": "c", "target_name": "t", "data": {}}):
            for buffers in ((), (b"", b"\n", b"<IDS|MSG>"), (b"\0" * 70_000,)):
                number += 1
                send(client, "shell", number, msg_type, content, *buffers)
    works(python, client)
    assert python.evaluator().pid == evaluator


@pytest.mark.parametrize("channel", ["shell", "control"])
def test_odd_subshell_ids_are_refused_or_dropped(
    kernel: Callable[..., Kernel], channel: str
) -> None:
    python = kernel("polykernel-python")
    client = python.client
    for odd in ODD:
        header = {
            "msg_id": "odd",
            "msg_type": "kernel_info_request",
            "session": "s",
            "subshell_id": odd,
        }
        parts = [json.dumps(header).encode(), b"{}", b"{}", b"{}"]
        client.send_frames([b"<IDS|MSG>", client.session.sign(parts), *parts], channel)
    works(python, client)
    replies = [seen.content for seen in client.replies(["odd"])]
    if channel == "control":  # which knows no subshells
        assert [each["status"] for each in replies] == ["ok"] * len(replies)
        return
    assert [each["status"] for each in replies] == ["ok", *["error"] * (len(replies) - 1)]
    assert {each.get("ename") for each in replies} == {None, "UnknownSubshell"}


def test_half_of_an_emoji_is_a_replacement_character(kernel: Callable[..., Kernel]) -> None:
    client = kernel("polykernel-python").client
    # as JSON.stringify and json.dumps write it; behind two backslashes it is no escape
    content = rb"""{"code": "print(r'\ud83d|\uDE00|\ud83d\ude00|\\ud83d')", "silent": false}"""
    outcome = client.outcome(send(client, "shell", 0, "execute_request", content))
    assert outcome.text() == "\ufffd|\ufffd|\U0001f600|" + r"\ud83d" + "\n"
    [shown] = outcome.contents("execute_input")
    assert shown["code"].startswith("print(r'\ufffd|")


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"{}",
        b'{"code": 3}',
        b'{"code": "1", "silent": 0}',
        b'{"code": "\xff"}',
        b'{"code": "1", "n": NaN}',
    ],
)
def test_a_malformed_cell_is_an_error_that_is_published(program: Kernel, content: bytes) -> None:
    client = program.client
    outcome = client.outcome(send(client, "shell", 0, "execute_request", content))
    assert outcome.sequence == ["busy", "error", "idle"]
    assert outcome.reply["ename"] == "MalformedRequest"
    [error] = outcome.contents("error")
    assert error == {key: outcome.reply[key] for key in ("ename", "evalue", "traceback")}


@pytest.mark.parametrize("content", [b'{"silent": true}', b'{"silent": true, "code": "\xff"}'])
def test_a_malformed_cell_that_is_to_be_silent_is_silent(program: Kernel, content: bytes) -> None:
    client = program.client
    outcome = client.outcome(send(client, "shell", 0, "execute_request", content))
    assert outcome.sequence == ["busy", "idle"]
    assert outcome.reply["ename"] == "MalformedRequest"
