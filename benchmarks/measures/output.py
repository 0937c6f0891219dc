"""Much output: many lines, one block, one buffer, and a flood that nobody reads."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from benchmarks.client import Client, Failed, Frames, is_idle, parse, printed
from benchmarks.measures.outcome import NotSaid, Outcome, Size
from benchmarks.running import MEGABYTE, Place, Running, running

if TYPE_CHECKING:
    from benchmarks.kernels import Kernel

LATE = 1.0  # seconds after the idle status in which missing output may still come
SILENT = 10.0  # seconds without a message, after which the rest is lost
WEIGH_EVERY = 0.25  # seconds
LINE = 1000  # bytes, as Words.flood has it


def prints(kernel: Kernel, place: Place, size: Size) -> Outcome:
    """Print many lines; check that all came, in order."""
    if kernel.words.lines is None:
        raise NotSaid
    code = kernel.words.lines(size.lines)
    with running(kernel, place) as started:
        client = started.ready()
        client.succeed(kernel.words.lines(10))
        began = time.perf_counter()
        published = client.succeed(code)
        seconds = time.perf_counter() - began
        expected = "".join(f"{n}\n" for n in range(size.lines))
        remark = _difference(client, published, expected)
    return Outcome({"prints": size.lines / seconds}, remark)


def _difference(client: Client, published: list[Frames], expected: str) -> str:
    text = printed(published).replace("\r", "")
    if text == expected:
        return ""
    while client.iopub.poll(int(LATE * 1000)):
        text += printed([client.iopub.recv_multipart()]).replace("\r", "")
    if text == expected:
        return "some after its idle status"
    lost = Counter(expected.splitlines()) - Counter(text.splitlines())
    return f"{lost.total():,} lines lost" if lost else "not in order"


def block(kernel: Kernel, place: Place, size: Size) -> Outcome:
    """Print one very long line; check that it came whole."""
    if kernel.words.block is None:
        raise NotSaid
    with running(kernel, place) as started:
        client = started.ready()
        client.succeed(kernel.words.block(10))
        began = time.perf_counter()
        published = client.succeed(kernel.words.block(size.block))
        seconds = time.perf_counter() - began
        whole = printed(published).strip() == "x" * size.block
    remark = "" if whole else "not whole"
    return Outcome({"block": size.block / MEGABYTE / seconds}, remark)


def buffer(kernel: Kernel, place: Place, size: Size) -> Outcome:
    """Send one large binary buffer beside a display; check that it came whole."""
    if kernel.words.buffer_prepared is None:
        raise NotSaid
    with running(kernel, place) as started:
        client = started.ready()
        client.succeed(kernel.words.buffer_prepared(size.buffer))
        began = time.perf_counter()
        published = client.succeed(kernel.words.buffer_shown)
        seconds = time.perf_counter() - began
    buffers = [part for frames in published for part in parse(frames).buffers]
    remark = "" if buffers == [b"x" * size.buffer] else "did not come whole"
    return Outcome({"buffer": seconds * 1000}, remark)


def flood(kernel: Kernel, place: Place, size: Size) -> Outcome:
    """Print much while nobody reads; weigh the kernel's processes; then read it all."""
    if kernel.words.flood is None:
        raise NotSaid
    with running(kernel, place, reads_ahead=1) as started:
        client = started.ready()
        client.run(kernel.words.value)
        client.run(kernel.words.flood(10))
        before = started.memory()
        msg_id = client.send_cell(kernel.words.flood(size.flood))
        peak = before
        until = time.monotonic() + size.unread
        while time.monotonic() < until:
            peak = max(peak, started.memory())
            time.sleep(WEIGH_EVERY)
        reader = _Reader(size.flood)
        peak = max(peak, reader.read(started, msg_id))
    return Outcome({"flood": peak - before}, reader.remark())


class _Reader:
    """Reads what a flood has printed.

    Args:
        lines: How many lines there must be.
    """

    def __init__(self, lines: int) -> None:
        self._lines = lines
        self._next = 0
        self._lost = 0
        self._disorder = False
        self._rest = ""

    def read(self, started: Running, msg_id: bytes) -> float:
        """Read until the idle status, or until nothing more comes; give the memory's peak."""
        peak = weighed = 0.0
        while True:
            try:
                frames = started.client.receive(started.client.iopub, SILENT)
            except Failed:
                break
            if is_idle(frames, msg_id):
                break
            seen = parse(frames)
            if seen.msg_type == "stream":
                self._take(seen.content["text"])
            if time.monotonic() - weighed > WEIGH_EVERY:
                peak, weighed = max(peak, started.memory()), time.monotonic()
        self._lost += max(0, self._lines - self._next)
        return peak

    def _take(self, text: str) -> None:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if len(line) != LINE - 1 or not line[:9].isdigit():
                continue  # half of a line that was lost
            number = int(line[:9])
            self._disorder = self._disorder or number < self._next
            self._lost += max(0, number - self._next)
            self._next = max(self._next, number + 1)

    def remark(self) -> str:
        if self._lost:
            return f"{self._lost / self._lines:.0%} lost"
        return "not in order" if self._disorder else ""
