"""The end of a Python program, as the interpreter makes it: finalizers run, and files are written.

Loaded at the end. The process ends at once behind it: the interpreter itself would wait for the
user's threads, for ever.
"""

from __future__ import annotations

import gc
import os
import sys
from _io import BufferedRandom, BufferedRWPair, BufferedWriter, TextIOWrapper
from _thread import allocate_lock
from time import monotonic, sleep

from polykernel.evaluator.requests import start_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    Quietly = Callable[[Callable[[], object]], None]

BOUND = 0.3  # seconds for what may wait for somebody who has hung; the host kills after two
LOOK_AGAIN = 0.005  # seconds
_LAST_ERROR = ("last_exc", "last_type", "last_value", "last_traceback")
_BUFFERED = (BufferedWriter, BufferedRandom, BufferedRWPair)


def finish(quietly: Quietly) -> None:
    """Do what the interpreter does after the ``atexit`` functions.

    Args:
        quietly: Calls a function, and tells what it raises.
    """
    main = sys.modules.get("__main__")
    space: dict[str, Any] = vars(main) if main is not None else {}
    quietly(_silence_threads)
    # first: to let go of all may take longer than the host waits, and a finalizer may hang
    quietly(lambda: _within_bound(lambda: _write_files([*space.values(), *gc.get_objects()])))
    quietly(lambda: _empty(space))
    quietly(gc.collect)
    quietly(lambda: _within_bound(lambda: _write_files(gc.get_objects())))
    quietly(lambda: _within_bound(_write_c_files))
    quietly(_let_resources_be_freed)


def _silence_threads() -> None:
    # they find their globals gone: nothing that anybody can mend
    threading: Any = sys.modules.get("threading")
    if threading is not None:
        threading.excepthook = lambda arguments: None


def _empty(space: dict[str, Any]) -> None:
    """Let go of what the user's code has made, in the order of the interpreter."""
    for name in _LAST_ERROR:
        vars(sys).pop(name, None)
    for name in [name for name in space if name[:1] == "_" and name[1:2] != "_"]:
        space[name] = None
    for name in [name for name in space if name != "__builtins__"]:
        space[name] = None


def _write_files(held: Sequence[Any]) -> None:
    """Write what files have in their buffers that somebody still holds; Python would close them."""
    for kinds in ((TextIOWrapper,), _BUFFERED):
        for each in held:
            try:
                # not isinstance(): it asks a proxy of the user's what it stands for
                if issubclass(type(each), kinds) and not each.closed:
                    each.flush()
            except BaseException:  # noqa: PERF203 - Python says nothing either
                pass


def _write_c_files() -> None:
    ctypes: Any = sys.modules.get("ctypes")
    if ctypes is not None:
        ctypes.CDLL(None).fflush(None)


def _let_resources_be_freed() -> None:
    """Let multiprocessing's tracker remove what the user's code has not, before it is killed."""
    module: Any = sys.modules.get("multiprocessing.resource_tracker")
    tracker = getattr(module, "_resource_tracker", None)
    descriptor, pid = getattr(tracker, "_fd", None), getattr(tracker, "_pid", None)
    if descriptor is None or pid is None:
        return
    os.close(descriptor)  # it ends when all who have this end are gone
    until = monotonic() + BOUND
    while os.waitpid(pid, os.WNOHANG) == (0, 0) and monotonic() < until:
        sleep(LOOK_AGAIN)


def _within_bound(work: Callable[[], None]) -> None:
    """Do it in a thread, and go on without it where it hangs; there may be no more threads."""
    over = allocate_lock()
    over.acquire()

    def run() -> None:
        try:
            work()
        finally:
            over.release()

    try:
        start_thread(run)
    except RuntimeError:
        run()
    over.acquire(timeout=BOUND)
