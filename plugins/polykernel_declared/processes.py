"""The processes of a program, as Linux tells of them in ``/proc``; nothing where it does not."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator


def family(pid: int) -> Iterator[int]:
    """List a process and all below it; a parent comes before its children."""
    yield pid
    for thread in threads(pid):
        for child in text(f"/proc/{pid}/task/{thread}/children").split():
            yield from family(int(child))


def threads(pid: int) -> list[str]:
    """List the threads of a process; none where it has ended."""
    try:
        return sorted(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return []


def call(pid: int, thread: str) -> list[str]:
    """Give the system call in which a thread is blocked, by its number, its arguments, and more.

    Returns:
        Nothing where it runs, or nobody may know.
    """
    words = text(f"/proc/{pid}/task/{thread}/syscall").split()
    return words if len(words) > 2 and words[0].isdigit() else []


def text(path: str) -> str:
    """Read a file of ``/proc``; empty where the process has ended, or may not be looked at."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # a name may be any bytes
            return file.read()
    except OSError:
        return ""
