"""Parcels as an evaluator sends them, and when it does not."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from polykernel.evaluator import parcels
from polykernel.evaluator.parcels import LARGE, Parcels

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has sealed memory")

HALVES = [memoryview(b"a" * (LARGE // 2)), memoryview(b"b" * (LARGE // 2))]


class Ends:
    """Both ends of the socket; the host has said that it takes parcels."""

    def __init__(self) -> None:
        self.host, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.host.settimeout(30)
        self.theirs = theirs
        self.parcels = Parcels(theirs.fileno())
        self.parcels.wanted = True

    def receive(self) -> tuple[int, int]:
        data, descriptors, _, _ = socket.recv_fds(self.host, 32, 2)
        (descriptor,) = descriptors
        return int(data), descriptor


@pytest.fixture
def ends() -> Iterator[Ends]:
    ends = Ends()
    yield ends
    ends.host.close()
    ends.theirs.close()


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_large_buffers_go_in_sealed_memory(ends: Ends) -> None:
    assert ends.parcels.pack(HALVES) == 1
    number, memory = ends.receive()
    assert number == 1
    assert os.pread(memory, LARGE + 1, 0) == b"".join(HALVES)
    with pytest.raises(OSError, match="not permitted"):
        os.ftruncate(memory, 0)
    with pytest.raises(OSError, match="not permitted"):
        os.pwrite(memory, b"x", 0)
    assert fcntl.fcntl(memory, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SEAL
    os.close(memory)


def test_small_ones_go_through_the_channel(ends: Ends) -> None:
    assert ends.parcels.pack(HALVES[:1]) == 0
    assert ends.parcels.pack([]) == 0


def test_a_host_that_takes_none_gets_none(ends: Ends) -> None:
    ends.parcels.wanted = False
    assert ends.parcels.pack(HALVES) == 0
    alone = Parcels()
    alone.wanted = True
    assert alone.pack(HALVES) == 0


def test_the_next_waits_until_the_host_has_taken_the_last(ends: Ends) -> None:
    ends.parcels.announced(ends.parcels.pack(HALVES))
    sent: list[int] = []
    thread = threading.Thread(target=lambda: sent.append(ends.parcels.pack(HALVES)))
    thread.start()
    os.close(ends.receive()[1])
    ends.host.send(b"0")  # the answer to one before
    ends.host.settimeout(0.05)
    with pytest.raises(TimeoutError):
        ends.receive()
    ends.host.settimeout(30)
    ends.host.send(b"1")
    number, memory = ends.receive()
    os.close(memory)
    thread.join(30)
    assert [number] == sent == [2]


def test_one_whose_line_was_never_sent_is_not_waited_for(ends: Ends) -> None:
    assert [ends.parcels.pack(HALVES), ends.parcels.pack(HALVES)] == [1, 2]


def test_where_the_host_has_gone_the_channel_is_left(ends: Ends) -> None:
    ends.parcels.announced(ends.parcels.pack(HALVES))
    ends.host.close()
    assert [ends.parcels.pack(HALVES), ends.parcels.pack(HALVES)] == [0, 0]


@pytest.mark.parametrize("missing", ["_memfd_create", "_ADD_SEALS"])
def test_a_system_without_sealed_memory_sends_none(
    ends: Ends, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr(parcels, missing, None)
    assert ends.parcels.pack(HALVES) == 0


@pytest.mark.parametrize("function", ["_memfd_create", "write_all"])
def test_where_there_is_no_memory_the_channel_is_left(
    ends: Ends, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no memory")

    before = open_descriptors()
    monkeypatch.setattr(parcels, function, fail)
    assert ends.parcels.pack(HALVES) == 0
    assert open_descriptors() == before
