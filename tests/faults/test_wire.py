"""What comes over the wire is spoilt, forged, huge, or not what it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from faults.checks import Check, answers, check, leaves_nothing
from faults.register import WIRE, elsewhere, fault

if TYPE_CHECKING:
    from support.client import Client
    from support.subjects import Subject

DEEP = b"[" * 100_000 + b"]" * 100_000


def signed(client: Client, msg_type: str, content: bytes, msg_id: str = "spoilt") -> list[bytes]:
    fields = {
        "msg_id": msg_id,
        "msg_type": msg_type,
        "session": "s",
        "username": "u",
        "date": "2024-01-01T00:00:00Z",
        "version": "5.3",
    }
    parts = [json.dumps(fields).encode(), b"{}", b"{}", content]
    return [b"<IDS|MSG>", client.session.sign(parts), *parts]


def is_told(client: Client, content: bytes) -> None:
    """Send a cell of this content, and hold that it gets the reply that every request gets."""
    client.send_frames(signed(client, "execute_request", content))
    with check(Check.TOLD):
        assert client.outcome("spoilt").status == "error"


def goes_on(kernel: Subject) -> None:
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    WIRE,
    "a cell whose content is JSON of 100,000 levels",
    told="the cell's error says that its request is malformed",
)
def test_content_that_is_nested_too_deeply_is_an_error_of_its_cell(kernel: Subject) -> None:
    is_told(kernel.client, b'{"code": ' + DEEP + b"}")
    goes_on(kernel)


@fault(
    WIRE,
    "a cell whose content is not UTF-8",
    told="the cell's error says that its request is malformed",
)
def test_content_that_is_not_utf8_is_an_error_of_its_cell(kernel: Subject) -> None:
    is_told(kernel.client, b'{"code": "\xff\xfe"}')
    goes_on(kernel)


@fault(
    WIRE,
    "a cell whose content is cut",
    told="the cell's error says that its request is malformed",
)
def test_content_that_is_cut_is_an_error_of_its_cell(kernel: Subject) -> None:
    is_told(kernel.client, b'{"code": "1')
    goes_on(kernel)


@fault(
    WIRE,
    "half of a surrogate pair in the code of a cell, as JavaScript sends it",
    told="the character is shown as U+FFFD; the cell runs",
)
def test_half_of_a_surrogate_pair_in_a_cell_is_survived(kernel: Subject) -> None:
    content = rb"""{"code": "x = '\ud83d'; print('ran')", "silent": false}"""
    kernel.client.send_frames(signed(kernel.client, "execute_request", content))
    with check(Check.TOLD):
        kernel.client.outcome("spoilt")
    goes_on(kernel)


@fault(
    WIRE,
    "frames of no bytes, of noise, too few of them, without a delimiter; on every socket",
    told="nothing; the log tells of the first ones",
)
def test_frames_that_are_no_message_are_dropped(kernel: Subject) -> None:
    client = kernel.client
    for channel in ("shell", "control", "stdin"):
        for frames in ([b""], [b""] * 9, [b"\xff" * 1000, b"\0"], [b"<IDS|MSG>"], [b"x"] * 9):
            client.send_frames(frames, channel)
    goes_on(kernel)


@fault(
    WIRE,
    "a message that was recorded is sent again",
    told="nothing: it is not executed again",
)
def test_a_recorded_message_is_not_executed_again(kernel: Subject) -> None:
    client = kernel.client
    frames = signed(client, "execute_request", b'{"code": "print(\'ran\')", "silent": false}')
    client.send_frames(frames)
    client.outcome("spoilt")
    client.send_frames(frames)
    answers(kernel)
    with check(Check.TOLD):
        assert len(client.replies(["spoilt"])) == 1
    leaves_nothing(kernel)


@fault(
    WIRE,
    "a message that is signed with another key",
    told="nothing; the log tells of it",
)
def test_what_is_signed_with_another_key_is_not_executed(kernel: Subject) -> None:
    client = kernel.client
    frames = signed(client, "execute_request", b'{"code": "print(\'ran\')", "silent": false}')
    frames[1] = b"0" * 64
    client.send_frames(frames)
    answers(kernel)
    with check(Check.TOLD):
        assert not client.replies(["spoilt"])
    leaves_nothing(kernel)


elsewhere(
    WIRE,
    "every frame of every message removed, emptied, doubled, swapped, cut, one bit flipped, and "
    "replaced by every kind of JSON: more than 7,000 mutations",
    told="nothing, or an error in the reply where the request can be recognised; none is executed "
    "that is not signed rightly",
    test="protocol/test_mutations.py::"
    "test_no_mutation_of_any_frame_kills_a_kernel_or_is_taken_for_a_good_message",
)
elsewhere(
    WIRE,
    "what is signed by another scheme",
    told="nothing; the log tells of it",
    test="protocol/test_mutations.py::test_what_is_signed_by_another_scheme_is_dropped",
)
elsewhere(
    WIRE,
    "two requests with one id",
    told="each gets its reply",
    test="protocol/test_mutations.py::test_two_requests_of_one_id_are_two_requests",
)
elsewhere(
    WIRE,
    "a frame of 100 MB, or of as much as is asked for (1 GB was tried)",
    told="it is answered, and its memory comes back",
    test="protocol/test_mutations.py::test_the_memory_of_a_very_large_frame_comes_back",
)
elsewhere(
    WIRE,
    "a frame that says it is larger than all memory",
    told="its connection ends",
    test="protocol/test_mutations.py::"
    "test_a_frame_that_says_it_is_larger_than_memory_ends_its_connection_only",
)
elsewhere(
    WIRE,
    "any bytes on the channel, in any pieces, found by coverage",
    told="what is no message is told in its cell; no text is lost",
    test="fuzz/test_fuzz.py::test_the_fuzzer_finds_nothing_in_some_seconds",
)
