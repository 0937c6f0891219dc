"""The host is ended while it starts: at each event of a start, and at random moments."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from support import processes

from faults.hosts import ENDING, EVENTS, Start, seeded
from faults.register import HOST, fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOMENTS = 24  # random ones, for each way to start
LATEST = 0.4  # seconds: a kernel runs cells before that
AT_ONCE = 4

#: How a host is started: by hand, or with a connection file; in sockets of tcp or in files.
WAYS: dict[str, dict[str, Any]] = {
    "by hand": {"by_hand": True},
    "by hand, ipc": {"by_hand": True, "transport": "ipc"},
    "by Jupyter": {"by_hand": False},
    "by Jupyter, ipc": {"by_hand": False, "transport": "ipc"},
}


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Start]]:
    """Start hosts, which are gone afterwards."""
    started: list[Start] = []

    def begin(**how: object) -> Start:
        folder = tmp_path_factory.mktemp("s", numbered=True)
        started.append(Start(folder, **how))  # type: ignore[arg-type]
        return started[-1]

    yield begin
    for each in started:
        each.close()


def end(host: Start, number: signal.Signals) -> None:
    """Send a signal, and check that nothing is left; files that only a launcher can remove may be.

    A host that is killed can't remove its own: its guard does, but for sockets' files whose names
    a connection file has given, since another kernel may be about to use them.
    """
    host.process.send_signal(number)
    if number == signal.SIGKILL and host.path.exists():
        host.process.wait()
        for file in host.runtime.glob("ipc-*"):
            file.unlink()
    host.leaves_nothing()
    assert b"Traceback" not in host.log.read_bytes()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("event", EVENTS)
@fault(
    HOST,
    "kill -9, SIGTERM or SIGHUP at each event of a start: evaluator launched, ports open, kernel "
    "info answered, first cell run",
    told="nothing is left",
    peers=False,
)
def test_a_host_that_is_ended_at_an_event_of_its_start_leaves_nothing(
    start: Callable[..., Start], event: str, way: str
) -> None:
    def once(number: signal.Signals) -> None:
        host = start(**WAYS[way])
        processes.until(lambda: EVENTS[event](host), event)
        assert not host.ended(), host.log.read_text()
        end(host, number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(once, ENDING))


@pytest.mark.parametrize("way", WAYS)
@fault(
    HOST,
    "kill -9, SIGTERM or SIGHUP at random moments of a start: 24 for each of four ways to start",
    told="nothing is left",
    peers=False,
)
def test_a_host_that_is_ended_at_a_random_moment_of_its_start_leaves_nothing(
    start: Callable[..., Start], way: str
) -> None:
    numbers = seeded()
    moments = [numbers.random() * LATEST for _ in range(MOMENTS)]

    def once(at: int) -> None:
        host = start(**WAYS[way])
        with contextlib.suppress(subprocess.TimeoutExpired):
            host.process.wait(moments[at])
        end(host, ENDING[at % len(ENDING)])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(once, range(MOMENTS)))


@fault(
    HOST,
    "the process that started it ends: before it looks, and at 24 random moments of its start",
    told="nothing is left",
    peers=False,
)
def test_a_host_whose_parent_ends_at_any_moment_of_its_start_leaves_nothing(
    start: Callable[..., Start],
) -> None:
    numbers = seeded()
    moments = [0.0, *(numbers.random() * LATEST for _ in range(MOMENTS))]

    def once(moment: float) -> None:
        host = start(by_hand=True, python=PARENT)
        processes.until(lambda: b"started" in host.log.read_bytes(), "a kernel's first line")
        with contextlib.suppress(subprocess.TimeoutExpired):
            host.process.wait(moment)
        assert not host.ended(), host.log.read_text()
        host.process.kill()
        host.leaves_nothing()
        assert b"Traceback" not in host.log.read_bytes()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(once, moments))


# it tells when the kernel knows who has started it
PARENT = """
import os, sys
os.environ["JPY_PARENT_PID"] = str(os.getpid())
reader, writer = os.pipe()
if not os.fork():
    from polykernel import cli, inherited
    os.write(writer, b".")
    sys.exit(cli.main(sys.argv[3:]))
os.read(reader, 1)
print("started", flush=True)
os.wait()
"""
