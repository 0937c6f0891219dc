"""What cells have started, when what ran them ends: nothing may be left."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from typing import TYPE_CHECKING

import psutil
import pytest
from support import processes

from faults.checks import (
    GONE_WITHIN,
    Check,
    all_gone,
    answers,
    check,
    evaluator,
    shuts_down,
    told_in,
)
from faults.register import EVALUATOR, fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.processes import Watch
    from support.subjects import Subject

EACH = 10
#: Fifty of five kinds. They hold the kernel's pipes open, and hear nothing but SIGKILL.
CHILDREN = """
import os, signal, subprocess, sys
def begin(number):
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    with open({file!r}, "a") as file:
        file.write(f"{{os.getpid()}}\\n")
    os.execv("/bin/sleep", ["sleep", "1000"])
def fork(then):
    pid = os.fork()
    if pid == 0:
        try:
            then()
        finally:
            os._exit(1)
    return pid
def of_its_own_session():
    os.setsid()
    begin(1)
def of_its_own_group():
    os.setpgid(0, 0)
    begin(1)
def daemon():
    os.setsid()
    fork(lambda: begin(1))
    os._exit(0)
def bare():
    os.setpgid(0, 0)
    os.execve(sys.executable, [sys.executable, "-ISc", BARE], {{}})
BARE = "import os; os.write(os.open({file!r}, os.O_WRONLY | os.O_APPEND), b'%d\\\\n' % os.getpid())"
BARE += "; os.execv('/bin/sleep', ['sleep', '1000'])"
for _ in range({each}):
    for kind in (lambda: begin(1), of_its_own_group, of_its_own_session, bare):
        fork(kind)
    os.waitpid(fork(daemon), 0)
print("begun", flush=True)
"""


@pytest.fixture
def children(kernel: Subject) -> Iterator[list[Watch]]:
    """Fifty processes that a cell has started, in all the ways to leave their kernel."""
    file = kernel.folder / "pids"
    file.touch()
    assert kernel.execute(CHILDREN.format(file=str(file), each=EACH)).text() == "begun\n"
    processes.until(lambda: len(file.read_text().split()) == 5 * EACH, "fifty children")
    pids = list(map(int, file.read_text().split()))
    processes.until(lambda: all(_sleeps(pid) for pid in pids), "fifty sleeping children")
    yield [kernel.kernel.watch(pid) for pid in pids]
    for pid in pids:  # a kernel that left them is not to trouble the next test
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _sleeps(pid: int) -> bool:
    return psutil.Process(pid).name() == "sleep"


@fault(
    EVALUATOR,
    "fifty children left behind, daemons among them; the kernel is shut down",
    told="all of them are gone with it",
)
def test_a_shutdown_leaves_no_child_behind(kernel: Subject, children: list[Watch]) -> None:
    shuts_down(kernel, [*kernel.kernel.watch_all(), *children])


@fault(
    EVALUATOR,
    "fifty children left behind, daemons among them; the kernel is restarted",
    told="all of them are gone, and the next cell runs",
)
def test_a_restart_leaves_no_child_behind(kernel: Subject, children: list[Watch]) -> None:
    kernel.kernel.restart()
    with check(Check.CLEAN):
        all_gone(children)
    kernel.client = kernel.connect()
    answers(kernel)


@fault(
    EVALUATOR,
    "fifty children left behind, daemons among them; what ran them is killed",
    told="all of them are gone, the next cell tells of the death, and the one after it runs",
)
def test_a_death_leaves_no_child_behind(kernel: Subject, children: list[Watch]) -> None:
    os.kill(evaluator(kernel), signal.SIGKILL)
    with check(Check.CLEAN):
        all_gone(children)
    told_in(kernel, kernel.client.send_execute("print('must not run')"), "SIGKILL")
    answers(kernel)


@fault(
    EVALUATOR,
    "fifty children left behind, daemons among them; the kernel's own process is killed",
    told="all of them are gone; the front end restarts the kernel",
)
def test_a_kill_of_the_kernel_leaves_no_child_behind(
    kernel: Subject, children: list[Watch]
) -> None:
    watches = kernel.kernel.watch_all()
    os.kill(kernel.kernel.pid, signal.SIGKILL)
    with check(Check.CLEAN):
        all_gone([*watches, *children])


#: Ten processes that are always another: each forks, and ends; for some seconds at most.
HOPPERS = """
import os, time
held = os.open({fifo!r}, os.O_WRONLY)
end = time.monotonic() + 15
for _ in range(10):
    if os.fork() == 0:
        while time.monotonic() < end:
            if os.fork():
                os._exit(0)
            os.setsid()
            time.sleep(0.01)
        os._exit(0)
os.close(held)
print("begun", flush=True)
"""


@fault(
    EVALUATOR,
    "ten daemons that fork all the time, and end; the kernel is shut down",
    told="all of them are gone with it",
)
def test_a_shutdown_leaves_nothing_behind_that_forks_all_the_time(kernel: Subject) -> None:
    fifo = kernel.folder / "fifo"
    os.mkfifo(fifo)
    held = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        outcome = kernel.execute(HOPPERS.format(fifo=str(fifo)))
        assert outcome.text() == "begun\n"
        shuts_down(kernel, kernel.kernel.watch_all())
        with check(Check.CLEAN):  # its end says that nobody holds the other end
            readable, _, _ = select.select([held], [], [], GONE_WITHIN)
            assert readable
            assert os.read(held, 1) == b""
    finally:
        os.close(held)
