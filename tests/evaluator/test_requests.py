"""What the host sends, and the runtime's own threads."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from polykernel.evaluator import requests

if TYPE_CHECKING:
    from collections.abc import Iterable

SIGNALS = {signal.SIGINT, signal.SIGTERM}


def blocked() -> set[Any]:
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, ()))


def test_a_thread_of_the_runtimes_hears_no_signals_and_its_starter_does() -> None:
    found: list[set[Any]] = []
    done = threading.Event()

    def work() -> None:
        found.append(blocked())
        done.set()

    requests.start_thread(work)
    assert done.wait(20)
    assert found[0] >= SIGNALS
    assert not blocked() & SIGNALS


def test_who_is_interrupted_while_starting_one_hears_signals_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mask = vars(requests)["signal"].pthread_sigmask

    def interrupted(how: int, signals: Iterable[Any]) -> set[Any]:
        """Do as CPython does: it lets handlers run when the mask has been changed already."""
        before = set(mask(how, signals))
        if how == signal.SIG_BLOCK and signals:
            raise KeyboardInterrupt
        return before

    monkeypatch.setattr("polykernel.evaluator.requests.signal.pthread_sigmask", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            requests.start_thread(lambda: None)
        monkeypatch.undo()
        assert not blocked() & SIGNALS
    finally:
        mask(signal.SIG_UNBLOCK, SIGNALS)
