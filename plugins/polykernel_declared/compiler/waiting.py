"""Whether a program waits for input: Linux shows which system call a process is in.

Elsewhere nothing is known, and a program finds the end of its input.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from polykernel_declared import processes

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
    return any(_reads(process, path) for process in processes.family(pid))


def _reads(process: int, path: str) -> bool:
    for thread in processes.threads(process):
        fields = processes.call(process, thread)
        if not fields or int(fields[0]) not in READING:
            continue
        try:
            if os.readlink(f"/proc/{process}/fd/{int(fields[1], 16)}") == path:
                return True
        except (OSError, ValueError):
            pass  # closed meanwhile
    return False
