"""The host is killed, told to end or stopped, while it is at work."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from faults.checks import Check, answers, check, leaves_nothing, printed
from faults.hosts import nothing_is_left
from faults.register import HOST, PYTHON, WITH_PROCESSES, fault

if TYPE_CHECKING:
    from support.subjects import Subject

CHILD = "import subprocess; subprocess.Popen(['sleep', '1000'])\n"
BUSY = "print('begun', flush=True)\nwhile True: pass"
# in C, without ever letting go of the interpreter: no thread of the process hears anything
DEAF = "import itertools; print('begun', flush=True); all(itertools.repeat(True))"


def begin(kernel: Subject, code: str) -> str:
    """Run a cell that does not end, and wait until it has begun."""
    cell = kernel.client.send_execute(code)
    kernel.client.wait_for_text("begun", cell)
    return cell


def end_by(kernel: Subject, number: signal.Signals) -> None:
    """Send a signal to the host while a cell computes in C that has started a child."""
    begin(kernel, CHILD + DEAF)
    watches = kernel.kernel.watch_all()
    os.kill(kernel.kernel.pid, number)
    nothing_is_left(kernel, watches)


@fault(
    HOST,
    "kill -9, while a cell computes in C that has started a child",
    told="the front end says that the kernel died; evaluator, children, guard, ports and files are "
    "gone at once",
)
def test_a_host_that_is_killed_leaves_no_process_port_or_file(kernel: Subject) -> None:
    end_by(kernel, signal.SIGKILL)


@fault(
    HOST,
    "SIGTERM, while a cell computes that has started a child",
    told="the cell ends with the error KernelShutdown, queued ones are aborted; nothing is left",
)
def test_sigterm_ends_the_running_cell_with_an_error_and_leaves_nothing(kernel: Subject) -> None:
    cell = begin(kernel, CHILD + BUSY)
    queued = kernel.client.send_execute(kernel.words.value)
    watches = kernel.kernel.watch_all()
    os.kill(kernel.kernel.pid, signal.SIGTERM)
    with check(Check.TOLD):
        assert kernel.client.outcome(cell).status == "error"
        assert kernel.client.outcome(queued).status == "aborted"
    nothing_is_left(kernel, watches)


@fault(
    HOST,
    "SIGHUP, while a cell computes in C that has started a child",
    told="as with SIGTERM",
)
def test_sighup_leaves_no_process_port_or_file(kernel: Subject) -> None:
    end_by(kernel, signal.SIGHUP)


@fault(
    HOST,
    "SIGINT where nothing runs",
    told="nothing: the next cell runs, with all that was defined",
)
def test_sigint_to_an_idle_host_changes_nothing(kernel: Subject) -> None:
    kernel.execute("a = 7")
    os.kill(kernel.kernel.pid, signal.SIGINT)
    kernel.client.request("kernel_info_request", channel="control")  # the signal came before it
    with check(Check.STATE):
        assert kernel.execute("a").result == "7"
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    HOST,
    "SIGINT, while a cell computes",
    told="the cell ends with KeyboardInterrupt; the next one runs, with all that was defined",
)
def test_sigint_to_the_host_interrupts_the_cell(kernel: Subject) -> None:
    cell = begin(kernel, "a = 7\n" + BUSY)
    os.kill(kernel.kernel.pid, signal.SIGINT)
    with check(Check.OUT):
        assert kernel.client.outcome(cell).reply["ename"] == "KeyboardInterrupt"
    with check(Check.STATE):
        assert kernel.execute("a").result == "7"
    leaves_nothing(kernel)


@fault(
    HOST,
    "SIGSTOP, while a cell prints; SIGCONT when requests have come meanwhile",
    told="nothing: all is answered in order, and no output is lost",
)
def test_a_host_that_was_stopped_goes_on_where_it_was(kernel: Subject) -> None:
    client = kernel.client
    cell = client.send_execute(
        "print('begun', flush=True)\nfor number in range(20_000): print(number)"
    )
    client.wait_for_text("begun", cell)
    with kernel.stopped():
        queued = [client.send_execute(kernel.words.value) for _ in range(10)]
        control = client.send("kernel_info_request", channel="control")
    with check(Check.ANSWERS):
        assert client.outcome(control).status == "ok"
        outcome = client.outcome(cell)
        results = [client.outcome(each).result for each in queued]
        assert results == [kernel.words.shown] * 10
    printed(outcome, "begun\n" + "".join(f"{number}\n" for number in range(20_000)))
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    HOST,
    "kill -9, and a new kernel on the same ports at once, as the front end's button does it",
    told="the kernel works, without what was defined; the guard of the killed one takes nothing "
    "from it",
    languages=WITH_PROCESSES,
)
def test_a_kernel_that_was_killed_is_restarted_on_its_ports(kernel: Subject) -> None:
    os.kill(kernel.kernel.pid, signal.SIGKILL)
    kernel.finish()
    kernel.kernel.restart()
    kernel.begin(kernel.patience)
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    HOST,
    "kill -9, and a restart that still asks the killed one to shut down: five times",
    told="the new kernel works: it refuses the request, which is older than it is",
    languages=PYTHON,
)
def test_a_fresh_kernel_is_not_shut_down_by_a_request_to_the_one_before(kernel: Subject) -> None:
    for _ in range(5):
        info = kernel.kernel.info
        os.kill(kernel.kernel.pid, signal.SIGKILL)
        kernel.kernel.process.wait()
        # as jupyter_client's manager does, but on a socket that has not lost its connection just
        # now: what such a one sends does not always arrive
        client = kernel.kernel.connect(subscribe=False)
        shutdown = client.send("shutdown_request", {"restart": True}, channel="control")
        kernel.kernel.restart()
        assert kernel.kernel.info == info
        with check(Check.ANSWERS):
            kernel.client = kernel.connect()
            answers(kernel)
            reply = client.wait_for("shutdown_reply", shutdown).content
            assert reply["status"] == "error"
    leaves_nothing(kernel)
