"""When a pipe rests, with a loop whose time is made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from polykernel.rests import LARGE, NOT_FOR, REST, SOON, Rests

if TYPE_CHECKING:
    from collections.abc import Callable

PIPE = 7


class Loop:
    """Time, timers, and what is polled."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.polled = {PIPE}
        self.timers: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[..., None], *args: Any) -> object:
        assert delay == REST
        self.timers.append((callback, args))
        return self.timers[-1]

    def remove_timeout(self, timer: Any) -> None:
        self.timers.remove(timer)

    def remove_handler(self, descriptor: int) -> None:
        self.polled.remove(descriptor)

    def pass_rest(self) -> None:
        self.now += REST
        callback, args = self.timers.pop()
        callback(*args)


class Pipe:
    """What comes on one descriptor."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.there = 0
        self.on_look: Callable[[], None] = lambda: None
        self.rests = Rests(
            cast(Any, self.loop), self.loop.polled.add, self._look, clock=self.loop.time
        )

    def _look(self, descriptor: int) -> int:
        assert descriptor == PIPE
        size, self.there = self.there, 0
        self.on_look()
        return size

    def comes(self, size: int = 10, after: float = 0.0) -> None:
        self.loop.now += after
        assert PIPE in self.loop.polled
        self.rests.after(PIPE, size)

    @property
    def rests_now(self) -> bool:
        assert bool(self.loop.timers) != (PIPE in self.loop.polled)
        return bool(self.loop.timers)


@pytest.fixture
def pipe() -> Pipe:
    return Pipe()


def test_lines_that_come_now_and_then_are_looked_at_at_once(pipe: Pipe) -> None:
    for _ in range(5):
        pipe.comes(after=SOON * 1.1)
        assert not pipe.rests_now


def test_the_second_line_of_a_stream_lets_the_pipe_rest(pipe: Pipe) -> None:
    pipe.comes()
    pipe.comes(after=SOON / 2)
    assert pipe.rests_now


def test_it_rests_as_long_as_lines_come(pipe: Pipe) -> None:
    pipe.comes()
    pipe.comes()
    for _ in range(5):
        pipe.there = 1000
        pipe.loop.pass_rest()
        assert pipe.rests_now
        assert not pipe.there
    pipe.loop.pass_rest()
    assert not pipe.rests_now


def test_after_a_pause_the_first_line_is_looked_at_at_once(pipe: Pipe) -> None:
    pipe.comes()
    pipe.comes()
    pipe.loop.pass_rest()
    pipe.comes(after=SOON * 1.1)
    assert not pipe.rests_now


def test_who_might_fill_the_pipe_meanwhile_is_read_without_rests(pipe: Pipe) -> None:
    pipe.comes()
    pipe.comes()
    pipe.there = LARGE
    pipe.loop.pass_rest()
    for _ in range(5):
        pipe.comes()
        assert not pipe.rests_now
    pipe.comes(LARGE)
    pipe.comes(after=NOT_FOR / 2)
    pipe.comes()
    assert not pipe.rests_now
    pipe.comes(after=NOT_FOR)
    pipe.comes()
    assert pipe.rests_now


def test_the_end_is_the_end_of_its_rest_too(pipe: Pipe) -> None:
    pipe.comes()
    pipe.comes()
    pipe.rests.end()
    assert pipe.loop.timers == []
    assert PIPE not in pipe.loop.polled


def test_the_end_may_come_while_it_is_looked_at(pipe: Pipe) -> None:
    pipe.comes()
    pipe.comes()
    pipe.there, pipe.on_look = 10, pipe.rests.end
    pipe.loop.timers.append(pipe.loop.timers[0])  # which the loop has taken from its timers
    pipe.loop.pass_rest()
    assert pipe.loop.timers == []
    assert PIPE not in pipe.loop.polled
