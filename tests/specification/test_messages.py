"""The general message format: headers, parents, metadata, content, buffers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from support import schema
from support.subjects import NEVER

from specification import packing
from specification.rules import ALL, rule

if TYPE_CHECKING:
    from support.client import Seen
    from support.subjects import Subject

    from specification.tour import Tour

HEADER = "Message Header"
COMPATIBILITY = "Compatibility"


def headers(tour: Tour) -> list[dict[str, Any]]:
    return [dictionaries(seen)[0] for seen in tour.seen]


def dictionaries(seen: Seen) -> list[Any]:
    """Read the four dictionaries as they came."""
    return [json.loads(frame) for frame in packing.parts(seen.frames)[:4]]


@rule(
    "any",
    "Introduction",
    "Messages are dicts of dicts with string keys and values that are reasonably representable in "
    "JSON.",
    languages=ALL,
)
def test_every_part_of_every_message_is_a_json_object(tour: Tour) -> None:
    for seen in tour.seen:
        for frame in packing.parts(seen.frames)[:4]:
            part = json.loads(
                frame.decode("utf-8"), parse_constant=lambda name: pytest.fail(f"not JSON: {name}")
            )
            assert isinstance(part, dict)


@rule("header", HEADER, "typically UUID, must be unique per message", languages=ALL)
def test_no_two_messages_have_the_same_id(tour: Tour) -> None:
    ids = [header["msg_id"] for header in headers(tour)]
    assert all(isinstance(each, str) and each for each in ids)
    assert len(set(ids)) == len(ids)


@rule(
    "header",
    HEADER,
    "A kernel session ID, in message headers from a kernel, should identify a particular kernel "
    "process.",
    languages=ALL,
)
def test_all_messages_of_a_kernel_have_one_session_that_is_its_own(tour: Tour) -> None:
    sessions = {header["session"] for header in headers(tour)}
    assert len(sessions) == 1
    assert tour.session not in sessions
    assert all(isinstance(each, str) and each for each in sessions)


@rule(
    "header",
    HEADER,
    "If a kernel is restarted, the kernel session ID should be regenerated.",
    languages=ALL,
)
def test_a_restarted_kernel_has_a_new_session(kernel: Subject) -> None:
    other = kernel.fresh()
    before = other.client.request("kernel_info_request").message["header"]["session"]
    other.kernel.restart()
    after = other.connect().request("kernel_info_request").message["header"]["session"]
    assert before != after


@rule("header", HEADER, '"username": str', languages=ALL)
def test_headers_have_a_user_name(tour: Tour) -> None:
    assert all(isinstance(header["username"], str) for header in headers(tour))


@rule("header", HEADER, "ISO 8601 timestamp for when the message is created", languages=ALL)
def test_headers_have_the_date_of_their_making(tour: Tour) -> None:
    for header in headers(tour):
        date = datetime.fromisoformat(header["date"])
        assert date.tzinfo is not None, "no time zone: nobody can tell when it was"
        assert abs((datetime.now(date.tzinfo) - date).total_seconds()) < 3600


@rule("header", HEADER, "All recognized message type strings are listed below.", languages=ALL)
def test_message_types_are_those_of_the_specification(tour: Tour) -> None:
    assert {header["msg_type"] for header in headers(tour)} <= set(schema.CONTENTS)


@rule("header", HEADER, "``version`` key added to the header.", languages=ALL)
def test_headers_have_the_version_of_kernel_info(tour: Tour) -> None:
    told = tour.of("kernel_info_reply")[0].content["protocol_version"]
    assert {header["version"] for header in headers(tour)} == {told}


@rule(
    "header",
    HEADER,
    "If it is not included or is ``None`` then the shell message is handled by the parent subshell "
    "(main shell)",
    languages=ALL,
)
def test_a_subshell_id_of_null_means_the_main_shell(kernel: Subject) -> None:
    sent = packing.send(
        kernel.client,
        "execute_request",
        {"code": kernel.words.value},
        header={"subshell_id": None},
    )
    assert kernel.client.outcome(sent).result == kernel.words.shown


@rule(
    "header",
    HEADER,
    "if it is a string subshell ID then it is handled by the subshell with that ID",
)
def test_a_subshell_id_means_that_subshell(kernel: Subject) -> None:
    subshell = kernel.client.create_subshell()
    code = "import threading; threading.get_ident()"
    main = kernel.execute(code).result
    there = kernel.client.outcome(kernel.client.send_execute(code, subshell=subshell)).result
    assert there not in (None, main)
    kernel.client.request("delete_subshell_request", {"subshell_id": subshell}, channel="control")


@rule(
    "parent_header",
    "Parent header",
    'the ``parent_header`` is a copy of the ``header`` of the message that "caused" the current '
    "message",
    languages=ALL,
)
def test_the_parent_header_is_a_copy_with_whatever_stood_in_it(kernel: Subject) -> None:
    more = {"of_ours": {"nested": [1, 2.5, None, "ü😀"]}}
    content = {"code": kernel.words.value}
    sent = packing.send(kernel.client, "execute_request", content, header=more)
    outcome = kernel.client.outcome(sent)
    header = kernel.client.sent_headers[sent]
    parents = [dictionaries(seen)[1] for seen in outcome.caused]
    assert len(parents) >= 5
    assert all(parent == header for parent in parents)


@rule(
    "*_reply",
    "Parent header",
    "``_reply`` messages MUST have a ``parent_header``",
    languages=ALL,
)
def test_replies_have_a_parent(tour: Tour) -> None:
    assert tour.replies
    assert all(seen.parent in tour.sent for seen in tour.replies)


@rule("iopub", "Parent header", "side-effects *typically* have a parent", languages=ALL)
def test_what_a_request_causes_has_it_as_parent(tour: Tour) -> None:
    for seen in tour.iopub:
        if seen.msg_type not in ("iopub_welcome", "status"):
            assert seen.parent in tour.sent, seen


@rule(
    "parent_header",
    "Parent header",
    "If there is no parent, an empty dict should be used.",
    languages=ALL,
)
def test_without_a_parent_there_is_an_empty_dictionary(tour: Tour) -> None:
    orphans = [dictionaries(seen)[1] for seen in tour.seen if not seen.parent]
    assert orphans, "everything had a parent, the welcome too"
    assert all(parent == {} for parent in orphans)


@rule(
    "metadata",
    "Metadata",
    "The ``metadata`` dict contains information about the message that is not part of the content.",
    languages=ALL,
)
def test_metadata_of_a_request_changes_nothing_that_is_asked(kernel: Subject) -> None:
    metadata = {"cellId": "a cell", "deletedCells": [], "of ours": {"x": None}}
    sent = kernel.client.send("execute_request", {"code": kernel.words.value}, metadata=metadata)
    outcome = kernel.client.outcome(sent)
    assert outcome.result == kernel.words.shown
    assert all(isinstance(dictionaries(seen)[2], dict) for seen in outcome.caused)


@rule(
    "content",
    "Content",
    "Its structure is dictated by the ``msg_type`` field in the header",
    languages=ALL,
)
def test_every_content_has_the_structure_of_its_type(tour: Tour) -> None:
    for seen in tour.seen:
        schema.check_content(seen.msg_type, seen.content, seen.channel)


@rule(
    "buffers",
    "Buffers",
    "While this is part of the protocol, no official messages make use of these buffers.",
    languages=ALL,
)
def test_only_comms_have_buffers(tour: Tour) -> None:
    for seen in tour.seen:
        if not seen.msg_type.startswith("comm_"):
            assert len(packing.parts(seen.frames)) == 4, seen


@rule(
    "execute_request",
    COMPATIBILITY,
    "Kernels must implement the :ref:`execute <execute>` and :ref:`kernel info "
    "<msging_kernel_info>` messages, along with the associated busy and idle :ref:`status` "
    "messages.",
    languages=ALL,
)
def test_cells_run_between_busy_and_idle(kernel: Subject) -> None:
    outcome = kernel.execute(kernel.words.value)
    assert outcome.status == "ok"
    assert (outcome.sequence[0], outcome.sequence[-1]) == ("busy", "idle")
    info = kernel.client.request("kernel_info_request")
    assert (info.status, info.sequence) == ("ok", ["busy", "idle"])


@rule(
    "any",
    COMPATIBILITY,
    "Both sides should allow unexpected message types",
    languages=ALL,
)
def test_unexpected_message_types_do_no_harm(kernel: Subject) -> None:
    for channel in ("shell", "control", "stdin"):
        kernel.client.send("no_such_request", {"a": 1}, channel=channel)
    kernel.client.send("execute_reply", {"status": "ok"})
    for channel in ("shell", "control"):
        assert kernel.client.request("kernel_info_request", channel=channel).status == "ok"
    assert kernel.execute(kernel.words.value).result == kernel.words.shown


@rule(
    "any",
    COMPATIBILITY,
    "Kernels do not need to send any reply for messages they don't handle",
    languages=ALL,
)
def test_nobody_invents_replies_to_unknown_types(kernel: Subject) -> None:
    client = kernel.client
    ids = [
        client.send("no_such_request", channel=channel) for channel in ("shell", "control", "stdin")
    ]
    client.request("kernel_info_request")
    client.request("kernel_info_request", channel="control")
    client.pump(NEVER)
    assert not client.replies(ids)


@rule(
    "any",
    COMPATIBILITY,
    "and extra fields in known message types, so that additions to the protocol do not break "
    "existing code",
    languages=ALL,
)
def test_extra_fields_do_no_harm(kernel: Subject) -> None:
    content = {"code": kernel.words.value, "of_a_later_version": {"x": [1]}}
    header = {"of_a_later_version": [None]}
    sent = packing.send(kernel.client, "execute_request", content, header=header)
    assert kernel.client.outcome(sent).result == kernel.words.shown
    for msg_type in ("kernel_info_request", "comm_info_request"):
        assert kernel.client.request(msg_type, {"more": 1}).status == "ok"
