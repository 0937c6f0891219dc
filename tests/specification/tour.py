"""One recorded session with a kernel: a request of every kind, and all that came of it.

Many rules are about every message; they look here.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from support.subjects import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support.client import Client, Seen
    from support.subjects import Subject

UNKNOWN_TARGET = {"comm_id": "nobodys", "target_name": "a target that nobody knows", "data": {}}
CELLS = (
    "import sys\nprint('out'); print('err', file=sys.stderr)",
    "from IPython.display import display, update_display, clear_output",
    "display({'text/plain': 'one'}, raw=True, display_id='shown')",
    "update_display({'text/plain': 'two'}, raw=True, display_id='shown')",
    "clear_output(wait=True)",
    (
        "from comm import create_comm\n"
        "def heard(message): print('heard', message['content']['data'])\n"
        "ours = create_comm(target_name='tour', comm_id='tour', data={'made': 'here'})\n"
        "ours.on_msg(heard)"
    ),
    "ours.send(data={'a': 1}, buffers=[b'buffer'])",
)
QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("kernel_info_request", {}),
    ("complete_request", {"code": "prin", "cursor_pos": 4}),
    ("inspect_request", {"code": "print", "cursor_pos": 5, "detail_level": 0}),
    ("inspect_request", {"code": "no_such_name", "cursor_pos": 12, "detail_level": 0}),
    ("is_complete_request", {"code": "1 + 1"}),
    ("is_complete_request", {"code": "for i in range(5):"}),
    ("is_complete_request", {"code": "1 +* 2"}),
    ("history_request", {"hist_access_type": "tail", "n": 5, "output": False, "raw": True}),
    ("comm_info_request", {}),
)
ON_CONTROL: tuple[tuple[str, dict[str, Any]], ...] = (
    ("kernel_info_request", {}),
    ("interrupt_request", {}),
)


@dataclass
class Tour:
    """What was sent, and what came.

    Attributes:
        key: What messages are signed with.
        sent: The headers of the requests, by message id.
        session: The front end's session.
        seen: All messages that came, in the order of coming on each channel.
        unanswered: Message types that got no reply.
    """

    key: bytes
    session: str
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    @property
    def iopub(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.channel == "iopub"]

    @property
    def replies(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.msg_type.endswith("_reply")]

    def of(self, msg_type: str) -> list[Seen]:
        """Give the messages of a type; there is at least one."""
        found = [seen for seen in self.seen if seen.msg_type == msg_type]
        assert found, f"no {msg_type} came"
        return found

    def caused(self) -> Iterator[tuple[str, list[Seen]]]:
        """Give each request's type and what it caused on IOPub."""
        for msg_id, header in self.sent.items():
            yield header["msg_type"], [seen for seen in self.iopub if seen.parent == msg_id]


class Guide:
    """Takes the tour with one front end."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.client: Client = subject.client
        self._before = set(self.client.sent_headers)
        self.tour = Tour(self.client.key, self.client.session.session)

    def ask(self, msg_type: str, content: dict[str, Any], channel: str = "shell") -> None:
        msg_id = self.client.send(msg_type, content, channel=channel)
        try:
            self.client.outcome(msg_id)
        except AssertionError:
            self.tour.unanswered.append(msg_type)

    def run(self, code: str, **content: Any) -> None:
        self.ask("execute_request", {"code": code, "allow_stdin": False, **content})

    def tell(self, msg_type: str, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Send what has no reply, and wait for its idle."""
        msg_id = self.client.send(msg_type, content, buffers=buffers)
        with contextlib.suppress(AssertionError):
            self.client.wait(
                lambda seen: (
                    seen.parent == msg_id and seen.content.get("execution_state") == "idle"
                ),
                "idle",
            )

    def take(self) -> Tour:
        """Go all the way."""
        words = self.subject.words
        self.run(words.value)
        self.run(words.value, silent=True)
        self.run(words.value, store_history=False)
        self.run("", silent=True)
        if self.subject.kind.name in ("polykernel-python", "python3", "xpython"):
            self._show_python()
        if words.error:
            self._fail()
        for msg_type, content in QUESTIONS:
            self.ask(msg_type, content)
        for msg_type, content in ON_CONTROL:
            self.ask(msg_type, content, "control")
        self.tell("comm_open", UNKNOWN_TARGET)
        self.client.pump(NEVER)
        sent = self.client.sent_headers.items()
        self.tour.sent = {each: header for each, header in sent if each not in self._before}
        self.tour.seen = [seen for seen in self.client.seen if seen.parent not in self._before]
        return self.tour

    def _show_python(self) -> None:
        for code in CELLS:
            self.run(code)
        self.run("x = 1", user_expressions={"good": "x", "bad": "nobody"})
        self.run(self.subject.words.page)
        self._give_input()
        said = {"comm_id": "tour", "data": {"b": 2}}
        self.tell("comm_msg", said, [b"buffer"])
        self.run("ours.close(data={'so': 'long'})")

    def _give_input(self) -> None:
        msg_id = self.client.send_execute("input('name? ')", allow_stdin=True)
        with contextlib.suppress(AssertionError):
            self.client.wait_for("input_request")
            self.client.answer("Ada")
            self.client.outcome(msg_id)

    def _fail(self) -> None:
        """Let a cell fail, and what is queued behind it be aborted."""
        failing = self.subject.words.error
        for msg_id in self.subject.send_queued([failing, "1 + 1"]):
            with contextlib.suppress(AssertionError):
                self.client.outcome(msg_id)
