"""Raises ``KeyboardInterrupt`` in another thread, and knows whether that has come.

While an exception waits for its thread, and after one was taken back, the interpreter looks for it
in all threads, until one is raised in any: Python 3.12 is slower by half then, and in 3.11 no
function begins that is traced. So none waits for long, and none is only taken back.
"""

from __future__ import annotations

import time
from _thread import get_ident

from polykernel.evaluator.standard_library import standard_library_first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FIRST_WAIT = 0.002  # seconds that one waits for its thread

plain_sleep = time.sleep


class Raiser:
    """Raises in one thread, when that next runs Python code.

    All that takes time is done here, so that the thread is still where it was seen to be.

    Args:
        ident: The thread.
    """

    def __init__(self, ident: int) -> None:
        self._ident = ident
        self._set: Any = None
        try:
            with standard_library_first:
                import ctypes
        except ImportError:  # an interpreter that was built without it
            return
        # an object of our own: user code may have set the argument types of the one that all share
        self._set = ctypes.pythonapi["PyThreadState_SetAsyncExc"]
        self._number = ctypes.c_ulong
        self._object = ctypes.py_object
        self._error = ctypes.py_object(KeyboardInterrupt)

    def strike(self) -> bool:
        """Raise it.

        Returns:
            False where that can't be done, as where C code keeps the thread from hearing of it.
        """
        if self._set is None:
            return False
        raise_in, wait = self._set, plain_sleep
        thread, own = self._number(self._ident), self._number(get_ident())
        kind, waiting = _exception()
        error = self._object(kind)
        if not raise_in(thread, error):
            return False
        # until it is raised we must call no function of Python's: it might be traced
        wait(FIRST_WAIT)
        if kind not in waiting:
            return True
        try:
            raise_in(thread, None)
            raise_in(own, self._error)
            while True:
                wait(0)
        except KeyboardInterrupt:
            pass
        return kind not in waiting  # it may have been raised in between


def _exception() -> tuple[type[KeyboardInterrupt], dict[type, KeyboardInterrupt]]:
    """Make a ``KeyboardInterrupt`` that is gone from a dictionary when it has been raised.

    Python makes an instance of the class when it raises it, which gives the one in the dictionary:
    of the class that everybody knows, and without any code of Python's.
    """
    waiting: dict[type, KeyboardInterrupt] = {}
    kind = type("KeyboardInterrupt", (KeyboardInterrupt,), {"__new__": staticmethod(waiting.pop)})
    waiting[kind] = KeyboardInterrupt()
    return kind, waiting
