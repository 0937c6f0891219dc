"""Messages on IOPub: the welcome, text, displays, results, errors."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from support.subjects import NEVER

from specification.rules import ALL, WITH_ERRORS, rule

if TYPE_CHECKING:
    from support.client import Client, Seen
    from support.subjects import Subject

    from specification.tour import Tour

WELCOME = "Welcome message"
STREAMS = "Streams (stdout, stderr, etc)"
DISPLAY = "Display Data"
UPDATE = "Update Display Data"
RESULTS = "Execution results"
ERRORS = "Execution errors"
CLEAR = "Clear output"
SHOW = "from IPython.display import display, update_display, clear_output, JSON\n"


def welcome(client: Client, topic: bytes) -> Seen:
    client.iopub.subscribe(topic)
    return client.wait(
        lambda seen: (
            seen.msg_type == "iopub_welcome" and seen.content["subscription"] == topic.decode()
        ),
        f"the welcome to {topic!r}",
    )


@rule(
    "iopub_welcome",
    WELCOME,
    "This message is sent to a client SUB socket the first time it connects to the XPUB kernel "
    "socket, to notify the client that the connection is established.",
    languages=ALL,
)
def test_a_new_subscriber_is_welcomed(kernel: Subject) -> None:
    client = kernel.connect(subscribe=False)
    assert welcome(client, b"").content == {"subscription": ""}


@rule(
    "iopub_welcome",
    WELCOME,
    "The topic the SUB has subscribed to. Can be empty string if the client has subscribed to all "
    "topics.",
    languages=ALL,
)
def test_the_welcome_names_the_subscription(kernel: Subject) -> None:
    client = kernel.connect(subscribe=False)
    assert welcome(client, b"some.topic").content == {"subscription": "some.topic"}


@rule("iopub_welcome", WELCOME, "This message has no parent header.", languages=ALL)
def test_a_welcome_has_no_parent(kernel: Subject) -> None:
    client = kernel.connect(subscribe=False)
    assert welcome(client, b"").message["parent_header"] == {}


@rule(
    "iopub_welcome",
    WELCOME,
    "receiving any welcome message is sufficient to indicate that your client's subscription is "
    "fully established",
    languages=ALL,
)
def test_who_has_been_welcomed_misses_nothing(kernel: Subject) -> None:
    client = kernel.connect(subscribe=False)
    welcome(client, b"")
    outcome = client.outcome(client.send_execute(kernel.words.value))
    assert outcome.sequence == ["busy", "execute_input", "execute_result", "idle"]


@rule(
    "iopub_welcome",
    WELCOME,
    "additional welcome messages should be expected",
    languages=ALL,
)
def test_every_subscriber_is_welcomed_also_the_second_to_the_same_topic(kernel: Subject) -> None:
    for _ in range(3):
        welcome(kernel.connect(subscribe=False), b"")


@rule(
    "iopub",
    "Introduction",
    "There is no other difference between kernel PUB and XPUB sockets from the client perspective.",
    languages=ALL,
)
def test_a_subscriber_to_one_topic_gets_that_alone(kernel: Subject) -> None:
    topic = kernel.execute(kernel.words.value)
    frames = next(seen.frames for seen in topic.iopub if seen.msg_type == "execute_result")
    client = kernel.connect(subscribe=False)
    welcome(client, frames[0])
    sent = client.send_execute(kernel.words.value)
    client.wait_for("execute_result", sent)
    client.pump(NEVER)
    published = [seen for seen in client.seen if seen.channel == "iopub" and seen.parent == sent]
    assert [seen.msg_type for seen in published] == ["execute_result"]


@rule(
    "stream",
    STREAMS,
    "The name of the stream is one of 'stdout', 'stderr'",
)
def test_text_comes_with_the_name_of_its_stream(kernel: Subject) -> None:
    outcome = kernel.execute("import sys; print('out'); print('err', file=sys.stderr)")
    assert (outcome.text("stdout"), outcome.text("stderr")) == ("out\n", "err\n")
    assert {each["name"] for each in outcome.contents("stream")} == {"stdout", "stderr"}


@rule("stream", STREAMS, "The text is an arbitrary string to be written to that stream")
def test_any_text_comes_as_it_was_written(kernel: Subject) -> None:
    text = "ü😀\r\x1b[31mred\x1b[0m\x00\x08no end of line"
    outcome = kernel.execute(f"import sys; n = sys.stdout.write({text!r})")
    assert outcome.text() == text


@rule(
    "stream",
    "Introduction",
    "There are a number of actions in Python which generate side effects: :func:`print` writes to "
    "``sys.stdout``",
)
def test_text_comes_as_soon_as_it_is_written_not_when_the_cell_ends(kernel: Subject) -> None:
    gate, cell = kernel.send_gate("print('later')")
    sent = [seen.content["text"] for seen in kernel.client.seen if seen.msg_type == "stream"]
    assert "later" not in "".join(sent)
    gate.open()
    assert kernel.client.outcome(cell).text() == "at the gate\nlater\n"


@rule(
    "stream",
    "Introduction",
    "the kernel publishes all side effects (stdout, stderr, debugging events etc.)",
)
def test_what_c_code_writes_to_descriptor_1_is_text_too(kernel: Subject) -> None:
    assert kernel.execute("import os; n = os.write(1, b'from C\\n')").text() == "from C\n"


@rule(
    "iopub",
    "Introduction",
    "made available to all clients in a uniform manner",
)
def test_text_and_displays_come_in_the_order_of_making(kernel: Subject) -> None:
    code = SHOW + (
        "import subprocess\n"
        "for n in range(30):\n"
        "    print('text', n)\n"
        "    display({'text/plain': f'shown {n}'}, raw=True)\n"
        "    c = subprocess.run(['echo', f'child {n}'])"
    )
    pieces = "".join(kernel.execute(code).pieces())
    assert pieces == "".join(f"text {n}\n<shown {n}>child {n}\n" for n in range(30))


@rule("display_data", DISPLAY, "This data is published to all frontends.")
def test_all_front_ends_get_displays(kernel: Subject) -> None:
    other = kernel.connect()
    sent = kernel.client.send_execute(SHOW + "display({'text/plain': 'shown'}, raw=True)")
    assert other.wait_for("display_data", sent).content["data"] == {"text/plain": "shown"}


@rule(
    "display_data",
    DISPLAY,
    "A single message should contain all possible representations of the same information.",
)
def test_all_representations_come_in_one_message(kernel: Subject) -> None:
    code = SHOW + (
        "class Rich:\n"
        "    def _repr_html_(self): return '<b>h</b>'\n"
        "    def _repr_latex_(self): return '$l$'\n"
        "    def _repr_markdown_(self): return '*m*'\n"
        "    def __repr__(self): return 'p'\n"
        "display(Rich())"
    )
    (shown,) = kernel.execute(code).contents("display_data")
    assert shown["data"] == {
        "text/plain": "p",
        "text/html": "<b>h</b>",
        "text/latex": "$l$",
        "text/markdown": "*m*",
    }


@rule(
    "display_data",
    DISPLAY,
    "Each representation should be a JSON'able data structure, and should be a valid MIME type.",
    languages=ALL,
)
def test_keys_of_bundles_are_mime_types(tour: Tour) -> None:
    kinds = ("display_data", "execute_result", "update_display_data")
    shown = [seen for seen in tour.seen if seen.msg_type in kinds]
    assert shown
    for seen in shown:
        for key in seen.content["data"]:
            assert re.fullmatch(r"[\w.+-]+/[\w.+-]+(;.*)?", key)


@rule(
    "display_data",
    DISPLAY,
    "The data dict contains key/value pairs, where the keys are MIME types and the values are the "
    "raw data of the representation in that format.",
)
def test_pictures_are_base64(kernel: Subject) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    code = f"class Png:\n    def _repr_png_(self): return {picture!r}\nPng()"
    data = kernel.execute(code).contents("execute_result")[0]["data"]
    assert base64.b64decode(data["image/png"], validate=False) == picture


@rule("display_data", DISPLAY, "Any metadata that describes the data", languages=ALL)
def test_bundles_have_metadata(tour: Tour) -> None:
    for seen in tour.of("execute_result"):
        assert isinstance(seen.content["metadata"], dict)


@rule(
    "display_data",
    DISPLAY,
    "The ``metadata`` dict can also contain mime-type keys, which will be sub-dictionaries, which "
    "are interpreted as applying only to output of that type.",
)
def test_metadata_may_be_that_of_one_mime_type(kernel: Subject) -> None:
    code = (
        "class Sized:\n"
        "    def _repr_png_(self): return b'\\x89PNG', {'width': 640, 'height': 480}\nSized()"
    )
    shown = kernel.execute(code).contents("execute_result")[0]
    assert shown["metadata"] == {"image/png": {"width": 640, "height": 480}}


@rule(
    "display_data",
    DISPLAY,
    "expanded for JSON data",
)
def test_json_may_be_shown_expanded(kernel: Subject) -> None:
    (shown,) = kernel.execute(SHOW + "display(JSON({'a': 1}, expanded=True))").contents(
        "display_data"
    )
    assert shown["metadata"]["application/json"]["expanded"] is True


@rule(
    "display_data",
    DISPLAY,
    "`application/json` data should be unpacked JSON data, not double-serialized as a JSON string.",
)
def test_json_is_unpacked(kernel: Subject) -> None:
    code = SHOW + "display(JSON({'a': [1, 2.5, None, 'ü']}))"
    (shown,) = kernel.execute(code).contents("display_data")
    assert shown["data"]["application/json"] == {"a": [1, 2.5, None, "ü"]}


@rule("display_data", DISPLAY, "Used in V4. Removed in V5.", languages=ALL)
def test_nothing_says_who_made_the_data(tour: Tour) -> None:
    for seen in tour.seen:
        if seen.msg_type in ("display_data", "execute_result", "update_display_data"):
            assert "source" not in seen.content


@rule(
    "display_data",
    DISPLAY,
    "The only transient key currently defined in Jupyter is ``display_id``",
)
def test_a_display_with_a_name_has_it_in_transient(kernel: Subject) -> None:
    code = SHOW + "h = display({'text/plain': 'x'}, raw=True, display_id='of users')"
    (shown,) = kernel.execute(code).contents("display_data")
    assert shown["transient"] == {"display_id": "of users"}


@rule(
    "update_display_data",
    UPDATE,
    "This message has the same format as `display_data`_ messages and must contain a ``transient`` "
    "field with a ``display_id``.",
)
def test_an_update_names_its_display(kernel: Subject) -> None:
    kernel.execute(SHOW + "h = display({'text/plain': 'x'}, raw=True, display_id='d')")
    (update,) = kernel.execute("h.update({'text/plain': 'y'}, raw=True)").contents(
        "update_display_data"
    )
    assert update["transient"]["display_id"] == "d"
    assert (update["data"], update["metadata"]) == ({"text/plain": "y"}, {})


@rule(
    "update_display_data",
    UPDATE,
    "When a ``display_id`` is specified for a display, it can be updated later with an "
    "``update_display_data`` message.",
)
def test_a_display_may_be_updated_by_a_later_cell(kernel: Subject) -> None:
    kernel.execute(SHOW + "h = display({'text/plain': 'x'}, raw=True, display_id='d')")
    code = "update_display({'text/plain': 'z'}, raw=True, display_id='d')"
    outcome = kernel.execute(code)
    assert outcome.sequence == ["busy", "execute_input", "update_display_data", "idle"]


@rule(
    "execute_result",
    RESULTS,
    "These are identical to `display_data`_ messages, with the addition of an ``execution_count`` "
    "key.",
    languages=ALL,
)
def test_a_result_is_a_display_with_a_count(kernel: Subject) -> None:
    (result,) = kernel.execute(kernel.words.value).contents("execute_result")
    assert set(result) - {"transient"} == {"data", "metadata", "execution_count"}


@rule(
    "execute_result",
    RESULTS,
    "A plain text representation should always be provided in the ``text/plain`` mime-type.",
    languages=ALL,
)
def test_a_result_has_a_plain_text(kernel: Subject) -> None:
    assert kernel.execute(kernel.words.value).result == kernel.words.shown


@rule(
    "execute_result",
    RESULTS,
    "Results can have multiple simultaneous formats",
)
def test_a_result_may_be_rich(kernel: Subject) -> None:
    code = "class Rich:\n    def _repr_html_(self): return '<b>h</b>'\nRich()"
    data = kernel.execute(code).contents("execute_result")[0]["data"]
    assert set(data) == {"text/plain", "text/html"}


@rule(
    "execute_result",
    RESULTS,
    "the object being displayed is that passed to the display hook, i.e. the *result* of the "
    "execution",
)
def test_a_cell_without_a_value_has_no_result(kernel: Subject) -> None:
    for code in ("None", "x = 1", "6 * 7;"):
        assert not kernel.execute(code).contents("execute_result")


@rule(
    "error",
    ERRORS,
    "Similar content to the execute_reply messages for the 'error' case, except the 'status' and "
    "'execution_count' fields are omitted.",
    languages=WITH_ERRORS,
)
def test_an_error_is_published_as_the_reply_has_it(kernel: Subject) -> None:
    outcome = kernel.execute(kernel.words.error)
    expected = {name: outcome.reply[name] for name in ("ename", "evalue", "traceback")}
    assert outcome.contents("error") == [expected]


@rule(
    "error",
    ERRORS,
    "When an error occurs during code execution",
    languages=WITH_ERRORS,
)
def test_an_error_comes_after_the_input_and_before_idle(kernel: Subject) -> None:
    outcome = kernel.execute(kernel.words.error)
    assert outcome.sequence == ["busy", "execute_input", "error", "idle"]


def cleared(kernel: Subject, wait: bool) -> dict[str, Any]:
    (found,) = kernel.execute(SHOW + f"clear_output(wait={wait})").contents("clear_output")
    return found


@rule("clear_output", CLEAR, "Wait to clear the output until new output is available.")
def test_output_is_cleared_at_once_or_later(kernel: Subject) -> None:
    assert cleared(kernel, wait=True) == {"wait": True}
    assert cleared(kernel, wait=False) == {"wait": False}


@rule(
    "clear_output",
    CLEAR,
    "Clears the existing output immediately before the new output is displayed.",
)
def test_output_is_cleared_between_what_came_before_and_after(kernel: Subject) -> None:
    outcome = kernel.execute(SHOW + "for n in range(50): print(n); clear_output()")
    texts = [seen.content.get("text", "<cleared>") for seen in outcome.iopub[2:-1]]
    assert "".join(texts) == "".join(f"{n}\n<cleared>" for n in range(50))
