"""Messages put together from pieces, and no more kept of one than is allowed."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

from polykernel import assembly
from polykernel.channel_lines import Line, decode_line

SMALL = 1000


class Records:
    """Records what an assembly makes of what it is fed."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.assembly = assembly.Assembly(self._line, self._message, self._refused)

    def _line(self, data: bytes) -> Line | None:
        line = decode_line(data)
        if line.params.tails():
            return line
        self.told.append(line.id)
        return None

    def _message(self, line: Line) -> None:
        self.told.append([bytes(each) for each in line.params.binary()])

    def _refused(self, data: bytes, error: Exception) -> None:
        self.told.append((data, str(error)))

    def feed(self, *pieces: bytes) -> list[Any]:
        for piece in pieces:
            self.assembly.feed(piece)
        return self.told


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> Records:
    monkeypatch.setattr(assembly, "LARGEST", SMALL)
    return Records()


def message(number: int, *lengths: int) -> bytes:
    params = {"buffers": list(lengths)} if lengths else {}
    return json.dumps({"id": number, "params": params}).encode() + b"\n"


def test_a_line_that_is_too_large_is_refused_at_its_end_and_the_next_is_taken(
    records: Records,
) -> None:
    begun = b'{"id": 7, "result": "' + b"x" * 100
    assert records.feed(begun, *[b"y" * 100] * 20) == []
    (refused, number) = records.feed(b'"}\n' + message(8))
    assert refused[0].startswith(begun)
    assert len(refused[0]) <= SMALL
    assert refused[1] == "a message of more than 0 MiB"
    assert number == 8


def test_a_line_without_an_end_takes_no_more_memory_than_is_allowed(records: Records) -> None:
    piece = b"x" * 500
    records.feed(piece)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            records.feed(bytes(bytearray(piece)))
        assert tracemalloc.get_traced_memory()[0] - before < 10 * SMALL
    finally:
        tracemalloc.stop()


def test_a_line_of_just_the_size_that_is_allowed_is_taken(records: Records) -> None:
    line = b'{"id": 1, "x": "' + b"x" * (SMALL - 18) + b'"}'
    assert len(line) == SMALL
    assert records.feed(line[:600], line[600:], b"\n") == [1]


@pytest.mark.parametrize("cut", [1, 7, 400, 5000])
def test_buffers_that_are_too_large_are_left_out_and_what_is_behind_them_is_taken(
    records: Records, cut: int
) -> None:
    line = message(1, 600, 600)
    data = line + b"\n" * 1200 + message(2, 3) + b"abc" + message(3)
    told = records.feed(*(data[at : at + cut] for at in range(0, len(data), cut)))
    assert told == [(line[:-1], "a message of more than 0 MiB"), [b"abc"], 3]


def test_buffers_that_nobody_can_have_written_are_not_waited_for(records: Records) -> None:
    line = message(1, 1 << 62)
    assert records.feed(line + message(2)) == [(line[:-1], "a message of more than 0 MiB"), 2]


def test_empty_buffers_at_the_end_of_what_has_come_are_whole(records: Records) -> None:
    assert records.feed(message(1, 0, 0)) == [[b"", b""]]


def test_what_there_is_no_memory_for_is_left_out_and_the_next_line_is_taken() -> None:
    lines: list[bytes] = []
    refused: list[str] = []
    kept = assembly.Assembly(
        lines.append,
        lambda message: None,
        lambda line, error: refused.append(str(error)),
    )
    assert not kept.relieve(), "nothing is kept"
    kept.feed(b"x" * 5000)
    assert kept.relieve()
    assert not kept.relieve(), "a second time there is nothing to give back"
    kept.feed(b"x" * 5000 + b"\nnext\n")
    assert lines == [b"next"]
    assert refused == ["the host has no memory for this message"]
