"""The wire protocol: frames, topics, signatures."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from support import schema
from support.subjects import NEVER

from specification import packing
from specification.rules import ALL, KERNELS, rule

if TYPE_CHECKING:
    from support.subjects import Subject

    from specification.tour import Tour

WIRE = "The Wire Protocol"


@rule(
    "any",
    WIRE,
    "Every message is serialized to a sequence of at least six blobs of bytes",
    languages=ALL,
)
def test_every_message_has_a_delimiter_a_signature_and_four_dictionaries(tour: Tour) -> None:
    for seen in tour.seen:
        assert seen.frames.count(schema.DELIMITER) == 1
        assert len(packing.parts(seen.frames)) >= 4


@rule(
    "any",
    WIRE,
    "The front of the message is the ZeroMQ routing prefix, which can be zero or more socket "
    "identities.",
    languages=ALL,
)
def test_a_reply_goes_back_by_the_whole_prefix_of_its_request(kernel: Subject) -> None:
    prefix = [b"a proxy", b"another\x00"]
    client = kernel.connect(checked=False)  # no identities are expected as a rule
    sent = packing.send(client, "kernel_info_request", {}, prefix=prefix)
    client.outcome(sent)
    reply = client.replies([sent])[0]
    assert list(reply.frames[:2]) == prefix
    assert reply.frames[2] == schema.DELIMITER


@rule(
    "iopub",
    WIRE,
    "In the case of IOPub, there should be just one prefix component, which is the topic for IOPub "
    "subscribers",
    languages=ALL,
)
def test_there_is_exactly_one_topic_on_iopub(tour: Tour) -> None:
    assert tour.iopub
    for seen in tour.iopub:
        assert seen.frames.index(schema.DELIMITER) == 1, seen.frames[:3]


@rule(
    "iopub",
    WIRE,
    "The convention used in the IPython kernel is to use the msg_type as the topic, and possibly "
    "extra information about the message",
    languages=ALL,
)
def test_topics_tell_the_message_type(tour: Tour) -> None:
    for seen in tour.iopub:
        if seen.msg_type not in ("iopub_welcome", "stream"):
            assert seen.msg_type.encode() in seen.frames[0]


@rule(
    "any",
    WIRE,
    "The signature is the HMAC hex digest of the concatenation of ... A shared key ... The "
    "serialized header dict ... The serialized parent header dict ... The serialized metadata "
    "dict ... The serialized content dict",
    languages=ALL,
)
def test_every_message_is_signed(tour: Tour) -> None:
    for seen in tour.seen:
        expected = schema.sign(tour.key, packing.parts(seen.frames)[:4])
        assert packing.signature_of(seen.frames) == expected


@rule(
    "any",
    WIRE,
    "By default, the hashing function used for computing these signatures is sha256.",
    languages=ALL,
)
def test_signatures_are_those_of_the_connection_files_scheme(kernel: Subject) -> None:
    for scheme in ("sha512", "md5"):
        other = kernel.fresh(signature_scheme=f"hmac-{scheme}")
        outcome = other.execute(other.words.value)
        assert outcome.result == other.words.shown
        for seen in outcome.caused:
            digest = packing.signature_of(seen.frames)
            assert len(digest) == 2 * hashlib.new(scheme).digest_size
            assert digest == schema.sign(other.client.key, packing.parts(seen.frames)[:4], scheme)


@rule(
    "any",
    WIRE,
    "If authentication is disabled, this should be an empty string.",
    languages=ALL,
)
def test_without_a_key_signatures_are_empty(kernel: Subject) -> None:
    outcome = kernel.fresh(key=b"").execute(kernel.words.value)
    assert outcome.result == kernel.words.shown
    assert {packing.signature_of(seen.frames) for seen in outcome.caused} == {b""}


@rule(
    "any",
    WIRE,
    "To disable authentication and signature checking, set the ``key`` field of a connection file "
    "to an empty string.",
    languages=ALL,
)
def test_without_a_key_signatures_are_not_looked_at(kernel: Subject) -> None:
    client = kernel.fresh(key=b"").client
    sent = packing.send(client, "kernel_info_request", {}, signature=b"baddad42")
    assert client.outcome(sent).status == "ok"


@rule(
    "any",
    "Handling messages",
    "Messages on the control and shell sockets should be parsed, and their signature validated.",
    page=KERNELS,
    languages=ALL,
)
def test_messages_with_a_wrong_signature_do_nothing(kernel: Subject) -> None:
    client = kernel.client
    ids = []
    for signature in (b"", b"baddad42", b"0" * 64):
        for channel, msg_type in (("shell", "execute_request"), ("control", "shutdown_request")):
            content = {"code": kernel.words.value, "restart": False}
            ids.append(
                packing.send(client, msg_type, content, channel=channel, signature=signature)
            )
    for channel in ("shell", "control"):
        assert client.request("kernel_info_request", channel=channel).status == "ok"
    client.pump(NEVER)
    assert not [seen for seen in client.seen if seen.parent in ids]


@rule(
    "any",
    "Connection file format",
    "``signature_scheme`` and ``key`` are used to cryptographically sign messages, so that other "
    "users on the system can't send code to run in this kernel.",
    page=KERNELS,
    languages=ALL,
)
def test_a_message_that_was_changed_on_its_way_does_nothing(kernel: Subject) -> None:
    client = kernel.client
    _, dictionaries = packing.pack(client, "execute_request", {"code": "nothing"}, {})
    signature = schema.sign(client.key, dictionaries)
    msg_id, changed = packing.pack(client, "execute_request", {"code": kernel.words.value}, {})
    client.send_frames([schema.DELIMITER, signature, *changed])
    client.sync()
    client.pump(NEVER)
    assert not [seen for seen in client.seen if seen.parent == msg_id]


@rule(
    "any",
    WIRE,
    "After the signature is the actual message, always in four frames of bytes.",
    languages=ALL,
)
def test_messages_with_too_few_frames_do_nothing(kernel: Subject) -> None:
    client = kernel.client
    msg_id, dictionaries = packing.pack(client, "kernel_info_request", {}, {})
    for count in range(4):
        kept = dictionaries[:count]
        client.send_frames([schema.DELIMITER, schema.sign(client.key, kept), *kept])
    client.send_frames([schema.DELIMITER])
    client.send_frames([b"no delimiter"])
    client.send_frames([b""])
    for channel in ("shell", "control"):
        assert client.request("kernel_info_request", channel=channel).status == "ok"
    assert not [seen for seen in client.seen if seen.parent == msg_id]


@rule(
    "any",
    WIRE,
    "The default and most common serialization is JSON",
    languages=ALL,
)
@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{} {}"])
def test_messages_that_are_no_json_objects_do_no_harm(kernel: Subject, broken: bytes) -> None:
    client = kernel.client
    for at in range(4):
        _, dictionaries = packing.pack(client, "kernel_info_request", {}, {})
        dictionaries[at] = broken
        signature = schema.sign(client.key, dictionaries)
        client.send_frames([schema.DELIMITER, signature, *dictionaries])
    for channel in ("shell", "control"):
        assert client.request("kernel_info_request", channel=channel).status == "ok"
    assert kernel.execute(kernel.words.value).result == kernel.words.shown


@rule(
    "buffers",
    WIRE,
    "After the serialized dicts are zero to many raw data buffers",
    languages=ALL,
)
def test_buffers_are_no_part_of_what_is_signed(kernel: Subject) -> None:
    client = kernel.client
    content = {"code": kernel.words.value}
    sent = packing.send(client, "execute_request", content, buffers=[b"", b"\x00\xff" * 1000])
    assert client.outcome(sent).result == kernel.words.shown
