"""Custom messages: comms, in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.subjects import NEVER

from specification import packing
from specification.rules import ALL, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.client import Seen
    from support.subjects import Subject

CUSTOM = "Custom Messages"
OPENING = "Opening a Comm"
MESSAGES = "Comm Messages"
CLOSING = "Tearing Down Comms"
EFFECTS = "Output Side Effects"
TARGET = (
    "from comm import get_comm_manager, create_comm\n"
    "opened = {}; heard = []; closed = []\n"
    "def on_open(comm, message):\n"
    "    opened[comm.comm_id] = (comm, message['content']['data'])\n"
    "    comm.on_msg(lambda message: (heard.append((message['content']['data'],\n"
    "        [bytes(each) for each in message.get('buffers', [])])), print('heard')))\n"
    "    comm.on_close(lambda message: closed.append(message['content']['data']))\n"
    "get_comm_manager().register_target('of users', on_open)"
)


def tell(
    kernel: Subject, msg_type: str, content: dict[str, Any], buffers: Sequence[bytes] = ()
) -> list[Seen]:
    """Send a comm message, and give what it causes."""
    sent = kernel.client.send(msg_type, content, buffers=buffers)
    kernel.client.wait(
        lambda seen: seen.parent == sent and seen.content.get("execution_state") == "idle",
        f"idle after {msg_type}",
    )
    return [seen for seen in kernel.client.seen if seen.parent == sent]


def open_comm(kernel: Subject, comm_id: str, data: Any = None) -> list[Seen]:
    content = {"comm_id": comm_id, "target_name": "of users", "data": data or {}}
    return tell(kernel, "comm_open", content)


@rule(
    "comm_open",
    OPENING,
    "Opening a Comm produces a ``comm_open`` message, to be sent to the other side",
)
def test_a_cell_opens_a_comm(kernel: Subject) -> None:
    code = (
        "from comm import create_comm\nc = create_comm(target_name='t', data={'x': 1})\nc.comm_id"
    )
    outcome = kernel.execute(code)
    (opened,) = outcome.contents("comm_open")
    assert repr(opened["comm_id"]) == outcome.result
    assert (opened["target_name"], opened["data"]) == ("t", {"x": 1})


@rule(
    "comm_open",
    OPENING,
    "After a ``comm_open`` message has been sent, there should be a corresponding Comm instance on "
    "both sides.",
)
def test_a_front_end_opens_a_comm(kernel: Subject) -> None:
    kernel.execute(TARGET)
    open_comm(kernel, "from-outside", {"y": 2})
    assert kernel.execute("opened['from-outside'][1]").result == "{'y': 2}"
    comms = kernel.client.request("comm_info_request", {}).reply["comms"]
    assert comms["from-outside"] == {"target_name": "of users"}


@rule(
    "comm_open",
    OPENING,
    "The ``data`` key is always a dict and can be any extra JSON information used in "
    "initialization of the comm.",
)
def test_a_comm_without_data_has_an_empty_dictionary(kernel: Subject) -> None:
    code = "from comm import create_comm\nc = create_comm(target_name='t')\nc.close()"
    outcome = kernel.execute(code)
    assert outcome.contents("comm_open")[0]["data"] == {}
    assert outcome.contents("comm_close")[0]["data"] == {}


@rule(
    "comm_close",
    OPENING,
    "If the ``target_name`` key is not found on the receiving side, then it should immediately "
    "reply with a ``comm_close`` message to avoid an inconsistent state.",
    languages=ALL,
)
def test_a_comm_to_an_unknown_target_is_closed(kernel: Subject) -> None:
    content = {"comm_id": "nobodys", "target_name": "no such target", "data": {}}
    caused = tell(kernel, "comm_open", content)
    closed = [seen.content for seen in caused if seen.msg_type == "comm_close"]
    assert [each["comm_id"] for each in closed] == ["nobodys"]
    assert "nobodys" not in kernel.client.request("comm_info_request", {}).reply["comms"]


@rule(
    "comm_msg",
    MESSAGES,
    "Comm messages are one-way communications to update comm state",
)
def test_comm_messages_go_both_ways(kernel: Subject) -> None:
    kernel.execute(TARGET)
    open_comm(kernel, "both")
    tell(kernel, "comm_msg", {"comm_id": "both", "data": {"n": 1}})
    assert kernel.execute("heard").result == "[({'n': 1}, [])]"
    outcome = kernel.execute("opened['both'][0].send({'n': 2})")
    assert outcome.contents("comm_msg") == [{"comm_id": "both", "data": {"n": 2}}]


@rule(
    "comm_msg",
    "Buffers",
    "They are used by extension messages, such as IPython Parallel's ``apply`` and some of "
    "ipywidgets' ``comm`` messages.",
)
def test_buffers_of_comms_go_both_ways(kernel: Subject) -> None:
    kernel.execute(TARGET)
    open_comm(kernel, "binary")
    buffers = [b"\x00\xff", b"", bytes(range(256)) * 100]
    tell(kernel, "comm_msg", {"comm_id": "binary", "data": {}}, buffers)
    code = "opened['binary'][0].send({'back': 1}, buffers=heard[0][1])"
    outcome = kernel.execute(code)
    (seen,) = [each for each in outcome.iopub if each.msg_type == "comm_msg"]
    assert packing.parts(seen.frames)[4:] == buffers


@rule("comm_*", CUSTOM, "no messages expect a reply", languages=ALL)
def test_comm_messages_have_no_reply(kernel: Subject) -> None:
    content = {"comm_id": "x", "target_name": "no such target", "data": {}}
    for msg_type in ("comm_open", "comm_msg", "comm_close"):
        tell(kernel, msg_type, content)
    kernel.client.pump(NEVER)
    sent = [
        key for key, header in kernel.client.sent_headers.items() if "comm" in header["msg_type"]
    ]
    assert not kernel.client.replies(sent)


@rule(
    "comm_*",
    CUSTOM,
    "The Kernel listens for these messages on the Shell channel, and the Frontend listens for them "
    "on the IOPub channel.",
)
def test_comm_messages_of_a_kernel_come_on_iopub(kernel: Subject) -> None:
    code = "from comm import create_comm\nc = create_comm(target_name='t'); c.send({}); c.close()"
    outcome = kernel.execute(code)
    assert [seen for seen in outcome.sequence if seen.startswith("comm_")] == [
        *("comm_open", "comm_msg", "comm_close")
    ]


@rule(
    "comm_close",
    CLOSING,
    "Since comms live on both sides, when a comm is destroyed the other side must be notified.",
)
def test_a_comm_is_closed_from_either_side(kernel: Subject) -> None:
    kernel.execute(TARGET)
    for name in ("one", "two"):
        open_comm(kernel, name)
    tell(kernel, "comm_close", {"comm_id": "one", "data": {"so": "long"}})
    assert kernel.execute("closed").result == "[{'so': 'long'}]"
    outcome = kernel.execute("opened['two'][0].close(data={'bye': 1})")
    assert outcome.contents("comm_close") == [{"comm_id": "two", "data": {"bye": 1}}]
    comms = kernel.client.request("comm_info_request", {}).reply["comms"]
    assert not {"one", "two"} & set(comms)


@rule(
    "status",
    EFFECTS,
    "handlers should set the parent header and publish status busy / idle, just like an execute "
    "request",
)
def test_what_a_comms_handler_prints_is_its_messages(kernel: Subject) -> None:
    kernel.execute(TARGET)
    open_comm(kernel, "prints")
    caused = tell(kernel, "comm_msg", {"comm_id": "prints", "data": {}})
    shown = [seen.content.get("text", seen.content.get("execution_state")) for seen in caused]
    assert shown == ["busy", "heard\n", "idle"]


@rule(
    "status",
    EFFECTS,
    "Since comm messages can execute arbitrary user code",
)
def test_a_comms_handler_that_fails_shows_its_error_and_harms_nothing(kernel: Subject) -> None:
    kernel.execute(
        TARGET + "\nget_comm_manager().register_target('bad', lambda comm, message: 1 / 0)"
    )
    content = {"comm_id": "bad", "target_name": "bad", "data": {}}
    caused = tell(kernel, "comm_open", content)
    assert "ZeroDivisionError" in str([seen.content for seen in caused])
    assert kernel.execute("6 * 7").result == "42"
