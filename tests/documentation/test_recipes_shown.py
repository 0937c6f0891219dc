"""What the recipes' pages claim of what cells show."""

from __future__ import annotations

import struct
import zlib
from base64 import b64decode
from typing import TYPE_CHECKING

from documentation.recipes import (
    ENDLESS,
    data,
)

if TYPE_CHECKING:
    from documentation.recipes import Recipe


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
    outcome = recipe("progress").client.execute("100000")
    bars = [seen for seen in outcome.iopub if seen.msg_type.endswith("display_data")]
    assert [seen.msg_type for seen in bars] == [
        "display_data",
        *["update_display_data"] * (len(bars) - 1),
    ]
    assert len({seen.content["transient"]["display_id"] for seen in bars}) == 1
    assert 100 < len(bars) < 1000
    assert "value" not in bars[0].content["data"]["text/html"]
    assert 'value="1.0000"' in bars[-1].content["data"]["text/html"]


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


# options


def test_the_other_language_of_the_class_has_other_options(recipe: Recipe) -> None:
    assert recipe("options", "round-6").execute("3.14159265").result == "3.141593"


def test_the_environment_of_the_kernelspec_decides(recipe: Recipe) -> None:
    kernel = recipe("options", "round-2", {"ROUND_DIGITS": "3"})
    assert kernel.execute("3.14159265").result == "3.142"
