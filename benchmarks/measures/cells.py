"""Cells: one after the other, many at once, and what else a kernel does while one computes."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.client import Client, Failed, is_child, is_idle, parse
from benchmarks.measures.outcome import FULL, NotSaid, Outcome, Size, p50_and_p99
from benchmarks.running import Place, running

if TYPE_CHECKING:
    from benchmarks.kernels import Kernel

WARM = 20  # cells that are not counted ...
SETTLED = 1.0  # ... and seconds after the first one: by then histories are open
LONG = 4.0  # seconds, after which a slow kernel has run enough cells
TOO_LONG = 60.0  # seconds, after which no more cells are sent
INTERRUPT_PATIENCE = 10.0  # seconds


def trip(kernel: Kernel, place: Place, size: Size) -> Outcome:
    """Time cells one by one: from the request to the reply and the idle status."""
    with running(kernel, place) as started:
        client = started.ready()
        warm_up(client, kernel.words.value, size)
        times = times_of_cells(client, kernel.words.value, size.trips)
        seen = {parse(frames).msg_type for frames in client.succeed(kernel.words.value)}
    remark = "" if seen & {"execute_result", "stream"} else "shows no result"
    return Outcome(p50_and_p99("trip", times), remark)


def warm_up(client: Client, code: str, size: Size) -> None:
    """Run cells that are not counted."""
    until = time.monotonic() + (SETTLED if size.trips >= FULL.trips else 0)
    count = 0
    while count < WARM or time.monotonic() < until:
        client.run(code)
        count += 1


def times_of_cells(client: Client, code: str, count: int) -> list[float]:
    """Time some cells, fewer where they take long."""
    times: list[float] = []
    while len(times) < count and (sum(times) < LONG or len(times) < WARM):
        times.append(time_cell(client, code))
    return times


def time_cell(client: Client, code: str) -> float:
    """Run a cell; give the seconds that it took."""
    began = time.perf_counter()
    client.run(code)
    return time.perf_counter() - began


def pipelined(kernel: Kernel, place: Place, size: Size) -> Outcome:
    """Send many cells at once; count how many are done in a second."""
    with running(kernel, place) as started:
        client = started.ready()
        warm_up(client, kernel.words.value, size)
        slowest = max(times_of_cells(client, kernel.words.value, WARM))
        count = max(WARM, min(size.pipelined, int(LONG / slowest)))
        began = time.perf_counter()
        pipeline(client, kernel.words.value, count, count)
        seconds = time.perf_counter() - began
    return Outcome({"pipelined": count / seconds})


def pipeline(client: Client, code: str, count: int, ahead: int) -> int:
    """Run many cells, so many of them sent ahead; all must be replied to and become idle.

    Returns:
        How many there were: fewer where it took too long.
    """
    until = time.monotonic() + TOO_LONG
    ours = client.send_cell(code).rpartition(b"_")[0]
    sent, idle, replied = 1, 0, 0
    while idle < count:
        if sent < count and time.monotonic() > until:
            count = sent
        while sent < count and sent - idle < ahead:
            client.send_cell(code)
            sent += 1
        idle += is_idle(client.receive(client.iopub), ours)
        while ahead < count and client.shell.poll(0):
            client.receive(client.shell)
            replied += 1
    while replied < count:
        client.receive(client.shell)
        replied += 1
    return count


def control(kernel: Kernel, place: Place, size: Size) -> Outcome:
    """Time kernel info on control while a cell computes."""
    if kernel.words.computing is None:
        raise NotSaid
    times: list[float] = []
    with running(kernel, place) as started:
        client = started.ready()
        client.ask(client.control, "kernel_info_request", {})
        msg_id = client.send_cell(kernel.words.computing(size.computing))
        while not is_child(client.receive(client.iopub), msg_id):
            pass
        time.sleep(size.computing / 10)
        until = time.monotonic() + size.computing * 0.8
        while len(times) < size.infos and time.monotonic() < until:
            began = time.perf_counter()
            client.ask(client.control, "kernel_info_request", {})
            times.append(time.perf_counter() - began)
    return Outcome(p50_and_p99("control", times))


def interrupt(kernel: Kernel, place: Place, size: Size) -> Outcome:
    """Time from an interrupt of a loop to the cell's reply and its idle status."""
    if not kernel.words.loop:
        raise NotSaid
    times = []
    with running(kernel, place) as started:
        client = started.ready()
        client.patience = INTERRUPT_PATIENCE
        for _ in range(size.interrupts):
            msg_id = client.send_cell(kernel.words.loop)
            while b"looping" not in _text(client, msg_id):
                pass
            time.sleep(0.05)
            began = time.perf_counter()
            started.interrupt()
            status = client.reply(client.shell, msg_id).content["status"]
            while not is_idle(client.receive(client.iopub), msg_id):
                pass
            times.append(time.perf_counter() - began)
            if status == "ok" and kernel.package != "bash_kernel":
                raise Failed("the loop ended without an error")
        client.run(kernel.words.value)
    return Outcome({"interrupt": statistics.median(times) * 1000})


def _text(client: Client, msg_id: bytes) -> bytes:
    frames = client.receive(client.iopub)
    if not is_child(frames, msg_id):
        return b""
    seen = parse(frames)
    return str(seen.content.get("text", "")).encode() if seen.msg_type == "stream" else b""
