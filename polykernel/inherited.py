"""What a process was started with: descriptors that are missing or too many, and signals."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

STARTED_BY = os.getppid()  # as this process began: another one adopts it when that one ends
_ENDING = (signal.SIGTERM, signal.SIGHUP)


def hear_of_children() -> None:
    """Keep what the system tells of children that have ended, whatever the launcher has ignored.

    Where SIGCHLD is ignored nobody can wait for a child, nor can whoever inherits that.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def settle_descriptors() -> None:
    """Have 0, 1 and 2, and keep all others from the programs that are started from here.

    A socket that became descriptor 2 would get what is written to stderr. And what a launcher has
    left open, such as a socket of its own, is no business of user code's.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - pathlib would be an import at a start
        if int(name) > 2:
            try:
                os.set_inheritable(int(name), False)
            except OSError:
                pass  # it was that of the listing


def end_at_signals(undo: Callable[[], None]) -> None:
    """Let SIGTERM and SIGHUP end the process at once, as long as no loop heeds them.

    By no exception, which whatever is loaded meanwhile might catch. The guard ends the evaluator.

    Args:
        undo: Called before the end; removes the files that the process has made.
    """

    def end(number: int, frame: object) -> None:
        undo()
        os._exit(0)

    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, end)
