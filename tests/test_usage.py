"""What a kernel's processes use, seen from within one process."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from polykernel import usage
from polykernel.message import Header, Message
from polykernel.usage import Processes, Usage

if TYPE_CHECKING:
    from tornado.ioloop import IOLoop

BURN = "import time; begin = time.process_time()\nwhile time.process_time() - begin < 0.3: pass"
HOLD = "import sys; held = b'x' * (50 << 20); print(flush=True); sys.stdin.read()"


def test_processor_time_of_children_that_have_ended_is_counted() -> None:
    begin = time.monotonic()
    processes = Processes()
    subprocess.run([sys.executable, "-c", BURN], check=True)
    percent = processes.usage()["kernel_cpu"]
    assert percent / 100 * (time.monotonic() - begin) >= 0.29


def test_memory_of_grandchildren_is_counted() -> None:
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}])"
    processes = Processes()
    before = processes.usage()["kernel_memory"]
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline()
        assert processes.usage()["kernel_memory"] - before > 50 << 20
        child.communicate()
    assert processes.usage()["kernel_memory"] - before < 50 << 20


@pytest.mark.parametrize("error", [psutil.AccessDenied, psutil.NoSuchProcess])
def test_a_process_that_cant_be_looked_at_spoils_nothing(
    monkeypatch: pytest.MonkeyPatch, error: type[psutil.Error]
) -> None:
    def refuse(self: psutil.Process) -> Any:
        raise error(self.pid)

    processes = Processes()
    monkeypatch.setattr(psutil.Process, "memory_full_info", refuse)
    resident = processes.usage()["kernel_memory"]
    assert (resident > 1 << 20) is (error is psutil.AccessDenied)
    for name in ("memory_info", "cpu_times"):
        monkeypatch.setattr(psutil.Process, name, refuse)
    found = processes.usage()
    assert found["kernel_memory"] == found["kernel_cpu"] == 0


@pytest.fixture
def content(loop: IOLoop) -> Any:
    """Ask for what a reply says, and give it with the thread that delivered it."""

    def ask() -> dict[str, Any]:
        found: list[dict[str, Any]] = []

        def deliver(content: dict[str, Any]) -> None:
            assert threading.current_thread() is threading.main_thread()
            found.append(content)
            loop.stop()

        Usage().answer(Message(header=Header("", "usage_request")), deliver)
        loop.start()
        return found[0]

    return ask


def test_the_answer_comes_on_the_loop(content: Any) -> None:
    assert content()["status"] == "ok"


def test_a_failure_is_an_answer_too(
    content: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: Processes) -> dict[str, Any]:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(usage.Processes, "usage", fail)
    assert (content()["status"], content()["ename"]) == ("error", "ZeroDivisionError")
