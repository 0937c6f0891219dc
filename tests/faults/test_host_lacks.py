"""The host lacks something: descriptors, room on the disk, memory, its own standard streams."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from support import processes
from support.client import Client

from faults.checks import Check, answers, check, leaves_nothing, told_in
from faults.hosts import Start, limited
from faults.register import HOST, WITH_PROCESSES, fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.subjects import Subject

MANY = 50  # front ends
ENOUGH = 40  # descriptors, for an evaluator with its pipes
DIE = "import os; os._exit(3)"


def descriptors(pid: int) -> set[int]:
    """Give the descriptors that a process has open."""
    return {int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir()}


def of_evaluators(pid: int) -> int:
    """Count those of evaluators: sockets and the history's files come and go as they like."""
    count = 0
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it was closed just now
            count += str(each.readlink()).startswith(("pipe:", "anon_inode:[pidfd]"))
    return count


def limit_with(pid: int, free: int) -> int:
    """Give the limit under which a process has so many free descriptors."""
    taken, limit = descriptors(pid), 0
    while limit in taken or free:
        free -= limit not in taken
        limit += 1
    return limit


def serves(kernel: Subject) -> None:
    """Check that who is connected is served; a heartbeat would be a new connection."""
    with check(Check.ANSWERS):
        assert kernel.execute(kernel.words.value).result == kernel.words.shown
        assert kernel.client.request("kernel_info_request", channel="control").status == "ok"


@fault(
    HOST,
    "descriptors used up, while cells run and front ends ask",
    told="nothing: cells run; the history is answered from memory, which the log tells",
)
def test_cells_run_and_requests_are_answered_without_a_free_descriptor(kernel: Subject) -> None:
    kernel.execute("print('before')")
    serves(kernel)  # its sockets are all connected
    with limited(kernel.kernel.pid, resource.RLIMIT_NOFILE, 3):
        serves(kernel)
        with check(Check.ANSWERS):
            reply = kernel.client.request("history_request", {"hist_access_type": "tail"}).reply
            assert reply["status"] == "ok"
            assert "print('before')" in str(reply["history"])
            usage = kernel.client.request("usage_request", channel="control").reply
            assert usage["status"] in ("ok", "error")
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    HOST,
    "descriptors used up, when the evaluator has died",
    told="the cell says how its evaluator died, the next ones that no new one can be started, and "
    "why; the first one that finds descriptors runs",
    peers=False,
)
def test_an_evaluator_that_found_no_descriptor_is_started_when_there_are_some(
    kernel: Subject,
) -> None:
    pid = kernel.kernel.pid
    with limited(pid, resource.RLIMIT_NOFILE, 3):
        told_in(kernel, kernel.client.send_execute(DIE), "exit code 3")
        for _ in range(3):
            cell = kernel.client.send_execute(kernel.words.value)
            told_in(kernel, cell, "Too many open files", ename="EvaluatorStartError")
    outcome = kernel.execute(kernel.words.value)
    assert outcome.result == kernel.words.shown
    assert "This cell runs in a fresh evaluator" in outcome.text("stderr")
    kernel.client.request("history_request")  # which opens its file
    # wherever the start of an evaluator finds the last one used
    before = of_evaluators(pid)
    for free in range(ENOUGH):
        with limited(pid, resource.RLIMIT_NOFILE, 3):
            kernel.execute(DIE)
        with limited(pid, resource.RLIMIT_NOFILE, limit_with(pid, free)):
            outcome = kernel.execute(kernel.words.value)
            if outcome.status == "ok":
                break
            assert outcome.reply["ename"] == "EvaluatorStartError"
        reply = kernel.execute(kernel.words.value).reply
        assert reply["status"] == "ok", (free, reply)
        assert of_evaluators(pid) <= before, "some were left open"
    assert outcome.status == "ok", "it never found enough"
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    HOST,
    "descriptors used up, with fifty front ends connecting",
    told="who is connected is served; the others are when there are descriptors again",
    languages=WITH_PROCESSES,
)
def test_front_ends_that_find_no_descriptor_are_served_when_there_are_some(kernel: Subject) -> None:
    serves(kernel)  # its sockets are all connected
    with limited(kernel.kernel.pid, resource.RLIMIT_NOFILE, 3):
        others = [kernel.kernel.connect(subscribe=False, checked=False) for _ in range(MANY)]
        sent = [each.send("kernel_info_request") for each in others]
        serves(kernel)
        assert not any(each.pump(0) for each in others), "there was a free one"
    with check(Check.ANSWERS):
        for other, asked in zip(others, sent, strict=True):
            assert other.wait_for("kernel_info_reply", asked).content["status"] == "ok"
    answers(kernel)
    for other in others:
        other.close()
    leaves_nothing(kernel)


@fault(
    HOST,
    "no room on the disk for the history",
    told="nothing: cells run, the history is kept in memory, and written when there is room",
    languages=WITH_PROCESSES,
    peers=False,
)
def test_a_disk_that_is_full_keeps_the_history_in_memory(kernel: Subject) -> None:
    client = kernel.client
    with limited(kernel.kernel.pid, resource.RLIMIT_FSIZE, 0):
        cells = [f"{kernel.words.value} {' ' * number}" for number in range(3)]
        for each in cells:
            assert kernel.execute(each).status == "ok"
            found = client.request("history_request", {"hist_access_type": "tail", "n": 9}).reply
            assert found["history"][-1][2] == each
        answers(kernel)
    leaves_nothing(kernel)
    assert "Traceback" not in kernel.kernel.log
    written = sqlite3.connect(kernel.folder / "data" / "polykernel" / "history.sqlite")
    assert [row[0] for row in written.execute("SELECT input FROM cells")][:3] == cells
    written.close()


@pytest.mark.parametrize(
    "lack", ["a full disk", "a file in its place", "a system of files of others"]
)
@fault(
    HOST,
    "no connection file can be written: the disk is full, or the runtime folder can't be made",
    told="one line that says why, and the exit code 2; nothing is left",
    peers=False,
)
def test_a_kernel_without_a_connection_file_ends_with_a_line(tmp_path: Path, lack: str) -> None:
    runtime = tmp_path / "runtime"
    limit: Callable[[], None] | None = None
    if lack == "a full disk":
        limit = no_room
    elif lack == "a file in its place":
        runtime.write_text("no folder")
    else:
        runtime = Path("/proc/polykernel")
    environment = {**os.environ, "JUPYTER_RUNTIME_DIR": str(runtime), "TMPDIR": str(tmp_path)}
    before = set(tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-P", "-m", "polykernel", "run", "echo"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=limit,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("polykernel: can't ")
    assert done.stderr.count("\n") == 1
    assert str(runtime) in done.stderr
    if lack == "a full disk":
        assert list(runtime.iterdir()) == []
    assert set(tmp_path.iterdir()) - before <= {runtime}


def no_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@fault(
    HOST,
    "no standard streams: 0, 1 and 2 are closed when it starts",
    told="nothing: cells run, and what they print is shown",
    peers=False,
)
def test_a_host_without_standard_streams_runs_cells(tmp_path: Path) -> None:
    host = Start(tmp_path / "k", by_hand=False, python=CLOSED)
    try:
        processes.until(host.runs, "a cell")
        client = Client(json.loads(host.path.read_text()))
        client.ready()
        outcome = client.execute("import os; print('a'); os.system('echo b; echo c >&2')")
        assert (outcome.text(), outcome.text("stderr")) == ("a\nb\n", "c\n")
        for number in (0, 1, 2):
            assert str(Path(f"/proc/{host.process.pid}/fd/{number}").readlink()) == os.devnull
        client.request("shutdown_request", {"restart": False}, channel="control")
        client.close()
        host.leaves_nothing()
    finally:
        host.close()


CLOSED = """
import os, sys
for descriptor in (0, 1, 2):
    os.close(descriptor)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@fault(
    HOST,
    "its launcher is not there any more: stderr is a pipe that nobody reads, and all is logged",
    told="nothing: cells run, and nothing is written anywhere else",
    peers=False,
)
def test_a_log_that_nobody_reads_any_more_ends_nothing(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    host = Start(tmp_path / "k", by_hand=False, log=writer, arguments=["-vvv"])
    os.close(writer)
    try:
        processes.until(host.runs, "a cell")
        assert os.read(reader, 100)
        os.close(reader)
        client = Client(json.loads(host.path.read_text()))
        client.ready()
        outcome = client.execute("print('still there')")
        assert outcome.text() == "still there\n"
        client.send_frames([b"<IDS|MSG>", b"no signature", b"{}", b"{}", b"{}", b"{}"])
        assert client.execute("import os; os._exit(3)").reply["ename"] == "EvaluatorDied"
        assert client.execute("6 * 7").result == "42"
        client.request("shutdown_request", {"restart": False}, channel="control")
        client.close()
        host.leaves_nothing()
        assert host.process.returncode == 0
    finally:
        host.close()


@fault(
    HOST,
    "little memory left, and a cell that shows 200 MB",
    told="the cell says that something was refused; the next one runs, with all that was defined",
    peers=False,
)
def test_what_the_host_has_no_memory_for_is_refused(kernel: Subject) -> None:
    pid = kernel.kernel.pid
    kernel.execute("a = 7; from IPython.display import display")
    used = psutil.Process(pid).memory_info().vms
    with limited(pid, resource.RLIMIT_AS, used + (100 << 20)):
        cell = "display({'text/plain': 'x' * (200 << 20)}, raw=True); a"
        outcome = kernel.execute(cell)
        assert outcome.result == "7"
        assert "refused" in outcome.text("stderr")
        answers(kernel)
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    HOST,
    "the clock is set back by a day, while a cell runs and before the next ones",
    told="nothing: what is printed comes at once, and timers run as ever",
    peers=False,
)
def test_a_clock_that_is_set_back_changes_nothing(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    host = Start(tmp_path / "k", by_hand=False, python=SET_BACK, environment={"CLOCK": str(clock)})
    try:
        processes.until(host.runs, "a cell")
        client = Client(json.loads(host.path.read_text()))
        client.ready()
        cell = client.send_execute(PRINTING)
        client.wait_for_text("begun", cell)
        clock.write_text("86400")
        at = len(client.seen)
        client.wait(lambda seen: seen.msg_type == "stream", "output", since=at + 100)
        client.request("interrupt_request", channel="control")
        assert client.outcome(cell).reply["ename"] == "KeyboardInterrupt"
        lines = client.execute("for each in range(100): print(each)").text()
        assert lines == "".join(f"{each}\n" for each in range(100))
        assert client.execute("import os; os._exit(3)").reply["ename"] == "EvaluatorDied"
        assert client.execute("6 * 7").result == "42"
        # an evaluator that does not listen is ended by timers
        client.execute("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)")
        client.send_execute("import itertools; all(itertools.repeat(True))")
        client.sync()
        client.request("shutdown_request", {"restart": False}, channel="control")
        client.close()
        host.leaves_nothing()
    finally:
        host.close()


PRINTING = """
import time
print('begun')
while True:
    for each in range(1000): print(each)
    time.sleep(.01)
"""

# the host sees another time than there is: nobody may set the real clock here
SET_BACK = """
import os, sys, time
real = time.time
def set_back():
    try:
        with open(os.environ["CLOCK"]) as file:
            return real() - float(file.read() or 0)
    except OSError:
        return real()
time.time = set_back
sys.argv = sys.argv[3:]
from polykernel.cli import main
sys.exit(main(sys.argv))
"""
