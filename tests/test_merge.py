"""Text and events come out in the order of making, whatever is cut, late, lost or forged."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import example, given
from hypothesis import strategies as st

from polykernel.merge import Merge

TOKEN = "0123456789abcdef"
HELLO = "hello"

# what programs print, and what looks like the beginning of a mark or like a wrong one
PIECES = [
    b"a",
    "é€".encode(),
    b"\n" * 70,
    b"\x1b",
    b"\x1b[31m",
    b"\x1b_",
    b"\x1b_polykernel ",
    b"\x1b\\",
    b"\x1b_polykernel 0000000000000000 1\x1b\\",
]


class Text(NamedTuple):
    """The evaluator prints."""

    data: bytes


class Event(NamedTuple):
    """The evaluator sends an event and its mark."""

    lost: bool = False


class Result(NamedTuple):
    """The evaluator answers, and does nothing until that has been published."""


class Forged(NamedTuple):
    """A cell prints what looks like a mark."""

    number: int


Step = Text | Event | Result | Forged


def mark(number: int) -> bytes:
    return f"\x1b_polykernel {TOKEN} {number}\x1b\\".encode()


class World:
    """An evaluator that writes, and a host that reads, both in pieces of any size."""

    def __init__(self, steps: list[Step]) -> None:
        self.merge: Merge[str] = Merge(self)
        self.steps = list(steps)
        self.made: list[bytes | str] = []
        self.seen: list[bytes | str] = []
        self._pipe = bytearray()
        self._channel: list[tuple[str, int]] = [(HELLO, 0)]
        self._marks = 0
        self._results = 0

    # the evaluator

    def write(self) -> None:
        """Do one step, if the last answer has been published."""
        if not self.steps or (self._results and f"result {self._results}" not in self.seen):
            return
        step = self.steps.pop(0)
        if isinstance(step, Text):
            self.made.append(step.data)
            self._pipe += step.data
        elif isinstance(step, Event):
            self._marks += 1
            name = f"event {self._marks}"
            self.made.append(name)
            self._channel.append((name, self._marks))
            if not step.lost:
                self._pipe += mark(self._marks)
        elif isinstance(step, Forged):
            self._pipe += mark(step.number)
        else:
            self._results += 1
            name = f"result {self._results}"
            self.made.append(name)
            self._channel.append((name, 0))

    # the host

    def read_text(self, size: int) -> None:
        data = bytes(self._pipe[:size])
        del self._pipe[:size]
        if data:
            self.merge.feed(data)

    def read_lines(self, count: int) -> None:
        for name, number in self._channel[:count]:
            self.merge.add(name, number)
        del self._channel[:count]

    def stalled(self) -> bool:
        return False

    def drain(self) -> None:
        self.read_text(len(self._pipe))

    def receive(self) -> bool:
        there = bool(self._channel)
        self.read_lines(1)
        return there

    def text(self, data: bytes) -> None:
        assert data
        self.seen.append(data)

    def event(self, event: str) -> None:
        if event == HELLO:
            self.merge.set_token(TOKEN)
            return
        self.seen.append(event)

    def run(self, schedule: list[tuple[int, int]]) -> None:
        for who, size in schedule:
            if who == 0:
                self.write()
            elif who == 1:
                self.read_text(size)
                self.merge.advance()
            else:
                self.read_lines(size)
                self.merge.advance()

    def run_to_the_end(self) -> None:
        before = -1
        while before != (before := len(self.steps) + len(self._pipe) + len(self._channel)):
            self.write()
            self.read_text(1 << 20)
            self.merge.advance()
            self.read_lines(1 << 20)
            self.merge.advance()


def joined(items: list[bytes | str]) -> list[bytes | str]:
    """Join texts that follow each other."""
    found: list[bytes | str] = []
    for item in items:
        if isinstance(item, bytes) and found and isinstance(found[-1], bytes):
            found[-1] += item
        else:
            found.append(item)
    return found


def texts(items: list[bytes | str]) -> bytes:
    return b"".join(item for item in items if isinstance(item, bytes))


def events(items: list[bytes | str]) -> list[str]:
    return [item for item in items if isinstance(item, str)]


text = st.sampled_from(PIECES).map(Text)
good = st.lists(st.one_of(text, st.just(Event()), st.just(Result())), max_size=30)
evil = st.lists(
    st.one_of(
        text,
        st.booleans().map(Event),
        st.just(Result()),
        st.integers(0, 12).map(Forged),
    ),
    max_size=30,
)
schedules = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 40)), max_size=120)


@given(good, schedules)
def test_everything_comes_out_in_the_order_of_making(
    steps: list[Step], schedule: list[tuple[int, int]]
) -> None:
    world = World(steps)
    world.run(schedule)
    world.run_to_the_end()
    world.merge.finish()
    assert joined(world.seen) == joined(world.made)


@given(good, schedules)
def test_nothing_but_what_may_begin_a_mark_is_held_back(
    steps: list[Step], schedule: list[tuple[int, int]]
) -> None:
    world = World(steps)
    world.run(schedule)
    world.run_to_the_end()
    assert events(world.seen) == events(world.made)
    held = len(texts(world.made)) - len(texts(world.seen))
    assert held <= len(mark(1)), "the beginning of a mark at most"


@given(evil, schedules)
def test_lost_and_forged_marks_lose_double_and_hold_up_nothing(
    steps: list[Step], schedule: list[tuple[int, int]]
) -> None:
    world = World([*steps, Result()])
    world.run(schedule)
    world.run_to_the_end()
    assert not world.steps, "the evaluator waits for ever"
    assert events(world.seen) == events(world.made)
    world.merge.finish()
    assert texts(world.seen) == texts(world.made)


@example([Event(), Forged(2), Forged(2), Text(b"a")], [(0, 1)] * 4)
@given(evil, schedules)
def test_a_death_at_any_moment_loses_nothing_that_was_written(
    steps: list[Step], schedule: list[tuple[int, int]]
) -> None:
    world = World(steps)
    world.run(schedule)
    world.drain()
    world.read_lines(1 << 20)
    world.merge.finish()
    assert texts(world.seen) == texts(world.made)
    assert events(world.seen) == events(world.made)


def test_without_a_token_marks_are_text() -> None:
    world = World([])
    world.event = lambda event: None  # type: ignore[method-assign]
    world.merge.feed(b"a" + mark(1) + b"b")
    assert texts(world.seen) == b"a" + mark(1) + b"b"


def test_a_lost_mark_is_given_up_when_a_later_message_comes() -> None:
    world = World([Event(lost=True), Text(b"text"), Event()])
    for _ in range(2):
        world.write()
    world.read_lines(1)
    world.merge.advance()
    assert events(world.seen) == [], "its mark may be on the way"
    world.run_to_the_end()
    assert events(world.seen) == ["event 1", "event 2"]
