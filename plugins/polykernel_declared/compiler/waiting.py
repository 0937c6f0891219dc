"""Whether a program waits for input: Linux shows which system call a process is in.

Elsewhere nothing is known, and a program finds the end of its input.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Iterator

# read and readv, by the machine
_NUMBERS = {
    "x86_64": (0, 19),
    "aarch64": (63, 65),
    "riscv64": (63, 65),
    "armv7l": (3, 145),
    "i686": (3, 145),
    "ppc64le": (3, 145),
    "s390x": (3, 145),
}


def _reading() -> frozenset[int]:
    machine = os.uname().machine
    if machine == "x86_64" and sys.maxsize < 2**32:
        machine = "i686"
    return frozenset(_NUMBERS.get(machine, ()))


READING = _reading()


def can_tell() -> bool:
    """Say whether this can be found out here."""
    return bool(READING) and Path("/proc/self/syscall").exists()


def is_read(pid: int, path: str) -> bool:
    """Say whether a process, or one below it, waits in a read of this file.

    Args:
        pid: The process.
        path: As the links in ``/proc/PID/fd`` name it.
    """
    return any(_reads(process, path) for process in family(pid))


def family(pid: int) -> Iterator[int]:
    """List a process and all below it."""
    waiting = [pid]
    while waiting:
        process = waiting.pop()
        yield process
        for thread in _threads(process):
            children = _text(f"/proc/{process}/task/{thread}/children").split()
            waiting += [int(child) for child in children]


def _threads(process: int) -> list[str]:
    try:
        return [each.name for each in Path(f"/proc/{process}/task").iterdir()]
    except OSError:
        return []


def _reads(process: int, path: str) -> bool:
    for thread in _threads(process):
        fields = _text(f"/proc/{process}/task/{thread}/syscall").split()
        if len(fields) < 2 or not fields[0].isdigit() or int(fields[0]) not in READING:
            continue
        try:
            if os.readlink(f"/proc/{process}/fd/{int(fields[1], 16)}") == path:
                return True
        except (OSError, ValueError):
            pass  # closed meanwhile
    return False


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""  # the process has ended, or may not be looked at
