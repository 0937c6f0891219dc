"""What is asked of debugpy itself, besides the protocol: which threads it traces, and when.

The one module that imports debugpy and what it is made of.
"""

from __future__ import annotations

import sys
import threading
from typing import Any, Callable

from polykernel.evaluator import own_threads, standard_library_first


class OwnThread(threading.Thread):
    """Stands for a thread that runs none of the user's code; debugpy leaves it alone."""

    pydev_do_not_trace = True
    is_pydev_daemon_thread = True

    def is_alive(self) -> bool:
        """Say that it is: it is forgotten when it ends."""
        return True


def start_thread(work: Callable[[], object]) -> threading.Thread:
    """Start a thread that is never traced."""
    thread = threading.Thread(target=work, name="polykernel debugger", daemon=True)
    thread.pydev_do_not_trace = True  # type: ignore[attr-defined]
    thread.is_pydev_daemon_thread = True  # type: ignore[attr-defined]
    thread.start()
    return thread


def _mark(ident: int) -> None:
    """Let debugpy find, by its number, a thread that was not made by ``threading``."""
    thread = OwnThread(name="polykernel", daemon=True)
    thread._ident = ident  # type: ignore[attr-defined]  # noqa: SLF001
    thread._started.set()  # type: ignore[attr-defined]  # noqa: SLF001
    threading._active[ident] = thread  # type: ignore[attr-defined]  # noqa: SLF001


def _unmark(ident: int) -> None:
    active: dict[int, Any] = threading._active  # type: ignore[attr-defined]  # noqa: SLF001
    if isinstance(active.get(ident), OwnThread):
        active.pop(ident, None)


def connect(address: tuple[str, int], token: str) -> None:
    """Load debugpy and let it connect to us; returns when debugging is configured.

    Raises:
        Exception: It can't be loaded.
    """
    own_threads.follow(_mark, _unmark)
    hook = sys.breakpointhook
    with standard_library_first:
        import debugpy  # noqa: T100

        sys.breakpointhook = hook
        debugpy.configure(subProcess=False)
        debugpy.connect(address, access_token=token)
    _quieten()


def _quieten() -> None:
    """Keep what debugpy notes about itself, such as its own races, out of cells' stderr.

    The tracebacks of its errors are still shown, and its notes are where the environment variable
    ``PYDEVD_DEBUG`` asks for them.
    """
    from _pydevd_bundle.pydevd_constants import DebugInfoHolder

    if DebugInfoHolder.DEBUG_TRACE_LEVEL == 0:
        DebugInfoHolder.DEBUG_TRACE_LEVEL = -1


def _debugger() -> Any:
    from _pydevd_bundle.pydevd_constants import get_global_debugger

    return get_global_debugger()


def resume() -> None:
    """Trace all threads, and let ``breakpoint()`` stop in the front end's debugger."""
    import debugpy  # noqa: T100

    debugger = _debugger()
    debugger.patch_threads()
    debugger.enable_tracing(debugger.trace_dispatch, apply_to_all_threads=True)
    if sys.breakpointhook is sys.__breakpointhook__:
        sys.breakpointhook = debugpy.breakpoint


def pause() -> None:
    """Let all code run at full speed; on Python 3.11 and older see :func:`leave_thread`, too."""
    import debugpy  # noqa: T100
    from _pydev_bundle.pydev_monkey import undo_patch_thread_modules

    if sys.breakpointhook is debugpy.breakpoint:
        sys.breakpointhook = sys.__breakpointhook__
    undo_patch_thread_modules()
    threading.settrace(None)
    if sys.version_info >= (3, 12):
        from _pydevd_sys_monitoring import pydevd_sys_monitoring

        pydevd_sys_monitoring.stop_monitoring(all_threads=True)


def enter_thread() -> None:
    """Trace the calling thread, whatever has happened to its trace function."""
    if sys.version_info < (3, 12):
        _debugger().enable_tracing()


def leave_thread() -> None:
    """Trace the calling thread no more, once debugging is over."""
    if sys.version_info < (3, 12) and sys.gettrace() is not None:
        sys.settrace(None)


def forget_step() -> None:
    """End a step that has led out of the cell: the next cell is not to be stopped for it."""
    info = getattr(threading.current_thread(), "additional_info", None)
    debugger = _debugger()
    if info is None or debugger is None:
        return
    from _pydevd_bundle.pydevd_constants import STATE_RUN

    info.pydev_step_stop = None
    info.pydev_original_step_cmd = info.pydev_step_cmd = -1
    info.pydev_state = STATE_RUN
    update = getattr(info, "update_stepping_info", None)
    if update is not None:
        update()
