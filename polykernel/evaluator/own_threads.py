"""The runtime's own threads: a debugger must neither trace nor suspend them."""

from __future__ import annotations

from _thread import get_ident, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    Follower = Callable[[int], None]


class OwnThreads:
    """Knows the threads that run no cell. State: their numbers, who starts one, who follows them.

    Up to Python 3.11 a thread that has not begun to run has the number of the one that starts it,
    so that an exception for that one may be raised in it.
    """

    def __init__(self) -> None:
        self._idents: set[int] = set()
        self._starters: list[int] = []
        self._followers: list[tuple[Follower, Follower]] = []

    def start(self, work: Callable[[], None]) -> None:
        """Start one.

        Raises:
            RuntimeError: The process may have no more threads.
        """
        starter = get_ident()
        self._starters.append(starter)
        try:
            start_new_thread(self._run, (work, starter))
        except Exception:
            self._starters.remove(starter)
            raise

    def is_starting_one(self, ident: int) -> bool:
        """Whether a thread has started one of them that does not run yet."""
        return ident in self._starters

    def _run(self, work: Callable[[], None], starter: int) -> None:
        self._starters.remove(starter)
        ident = get_ident()
        self._idents.add(ident)
        for begins, _ in self._followers:
            begins(ident)
        try:
            work()
        finally:
            self._idents.discard(ident)
            for _, ends in self._followers:
                ends(ident)

    def follow(self, begins: Follower, ends: Follower) -> None:
        """Call ``begins`` with each one's number, now or in each new one; ``ends`` at its end."""
        self._followers.append((begins, ends))
        for ident in list(self._idents):
            begins(ident)


own_threads = OwnThreads()
