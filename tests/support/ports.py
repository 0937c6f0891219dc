"""Ports that no other test takes at the same time.

Jupyter's clients look for free ports, let them go, and tell the kernel: whoever comes in between
makes the kernel's start fail. Tests that run side by side come in between.
"""

from __future__ import annotations

import itertools
import os
import random
import socket

FIRST = 10_000  # below the ports that Linux gives to those who ask for any
EACH = 4_000  # ports for each of the processes that run tests
PROCESSES = 5

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_counter = itertools.cycle(range(EACH))
for _ in range(random.randrange(EACH)):  # other runs on this machine begin elsewhere
    next(_counter)


def take(count: int) -> list[int]:
    """Give ports on loopback that are free, and will not soon be given again."""
    first = FIRST + _worker % PROCESSES * EACH
    free = (first + offset for offset in _counter if _is_free(first + offset))
    return list(itertools.islice(free, count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
