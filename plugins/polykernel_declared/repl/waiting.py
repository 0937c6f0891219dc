"""Finds out whether a program waits for keys: whether a thread of it is blocked in a read.

Linux tells the system call in which each thread is blocked (``/proc/PID/task/TID/syscall``), to
whoever may trace the process, as a parent may. That is exact; what depends on it knows what to do
where nothing is told: another system, or a container that forbids it.
"""

from __future__ import annotations

import os
import platform
import struct

from polykernel_declared import processes

_READ, _SELECT, _POLL, _EPOLL = "read", "select", "poll", "epoll"
# by their numbers: read, readv; select, pselect6; poll, ppoll; epoll_wait, epoll_pwait(2)
_CALLS = {
    "x86_64": {
        0: _READ, 19: _READ, 23: _SELECT, 270: _SELECT, 7: _POLL, 271: _POLL,
        232: _EPOLL, 281: _EPOLL, 441: _EPOLL,
    },
    "aarch64": {63: _READ, 65: _READ, 72: _SELECT, 73: _POLL, 22: _EPOLL, 441: _EPOLL},
}.get(platform.machine(), {})  # fmt: skip
_PLAIN_POLL, _EPOLL_2 = 7, 441  # the poll, and the epoll, that differ in their limit's form
_MINUS_ONE = 0xFFFFFFFF
_POLLIN = 1
_MANY = 1 << 12  # descriptors that a select or a poll may look at


class Reader:
    """A thread that waits for keys.

    Attributes:
        place: Where in the program: process, thread, system call, and the stack's depth.
        turns: How often it has been blocked so far: more, where it has read something since.
        timed: It will wait only for a while: it may do so beside something else, as in a sleep.
    """

    __slots__ = ("place", "timed", "turns")

    def __init__(self, place: tuple[int, int, int, str], turns: str, timed: bool) -> None:
        self.place = place
        self.turns = turns
        self.timed = timed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reader) and self.place == other.place and self.turns == other.turns

    __hash__ = None  # type: ignore[assignment]


def can_tell(pid: int) -> bool:
    """Whether this system tells what a process waits for."""
    if not _CALLS:
        return False
    try:
        with open(f"/proc/{pid}/syscall") as file:
            return bool(file.read())
    except OSError:
        return False


def find_reader(pid: int, terminal: str) -> Reader | None:
    """Find a thread that is blocked in a read of a terminal.

    Args:
        pid: The program; those that it has started are looked at, too.
        terminal: The terminal's device.
    """
    for process in processes.family(pid):
        for thread in processes.threads(process):
            reader = _reader(process, thread, terminal)
            if reader is not None:
                return reader
    return None


def _reader(pid: int, thread: str, terminal: str) -> Reader | None:
    words = processes.call(pid, thread)
    if len(words) < 9:  # it runs, or is just coming or going
        return None
    number = int(words[0])
    first, second = int(words[1], 16), int(words[2], 16)
    try:
        descriptors = _descriptors(pid, _CALLS.get(number, ""), first, second)
        if not any(_is_terminal(pid, each, terminal) for each in descriptors):
            return None
    except (OSError, ValueError, struct.error):  # it is just coming or going
        return None
    status = processes.text(f"/proc/{pid}/task/{thread}/status")
    turns = status.partition("\nvoluntary_ctxt_switches:")[2].split("\n")[0].strip()
    return Reader((pid, int(thread), number, words[7]), turns, _is_timed(number, words))


def _is_timed(number: int, words: list[str]) -> bool:
    """Whether a call has a limit of time: a number of milliseconds, or a pointer to a time."""
    call = _CALLS[number]
    if call == _SELECT:
        return int(words[5], 16) != 0
    if (call == _POLL and number == _PLAIN_POLL) or (call == _EPOLL and number != _EPOLL_2):
        milliseconds = int(words[3 if call == _POLL else 4], 16)
        return milliseconds & _MINUS_ONE != _MINUS_ONE
    if call in (_POLL, _EPOLL):
        return int(words[3 if call == _POLL else 4], 16) != 0
    return False


def _descriptors(pid: int, call: str, first: int, second: int) -> list[int]:
    """List the descriptors from which a call waits to read."""
    if call == _READ:
        return [first]
    if call == _SELECT and second:
        count = min(first, _MANY)
        bits = int.from_bytes(_memory(pid, second, (count + 7) // 8), "little")
        return [each for each in range(count) if bits >> each & 1]
    if call == _POLL:
        data = _memory(pid, first, 8 * min(second, _MANY))
        return [each for each, events, _ in struct.iter_unpack("ihh", data) if events & _POLLIN]
    if call == _EPOLL:
        lines = processes.text(f"/proc/{pid}/fdinfo/{first}").splitlines()
        return [int(line.split()[1]) for line in lines if line.startswith("tfd:")]
    return []


def _memory(pid: int, address: int, size: int) -> bytes:
    with open(f"/proc/{pid}/mem", "rb") as file:
        file.seek(address)
        return file.read(size)


def _is_terminal(pid: int, descriptor: int, terminal: str) -> bool:
    return os.readlink(f"/proc/{pid}/fd/{descriptor}") in (terminal, "/dev/tty")
