"""What is sent is JSON in UTF-8, whatever it was made of."""

from __future__ import annotations

import ctypes
import fcntl
import json
import math
import os
import sys
import termios
import threading
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.processes import until

from polykernel.evaluator.lines import DEEPEST, Unsendable, encode, to_bytes, write_all
from polykernel.evaluator.requests import CHUNK, Reader

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.text(st.characters(categories=["Cs"]))
    | st.binary()
    | st.decimals()
    | st.complex_numbers(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers() | st.floats() | st.tuples(st.none()), inner)
    ),
    max_leaves=20,
)


@given(anything)
def test_whatever_is_sent_is_one_line_of_strict_json(value: object) -> None:
    line = to_bytes(encode(value))
    assert b"\n" not in line
    json.loads(line.decode("utf-8"), parse_constant=pytest.fail)


class Scalar:
    def tolist(self) -> list[int]:
        return [1, 2]


class Index:
    def __index__(self) -> int:
        return 7


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        ([math.inf, -math.inf, 1.5], [None, None, 1.5]),
        ({None: 1, True: 2, 3: 4, (5,): 6}, {"null": 1, "True": 2, "3": 4, "(5,)": 6}),
        ((1, {2}), [1, [2]]),
        ({"a": b"\x00\xff"}, {"a": "AP8="}),
        (Scalar(), [1, 2]),
        (Index(), 7),
        (Decimal("1.5"), 1.5),
        (Decimal("sNaN"), "sNaN"),
        pytest.param(1 << 20000, hex(1 << 20000), id="huge"),
    ],
)
def test_the_nearest_json_is_found(value: object, expected: object) -> None:
    assert json.loads(encode(value)) == expected


def test_a_pair_of_surrogates_is_one_character_and_a_lone_one_is_replaced() -> None:
    assert to_bytes("\ud83d\ude00 \ud83d") == "😀 �".encode()


def test_a_value_that_contains_itself_is_refused() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(Unsendable, match=f"more than {DEEPEST} levels deep, or contains itself"):
        encode(value)


def test_an_object_whose_methods_fail_is_refused_as_it_fails() -> None:
    class Bad:
        def __str__(self) -> str:
            raise RuntimeError("no text")

    with pytest.raises(RuntimeError, match="no text"):
        encode([Bad()])


def test_everything_is_written_to_a_pipe_that_is_full_and_does_not_block() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    data = os.urandom(1 << 20)
    received: list[bytes] = []

    def drain() -> None:
        while chunk := os.read(reading, 5000):
            received.append(chunk)

    thread = threading.Thread(target=drain)
    thread.start()
    write_all(writing, data)
    os.close(writing)
    thread.join()
    os.close(reading)
    assert b"".join(received) == data


class Late(Exception):
    """What code of the user's raises in a thread that takes too long."""


def raise_late_in(thread: int) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Late))


def test_what_is_raised_from_outside_while_a_line_is_written_comes_when_it_is_whole() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    data = os.urandom(1 << 20)
    raised: list[type[BaseException]] = []

    def write() -> None:
        try:
            write_all(writing, data[:10], data[10:700_000], b"", memoryview(data)[700_000:])
        except Late:
            raised.append(Late)
        os.close(writing)

    thread = threading.Thread(target=write)
    thread.start()
    until(lambda: readable(reading) >= CHUNK, "a full pipe")
    assert thread.ident is not None
    raise_late_in(thread.ident)
    received = b"".join(iter(lambda: os.read(reading, 5000), b""))
    thread.join()
    os.close(reading)
    assert received == data
    assert raised == [Late]


def readable(descriptor: int) -> int:
    count = bytearray(4)
    fcntl.ioctl(descriptor, termios.FIONREAD, count)
    return int.from_bytes(count, sys.byteorder)


def test_what_is_raised_from_outside_while_a_value_is_encoded_is_not_swallowed() -> None:
    begun = threading.Event()
    value = ["x" * 10_000_000]
    main = threading.get_ident()

    def interfere() -> None:
        begun.wait()
        raise_late_in(main)

    thread = threading.Thread(target=interfere)
    thread.start()
    with pytest.raises(Late):  # noqa: PT012
        begun.set()
        for _ in range(100):
            encode(value)
    thread.join()


@given(st.lists(st.binary(max_size=100_000), max_size=5))
def test_pieces_are_written_one_behind_the_other(pieces: list[bytes]) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    received: list[bytes] = []
    thread = threading.Thread(
        target=lambda: received.extend(iter(lambda: os.read(reading, 5000), b""))
    )
    thread.start()
    write_all(writing, *pieces)
    os.close(writing)
    thread.join()
    os.close(reading)
    assert b"".join(received) == b"".join(pieces)


def test_more_pieces_are_written_than_the_system_takes_at_once() -> None:
    reading, writing = os.pipe()
    write_all(writing, *[b"x"] * 5000)
    assert os.read(reading, 10_000) == b"x" * 5000
    os.close(reading)
    os.close(writing)


@given(st.lists(st.binary().map(lambda line: line.replace(b"\n", b"")), max_size=20))
def test_lines_are_read_whole(lines: list[bytes]) -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, b"".join(line + b"\n" for line in lines) + b"unfinished")
        os.close(writing)
        assert list(iter(Reader(reading).line, None)) == lines
    finally:
        os.close(reading)
