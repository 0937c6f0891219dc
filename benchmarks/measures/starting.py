"""How long until a kernel is there."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.measures.outcome import Outcome, Size
from benchmarks.running import Place, running

if TYPE_CHECKING:
    from benchmarks.kernels import Kernel


def start(kernel: Kernel, place: Place, size: Size) -> Outcome:
    """Time from the start of the process to kernel info; and to the first cell, sent at once."""
    infos, cells = [], []
    for _ in range(size.starts):
        with running(kernel, place) as started:
            started.client.kernel_info()
            infos.append(time.perf_counter() - started.began)
        with running(kernel, place) as started:
            msg_id = started.client.send_cell(kernel.words.value)
            started.client.reply(started.client.shell, msg_id)
            cells.append(time.perf_counter() - started.began)
    return Outcome(
        {"start": statistics.median(infos) * 1000, "first cell": statistics.median(cells) * 1000}
    )
