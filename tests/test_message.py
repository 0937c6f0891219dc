from __future__ import annotations

import json

import msgspec
import pytest

from polykernel.message import NOBODY, Header, Message, from_json, to_json

REQUEST = Message(
    header=Header("id", "execute_request"),
    raw_header=b'{"msg_id": "id",  "msg_type": "execute_request"}',
    identities=(b"front end",),
    buffers=(b"buffer",),
)


def test_a_child_has_the_requests_header_as_it_came_as_its_parent() -> None:
    child = REQUEST.child("stream", {"name": "stdout"})
    assert child.parent_header == REQUEST.raw_header
    assert child.msg_type == "stream"
    assert json.loads(child.content) == {"name": "stdout"}
    assert child.identities == ()
    assert child.buffers == ()


def test_a_reply_goes_back_to_where_the_request_came_from() -> None:
    assert REQUEST.reply("execute_reply", {}).identities == (b"front end",)


def test_a_message_that_nobody_caused_has_an_empty_parent() -> None:
    assert NOBODY.child("status", {}).parent_header == b"{}"


def test_content_that_is_json_already_is_left_as_it_is() -> None:
    assert to_json(b'{"a" : 1}') == b'{"a" : 1}'


def test_a_message_can_not_be_changed() -> None:
    with pytest.raises(AttributeError):
        REQUEST.content = b""  # type: ignore[misc]


@pytest.mark.parametrize("data", [b"", b"{", b'"\xff"', b"[" * 100_000, b"NaN"])
def test_what_is_no_json_is_an_error_of_one_kind(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        from_json(data)
