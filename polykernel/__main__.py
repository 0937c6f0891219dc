"""``python -m polykernel``: what kernelspecs call."""

from __future__ import annotations

import atexit
import os
import sys

from polykernel.cli import main

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def leave(status: int) -> NoReturn:
    """End at once: a front end that restarts a kernel waits for the end of the old one.

    By now everything is closed. To take the interpreter apart, module by module, would be most of
    the time of a shutdown.

    Args:
        status: The exit code.
    """
    atexit._run_exitfuncs()  # noqa: SLF001 - such as those of a tool that measures coverage
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # there is none, or it is closed
            pass
    os._exit(status)


if __name__ == "__main__":
    leave(main())
