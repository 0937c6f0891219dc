"""Every mutation of every frame of every message: nothing kills a kernel, and no good one is lost.

All of a group are sent through one kernel without a pause between them; then it must still work.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from support import processes
from support.client import Client
from support.mutations import ANSWERED, DROPPED, Message, Mutation, Mutator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from support.kernels import Kernel

CODE = {"code": "mutants = 1", "stop_on_error": False}
HISTORY = {"hist_access_type": "tail", "n": 1, "output": True}
DEBUG = {"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}}
COMM = {"comm_id": "c", "target_name": "t", "data": {}}
MESSAGES = [
    Message("shell", "execute_request", CODE),
    Message("shell", "complete_request", {"code": "pri", "cursor_pos": 2}),
    Message("shell", "inspect_request", {"code": "print", "cursor_pos": 3}),
    Message("shell", "is_complete_request", {"code": "def"}),
    Message("shell", "history_request", HISTORY),
    Message("shell", "kernel_info_request"),
    Message("shell", "connect_request"),
    Message("shell", "comm_info_request"),
    Message("shell", "interrupt_request"),
    Message("shell", "comm_open", COMM, replies=False, buffers=[b"", b"buffer"]),
    Message("shell", "comm_msg", COMM, replies=False, buffers=[b"", b"buffer"]),
    Message("shell", "comm_close", COMM, replies=False),
    Message("control", "kernel_info_request"),
    Message("control", "connect_request"),
    Message("control", "comm_info_request"),
    Message("control", "history_request", HISTORY),
    Message("control", "interrupt_request"),
    Message("control", "list_subshell_request"),
    Message("control", "delete_subshell_request", {"subshell_id": "nobody"}),
    Message("control", "debug_request", DEBUG),
    Message("stdin", "input_reply", {"value": "mutant"}, replies=False),
]
# what ends the kernel, or takes long, where it is carried out
DEAR = [
    Message("shell", "shutdown_request", {"restart": False}),
    Message("control", "shutdown_request", {"restart": False}),
    Message("control", "usage_request"),
    Message("control", "create_subshell_request"),
]
GROUP = 250
LEAST = 7000  # mutations that are tried, at least


def mutations(mutator: Mutator, message: Message) -> list[Mutation]:
    """Spoil a message in every way."""
    ways = [mutator.of_frames(message), mutator.of_values(message, safe=message not in DEAR)]
    if message not in DEAR:
        ways += [mutator.of_identities(message), mutator.of_signed_frames(message)]
    if message.msg_type in ("kernel_info_request", "execute_request"):
        ways.append(mutator.of_header_fields(message))
    return [each for each in itertools.chain(*ways) if message not in DEAR or each.fate == DROPPED]


def works(kernel: Kernel, client: Client) -> None:
    """Hold that the kernel has read all, and does what it should."""
    for channel in ("shell", "control"):
        assert client.request("kernel_info_request", channel=channel).status == "ok"
    assert client.execute("print(6 * 7)").text() == "42\n"
    assert client.beats(b"beat") == b"beat"
    assert "Traceback" not in kernel.log
    assert "a bug of" not in kernel.log


def survive(kernel: Kernel, client: Client, group: Iterable[Mutation]) -> None:
    """Send mutations, and hold that what must be answered is, and nothing else."""
    group = list(group)
    since = len(client.seen)
    for each in group:
        client.send_frames(each.frames, each.channel)
    works(kernel, client)
    for each in group:
        if each.fate == ANSWERED:  # shell requests wait for their turn
            client.wait(_reply_to(each.msg_id), each.name, since=since)
    works(kernel, client)
    seen = client.seen[since:]
    replies = [each.parent for each in seen if each.channel in ("shell", "control")]
    caused = {each.parent for each in seen}
    for each in group:
        count = replies.count(each.msg_id) if each.msg_id else 0
        assert count <= 1, f"{each.name}: {count} replies"
        if each.fate == DROPPED and each.msg_id:
            assert each.msg_id not in caused, f"{each.name}: it was not dropped"


def _reply_to(msg_id: str) -> Callable[[Any], bool]:
    return lambda seen: seen.parent == msg_id and seen.channel in ("shell", "control")


def culprit(start: Callable[[], tuple[Kernel, Client]], group: list[Mutation]) -> str:
    """Find by halving which mutation it is that a fresh kernel does not survive."""
    while len(group) > 1:
        half = group[: len(group) // 2]
        try:
            survive(*start(), half)
        except AssertionError:
            group = half
        else:
            group = group[len(half) :]
    return group[0].name


def test_no_mutation_of_any_frame_kills_a_kernel_or_is_taken_for_a_good_message(
    kernel: Callable[..., Kernel],
) -> None:
    def start() -> tuple[Kernel, Client]:
        python = kernel("polykernel-python", subscribe=False)
        client = python.connect(checked=False)  # what is odd in a header comes back in replies
        client.ready()
        return python, client

    python, client = start()
    evaluator = python.evaluator().pid
    mutator = Mutator(client.session.sign)
    everything = [m for message in [*MESSAGES, *DEAR] for m in mutations(mutator, message)]
    assert len(everything) >= LEAST
    for at in range(0, len(everything), GROUP):
        group = everything[at : at + GROUP]
        try:
            survive(python, client, group)
        except AssertionError as error:
            raise AssertionError(f"{error}; alone: {culprit(start, group)}") from error
        client.seen.clear()
    assert python.evaluator().pid == evaluator


def test_what_is_signed_by_another_scheme_is_dropped(program: Kernel) -> None:
    client = program.client
    for scheme in ("hmac-sha512", "hmac-md5", "hmac-blake2b"):
        other = Client({**program.info, "signature_scheme": scheme}, subscribe=False, checked=False)
        other.send_execute("print('executed')")
        other.send("kernel_info_request", channel="control")
        program.wait_for_log("a message on shell is dropped: wrong signature")
        program.wait_for_log("a message on control is dropped: wrong signature")
        assert program.execute("print('works')").text() == "works\n"
        other.pump(0)
        assert not other.seen
        other.close()
    assert not any("executed\n" in str(seen.content) for seen in client.seen)


def test_two_requests_of_one_id_are_two_requests(program: Kernel) -> None:
    client = program.client
    for code in ("print('one')", "print('two')"):
        header = {"msg_id": "twice", "msg_type": "execute_request", "session": "s"}
        parts = [json.dumps(header).encode(), b"{}", b"{}", json.dumps({"code": code}).encode()]
        client.send_frames([b"<IDS|MSG>", client.session.sign(parts), *parts])
    client.wait_for_text("two\n", "twice")
    assert client.execute("print('works')").text() == "works\n"
    assert len(client.replies(["twice"])) == 2
    states = [each.content.get("execution_state") for each in client.seen if each.parent == "twice"]
    assert [each for each in states if each] == ["busy", "idle"] * 2


def test_a_message_that_is_sent_again_by_anybody_is_not_executed_again(program: Kernel) -> None:
    client = program.client
    parts = [json.dumps({"msg_id": "m", "msg_type": "execute_request"}).encode(), b"{}", b"{}"]
    parts.append(b'{"code": "print(1)"}')
    frames = [b"<IDS|MSG>", client.session.sign(parts), *parts]
    client.send_frames(frames)
    assert client.outcome("m").status == "ok"
    for front_end in (client, program.connect()):
        for channel in ("shell", "control"):
            front_end.send_frames(frames, channel)
            front_end.sync()
            front_end.request("kernel_info_request", channel="control")
    program.wait_for_log("this signature has come before")
    assert len(client.replies(["m"])) == 1
    assert client.execute("print('works')").text() == "works\n"


# a gigabyte, as in FRAME_MB=1024, takes some 20 seconds
LARGE = int(os.environ.get("FRAME_MB", "100")) << 20
ROOM = 64 << 20  # bytes that a host may keep


@pytest.mark.parametrize("damaged", [False, True], ids=["signed", "wrong signature"])
def test_the_memory_of_a_very_large_frame_comes_back(program: Kernel, damaged: bool) -> None:
    client = program.client
    host = psutil.Process(program.pid)
    before = host.memory_info().rss
    header = json.dumps({"msg_id": "giant", "msg_type": "execute_request"}).encode()
    parts = [header, b"{}", b"{}", b'{"code": "print(1)"' + b" " * LARGE + b"}"]
    signature = b"0" * 64 if damaged else client.session.sign(parts)
    client.send_frames([b"<IDS|MSG>", signature, *parts])
    if damaged:
        program.wait_for_log("wrong signature")
    else:
        assert client.outcome("giant", patience=120).text() == "1\n"
    del parts
    assert program.execute("print('works')").text() == "works\n"
    processes.until(lambda: host.memory_info().rss < before + ROOM, "a small host")


# ZMTP 3.1, as a DEALER without encryption speaks it
GREETING = b"\xff" + b"\0" * 8 + b"\x7f\x03\x01NULL".ljust(55, b"\0")
READY = b"\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0"


@pytest.mark.parametrize("size", [1 << 45, 1 << 62, (1 << 63) - 1, (1 << 64) - 1])
def test_a_frame_that_says_it_is_larger_than_memory_ends_its_connection_only(
    program: Kernel, size: int
) -> None:
    with socket.create_connection(("127.0.0.1", program.info["shell_port"]), 30) as peer:
        peer.sendall(GREETING + bytes([4, len(READY)]) + READY)
        peer.sendall(b"\x02" + size.to_bytes(8, "big") + b"the beginning of it")
        while peer.recv(4096):  # its own greeting, then the end
            pass
    assert program.execute("print('works')").text() == "works\n"
