"""Signal handlers of user code, such as one that ends what takes too long: what they raise.

It may be raised between any two lines of Python, the runtime's too. There it would tear a line of
the channel, and the host would wait for an answer for ever; between two cells nobody would catch
it, and the process would end with all that its cells have made.
"""

from __future__ import annotations

import sys
from collections import deque
from functools import wraps

from polykernel.evaluator.bare import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable

    from polykernel.evaluator.outlet import Outlet

plain_signal, plain_getsignal = signal.signal, signal.getsignal


class _Handler:
    """What stands for a handler of the user's in the interpreter's own table."""

    def __init__(self, handler: Callable[..., Any], take: Callable[..., None]) -> None:
        self.handler = handler
        self._take = take

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self._take(self.handler, number, frame)


class UserHandlers:
    """Calls them. State: those that have to wait.

    Args:
        outlet: Tells whoever releases its lock that one waits.
        must_wait: Whether the main thread is where nothing may be raised.
        may_raise: Whether what is raised reaches user code, in this frame of the main thread.

    Attributes:
        report: Shows what one has raised where nobody would catch it.
    """

    def __init__(
        self,
        outlet: Outlet,
        must_wait: Callable[[], bool],
        may_raise: Callable[[FrameType | None], bool],
    ) -> None:
        self.report: Callable[[BaseException], None] = lambda error: None
        self._outlet = outlet
        self._must_wait = must_wait
        self._may_raise = may_raise
        self._ended = False
        self._waiting: deque[tuple[Callable[..., Any], int]] = deque()

    def install(self) -> None:
        """Take the place of ``signal.signal`` and ``signal.getsignal``; user code sees its own."""

        @wraps(plain_signal)
        def set_handler(number: int, handler: Any) -> Any:
            if callable(handler) and not _is_ours(handler):
                handler = _Handler(handler, self._take)
            return _users(plain_signal(number, handler))

        @wraps(plain_getsignal)
        def get_handler(number: int) -> Any:
            return _users(plain_getsignal(number))

        setattr(signal, "signal", set_handler)  # noqa: B010
        setattr(signal, "getsignal", get_handler)  # noqa: B010

    def forget(self) -> None:
        """In a forked child: what waits is the parent's."""
        self._waiting.clear()

    def end(self) -> None:
        """Call none any more: what they use is about to go."""
        self._ended = True
        self._waiting.clear()

    def settle(self) -> None:
        """Call those that have waited.

        Raises:
            BaseException: What one raises; the others still wait then.
        """
        while self._waiting:
            handler, number = self._waiting.popleft()
            try:
                self._call(handler, number, sys._getframe())  # noqa: SLF001
            finally:
                self._outlet.deferred |= bool(self._waiting)

    def _take(self, handler: Callable[..., Any], number: int, frame: FrameType | None) -> None:
        if self._ended:
            return
        if self._must_wait():
            self._waiting.append((handler, number))
            self._outlet.deferred = True
        else:
            self._call(handler, number, frame)

    def _call(self, handler: Callable[..., Any], number: int, frame: FrameType | None) -> None:
        if self._may_raise(frame):
            handler(number, frame)
            return
        try:
            handler(number, frame)
        except BaseException as error:
            self.report(error)


def _is_ours(handler: object) -> bool:
    return str(getattr(handler, "__module__", "")).startswith("polykernel.evaluator.")


def _users(handler: Any) -> Any:
    return handler.handler if isinstance(handler, _Handler) else handler


def is_raised_by_handler(error: BaseException) -> bool:
    """Whether a signal handler of the user's has raised it, in the middle of something else."""
    tb = error.__traceback__
    while tb is not None:
        if tb.tb_frame.f_code is UserHandlers._call.__code__:  # noqa: SLF001
            return True
        tb = tb.tb_next
    return False
