"""The thread that writes the history to its file, and reads it.

It owns the file, and may block; it speaks with the loop by callbacks. SQLite is imported there,
when it has something to do. What could not be written is kept, and tried again.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from polykernel.errors import HistoryUnavailable
from polykernel.folders import data_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polykernel.history_file import HistoryFile
    from polykernel.history_memory import Change, Entry, HistoryRequest

RETRIED_AFTER = 5.0  # seconds
PENDING_KEPT = 20_000  # changes that could not yet be written

log = logging.getLogger("polykernel.history")


class Ask(NamedTuple):
    """A request; ``deliver`` is called on the loop, with ``None`` where the file can't answer."""

    request: HistoryRequest
    deliver: Callable[[Sequence[Entry] | None], None]


class Close(NamedTuple):
    """The end; ``closed`` is called on the loop when all is written that can be."""

    closed: Callable[[], None]


class HistoryThread:
    """Owns the file and what is not yet written to it.

    Args:
        path: The file; Jupyter's data folder tells where it is if it is empty.
        language: The kernel's language.
        call: Calls a function on the loop.
    """

    def __init__(self, path: str, language: str, call: Callable[..., None]) -> None:
        self._path = path
        self._language = language
        self._call = call
        self._jobs: queue.SimpleQueue[list[Change] | Ask | Close] = queue.SimpleQueue()
        self._file: HistoryFile | None = None
        self._pending: list[Change] = []
        self._out_of_order = False
        self._tried_again_at = 0.0
        threading.Thread(target=self._run, daemon=True, name="history").start()

    def put(self, job: list[Change] | Ask | Close) -> None:
        """Hand over what is to be done; called on the loop."""
        self._jobs.put(job)

    # all that follows runs in the thread

    def _run(self) -> None:
        while True:
            job = self._next()
            if isinstance(job, list):
                self._pending += job
                del self._pending[:-PENDING_KEPT]
            self._write(last=isinstance(job, Close))
            if isinstance(job, Ask):
                self._call(job.deliver, self._find(job.request))
            elif isinstance(job, Close):
                if self._file is not None:
                    self._file.close()
                self._call(job.closed)
                return

    def _next(self) -> list[Change] | Ask | Close | None:
        try:
            return self._jobs.get(timeout=RETRIED_AFTER if self._pending else None)
        except queue.Empty:
            return None

    def _write(self, *, last: bool) -> None:
        if not self._pending or (self._is_to_wait() and not last):
            return
        try:
            self._open().write(self._pending)
            self._pending.clear()
            if self._out_of_order:
                log.warning("the history is written again")
            self._out_of_order = False
        except HistoryUnavailable as error:
            self._fail(error)
        except Exception:  # a bug of ours must not come again with every cell
            log.exception("a bug of polykernel: cells are missing in the history's file")
            self._pending.clear()

    def _find(self, request: HistoryRequest) -> Sequence[Entry] | None:
        if self._pending or self._is_to_wait():
            return None
        try:
            return self._open().find(request)
        except HistoryUnavailable as error:
            self._fail(error)
        except Exception:
            log.exception("a bug of polykernel while it read the history's file")
        return None

    def _is_to_wait(self) -> bool:
        return self._out_of_order and time.monotonic() < self._tried_again_at

    def _fail(self, error: HistoryUnavailable) -> None:
        if not self._out_of_order:
            log.warning("the history is only in memory for now: %s: %s", self._path, error)
        self._out_of_order = True
        self._tried_again_at = time.monotonic() + RETRIED_AFTER

    def _open(self) -> HistoryFile:
        if self._file is None:
            try:
                from polykernel.history_file import HistoryFile

                self._path = self._path or default_path()
            # a Python that was built without SQLite, or no descriptor is left to read a module with
            except (ImportError, OSError) as error:
                raise HistoryUnavailable(str(error)) from error
            self._file = HistoryFile(Path(self._path).expanduser(), self._language)
        return self._file


def default_path() -> str:
    """Name the file in Jupyter's data folder."""
    return str(data_folder() / "history.sqlite")
