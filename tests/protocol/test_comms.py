"""Comms in both directions, with binary buffers, through real kernels."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.client import Client, Seen
    from support.kernels import Kernel

OPEN = {"comm_id": "c1", "target_name": "echo", "data": {"a": 1}}
BUFFERS = [b"", os.urandom(3_000_000), b"line\nline\n", b"\x00\xff"]

# a target that sends everything back
ECHO = """
import comm
opened = []
def target(comm, message):
    opened.append(comm)
    def echo(message):
        comm.send(message["content"]["data"], message["metadata"], message["buffers"])
    echo(message)
    comm.on_msg(echo)
    comm.on_close(lambda message: print("closed", message["content"]["data"]))
comm.get_comm_manager().register_target("echo", target)
"""


def idle(client: Client, msg_id: str) -> list[Seen]:
    """Wait for the end of a message without reply, and give all that it has caused."""
    client.wait(
        lambda seen: seen.parent == msg_id and seen.content.get("execution_state") == "idle",
        f"idle after {msg_id}",
    )
    return [seen for seen in client.seen if seen.parent == msg_id]


def sequence(seen: list[Seen]) -> list[str]:
    return [each.content.get("execution_state") or each.msg_type for each in seen]


def open_comms(client: Client, **content: Any) -> dict[str, Any]:
    return dict(client.request("comm_info_request", content).reply["comms"])


@pytest.mark.parametrize(
    "name", ["polykernel-python", "polykernel-calc", "polykernel-echo", "program"]
)
def test_a_comm_whose_target_nobody_knows_is_closed(
    kernel: Callable[..., Kernel], name: str
) -> None:
    client = kernel(name).client
    seen = idle(client, client.send("comm_open", OPEN))
    assert sequence(seen) == ["busy", "comm_close", "idle"]
    assert seen[1].content == {"comm_id": "c1", "data": {}}
    assert open_comms(client) == {}
    assert sequence(idle(client, client.send("comm_msg", {"comm_id": "c1", "data": {}}))) == [
        "busy",
        "idle",
    ]


def test_a_comm_message_of_the_kernels_own_can_not_be_sent_back_to_it(python: Kernel) -> None:
    client = python.client
    client.execute(ECHO)
    published = idle(client, client.send("comm_open", OPEN))[1]
    assert published.msg_type == "comm_msg"
    client.send_frames(published.frames)  # signed with the kernel's key, and to be read by anybody
    python.wait_for_log("a message on shell is dropped: it is one of this kernel's own")
    client.sync()
    assert len([seen for seen in client.seen if seen.msg_type == "comm_msg"]) == 1


@pytest.mark.parametrize("between", [b"\n", b"\r\n", b"\r", b"\t"])
def test_a_comm_message_may_be_json_of_many_lines(python: Kernel, between: bytes) -> None:
    client = python.client
    client.execute(ECHO)
    tokens = [b'{"comm_id":', b'"c1",', b'"target_name":', b'"echo",', b'"data":', b'{"a":', b"1}}"]
    header = json.dumps({"msg_id": "m", "msg_type": "comm_open", "session": "s"}).encode()
    metadata = b'{"b":%b2}' % between
    parts = [header, b"{}", metadata, between.join(tokens)]
    client.send_frames([b"<IDS|MSG>", client.session.sign(parts), *parts])
    seen = idle(client, "m")
    assert sequence(seen) == ["busy", "comm_msg", "idle"]
    assert seen[1].content == {"comm_id": "c1", "data": {"a": 1}}
    assert seen[1].message["metadata"] == {"b": 2}


def test_a_front_end_opens_a_comm_and_gets_back_what_it_sends(python: Kernel) -> None:
    client = python.client
    assert client.execute(ECHO).status == "ok"
    seen = idle(client, client.send("comm_open", OPEN))
    assert sequence(seen) == ["busy", "comm_msg", "idle"]
    assert seen[1].content == {"comm_id": "c1", "data": {"a": 1}}
    assert open_comms(client) == {"c1": {"target_name": "echo"}}
    content = {"comm_id": "c1", "data": {"text": "ä\n\U0001f600", "deep": [[{}]]}}
    metadata = {"version": "2", "n": [1, None]}
    seen = idle(client, client.send("comm_msg", content, metadata=metadata, buffers=BUFFERS))
    assert sequence(seen) == ["busy", "comm_msg", "idle"]
    assert seen[1].content == content
    assert seen[1].message["metadata"] == metadata
    assert [bytes(each) for each in seen[1].message["buffers"]] == BUFFERS
    seen = idle(client, client.send("comm_close", {"comm_id": "c1", "data": {"bye": 1}}))
    assert sequence(seen) == ["busy", "stream", "idle"]
    assert seen[1].content["text"] == "closed {'bye': 1}\n"
    assert open_comms(client) == {}


def test_a_cell_opens_a_comm_to_the_front_end(python: Kernel) -> None:
    client = python.client
    code = (
        "import comm\n"
        "print('before')\n"
        "c = comm.create_comm(target_name='t', data={'x': 1}, metadata={'m': 2},"
        " buffers=[b'abc', memoryview(b'xyz')[::-1]])\n"
        "print('between')\n"
        "c.send({'y': float('nan')})\n"
        "got = []; c.on_msg(got.append); c.comm_id"
    )
    outcome = client.execute(code)
    opened = outcome.contents("comm_open")[0]
    assert (opened["target_name"], opened["data"]) == ("t", {"x": 1})
    assert outcome.sequence == [
        *("busy", "execute_input", "stream", "comm_open", "stream"),
        *("comm_msg", "execute_result", "idle"),
    ]
    message = next(seen.message for seen in outcome.iopub if seen.msg_type == "comm_open")
    assert message["metadata"] == {"m": 2}
    assert [bytes(each) for each in message["buffers"]] == [b"abc", b"zyx"]
    assert outcome.contents("comm_msg")[0]["data"] == {"y": None}
    assert list(open_comms(client, target_name="t")) == [opened["comm_id"]]
    assert open_comms(client, target_name="u") == {}
    idle(client, client.send("comm_msg", {"comm_id": opened["comm_id"], "data": {"z": 3}}))
    assert client.execute("got[0]['content']['data']").result == "{'z': 3}"
    assert client.execute("c.close()").contents("comm_close")[0]["comm_id"] == opened["comm_id"]
    assert open_comms(client) == {}


def test_what_a_handler_shows_belongs_to_its_message(python: Kernel) -> None:
    client = python.client
    code = (
        "import comm\n"
        "c = comm.create_comm(target_name='t', comm_id='c')\n"
        "def handle(message):\n"
        "    print('printed'); display('shown'); 1 / message['content']['data']['by']\n"
        "c.on_msg(handle)"
    )
    client.execute(code)
    seen = idle(client, client.send("comm_msg", {"comm_id": "c", "data": {"by": 0}}))
    assert sequence(seen) == ["busy", "stream", "display_data", "stream", "idle"]
    assert "ZeroDivisionError" in seen[3].content["text"]
    assert "Cell In[1], line 4" in seen[3].content["text"]
    assert "polykernel" not in seen[3].content["text"]
    seen = idle(client, client.send("comm_msg", {"comm_id": "c", "data": {"by": 1}}))
    assert sequence(seen) == ["busy", "stream", "display_data", "idle"]
    assert client.execute("'next'").reply["execution_count"] == 2


def test_comm_messages_stand_in_the_queue_with_the_cells_and_survive_an_abort(
    python: Kernel,
) -> None:
    client = python.client
    client.execute(ECHO)
    idle(client, client.send("comm_open", OPEN))
    gate, failing = python.start_at_gate("1/0")
    message = client.send("comm_msg", {"comm_id": "c1", "data": {"n": 1}})
    cell = client.send_execute("2")
    client.sync()
    assert all(seen.parent != message for seen in client.seen)
    gate.open()
    assert client.outcome(failing).status == "error"
    assert client.outcome(cell).status == "aborted"
    assert "comm_msg" in sequence(idle(client, message))


def test_a_comm_message_in_a_subshell_is_handled_beside_the_running_cell(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    client.execute(ECHO)
    idle(client, client.send("comm_open", OPEN))
    gate, cell = python.start_at_gate()
    message = client.send("comm_msg", {"comm_id": "c1", "data": {"n": 1}}, subshell=shell)
    assert "comm_msg" in sequence(idle(client, message))
    gate.open()
    assert client.outcome(cell).status == "ok"


def test_an_interrupt_ends_a_handler(python: Kernel) -> None:
    client = python.client
    code = (
        "import comm\n"
        "c = comm.create_comm(target_name='t', comm_id='c')\n"
        "def handle(message):\n"
        "    print('begun')\n"
        "    while True: pass\n"
        "c.on_msg(handle)"
    )
    client.execute(code)
    message = client.send("comm_msg", {"comm_id": "c", "data": {}})
    client.wait_for_text("begun", message)
    client.request("interrupt_request", channel="control")
    seen = idle(client, message)
    assert "KeyboardInterrupt" in "".join(
        each.content["text"] for each in seen if each.msg_type == "stream"
    )
    assert client.execute("1 + 1").result == "2"


def test_all_comms_are_closed_when_the_evaluator_dies(python: Kernel) -> None:
    client = python.client
    client.execute(ECHO)
    idle(client, client.send("comm_open", OPEN))
    dead = client.execute("import os; os._exit(3)")
    assert dead.reply["ename"] == "EvaluatorDied"
    assert client.wait_for("comm_close").content["comm_id"] == "c1"
    assert open_comms(client) == {}


def test_a_silent_cells_comms_are_comms_too(python: Kernel) -> None:
    client = python.client
    code = "import comm; print(1); comm.create_comm(target_name='t', comm_id='c').send({})"
    outcome = client.outcome(client.send_execute(code, silent=True))
    assert outcome.sequence == ["busy", "comm_open", "comm_msg", "idle"]


def test_a_display_carries_buffers(python: Kernel) -> None:
    client = python.client
    code = (
        "from polykernel.evaluator import current_cell\n"
        "current_cell().display('x', buffers=[b'\\n' * 100])"
    )
    outcome = client.execute(code)
    (shown,) = [seen.message for seen in outcome.iopub if seen.msg_type == "display_data"]
    assert [bytes(each) for each in shown["buffers"]] == [b"\n" * 100]


@pytest.mark.parametrize(
    "content", [{}, {"comm_id": 3}, {"comm_id": "c", "target_name": ["t"]}, {"comm_id": None}]
)
def test_a_malformed_comm_message_harms_nothing(python: Kernel, content: dict[str, Any]) -> None:
    client = python.client
    seen = idle(client, client.send("comm_open", content))
    assert sequence(seen) == ["busy", "idle"]
    assert client.execute("1 + 1").result == "2"


def test_comm_messages_of_any_layout_reach_the_evaluator(python: Kernel) -> None:
    client = python.client
    client.execute(ECHO)
    raw = b'{\n "comm_id":\n"c1", "target_name":"echo",\r\n "data": {"b":\n [1,\n2]}}'
    message = client.session.msg("comm_open", {})
    frames = client.session.serialize(message)
    signed = [*frames[2:5], raw]
    client.send_frames([b"<IDS|MSG>", client.session.sign(signed), *signed])
    seen = idle(client, message["header"]["msg_id"])
    assert seen[1].content["data"] == {"b": [1, 2]}
