"""What a start says before its loop is loaded, with real sockets and a real client."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from support.client import Client
from support.languages import NONE

from polykernel.connection import ConnectionInfo
from polykernel.front_ends import FrontEnds
from polykernel.greeting import greet
from polykernel.kernel_info import KernelInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTENT = KernelInfo(NONE).content(subshells=True, debugger=False)


class Start:
    """A kernel's sockets, and a client's."""

    def __init__(self) -> None:
        info = ConnectionInfo(key="secret")
        self.front_ends = FrontEnds(info)
        fields: dict[str, Any] = {
            "key": info.key,
            "signature_scheme": info.signature_scheme,
            "transport": info.transport,
            "ip": info.ip,
        }
        self.client = Client({**fields, **self.front_ends.transport.ports})

    def greet(self) -> list[tuple[str, str]]:
        """Greet until something was heard: the client may not yet be connected."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            others = greet(self.front_ends, CONTENT)
            self.client.pump(0)
            if others or any(seen.msg_type == "kernel_info_reply" for seen in self.client.seen):
                return [(channel, message.msg_type) for channel, message in others]
        raise AssertionError("nothing was heard")


@pytest.fixture
def start() -> Iterator[Start]:
    started = Start()
    yield started
    started.client.close()
    started.front_ends.transport.close()


@pytest.mark.parametrize("channel", ["shell", "control"])
def test_kernel_info_is_answered_without_a_loop_between_busy_and_idle(
    start: Start, channel: str
) -> None:
    msg_id = start.client.send("kernel_info_request", channel=channel)
    assert start.greet() == []
    reply = start.client.wait_for("kernel_info_reply", msg_id)
    assert reply.channel == channel
    assert reply.content == CONTENT


def test_who_listens_is_welcomed_and_told_the_state(start: Start) -> None:
    subscribed = False
    deadline = time.monotonic() + 20
    while not subscribed and time.monotonic() < deadline:
        start.front_ends.transport.wait(0.01)
        start.client.pump(0.01)
        subscribed = any(seen.msg_type == "iopub_welcome" for seen in start.client.seen)
    msg_id = start.client.send("kernel_info_request")
    start.greet()
    assert start.client.outcome(msg_id).sequence == ["busy", "idle"]


@pytest.mark.parametrize("msg_type", ["execute_request", "complete_request", "comm_info_request"])
def test_what_else_comes_is_kept_and_what_follows_it_is_not_answered_before_it(
    start: Start, msg_type: str
) -> None:
    start.client.send(msg_type, {"code": "1"})
    start.client.send("kernel_info_request")
    others = start.greet()
    assert others[0] == ("shell", msg_type)
    start.client.pump(0.1)
    assert "kernel_info_reply" not in [seen.msg_type for seen in start.client.seen]


def test_a_subshells_kernel_info_is_left_to_who_knows_the_subshells(start: Start) -> None:
    start.client.send("kernel_info_request", subshell="none of ours")
    assert start.greet() == [("shell", "kernel_info_request")]


def test_where_nobody_asks_the_start_goes_on(start: Start) -> None:
    assert greet(start.front_ends, CONTENT) == []


def test_the_loop_is_not_loaded_for_it() -> None:
    modules = "run, greeting, front_ends, kernel_info, connection"
    code = f"import sys; from polykernel import {modules}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "polykernel.transport" in loaded
    assert not {"tornado", "asyncio", "polykernel.host"} & set(loaded)
