"""What a kernel weighs, how it grows, and how it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.measures.cells import WARM, pipeline
from benchmarks.measures.outcome import Outcome, Size
from benchmarks.running import Place, running

if TYPE_CHECKING:
    from benchmarks.kernels import Kernel

SETTLES = 0.5  # seconds
AHEAD = 20  # cells in flight while memory may grow


def memory(kernel: Kernel, place: Place, size: Size) -> Outcome:
    """Weigh all of a kernel's processes after its first cell."""
    with running(kernel, place) as started:
        started.ready().run(kernel.words.value)
        time.sleep(SETTLES)
        return Outcome({"memory": started.memory()})


def growth(kernel: Kernel, place: Place, size: Size) -> Outcome:
    """Weigh them before and after many cells."""
    with running(kernel, place) as started:
        client = started.ready()
        pipeline(client, kernel.words.value, WARM * 5, AHEAD)
        time.sleep(SETTLES)
        before = started.memory()
        done = pipeline(client, kernel.words.value, size.cells, AHEAD)
        time.sleep(SETTLES)
        remark = f"{done:,} cells in a minute" if done < size.cells else ""
        return Outcome({"growth": started.memory() - before}, remark)


def shutdown(kernel: Kernel, place: Place, size: Size) -> Outcome:
    """Time from the shutdown request to the end of the last process; its handler must have run."""
    with running(kernel, place) as started:
        client = started.ready()
        file = started.folder / "ended"
        client.run(kernel.words.at_exit(file) if kernel.words.at_exit else kernel.words.value)
        began = time.perf_counter()
        started.shut_down()
        seconds = time.perf_counter() - began
        ran = kernel.words.at_exit is None or file.exists()
    return Outcome({"shutdown": seconds * 1000}, "" if ran else "no atexit handler ran")
