"""The runtime's own threads: a debugger must neither trace nor suspend them."""

from __future__ import annotations

from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    Follower = Callable[[int], None]


class OwnThreads:
    """Knows the threads that run no cell. State: their numbers, and who follows them."""

    def __init__(self) -> None:
        self._idents: set[int] = set()
        self._followers: list[tuple[Follower, Follower]] = []

    def run(self, work: Callable[[], None]) -> None:
        """Do the work of one of them, in the calling thread."""
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
