"""Every recipe of docs/recipes/ runs as a real kernel, and does what its page says.

What the page shows of cells must be what comes, word for word; what it claims besides has a test of
its own.
"""

from __future__ import annotations

import array
import json
import re
import sqlite3
import struct
import subprocess
import sys
import zlib
from base64 import b64decode
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from evaluator.conftest import INTERPRETERS
from support import commands, processes

from documentation import blocks, transcripts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from support.client import Client, Outcome
    from support.kernels import Kernel

    Recipe = Callable[..., Kernel]

#: Recipes whose cells need nobody but the user who runs them, and the language that runs them.
ALONE = {
    "rich-display": "recipe",
    "tables": "recipe",
    "plots": "recipe",
    "progress": "recipe",
    "errors": "recipe",
    "completion": "recipe",
    "buffers": "recipe",
    "options": "round-2",
    "background": "recipe",
    "shutdown": "recipe",
}
#: Recipes where the test must do something meanwhile.
WITH_HELP = {"input", "interrupts", "subshells"}
#: What they show of cells is told by the front end's programs.
BY_FRONT_ENDS = {"comms"}
#: Recipes for which more than Python must be installed.
NEED_PACKAGES = {"plots"}

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def shown(name: str) -> list[transcripts.Shown]:
    """Give the cells that a page shows."""
    page = blocks.of(blocks.RECIPES / f"{name}.md")
    return [cell for block in page if block.is_transcript for cell in transcripts.read(block.text)]


def play(
    client: Client,
    name: str,
    *,
    answers: Mapping[str, list[str]] = {},
    meanwhile: Mapping[str, Callable[[], object]] = {},
) -> None:
    """Run the cells of a page, and compare what comes with what it shows.

    Args:
        client: The front end.
        name: The page.
        answers: To the input requests of cells, by their code.
        meanwhile: What to do while a cell runs, by its code.
    """
    cells = shown(name)
    assert cells
    for cell in cells:
        msg_id = client.send_execute(cell.code, allow_stdin=cell.code in answers)
        if cell.code in meanwhile:
            meanwhile[cell.code]()
        came = transcripts.write(client, msg_id, cell.code, list(answers.get(cell.code, ())))
        assert came == cell.text


def interrupt(kernel: Kernel) -> None:
    kernel.wait_until_it_computes()
    kernel.client.send("interrupt_request", channel="control")


def data(outcome: Outcome, msg_type: str = "execute_result") -> dict[str, Any]:
    """Give the forms of the one thing that was shown."""
    (content,) = outcome.contents(msg_type)
    found: dict[str, Any] = content["data"]
    return found


def test_every_recipe_is_run() -> None:
    pages = {path.stem for path in blocks.RECIPES.glob("*.md")} - {"README"}
    assert pages == set(ALONE) | WITH_HELP | BY_FRONT_ENDS


def test_the_first_page_lists_every_recipe() -> None:
    listed = re.findall(r"\]\(([\w-]+)\.md\)", (blocks.RECIPES / "README.md").read_text())
    assert sorted(listed) == sorted(set(ALONE) | WITH_HELP | BY_FRONT_ENDS)


def test_the_code_of_recipes_is_laid_out_and_linted_as_ours(tmp_path: Path) -> None:
    for page in blocks.RECIPES.glob("*.md"):
        for name, text in blocks.files(page).items():
            if name.endswith(".py"):
                (tmp_path / f"{page.stem}-{name}").write_text(text, "utf-8")
    ruff = [str(commands.PROGRAMS / "ruff")]
    options = ["--isolated", "--line-length", "100", "--target-version", "py38"]
    rules = ["--select", "B,C4,E,F,I,PERF,PIE,RET,SIM,UP"]
    for command in (["check", *options, *rules], ["format", "--diff", *options]):
        done = subprocess.run(
            [*ruff, *command, "."], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "language"), ALONE.items())
def test_cells_show_what_the_page_shows(recipe: Recipe, name: str, language: str) -> None:
    play(recipe(name, language).client, name)


@pytest.mark.skipif(
    min(INTERPRETERS)[:2] == sys.version_info[:2], reason="no older interpreter is there"
)
@pytest.mark.parametrize("name", sorted(ALONE.keys() - NEED_PACKAGES))
def test_cells_show_the_same_in_the_oldest_interpreter(recipe: Recipe, name: str) -> None:
    python = Path(INTERPRETERS[min(INTERPRETERS)])
    kernel = recipe(name, ALONE[name], arguments=["--python", str(python)])
    play(kernel.client, name)
    assert Path(kernel.evaluator().exe()) == python.resolve()


# rich display


def test_an_object_is_shown_in_all_its_forms(recipe: Recipe) -> None:
    client = recipe("rich-display").client
    circle = data(client.execute("circle 20"))
    assert set(circle) == {"image/svg+xml", "text/plain"}
    assert 'width="40"' in circle["image/svg+xml"]
    assert data(client.execute("ratio 22/7")) == {
        "text/latex": r"$\frac{22}{7}$",
        "text/plain": "22/7",
    }


def test_bytes_travel_in_base64_with_their_size(recipe: Recipe) -> None:
    outcome = recipe("rich-display").client.execute("square 255 140 0")
    (content,) = outcome.contents("execute_result")
    assert content["metadata"] == {"image/png": {"width": 100, "height": 100}}
    width, pixels = decode(b64decode(content["data"]["image/png"]))
    assert width == 32
    assert set(pixels) == {(255, 140, 0)}


def decode(png: bytes) -> tuple[int, list[tuple[int, ...]]]:
    """Read a PNG of 8-bit RGB without filters."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks = {}
    at = 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", png, at + 8 + length)
        assert zlib.crc32(kind + content) == checksum
        chunks[kind] = content
        at += length + 12
    width, height = struct.unpack_from(">II", chunks[b"IHDR"])
    raw = zlib.decompress(chunks[b"IDAT"])
    rows = [raw[y * (3 * width + 1) + 1 : (y + 1) * (3 * width + 1)] for y in range(height)]
    return width, [tuple(row[x : x + 3]) for row in rows for x in range(0, 3 * width, 3)]


def test_what_the_user_writes_is_escaped_in_html(recipe: Recipe) -> None:
    note = data(recipe("rich-display").client.execute("note <script>"))
    assert note["text/html"] == "<mark>&lt;script&gt;</mark>"
    assert note["text/plain"] == "<script>"


def test_a_display_is_replaced_from_another_cell(recipe: Recipe) -> None:
    client = recipe("rich-display").client
    for outcome in (client.execute("light"), client.execute("light")):
        assert outcome.sequence[2:4] == ["display_data", "update_display_data"]
        names = [seen.content.get("transient") for seen in outcome.iopub[2:4]]
        assert names == [{"display_id": "light"}] * 2


# tables


def test_a_table_is_html_with_its_values_escaped(recipe: Recipe) -> None:
    client = recipe("tables").client
    html = data(client.execute("SELECT '<b>' AS [<i>], NULL AS empty"))["text/html"]
    assert html == (
        "<table><thead><tr><th>&lt;i&gt;</th><th>empty</th></tr></thead>"
        "<tbody><tr><td>&lt;b&gt;</td><td>\N{EN DASH}</td></tr></tbody></table>"
    )


def test_a_result_without_end_is_cut(recipe: Recipe) -> None:
    endless = ENDLESS.replace("count(*)", "i")
    table = data(recipe("tables").client.execute(endless))
    assert table["text/html"].count("<tr>") == 11
    assert table["text/html"].endswith("<p>and more rows</p>")


# plots


def test_a_plot_is_a_png_twice_as_dense_as_it_is_shown(recipe: Recipe) -> None:
    outcome = recipe("plots").client.execute("1 4 9 16")
    (content,) = outcome.contents("execute_result")
    png = b64decode(content["data"]["image/png"])
    assert struct.unpack_from(">II", png, 16) == (576, 360)
    assert content["metadata"]["image/png"] == {"width": 288, "height": 180}


# progress


def test_a_bar_is_one_display_and_few_messages(recipe: Recipe) -> None:
    outcome = recipe("progress").client.execute("1000000")
    bars = [seen for seen in outcome.iopub if seen.msg_type.endswith("display_data")]
    assert [seen.msg_type for seen in bars] == [
        "display_data",
        *["update_display_data"] * (len(bars) - 1),
    ]
    assert len({seen.content["transient"]["display_id"] for seen in bars}) == 1
    assert 100 < len(bars) < 1000
    assert "value" not in bars[0].content["data"]["text/html"]
    assert 'value="1.0000"' in bars[-1].content["data"]["text/html"]


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


# errors


def test_an_error_has_a_kind_a_line_and_colours(recipe: Recipe) -> None:
    reply = recipe("errors").client.execute("1\n2 drei").reply
    assert (reply["ename"], reply["evalue"]) == ("NotANumber", "'drei' can't be added")
    assert reply["traceback"][-1] == "\x1b[31mNotANumber\x1b[0m: 'drei' can't be added"


def test_an_error_points_at_the_second_of_two_equal_words(recipe: Recipe) -> None:
    traceback = recipe("errors").client.execute("1 11 1x 1").reply["traceback"]
    assert traceback[1].index("1x") == traceback[2].replace("\x1b[31m", "").index("^")


def test_any_other_exception_is_shown_as_a_bug_of_the_plugin(recipe: Recipe) -> None:
    outcome = recipe("errors").client.execute("1\nboom")
    assert outcome.reply["ename"] == "ZeroDivisionError"
    assert "A bug in the plugin" in outcome.traceback
    assert "total /= 0" in outcome.traceback


# interrupts


@pytest.mark.parametrize("module", ["evaluator", "evaluator_in_a_thread"])
def test_an_interrupt_stops_an_embedded_runtime_and_keeps_its_state(
    recipe: Recipe, module: str
) -> None:
    kernel = recipe("interrupts", module=module)
    evaluator = kernel.evaluator().pid
    play(kernel.client, "interrupts", meanwhile={ENDLESS: lambda: interrupt(kernel)})
    assert kernel.evaluator().pid == evaluator


@pytest.mark.parametrize("module", ["evaluator", "evaluator_in_a_thread"])
def test_an_interrupt_at_any_moment_means_that_statement_alone(recipe: Recipe, module: str) -> None:
    client = recipe("interrupts", module=module).client
    for _ in range(10):
        cell = client.send_execute(ENDLESS)
        client.wait_for("execute_input", cell)  # it is with the evaluator, begun or not
        client.send("interrupt_request", channel="control")
        assert client.outcome(cell).reply["ename"] == "KeyboardInterrupt"
        assert client.execute("SELECT 1").result == "[(1,)]"


@pytest.mark.parametrize("module", ["evaluator", "evaluator_in_a_thread"])
def test_an_error_of_the_embedded_runtime_is_the_users(recipe: Recipe, module: str) -> None:
    reply = recipe("interrupts", module=module).client.execute("SELECT nonsense").reply
    assert reply["ename"] == "OperationalError"
    assert reply["evalue"] == "no such column: nonsense"


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


# options


def test_the_other_language_of_the_class_has_other_options(recipe: Recipe) -> None:
    assert recipe("options", "round-6").execute("3.14159265").result == "3.141593"


def test_the_environment_of_the_kernelspec_decides(recipe: Recipe) -> None:
    kernel = recipe("options", "round-2", {"ROUND_DIGITS": "3"})
    assert kernel.execute("3.14159265").result == "3.142"


# threads and tasks


def test_what_comes_later_appears_under_the_cell_that_began_it(recipe: Recipe) -> None:
    client = recipe("background").client
    thread = client.send_execute("thread tick")
    task = client.send_execute("task tock")
    for cell in (thread, task):
        assert client.outcome(cell).status == "ok"
    assert client.execute("go").text() == ""
    client.wait_for_text("tick\nand printed\n", thread)
    assert client.wait_for("display_data").parent == task
    assert client.wait_for("display_data").content["data"] == {"text/plain": "tock"}


# subshells


def test_a_subshell_ends_what_the_main_shell_waits_for(recipe: Recipe) -> None:
    kernel = recipe("subshells")
    client = kernel.client
    subshell = client.create_subshell()

    def put() -> None:
        client.wait_for_text("waiting for x")
        put = client.outcome(client.send_execute("put x ready", subshell=subshell))
        assert put.status == "ok"

    play(client, "subshells", meanwhile={"wait x": put})
    where = client.send_execute("where", subshell=subshell)
    assert client.outcome(where).result == subshell


def test_an_interrupt_reaches_both_shells(recipe: Recipe) -> None:
    client = recipe("subshells").client
    subshell = client.create_subshell()
    cells = [client.send_execute("wait x"), client.send_execute("wait y", subshell=subshell)]
    client.wait_for_text("waiting for x")
    client.wait_for_text("waiting for y")
    client.send("interrupt_request", channel="control")
    assert [client.outcome(cell).reply["ename"] for cell in cells] == ["KeyboardInterrupt"] * 2


# cleaning up


def log_of(kernel: Kernel) -> list[str]:
    with closing(sqlite3.connect(kernel.folder / "kept.db")) as database:
        return [text for (text,) in database.execute("SELECT text FROM log")]


def test_a_shutdown_writes_what_is_left_and_ends_the_helper(recipe: Recipe) -> None:
    kernel = recipe("shutdown")
    assert kernel.execute("one").status == "ok"
    watches = kernel.watch_all()
    assert len(watches) >= 3  # the host, the evaluator, and its helper
    kernel.client.request("shutdown_request", {"restart": False}, channel="control")
    assert kernel.exit_code() == 0
    assert all(watch.ended_within(20) for watch in watches)
    assert log_of(kernel) == ["one", "the end, restart=False"]


def test_a_restart_says_so(recipe: Recipe) -> None:
    kernel = recipe("shutdown")
    kernel.execute("one")
    kernel.restart()
    assert log_of(kernel) == ["one", "the end, restart=True"]


def test_after_a_crash_nothing_is_left_but_what_was_committed(
    recipe: Recipe, tmp_path: Path
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    kernel = recipe("shutdown", environment={"TMPDIR": str(folder)})
    kernel.execute("one")
    (scratch,) = folder.glob("*/scratch")
    assert scratch.read_text() == "one"
    helpers = [kernel.watch(each.pid) for each in kernel.evaluator().children()]
    assert helpers
    assert kernel.execute("crash").reply["ename"] == "EvaluatorDied"
    assert all(watch.ended_within(20) for watch in helpers)
    assert log_of(kernel) == []
    processes.until(lambda: not scratch.parent.exists(), "the end of the temporary folder")
