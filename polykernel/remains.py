"""Ends what an evaluator has left behind: the processes of its group, and those that have left it.

A daemon is in no group of its evaluator's any more, and nobody's child. But it has inherited the
evaluator's environment, with a mark in it; Linux shows that. Elsewhere only the group is reached.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

NAME = "POLYKERNEL_EVALUATOR"  # the environment variable that the mark stands in
_ROUNDS = 50  # a process may start another one while we look; one takes a millisecond
_ZOMBIE = b"Z"


class _Place(NamedTuple):
    """Where a process stands that has no mark."""

    parent: int
    session: int


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
        if not _kill_found(leader, mark.encode()):
            return


def _kill(send: Callable[[int, int], None], number: int) -> None:
    try:
        send(number, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # it is gone, or somebody else's: sudo's


def _kill_found(leader: int, mark: bytes) -> bool:
    """Kill what has the mark, what is of the leader's session, and all below those."""
    found: set[int] = set()
    others: dict[int, _Place] = {}
    for pid in _all():
        try:
            if mark in _read(pid, "environ"):
                _kill(os.kill, pid)  # at once: it might fork, and end
                found.add(pid)
            elif (place := _place(pid)) is not None:
                others[pid] = place
        except (OSError, ValueError):
            pass  # it is gone, or not ours
    below = {pid for pid, place in others.items() if place.session == leader}
    while below:
        for pid in below:
            _kill(os.kill, pid)
            del others[pid]
        found |= below
        below = {pid for pid, place in others.items() if place.parent in found}
    return bool(found)


def _all() -> Iterator[int]:
    """Give all processes by their numbers, also those that are started meanwhile."""
    seen: set[int] = set()
    while new := _numbers() - seen:
        yield from new
        seen |= new


def _numbers() -> set[int]:
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - pathlib would be an import
    except OSError:
        return set()
    return {int(name) for name in names if name.isdigit()}


def _place(pid: int) -> _Place | None:
    """Find out where a process stands; ``None`` where it has ended."""
    # state, parent, group and session stand behind the name, in which anything may be
    state, parent, _, session = _read(pid, "stat").rpartition(b")")[2].split()[:4]
    return None if state == _ZOMBIE else _Place(int(parent), int(session))


def _read(pid: int, name: str) -> bytes:
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read()
