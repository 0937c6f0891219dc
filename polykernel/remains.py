"""Ends what an evaluator has left behind: the processes of its group, and those that have left it.

A daemon is in no group of its evaluator's any more, and nobody's child. But it has inherited the
evaluator's environment, with a mark in it; Linux shows that. Elsewhere only the group is reached.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAME = "POLYKERNEL_EVALUATOR"  # the environment variable that the mark stands in
_ROUNDS = 10  # a process may start another one while we look
_ZOMBIE = b"Z"


class _Process(NamedTuple):
    parent: int
    session: int
    marked: bool


def new_mark() -> str:
    """Make a mark."""
    return os.urandom(8).hex()


def marked(environment: Mapping[str, str], mark: str) -> dict[str, str]:
    """Put a mark into an environment; behind that of a kernel from whose cell ours is started."""
    return {**environment, NAME: f"{environment.get(NAME, '')}{mark}"}


def kill(leader: int, mark: str) -> None:
    """Kill all that an evaluator has started.

    Args:
        leader: The evaluator's process, which is not yet waited for: its number is nobody else's.
        mark: It is in the environment of all of them.
    """
    _kill(os.killpg, leader)
    for _ in range(_ROUNDS):
        found = _find(leader, mark.encode())
        if not found:
            return
        for pid in found:
            _kill(os.kill, pid)


def _kill(send: Callable[[int, int], None], number: int) -> None:
    try:
        send(number, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # it is gone, or somebody else's: sudo's


def _find(leader: int, mark: bytes) -> list[int]:
    """Find the processes with the mark, of the leader's session, and all below those."""
    processes = _all(mark)
    found = {pid for pid, each in processes.items() if each.marked or each.session == leader}
    while below := {pid for pid, each in processes.items() if each.parent in found} - found:
        found |= below
    return sorted(found - {leader, os.getpid()})


def _all(mark: bytes) -> dict[int, _Process]:
    """Look at all processes, as far as we may."""
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - pathlib would be an import
    except OSError:
        return {}
    looked = ((int(name), _look(name, mark)) for name in names if name.isdigit())
    return {pid: process for pid, process in looked if process is not None}


def _look(pid: str, mark: bytes) -> _Process | None:
    try:
        # state, parent, group and session stand behind the name, in which anything may be
        state, parent, _, session = _read(pid, "stat").rpartition(b")")[2].split()[:4]
        is_ours = mark in _read(pid, "environ")
    except (OSError, ValueError):
        return None  # it is gone, or not ours
    return None if state == _ZOMBIE else _Process(int(parent), int(session), is_ours)


def _read(pid: str, name: str) -> bytes:
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read()
