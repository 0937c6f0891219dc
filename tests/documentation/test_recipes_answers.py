"""What the recipes' pages claim of what is asked and sent: completion, help, comms, input."""

from __future__ import annotations

import array
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from documentation import blocks
from documentation.recipes import (
    play,
)

if TYPE_CHECKING:
    from documentation.recipes import Recipe


# completion and help


def test_what_is_offered_is_what_the_page_says(recipe: Recipe) -> None:
    client = recipe("completion").client
    client.execute("third = fraction 1/3")
    page = (blocks.RECIPES / "completion.md").read_text("utf-8")
    rows = re.findall(r"^\| `(.*)\\\|` \| (.*) \|$", page, re.MULTILINE)
    assert len(rows) == 4
    for code, offered in rows:
        content = {"code": code, "cursor_pos": len(code)}
        matches = client.request("complete_request", content).reply["matches"]
        assert matches == ([] if offered == "nothing" else [offered.strip("`")])


def test_completion_replaces_the_word_and_knows_its_kind(recipe: Recipe) -> None:
    client = recipe("completion").client
    client.execute("😀 = fraction 1/3")
    content = {"code": "'😀' th = fra + x", "cursor_pos": 12}
    reply = client.request("complete_request", content).reply
    assert (reply["matches"], reply["cursor_start"], reply["cursor_end"]) == (["fraction"], 9, 12)
    assert reply["metadata"]["_jupyter_types_experimental"] == [
        {"start": 9, "end": 12, "text": "fraction", "type": "function"}
    ]


def test_help_is_the_live_objects_own(recipe: Recipe) -> None:
    client = recipe("completion").client
    client.execute("p = path /usr/bin")

    def help_on(code: str, cursor_pos: int, level: int = 0) -> dict[str, Any]:
        content = {"code": code, "cursor_pos": cursor_pos, "detail_level": level}
        return client.request("inspect_request", content).reply

    text = help_on("p.joinpath", 5)["data"]
    assert text["text/plain"].startswith("Combine this path with one or several arguments")
    assert text["text/markdown"].startswith("**p.joinpath**: ")
    assert "\n" not in text["text/plain"]
    assert "\n" in help_on("p.joinpath", 5, 1)["data"]["text/plain"]
    assert help_on("q.joinpath", 5)["found"] is False


def test_code_that_ends_with_an_equals_sign_goes_on(recipe: Recipe) -> None:
    client = recipe("completion").client
    replies = [client.request("is_complete_request", {"code": code}).reply for code in ("x =", "x")]
    assert replies[0] == {"status": "incomplete", "indent": "    "}
    assert replies[1] == {"status": "complete"}


# comms


def test_a_python_front_end_talks_with_the_kernel_both_ways(recipe: Recipe) -> None:
    kernel = recipe("comms")
    page = blocks.of(blocks.RECIPES / "comms.md")
    program = kernel.folder / "front_end.py"
    program.write_text(blocks.files(blocks.RECIPES / "comms.md")["front_end.py"])
    (printed,) = (block.text for block in page if block.language == "text")
    done = subprocess.run(
        [sys.executable, "-P", str(program), kernel.manager.connection_file],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.stderr) == (printed, "")


def test_cells_and_comms_share_what_the_evaluator_has(recipe: Recipe) -> None:
    client = recipe("comms").client
    opened = {"comm_id": "mine", "target_name": "counter", "data": {"from": 40}}
    client.send("comm_open", opened)
    assert client.execute("add 2").result == "1"
    assert client.wait_for("comm_msg").content == {"comm_id": "mine", "data": {"count": 42}}
    client.execute("close")
    assert client.wait_for("comm_close").content == {"comm_id": "mine", "data": {"count": 42}}
    assert client.execute("add 2").result == "0"


# binary data


def test_megabytes_travel_beside_a_display(recipe: Recipe) -> None:
    outcome = recipe("buffers").client.execute("1000000")
    (display,) = (seen for seen in outcome.iopub if seen.msg_type == "display_data")
    (buffer,) = display.message["buffers"]
    assert bytes(buffer) == array.array("d", range(1_000_000)).tobytes()
    assert display.content["data"]["application/x.samples+json"] == {"dtype": "float64"}
    assert len(json.dumps(display.content)) < 1000


def test_megabytes_travel_both_ways_over_a_comm(recipe: Recipe) -> None:
    client = recipe("buffers").client
    client.send("comm_open", {"comm_id": "mine", "target_name": "samples", "data": {}})
    sent = array.array("d", range(500_000))
    client.send("comm_msg", {"comm_id": "mine", "data": {"by": 2}}, buffers=[sent.tobytes()])
    (buffer,) = client.wait_for("comm_msg").message["buffers"]
    assert bytes(buffer) == array.array("d", range(0, 1_000_000, 2)).tobytes()


# input


def test_a_line_and_a_password_are_asked_for(recipe: Recipe) -> None:
    play(recipe("input").client, "input", answers={"greet": ["Ada", "countess"]})


def test_where_nobody_can_be_asked_the_cell_says_so(recipe: Recipe) -> None:
    outcome = recipe("input").client.execute("greet", allow_stdin=False)
    assert outcome.status == "error"
    assert outcome.reply["ename"] == "NobodyToAsk"


def test_the_user_may_end_the_input(recipe: Recipe) -> None:
    client = recipe("input").client
    msg_id = client.send_execute("greet", allow_stdin=True)
    client.wait_for("input_request", msg_id)
    client.answer("\x04")
    assert client.outcome(msg_id).result == "good-bye"


def test_an_interrupt_ends_the_waiting_for_an_answer(recipe: Recipe) -> None:
    client = recipe("input").client
    msg_id = client.send_execute("greet", allow_stdin=True)
    client.wait_for("input_request", msg_id)
    client.send("interrupt_request", channel="control")
    assert client.outcome(msg_id).reply["ename"] == "KeyboardInterrupt"
