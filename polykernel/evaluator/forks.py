"""Children: what the parent has printed comes before what they print, and they have no channel.

``os.register_at_fork`` tells of forks; children that are started by other calls are seen by
wrapping those calls. (An audit hook would see them all, and would slow every ``id()``.)
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from functools import wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from polykernel.evaluator.interrupts import Interrupts
    from polykernel.evaluator.outlet import Outlet
    from polykernel.evaluator.streams import Watcher

_STARTERS = ("system", "posix_spawn", "posix_spawnp", "execv", "execve")


def follow(
    outlet: Outlet, interrupts: Interrupts, watcher: Watcher, descriptors: Sequence[int]
) -> None:
    """Prepare for children.

    Args:
        outlet: Is flushed before each child.
        interrupts: A forked child gives the signals back.
        watcher: A forked child has to start its own.
        descriptors: What a forked child must not keep.
    """
    mask: set[int] = set()

    def flush() -> None:
        try:
            outlet.flush_all(outlet.last)
        except OSError:
            pass  # user code has closed descriptor 1

    def before() -> None:
        flush()
        outlet.lock.acquire()  # no line is half written in the child's copy
        # a signal that came to the child while it has our handlers would be lost
        mask.clear()
        mask.update(signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM)))

    def in_parent() -> None:
        outlet.lock.release()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        outlet.settled()

    def in_child() -> None:
        outlet.lock.release()
        watcher.restart()
        if outlet.has_channel:  # it is no child's child
            outlet.lose_channel()
            interrupts.forget()
            faulthandler.enable(2, all_threads=False)
            for descriptor in descriptors:
                os.close(descriptor)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)
    _flush_before_starters(flush)
    _silence_warning()


def _flush_before_starters(flush: Callable[[], None]) -> None:
    import _posixsubprocess

    posix = sys.modules["posix"]
    for name in _STARTERS:
        if hasattr(posix, name):
            wrapped = _flushing(getattr(posix, name), flush)
            setattr(posix, name, wrapped)
            setattr(os, name, wrapped)
    wrapped = _flushing(_posixsubprocess.fork_exec, flush)
    _posixsubprocess.fork_exec = wrapped
    subprocess = sys.modules.get("subprocess")
    if subprocess is not None and hasattr(subprocess, "_fork_exec"):
        setattr(subprocess, "_fork_exec", wrapped)  # noqa: B010


def _flushing(function: Callable[..., Any], flush: Callable[[], None]) -> Callable[..., Any]:
    @wraps(function)
    def flush_first(*args: Any, **kwargs: Any) -> Any:
        flush()
        return function(*args, **kwargs)

    return flush_first


def _silence_warning() -> None:
    # Python 3.12 counts our reader thread when it warns of forks in threaded processes
    if sys.version_info >= (3, 12):
        import warnings

        warnings.filterwarnings(
            "ignore", message=r"This process .* is multi-threaded", category=DeprecationWarning
        )


def end_child(outlet: Outlet, error: BaseException | None) -> None:
    """End a forked child, which has come to the end of its parent's cell."""
    status = 0
    if isinstance(error, SystemExit):
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    elif error is not None:
        import traceback

        status = 1
        traceback.print_exception(type(error), error, error.__traceback__)
    outlet.flush_all(outlet.last)
    os._exit(status)
