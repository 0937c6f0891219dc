"""How cost grows: with front ends, cells, history, comms, output, and kernels on one machine.

Each function takes a kernel through growing steps, and gives what it cost at each of them.
"""

from __future__ import annotations

import contextlib
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.client import Client, is_idle
from benchmarks.kernels import Kernel
from benchmarks.measures.cells import pipeline, time_cell
from benchmarks.measures.living import AHEAD, SETTLES
from benchmarks.measures.output import LINE, WEIGH_EVERY
from benchmarks.running import Place, Running, running

if TYPE_CHECKING:
    from pathlib import Path

TRIPS = 100
TRIP, MEMORY = "round trip of a cell p50, ms", "memory, MB"
START = "start to kernel info, ms"
SECONDS = "until all is read, s"
WRITTEN_AT_ONCE = 100_000

Costs = dict[str, list[float]]
Function = Callable[[Kernel, Place, Sequence[int]], Costs]


@dataclass(frozen=True)
class Growth:
    """One thing that can grow.

    Attributes:
        name: What it is called.
        axis: What is counted.
        function: Takes a kernel through the steps.
        steps: How much of it, each time.
        kernels: Whose cost is looked at.
    """

    name: str
    axis: str
    function: Function
    steps: tuple[int, ...]
    kernels: tuple[str, ...] = ("polykernel python",)


def _trips(client: Client, code: str) -> float:
    return statistics.median(time_cell(client, code) for _ in range(TRIPS)) * 1000


def _costs(started: Running) -> dict[str, float]:
    trip = _trips(started.client, started.kernel.words.value)
    time.sleep(SETTLES)
    return {TRIP: trip, MEMORY: started.memory()}


def _collect(costs: Costs, found: dict[str, float]) -> None:
    for name, value in found.items():
        costs.setdefault(name, []).append(round(value, 3))


def front_ends(kernel: Kernel, place: Place, steps: Sequence[int]) -> Costs:
    """Let more and more front ends listen."""
    costs: Costs = {}
    with running(kernel, place) as started:
        client = started.ready()
        others: list[Client] = []
        for count in steps:
            while len(others) + 1 < count:
                others.append(started.connect(context=client.context))
                others[-1].hear()
            _collect(costs, _costs(started))
            for other in others:
                while other.iopub.poll(0):
                    other.iopub.recv_multipart()
            client.hear()
    return costs


def cells(kernel: Kernel, place: Place, steps: Sequence[int]) -> Costs:
    """Run more and more cells in one kernel."""
    costs: Costs = {}
    done = 0
    with running(kernel, place) as started:
        client = started.ready()
        for count in steps:
            while done < count:
                done += pipeline(client, kernel.words.value, count - done, AHEAD)
            _collect(costs, _costs(started))
    return costs


def history(kernel: Kernel, place: Place, steps: Sequence[int]) -> Costs:
    """Start kernels with more and more cells in the history of earlier ones."""
    costs: Costs = {}
    path = place.folder / "growing-history.sqlite"
    variables = {"POLYKERNEL_HISTORY": str(path)}
    with running(kernel, place, variables=variables) as started:
        started.ready().run(kernel.words.value)
        started.shut_down()
    for count in steps:
        _fill(path, count)
        with running(kernel, place, variables=variables) as started:
            started.client.kernel_info()
            found = {START: (time.perf_counter() - started.began) * 1000}
            started.ready()
            found |= _costs(started)
            found["last 100 entries, ms"] = _ask_history(started.client, "tail", {"n": 100})
            content = {"n": 100, "pattern": "*entry 77*"}
            found["search, ms"] = _ask_history(started.client, "search", content)
            _collect(costs, found)
    path.unlink(missing_ok=True)
    return costs


def _ask_history(client: Client, kind: str, content: dict[str, object]) -> float:
    began = time.perf_counter()
    asked = {"hist_access_type": kind, "raw": True, "output": False, **content}
    client.ask(client.shell, "history_request", asked)
    return (time.perf_counter() - began) * 1000


def _fill(path: Path, count: int) -> None:
    """Write entries of earlier sessions, as a kernel would."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        session, there = connection.execute(
            "SELECT max(session), max(serial) FROM cells"
        ).fetchone()
        for first in range(there + 1, count + 1, WRITTEN_AT_ONCE):
            last = min(first + WRITTEN_AT_ONCE, count + 1)
            connection.executemany(
                "INSERT INTO cells (session, serial, line, input) VALUES (?, ?, ?, ?)",
                ((session, n, n, f"print('entry {n}')") for n in range(first, last)),
            )


def comms(kernel: Kernel, place: Place, steps: Sequence[int]) -> Costs:
    """Open more and more comms."""
    costs: Costs = {}
    assert kernel.words.comms
    for count in steps:
        with running(kernel, place) as started:
            client = started.ready()
            client.succeed(kernel.words.comms(count))
            _collect(costs, _costs(started))
    return costs


def output(kernel: Kernel, place: Place, steps: Sequence[int]) -> Costs:
    """Print more and more in one cell, while a front end reads."""
    costs: Costs = {}
    assert kernel.words.flood
    for megabytes in steps:
        with running(kernel, place) as started:
            client = started.ready()
            began = time.perf_counter()
            msg_id = client.send_cell(kernel.words.flood(megabytes * 1_000_000 // LINE))
            peak = weighed = 0.0
            while not is_idle(client.receive(client.iopub), msg_id):
                if time.monotonic() - weighed > WEIGH_EVERY:
                    peak, weighed = max(peak, started.memory()), time.monotonic()
            seconds = time.perf_counter() - began
            _collect(costs, {SECONDS: seconds, "memory at most, MB": max(peak, started.memory())})
    return costs


def kernels(kernel: Kernel, place: Place, steps: Sequence[int]) -> Costs:
    """Let more and more kernels run on the machine; weigh all, and time the start of the next."""
    costs: Costs = {}
    with contextlib.ExitStack() as stack:
        others: list[Running] = []
        for count in steps:
            while len(others) < count:
                others.append(stack.enter_context(running(kernel, place)))
                others[-1].client.run_silently(kernel.words.value)
            memory = sum(each.memory() for each in others)
            starts = []
            for _ in range(3):
                with running(kernel, place) as started:
                    started.client.kernel_info()
                    starts.append(time.perf_counter() - started.began)
            start = statistics.median(starts) * 1000
            _collect(costs, {"memory of all, MB": memory, "start of the next one, ms": start})
    return costs


BESIDE = ("polykernel python", "ipykernel")
GROWTHS = (
    Growth("front ends", "front ends", front_ends, (1, 2, 5, 10, 20, 35, 50), BESIDE),
    Growth("cells", "cells run", cells, (100, 10_000, 25_000, 50_000, 75_000, 100_000)),
    Growth("history", "entries", history, (1, 10_000, 100_000, 300_000, 600_000, 1_000_000)),
    Growth("comms", "open comms", comms, (0, 100, 250, 500, 1000), BESIDE),
    Growth("output", "MB printed", output, (1, 50, 100, 200, 350, 500), BESIDE),
    Growth("kernels", "running kernels", kernels, (1, 5, 10, 20, 35, 50), BESIDE),
)
