from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.loops import run_until

from polykernel import output as output_module
from polykernel.channel_lines import Params
from polykernel.message import Header, Message
from polykernel.output import Output

if TYPE_CHECKING:
    from tornado.ioloop import IOLoop

LONG = 3600.0  # seconds that no test waits


class Published:
    """What was published, as (parent, type, content)."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.output = Output(self.messages.append)

    def begin(self, cell: int, *, silent: bool = False) -> None:
        header = json.dumps({"msg_id": f"cell {cell}", "msg_type": "execute_request"}).encode()
        request = Message(header=Header(f"cell {cell}", "execute_request"), raw_header=header)
        self.output.begin(cell, request, silent)

    def event(self, msg_type: str, cell: int | None, content: bytes) -> bool:
        return self.output.event(msg_type, Params(cell=cell, content=msgspec.Raw(content)))

    def all(self) -> list[tuple[str, str, dict[str, Any]]]:
        return [
            (
                json.loads(message.parent_header).get("msg_id", ""),
                message.msg_type,
                json.loads(message.content),
            )
            for message in self.messages
        ]

    def text(self, name: str = "stdout") -> str:
        return "".join(
            content["text"]
            for _, msg_type, content in self.all()
            if msg_type == "stream" and content["name"] == name
        )


@pytest.fixture
def published(loop: IOLoop) -> Published:
    return Published()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is published just because time has passed."""
    monkeypatch.setattr(output_module, "MERGE_FOR", LONG)


def display(text: str) -> bytes:
    return json.dumps({"data": {"text/plain": text}, "metadata": {}, "transient": {}}).encode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(), more=st.binary(max_size=20), cuts=st.lists(st.integers(1, 5)))
def test_utf_8_that_is_cut_anywhere_is_put_together_and_bad_bytes_are_replaced(
    loop: IOLoop, text: str, more: bytes, cuts: list[int]
) -> None:
    published = Published()
    published.begin(1)
    data = text.encode(errors="ignore") + more
    rest = data
    for cut in cuts:
        published.output.take("stdout", rest[:cut])
        rest = rest[cut:]
    published.output.take("stdout", rest)
    published.output.finish_text()
    assert published.text() == data.decode(errors="replace")


def test_both_streams_are_decoded_each_for_itself(published: Published) -> None:
    published.begin(1)
    for byte in "é".encode():
        published.output.take("stdout", bytes([byte]))
        published.output.take("stderr", bytes([byte]))
    published.output.finish_text()
    assert published.text("stdout") == published.text("stderr") == "é"


def test_the_beginning_of_a_character_is_not_carried_into_the_next_cell(
    published: Published,
) -> None:
    published.begin(1)
    published.output.take("stdout", "é".encode()[:1])
    published.output.finish_text()
    published.begin(2)
    published.output.take("stdout", b"next")
    published.output.finish_text()
    assert [(parent, content["text"]) for parent, _, content in published.all()] == [
        ("cell 1", "\ufffd"),
        ("cell 2", "next"),
    ]


def test_pieces_that_come_close_together_are_one_message(
    published: Published, patient: None
) -> None:
    published.begin(1)
    published.output.take("stdout", b"first is published at once ")
    for _ in range(100):
        published.output.take("stdout", b"x")
    published.output.flush()
    assert len(published.messages) <= 2
    assert published.text().endswith("x" * 100)


def test_text_that_waits_is_published_soon(published: Published, loop: IOLoop) -> None:
    published.begin(1)
    published.output.take("stdout", b"a")
    published.output.take("stdout", b"b")
    run_until(loop, lambda: published.text() == "ab", "the text")


def test_much_text_does_not_wait(
    published: Published, patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_module, "MERGE_UP_TO", 100)
    published.begin(1)
    published.output.take("stdout", b"x")
    published.output.take("stdout", b"x" * 100)
    assert len(published.text()) == 101


def test_text_goes_before_what_came_after_it(published: Published, patient: None) -> None:
    published.begin(1)
    take, event = published.output.take, published.event
    take("stdout", b"0")
    take("stdout", b"1")
    take("stderr", b"2")
    take("stdout", b"3")
    event("display_data", 1, display("4"))
    event("stream", 1, b'{"name": "stdout", "text": "5"}')
    take("stdout", b"6")
    event("clear_output", 1, b'{"wait": true}')
    published.output.finish_text()
    kinds = [(kind, content.get("text")) for _, kind, content in published.all()]
    assert [each for each in kinds if each[1] != "0"][-6:] == [
        ("stream", "1"),
        ("stream", "2"),
        ("stream", "3"),
        ("display_data", None),
        ("stream", "56"),
        ("clear_output", None),
    ]


def test_an_event_that_names_an_earlier_cell_gets_that_parent(published: Published) -> None:
    published.begin(1)
    published.begin(2)
    published.event("display_data", 1, display("late"))
    published.event("display_data", None, display("last"))
    published.event("display_data", 99, display("unknown"))
    assert [parent for parent, _, _ in published.all()] == ["cell 1", "cell 2", "cell 2"]


def test_what_a_silent_cell_prints_and_shows_is_dropped(published: Published) -> None:
    published.begin(1, silent=True)
    published.output.take("stdout", b"text")
    published.event("display_data", None, display("shown"))
    published.begin(2)
    published.event("display_data", 1, display("late"))
    published.output.finish_text()
    assert published.all() == []


@pytest.mark.parametrize(
    ("msg_type", "content"),
    [
        ("status", b"{}"),
        ("execute_result", b"{}"),
        ("", b"{}"),
        ("stream", b"{}"),
        ("stream", b'{"name": "stdin", "text": "x"}'),
        ("stream", b'{"name": "stdout", "text": 3}'),
        ("display_data", b"[]"),
        ("display_data", b"3"),
        ("display_data", b"{}"),
        ("display_data", b'{"data": "text"}'),
        ("display_data", b'{"data": {}, "metadata": null}'),
        ("update_display_data", b'{"data": {}, "transient": []}'),
    ],
)
def test_an_event_that_is_none_is_refused(
    published: Published, msg_type: str, content: bytes
) -> None:
    published.begin(1)
    assert published.event(msg_type, None, content) is False
    assert published.all() == []


@pytest.mark.parametrize("missing", [["metadata"], ["transient"], ["metadata", "transient"], []])
@pytest.mark.parametrize("end", ["", " \n"])
def test_a_display_has_all_that_front_ends_rely_on(
    published: Published, missing: list[str], end: str
) -> None:
    whole = {"data": {"text/plain": "x"}, "metadata": {}, "transient": {}}
    sent = {key: value for key, value in whole.items() if key not in missing}
    published.begin(1)
    assert published.event("display_data", None, (json.dumps(sent) + end).encode())
    assert [content for _, _, content in published.all()] == [whole]


def test_what_can_not_be_told_ends_nothing(
    published: Published, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(message: Message) -> None:
        raise MemoryError

    published.begin(1)
    monkeypatch.setattr(published.output, "_send", refuse)
    assert published.output.say("a notice\n")
    monkeypatch.undo()
    assert "a notice" in caplog.text
    published.output.say("\udce9 is half a character\n")
    assert published.text("stderr") == "\\udce9 is half a character\n"


def test_only_the_last_cells_are_remembered(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_module, "REMEMBERED", 2)
    for cell in (1, 2, 3):
        published.begin(cell)
    for cell in (1, 2, 3):
        published.event("display_data", cell, display("x"))
    assert [parent for parent, _, _ in published.all()] == ["cell 3", "cell 2", "cell 3"]


def test_an_earlier_cell_that_goes_on_printing_is_remembered(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_module, "REMEMBERED", 2)
    for cell in (1, 2, 3, 4):
        published.begin(cell)
        published.event("display_data", 1, display("x"))
    assert [parent for parent, _, _ in published.all()] == ["cell 1"] * 4


def test_a_cell_is_remembered_without_its_code(published: Published) -> None:
    code = bytes(1_000_000)
    references = sys.getrefcount(code)
    published.output.begin(1, Message(header=Header("1", "execute_request"), content=code), False)
    assert sys.getrefcount(code) == references


def test_last_words_are_the_end_of_stderr_and_told_once(published: Published) -> None:
    published.begin(1)
    published.output.take("stderr", b"x" * 5000 + b"the end")
    words = published.output.last_words()
    assert words.endswith("the end")
    assert len(words) <= 3000
    assert published.output.last_words() == ""
