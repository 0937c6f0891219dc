"""The command ``polykernel``: from its arguments to its exit code.

A kernel's start comes through here, so nothing is imported before it is needed; what a kernelspec
writes is read without argparse, which alone would take four milliseconds.
"""

from __future__ import annotations

import sys

from polykernel.errors import PolykernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# the options of `run` that kernelspecs use, and the names of their values
_OPTIONS = {
    "--plugin": "plugin",
    "-f": "connection_file",
    "--python": "python",
    "--language-version": "language_version",
}
_LIMITS = {
    "--memory": "memory",
    "--cell-timeout": "cell_timeout",
    "--idle-timeout": "idle_timeout",
    "--max-output": "max_output",
    "--interrupt-grace": "interrupt_grace",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says, and give the exit code.

    Args:
        arguments: Without the program's name; those of this process where ``None``.

    Returns:
        0, all went well; 1, it did not (an error in the code that ``exec`` ran, troubles that
        ``doctor`` found); 2, the command or what it was given is wrong; 130, it was interrupted.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        run = as_kernelspecs_write(arguments)
        if run is not None:
            from polykernel.cli_start import start_host

            return start_host(**run)
        from polykernel import cli_arguments, inherited

        inherited.hear_of_children()
        try:
            return cli_arguments.perform(arguments)
        finally:
            # here, where a closed pipe can still be told
            print(end="", flush=True)
    except PolykernelError as error:
        print(f"polykernel: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130  # as a shell reports a program that SIGINT ended
    except OSError as error:
        import errno
        import os

        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            print(f"polykernel: can't write: {error.strerror}", file=sys.stderr)
        # `polykernel list | head`, or a terminal that was closed
        elif error.errno not in (errno.EPIPE, errno.EIO):
            raise
        # or Python would complain, at its end, that it can't flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def as_kernelspecs_write(arguments: Sequence[str]) -> dict[str, Any] | None:
    """Read ``run LANGUAGE --plugin MODULE ... -f FILE``, as it stands in kernelspecs.

    Returns:
        What ``start_host`` takes; ``None`` where anything is unusual, so that argparse decides.
    """
    if len(arguments) < 4 or len(arguments) % 2 or arguments[0] != "run":
        return None
    run: dict[str, Any] = {"language": arguments[1]}
    limits: dict[str, str] = {}
    for flag, value in zip(arguments[2::2], arguments[3::2], strict=True):
        into, name = (limits, _LIMITS[flag]) if flag in _LIMITS else (run, _OPTIONS.get(flag))
        if name is None or name in into or not value or value.startswith("-"):
            return None
        into[name] = value
    if not arguments[1] or arguments[1].startswith("-"):
        return None
    return {**run, "limits": limits} if limits else run
