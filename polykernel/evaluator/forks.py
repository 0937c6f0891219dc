"""Children: what the parent has printed comes before what they print, and they have no channel.

``os.register_at_fork`` tells of forks; children that are started by other calls are seen by
wrapping those calls. (An audit hook would see them all, and would slow every ``id()``.)
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from functools import wraps
from os import _exit  # user code may rebind what modules have

from polykernel.evaluator.bare import signal
from polykernel.evaluator.standard_library import standard_library_first
from polykernel.evaluator.user_handlers import plain_signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from polykernel.evaluator.interrupts import Interrupts
    from polykernel.evaluator.outlet import Outlet
    from polykernel.evaluator.streams import Watcher

_STARTERS = ("system", "posix_spawn", "posix_spawnp", "execv", "execve")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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

    def flush() -> None:
        try:
            outlet.flush_all(outlet.last)
        except OSError:
            pass  # user code has closed descriptor 1

    hooks = Hooks(outlet, interrupts, watcher, descriptors, flush)
    os.register_at_fork(
        before=hooks.before, after_in_parent=hooks.in_parent, after_in_child=hooks.in_child
    )
    _replace(("fork", "forkpty"), lambda function: _holding(function, interrupts))
    _replace(_STARTERS, lambda function: _flushing(function, flush))
    _wrap_fork_exec(interrupts, flush)


class Hooks:
    """What happens around a fork. An exception that is raised here, Python would only print.

    Signals can't come to a child before it has given the handlers back. State: the signal mask, and
    whether the lock is held, which it must be so that no line is half written in the child's copy.
    """

    def __init__(
        self,
        outlet: Outlet,
        interrupts: Interrupts,
        watcher: Watcher,
        descriptors: Sequence[int],
        flush: Callable[[], None],
    ) -> None:
        self._outlet = outlet
        self._interrupts = interrupts
        self._watcher = watcher
        self._descriptors = descriptors
        self._flush = flush
        self._mask: set[int] = set()
        self._locked = False

    def before(self) -> None:
        """Block signals, show what is printed, take the lock."""
        self._interrupts.hold()
        self._mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self._flush()
            _silence_warning()  # not before: it imports regular expressions
        finally:
            self._outlet.lock.acquire()
            self._locked = True

    def in_parent(self) -> None:
        """Undo it."""
        self._unlock()
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        finally:
            self._interrupts.let_go()

    def in_child(self) -> None:
        """Behave as any Python program, that prints."""
        self._unlock()
        self._watcher.restart()
        self._interrupts.forget()
        if self._outlet.has_channel:  # it is no child's child
            self._outlet.lose_channel()
            for descriptor in self._descriptors:
                _close(descriptor)
            standard_library_first.in_child()
            faulthandler.enable(2, all_threads=False)
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        except KeyboardInterrupt:  # the fork was not Python's own, and there is nobody to catch it
            plain_signal(signal.SIGINT, signal.SIG_DFL)
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    def _unlock(self) -> None:
        if self._locked:
            self._locked = False
            self._outlet.lock.release()


def _close(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError:
        pass  # user code has closed it


def _replace(names: Sequence[str], wrap: Callable[[Callable[..., Any]], Any]) -> None:
    posix = sys.modules["posix"]
    for name in names:
        if hasattr(posix, name):
            wrapped = wrap(getattr(posix, name))
            setattr(posix, name, wrapped)
            setattr(os, name, wrapped)


def _wrap_fork_exec(interrupts: Interrupts, flush: Callable[[], None]) -> None:
    import _posixsubprocess

    plain = _posixsubprocess.fork_exec
    # no signal is blocked: the program that it starts would keep that
    holding = _holding(plain, interrupts, ())

    @wraps(plain)
    def fork_exec(*args: Any) -> Any:
        has_hooks = any(map(callable, args[-2:]))  # a preexec_fn
        return (holding if has_hooks else plain)(*args)

    wrapped = _flushing(fork_exec, flush)
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


def _holding(
    function: Callable[..., Any], interrupts: Interrupts, block: Sequence[int] = _SIGNALS
) -> Callable[..., Any]:
    """Let no signal act within the hooks of a fork, anybody's: Python ignores what they raise."""

    @wraps(function)
    def hold_signals(*args: Any, **kwargs: Any) -> Any:
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        try:
            interrupts.hold()
            signal.pthread_sigmask(signal.SIG_BLOCK, block)
            return function(*args, **kwargs)
        finally:
            try:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            finally:
                interrupts.let_go()
                interrupts.settle()

    return hold_signals


def _silence_warning() -> None:
    # Python 3.12 counts our reader thread when it warns of forks in threaded processes
    if sys.version_info >= (3, 12):
        with standard_library_first:
            import warnings

            warnings.filterwarnings(
                "ignore", message=r"This process .* is multi-threaded", category=DeprecationWarning
            )


def end_child(outlet: Outlet, error: BaseException | None) -> None:
    """End a forked child, which has come to the end of its parent's cell."""
    status = 0
    try:
        if isinstance(error, SystemExit):
            status = error.code if isinstance(error.code, int) else int(error.code is not None)
        elif error is not None:
            import traceback

            status = 1
            traceback.print_exception(type(error), error, error.__traceback__)
        outlet.flush_all(outlet.last)
    finally:  # nobody may read what it prints: it must not go on as if it were its parent
        _exit(status)
