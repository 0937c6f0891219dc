"""One file descriptor in reserve: a cell that has used up all others is to be shown its error.

What shows errors is imported when the first one comes, and an import opens a file.
"""

from __future__ import annotations

# user code may rebind what modules have
from _thread import allocate_lock
from fcntl import F_DUPFD_CLOEXEC
from fcntl import fcntl as _fcntl
from os import O_CLOEXEC, O_RDONLY, devnull
from os import close as _close
from os import fstat as _fstat
from os import open as _open
from os import sysconf as _sysconf
from os.path import samestat as _samestat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import stat_result

_HIGH = 100  # descriptors from here on are not in the way of user code


def _limit() -> int:
    return _sysconf("SC_OPEN_MAX")


class Spare:
    """Owns the descriptor, while it is in reserve.

    Threads come here at the same time. None waits: who holds the lock may have been interrupted.
    """

    def __init__(self) -> None:
        self._descriptor = -1
        self._as_opened: stat_result
        self._lock = allocate_lock()

    def keep(self) -> None:
        """Take one, where there is one to be had."""
        if 0 <= self._descriptor < _limit() or not self._lock.acquire(False):
            return  # there is one, or another thread sees to it
        try:
            self._take()
        finally:
            self._lock.release()

    def _take(self) -> None:
        self._let_go()  # beyond a limit that is lower now it would be of no use
        try:
            low = _open(devnull, O_RDONLY | O_CLOEXEC)
            self._as_opened = _fstat(low)
        except OSError:
            return  # the next time, perhaps
        try:
            self._descriptor = _fcntl(low, F_DUPFD_CLOEXEC, _HIGH)
        except OSError:  # more than this process may have
            self._descriptor = low
        else:
            _close(low)

    def give(self) -> None:
        """Let go of it: what is opened next finds one."""
        if not self._lock.acquire(False):
            return
        try:
            self._let_go()
        finally:
            self._lock.release()

    def _let_go(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        try:
            # user code may have closed it, and have something of its own there
            if descriptor >= 0 and _samestat(_fstat(descriptor), self._as_opened):
                _close(descriptor)
        except OSError:
            pass
