"""Parcels as the host takes them, from senders that do and do not keep the rules."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from polykernel.parcels import Parcels

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has sealed memory")

SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_WRITE


class Ends:
    """Both ends of the socket."""

    def __init__(self) -> None:
        ours, self.sender = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self.sender.setblocking(False)
        self.parcels = Parcels(ours.detach())

    def put(self, number: object, data: bytes, seals: int = SEALS) -> None:
        memory = os.memfd_create("parcel", os.MFD_ALLOW_SEALING)
        os.write(memory, data)
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, seals)
        self.put_file(number, memory)

    def put_file(self, number: object, *descriptors: int) -> None:
        socket.send_fds(self.sender, [str(number).encode()], descriptors)
        for descriptor in descriptors:
            os.close(descriptor)

    def answers(self) -> list[int]:
        found = []
        while True:
            try:
                found.append(int(self.sender.recv(32)))
            except BlockingIOError:
                return found


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def ends() -> Iterator[Ends]:
    before = open_descriptors()
    ends = Ends()
    yield ends
    ends.parcels.close()
    ends.sender.close()
    assert open_descriptors() == before


def test_what_is_in_a_parcel_is_given_and_answered(ends: Ends) -> None:
    ends.put(1, b"first")
    ends.put(2, b"second, and more")
    assert bytes(ends.parcels.take(1, 5)) == b"first"
    assert ends.answers() == [1]
    assert bytes(ends.parcels.take(2, 6)) == b"second"
    assert ends.answers() == [2]


def test_a_parcel_of_which_no_line_told_is_dropped(ends: Ends) -> None:
    ends.put(1, b"orphan")
    ends.put(2, b"told")
    assert bytes(ends.parcels.take(2, 4)) == b"told"
    assert ends.answers() == [1, 2]


def test_the_newest_that_was_accepted_can_still_be_taken(ends: Ends) -> None:
    ends.put(1, b"of a line that was refused")
    ends.put(2, b"next")
    ends.parcels.accept()
    ends.parcels.accept()
    assert ends.answers() == [1, 2]
    assert bytes(ends.parcels.take(2, 4)) == b"next"


def test_what_was_accepted_is_let_go_at_the_end(ends: Ends) -> None:
    ends.put(1, b"x")
    ends.parcels.accept()


@pytest.mark.parametrize("seals", [0, fcntl.F_SEAL_WRITE, fcntl.F_SEAL_SHRINK])
def test_memory_that_might_change_is_refused(ends: Ends, seals: int) -> None:
    ends.put(1, b"data", seals)
    with pytest.raises(ValueError, match="without its seals"):
        ends.parcels.take(1, 4)
    assert ends.answers() == [1]


def test_memory_that_is_too_small_is_refused(ends: Ends) -> None:
    ends.put(1, b"data")
    with pytest.raises(ValueError, match="too small"):
        ends.parcels.take(1, 5)


def test_a_size_that_nothing_has_is_refused(ends: Ends) -> None:
    ends.put(1, b"data")
    with pytest.raises(ValueError, match="too small"):
        ends.parcels.take(1, 1 << 70)


def test_a_file_on_a_disk_is_refused(ends: Ends, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"data")
    ends.put_file(1, os.open(file, os.O_RDONLY))
    with pytest.raises(ValueError, match="can't be read"):
        ends.parcels.take(1, 4)


@pytest.mark.parametrize("number", [1, "x", ""])
def test_a_message_without_memory_or_number_is_refused(ends: Ends, number: object) -> None:
    ends.put_file(number)
    with pytest.raises(ValueError, match="parcel 1"):
        ends.parcels.take(1, 4)


def test_more_than_one_descriptor_is_not_kept(ends: Ends) -> None:
    ends.put_file(1, os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_RDONLY))
    ends.parcels.accept()


def test_what_has_not_come_is_refused(ends: Ends) -> None:
    with pytest.raises(ValueError, match="has not come"):
        ends.parcels.take(1, 4)
    ends.sender.close()
    with pytest.raises(ValueError, match="has not come"):
        ends.parcels.take(1, 4)


def test_without_a_socket_there_are_none() -> None:
    parcels = Parcels(-1)
    parcels.accept()
    with pytest.raises(ValueError, match="has not come"):
        parcels.take(1, 4)
    parcels.close()
