"""Transcripts of cells, as a console shows them: read from a page, and made by a real kernel.

::

    In [1]: the code
       ...: its second line
    what it prints and displays
    Out[1]: the text/plain of its result

What the user answers to an input request stands behind the prompt; a password is shown as dots.
A display that is updated shows its last state, as in a notebook.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.client import Client, Seen

_BEGIN = re.compile(r"^In \[(\d+)\]: ", re.MULTILINE)
_CONTINUED = "   ...: "
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
DOTS = "········"


@dataclass(frozen=True)
class Shown:
    """One cell of a transcript: its code, and all that is shown of it."""

    code: str
    text: str


def read(text: str) -> list[Shown]:
    """Read a block of a page."""
    beginnings = list(_BEGIN.finditer(text))
    ends = [each.start() for each in beginnings[1:]] + [len(text)]
    cells = []
    for begin, end in zip(beginnings, ends, strict=True):
        first, *rest = text[begin.end() : end].rstrip("\n").split("\n")
        code = [first]
        while rest and rest[0].startswith(_CONTINUED):
            code.append(rest.pop(0).removeprefix(_CONTINUED))
        cells.append(Shown("\n".join(code), text[begin.start() : end].rstrip("\n")))
    return cells


def write(client: Client, msg_id: str, code: str, answers: list[str]) -> str:
    """Wait for a cell's end, answer what it asks, and show it as a page does.

    Args:
        client: The front end that has sent it.
        msg_id: The cell's request.
        code: What was sent.
        answers: To its input requests.
    """
    asked = 0
    for answer in answers:
        request = client.wait_for("input_request", msg_id, since=asked)
        asked = client.seen.index(request) + 1
        client.answer(answer, request.message["header"])
    outcome = client.outcome(msg_id)
    count = outcome.reply["execution_count"]
    first, *rest = code.split("\n")
    lines = [f"In [{count}]: {first}", *(f"{_CONTINUED}{line}" for line in rest)]
    shown = "".join(_texts(outcome.caused, count, answers).values())
    return _COLOURS.sub("", "\n".join([*lines, shown]).rstrip("\n"))


def _texts(caused: list[Seen], count: int, answers: list[str]) -> dict[object, str]:
    """Give what is shown, in order; what is updated stays where it was shown first."""
    texts: dict[object, str] = {}
    left = list(answers)
    for number, seen in enumerate(caused):
        content = seen.content
        place: object = number
        if seen.msg_type == "stream":
            text = content["text"]
        elif seen.msg_type in ("display_data", "update_display_data"):
            place = content["transient"].get("display_id", number)
            text = content["data"]["text/plain"] + "\n"
        elif seen.msg_type == "execute_result":
            text = f"Out[{count}]: {content['data']['text/plain']}\n"
        elif seen.msg_type == "error":
            text = "\n".join(content["traceback"]) + "\n"
        elif seen.msg_type == "input_request":
            answer = left.pop(0)
            text = content["prompt"] + (DOTS if content["password"] else answer) + "\n"
        else:
            continue
        texts[place] = text
    return texts
