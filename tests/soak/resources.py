"""What a kernel's processes hold while it is at rest: descriptors, threads, children, memory."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import psutil
from support import processes

if TYPE_CHECKING:
    from soak.subject import Subject

GROWTH = 8 << 20  # bytes that a host may be larger than in its first rounds
FIRST_ROUNDS = 10  # in which the allocator finds out how much is wanted at once
EVALUATOR_GROWTH = 48 << 20  # its cells' codes, results and caches are the user's own
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Held:
    """What one process holds.

    Attributes:
        descriptors: How many, by what they are.
        threads: How many.
        children: What its descendants are.
        memory: Bytes that are resident.
    """

    descriptors: Counter[str]
    threads: int
    children: Counter[str]
    memory: int

    def differences(self, before: Held) -> list[str]:
        """Say in what it differs, but for memory."""
        found = []
        for what, now, then in (
            ("descriptors", self.descriptors, before.descriptors),
            ("children", self.children, before.children),
        ):
            more, fewer = now - then, then - now
            if more or fewer:
                found.append(f"{what}: {dict(more)} more, {dict(fewer)} fewer")
        if self.threads != before.threads:
            found.append(f"threads: {self.threads} instead of {before.threads}")
        return found

    def has_one_more_pipe(self, before: Held) -> bool:
        """Whether it differs in nothing but one pipe, of which it has both ends."""
        pipe = Counter({"pipe:[]": 2})
        return self.descriptors == before.descriptors + pipe and self.children == before.children

    def has_fewer_connections(self, before: Held) -> bool:
        """Whether it differs in nothing but that it has fewer sockets."""
        sockets = {"socket:[]": before.descriptors["socket:[]"]}
        same = Counter({**self.descriptors, **sockets}) == before.descriptors
        return same and self.descriptors["socket:[]"] < sockets["socket:[]"]


Being: TypeAlias = tuple[int, float]  # a process's number and its beginning


def being(pid: int) -> Being:
    """Tell a process from another one that gets its number later."""
    return pid, psutil.Process(pid).create_time()


def held(pid: int) -> Held:
    """Look at a process.

    Raises:
        psutil.NoSuchProcess: It is gone.
    """
    process = psutil.Process(pid)
    # one that nobody has waited for is the user's own affair
    children = Counter(
        _name(each) for each in process.children(recursive=True) if processes.alive(each)
    )
    return Held(_descriptors(pid), process.num_threads(), children, process.memory_info().rss)


def _name(process: psutil.Process) -> str:
    described = processes.describe(process)
    return "guard" if "polykernel-guard" in described else described


def _descriptors(pid: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - names are wanted
        try:
            target = os.readlink(f"/proc/{pid}/fd/{each}")  # noqa: PTH115
        except OSError:
            continue
        found[_NUMBER.sub("", target)] += 1
    return found


def used(pid: int) -> float:
    """Give the seconds of processor time that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


class Baseline:
    """Owns what a kernel held when it had done everything once."""

    def __init__(self) -> None:
        self._host: dict[Being, Held] = {}
        self._evaluator: dict[Being, Held] = {}
        self._memory: dict[Being, list[int]] = {}  # of hosts, in their first rounds
        self.largest = 0  # growth of a host, bytes
        self.largest_evaluator = 0

    def knows(self, host: int, evaluator: int) -> bool:
        """Whether both have been seen at rest."""
        return being(host) in self._host and being(evaluator) in self._evaluator

    def host_differs(self, subject: Subject) -> list[str]:
        """Say in what a host differs from what it was at its first rest; memory, its first ten."""
        now, host = held(subject.kernel.pid), being(subject.kernel.pid)
        before = self._host.setdefault(host, now)
        if now.has_fewer_connections(before):
            # the first look was while those of front ends that had left were being closed
            before = self._host[host] = now
        differences = now.differences(before)
        first = self._memory.setdefault(host, [])
        growth = now.memory - max(first, default=now.memory)
        self.largest = max(self.largest, growth)
        if len(first) >= FIRST_ROUNDS and growth > GROWTH:
            differences.append(f"memory: {growth / 2**20:.1f} MB more")
        return differences

    def note_round(self, subject: Subject) -> None:
        """Note the memory of a host at the end of a round."""
        first = self._memory.setdefault(being(subject.kernel.pid), [])
        if len(first) < FIRST_ROUNDS:
            first.append(held(subject.kernel.pid).memory)

    def evaluator_differs(self, subject: Subject, *, half_a_child: bool = False) -> list[str]:
        """Say in what an evaluator has more than it had after all that it does.

        Args:
            subject: The kernel.
            half_a_child: A cell was interrupted that starts a child: ``subprocess`` loses a pipe
                where that comes between ``os.pipe()`` and its ``try``.
        """
        process = subject.evaluator()
        if process is None:
            return ["there is no evaluator"]
        now = held(process.pid)
        before = self._evaluator.setdefault(being(process.pid), now)
        if half_a_child and now.has_one_more_pipe(before):
            before = self._evaluator[being(process.pid)] = now
        differences = now.differences(before)
        growth = now.memory - before.memory
        self.largest_evaluator = max(self.largest_evaluator, growth)
        if growth > EVALUATOR_GROWTH:
            differences.append(f"memory: {growth / 2**20:.1f} MB more")
        return differences
