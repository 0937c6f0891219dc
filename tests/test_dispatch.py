"""From message type to handler, with an execution whose evaluator can't start."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support import schema
from support.languages import NONE

from polykernel.debugger import Debugger
from polykernel.dispatch import Dispatch
from polykernel.execution import Execution
from polykernel.history import History
from polykernel.kernel_info import KernelInfo
from polykernel.message import Header, Message, from_json
from polykernel.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

    from tornado.ioloop import IOLoop

REQUESTS = [
    "kernel_info",
    "connect",
    "comm_info",
    "history",
    "interrupt",
    "execute",
    "complete",
    "inspect",
    "is_complete",
]


class Front:
    """A dispatch, and what it sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Message]] = []
        self.shutdowns: list[tuple[bool, Callable[[], None]]] = []
        supervisor = Supervisor([], {}, "none", None, "there is no evaluator")
        self.execution = Execution(supervisor, self._send)
        debugger = Debugger(supervisor, self._send, lambda: None, expected=False)
        self.dispatch = Dispatch(
            self.execution,
            debugger,
            self._send,
            info=KernelInfo(NONE),
            ports={f"{name}_port": 1 for name in ("shell", "iopub", "stdin", "hb", "control")},
            shutdown=lambda restart, last: self.shutdowns.append((restart, last)),
            history=History("none", "off"),
        )

    def _send(self, channel: str, message: Message) -> None:
        schema.check_message(channel, message)
        self.sent.append((channel, message))

    def send(
        self,
        msg_type: str,
        channel: str = "shell",
        content: bytes = b'{"code": ""}',
        **more: str,
    ) -> None:
        header = {"msg_id": "m", "msg_type": msg_type, **more}
        raw = json.dumps(header).encode()
        self.dispatch.handle(channel, Message(Header(**header), raw_header=raw, content=content))

    def kinds(self) -> list[str]:
        return [
            from_json(message.content).get("execution_state", message.msg_type)
            for _, message in self.sent
        ]

    def reply(self) -> dict[str, Any]:
        (reply,) = [message for channel, message in self.sent if channel != "iopub"]
        return dict(from_json(reply.content))


@pytest.fixture
def front(loop: IOLoop) -> Front:
    return Front()


@pytest.mark.parametrize("name", REQUESTS)
def test_every_request_gets_one_reply_between_busy_and_idle(front: Front, name: str) -> None:
    front.send(f"{name}_request")
    kinds = front.kinds()
    assert kinds[0] == "busy"
    assert kinds[-1] == "idle"
    assert kinds.count(f"{name}_reply") == 1
    assert front.reply()["status"]


@pytest.mark.parametrize("name", ["kernel_info", "interrupt", "connect"])
def test_what_control_is_asked_is_answered_on_control(front: Front, name: str) -> None:
    front.send(f"{name}_request", "control")
    assert [channel for channel, _ in front.sent] == ["iopub", "control", "iopub"]


@pytest.mark.parametrize("channel", ["shell", "control", "stdin"])
def test_an_unknown_type_is_dropped(front: Front, channel: str) -> None:
    front.send("no_such_request", channel)
    assert front.sent == []


@pytest.mark.parametrize("name", ["execute", "complete", "inspect", "is_complete"])
def test_what_needs_the_evaluator_is_refused_on_control(front: Front, name: str) -> None:
    front.send(f"{name}_request", "control")
    published = ["error"] if name == "execute" else []
    assert front.kinds() == ["busy", *published, f"{name}_reply", "idle"]
    assert front.reply()["ename"] == "WrongChannel"
    assert front.reply()["evalue"] == f"{name}_request: it is for shell, not control"


@pytest.mark.parametrize("msg_type", ["comm_open", "comm_msg", "comm_close"])
def test_a_comm_message_is_dropped_on_control(front: Front, msg_type: str) -> None:
    front.send(msg_type, "control")
    assert front.sent == []


def test_a_subshell_that_is_gone_is_none_of_controls_business(front: Front) -> None:
    front.execution.subshells = True
    front.send("interrupt_request", "control", subshell_id="gone")
    assert front.reply() == {"status": "ok"}
    front.send("shutdown_request", "control", b"{}", subshell_id="gone")
    assert len(front.shutdowns) == 1


def test_a_subshell_that_is_gone_runs_nothing(front: Front) -> None:
    front.execution.subshells = True
    front.send("execute_request", subshell_id="gone")
    assert front.reply()["ename"] == "UnknownSubshell"


@pytest.mark.parametrize("name", ["execute", "complete", "inspect", "is_complete", "history"])
def test_malformed_content_is_answered_once_with_an_error(front: Front, name: str) -> None:
    front.send(f"{name}_request", content=b'{"code": 3, "n": "x"}')
    published = ["error"] if name == "execute" else []
    assert front.kinds() == ["busy", *published, f"{name}_reply", "idle"]
    assert front.reply()["ename"] == "MalformedRequest"
    assert ("execution_count" in front.reply()) is (name == "execute")


def test_a_bug_of_ours_leaves_no_request_without_its_reply(
    front: Front, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def bug() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(front.execution, "interrupt", bug)
    front.send("interrupt_request", "control")
    assert front.kinds() == ["busy", "interrupt_reply", "idle"]
    assert front.reply()["ename"] == "InternalError"


@pytest.mark.parametrize("restart", [True, False])
def test_the_reply_to_a_shutdown_waits_for_the_end(front: Front, restart: bool) -> None:
    front.send("shutdown_request", "control", json.dumps({"restart": restart}).encode())
    assert front.kinds() == ["busy"]
    ((asked, last),) = front.shutdowns
    assert asked is restart
    last()
    assert front.kinds() == ["busy", "shutdown_reply", "idle"]
    assert front.reply() == {"status": "ok", "restart": restart}


def test_kernel_info_says_what_the_specification_asks_for(front: Front) -> None:
    front.send("kernel_info_request")
    reply = front.reply()
    assert reply["language_info"] == NONE.language_info()
    assert reply["banner"] == "banner"
    assert reply["help_links"] == [{"text": "Docs", "url": "https://example.org"}]
    assert reply["protocol_version"] == "5.5"
    assert {"implementation", "implementation_version"} <= set(reply)
