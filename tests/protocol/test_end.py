"""Shutdown, restart, and what is left of a kernel: nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel
    from support.processes import Watch

# a child in the evaluator's group, as a cell would start one
CHILD = "import subprocess; subprocess.Popen(['sleep', '1000'])\n"
GONE_WITHIN = 10  # a bound; what it is in practice is measured elsewhere


def all_gone(watches: list[Watch]) -> bool:
    return all(watch.ended_within(GONE_WITHIN) for watch in watches)


def shut_down(kernel: Kernel, *, restart: bool = False, channel: str = "control") -> None:
    """Shut a kernel down, and hold that the reply comes last and that nothing is left."""
    watches = kernel.watch_all()
    client = kernel.client
    shutdown = client.send("shutdown_request", {"restart": restart}, channel=channel)
    outcome = client.outcome(shutdown)
    assert outcome.reply == {"status": "ok", "restart": restart}
    assert outcome.sequence == ["busy", "idle"]
    assert kernel.exit_code() == 0
    client.pump(0)
    published = [seen for seen in client.seen if seen.channel == "iopub"]
    assert published[-1].parent == shutdown, "nothing may come after the shutdown's own idle"
    assert all_gone(watches), watches


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
@pytest.mark.parametrize("restart", [False, True])
def test_a_shutdown_ends_everything_and_its_reply_comes_last(
    kernel: Callable[..., Kernel], transport: str, restart: bool
) -> None:
    program = kernel(transport=transport)
    program.execute(CHILD)
    assert len(program.processes()) == 3, "the evaluator, its child, the guard"
    shut_down(program, restart=restart)
    assert "Traceback" not in program.log
    assert not [path for path in program.folder.iterdir() if path.is_socket()]


def test_a_shutdown_request_on_shell_is_answered_there(program: Kernel) -> None:
    shut_down(program, channel="shell")


def test_a_shutdown_ends_the_running_cell_and_the_queued_ones_before_its_reply(
    program: Kernel,
) -> None:
    _, running = program.start_at_gate()
    queued = program.client.send_execute("pass")
    question = program.client.send("is_complete_request", {"code": ""})
    program.client.sync()
    shut_down(program)
    client = program.client
    assert client.outcome(running).status == "error"
    assert client.outcome(queued).status == "aborted"
    assert client.outcome(question).status == "error"
    sent = [running, queued, question]
    assert sorted(seen.parent for seen in client.replies(sent)) == sorted(sent)
    assert "Traceback" not in program.log


def test_handlers_registered_with_atexit_run_at_shutdown(program: Kernel) -> None:
    program.execute("import atexit; atexit.register(lambda: open('bye', 'w').close())")
    shut_down(program)
    assert (program.folder / "bye").exists()


def test_an_evaluator_that_does_not_listen_is_asked_to_end_by_a_signal(program: Kernel) -> None:
    cell = program.client.send_execute(
        "def bye(*_): open('bye', 'w').close(); os._exit(0)\n"
        "signal.signal(signal.SIGTERM, bye); print('begun')\n"
        "while True: pass"
    )
    program.client.wait_for_text("begun", cell)
    shut_down(program)
    assert (program.folder / "bye").exists()


def test_an_evaluator_that_hears_no_signal_is_killed_at_shutdown(program: Kernel) -> None:
    cell = program.client.send_execute(
        CHILD + "for each in (signal.SIGTERM, signal.SIGINT): signal.signal(each, signal.SIG_IGN)\n"
        "print('begun')\n"
        "while True: pass"
    )
    program.client.wait_for_text("begun", cell)
    shut_down(program)


def test_an_evaluator_that_is_stopped_is_killed_at_shutdown(program: Kernel) -> None:
    program.evaluator().suspend()
    shut_down(program)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_host_shuts_down_in_good_order(
    program: Kernel, number: signal.Signals
) -> None:
    program.execute(CHILD + "import atexit; atexit.register(lambda: open('bye', 'w').close())")
    watches = program.watch_all()
    os.kill(program.pid, number)
    assert program.exit_code() == 0
    assert all_gone(watches), watches
    assert (program.folder / "bye").exists()


def test_jupyter_restarts_a_kernel_on_the_same_ports(program: Kernel) -> None:
    program.execute(CHILD)
    watches, info = program.watch_all(), program.info
    program.restart()
    assert program.info == info
    assert all_gone(watches), watches
    client = program.connect()
    client.ready()
    assert client.execute("print('fresh')").reply["execution_count"] == 1


@pytest.mark.parametrize("what", ["idle", "busy", "deaf"])
def test_a_host_that_is_killed_leaves_nothing_behind(program: Kernel, what: str) -> None:
    code = CHILD
    if what == "deaf":
        heard = set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}
        code += f"for each in {sorted(map(int, heard))}: signal.signal(each, signal.SIG_IGN)\n"
    if what == "idle":
        program.execute(code)
    else:
        cell = program.client.send_execute(code + "print('begun')\nwhile True: pass")
        program.client.wait_for_text("begun", cell)
    watches = program.watch_all()
    assert len(watches) == 4
    os.kill(program.pid, signal.SIGKILL)
    assert all_gone(watches), watches


def test_a_host_that_is_killed_after_its_evaluator_was_replaced_leaves_nothing(
    program: Kernel,
) -> None:
    program.execute("os._exit(1)")
    program.execute(CHILD)
    watches = program.watch_all()
    assert len(watches) == 4, "the guard of the dead evaluator must be gone"
    os.kill(program.pid, signal.SIGKILL)
    assert all_gone(watches), watches


PARENT = """
import sys
from jupyter_client.manager import KernelManager
from jupyter_client.kernelspec import KernelSpecManager
manager = KernelManager(kernel_name="polykernel-echo")
manager.start_kernel()
client = manager.blocking_client()
client.start_channels()
client.wait_for_ready(timeout=30)
print(manager.provisioner.pid, flush=True)
sys.stdin.read()
"""


def test_a_kernel_ends_when_the_process_that_started_it_is_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    with parent, parent.stdin, parent.stdout:
        host = int(parent.stdout.readline())
        below = [host, *(process.pid for process in processes.descendants(host))]
        watches = [processes.Watch(pid) for pid in below]
        assert len(watches) == 3, "the host, the evaluator, the guard"
        parent.kill()
    assert all_gone(watches), watches
    for watch in watches:
        watch.close()
