"""Messages on the stdin channel: the kernel asks, the front end answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.subjects import NEVER

from specification.rules import rule

if TYPE_CHECKING:
    from support.client import Outcome
    from support.subjects import Subject

STDIN = "Messages on the stdin (ROUTER/DEALER) channel"


def ask(kernel: Subject, code: str, answer: str) -> tuple[dict[str, object], Outcome]:
    """Run a cell that asks once; give the request and what came of the cell."""
    sent = kernel.client.send_execute(code, allow_stdin=True)
    request = kernel.client.wait_for("input_request", sent)
    assert request.channel == "stdin"
    kernel.client.answer(answer, request.message["header"])
    return request.content, kernel.client.outcome(sent)


@rule(
    "input_request",
    STDIN,
    "If the :ref:`execute_request <execute>` message has ``allow_stdin==True``, kernels may "
    "implement these functions so that they send an ``input_request`` message and wait for a "
    "corresponding ``input_reply``.",
)
@pytest.mark.parametrize("answer", ["Ada", "", "ü😀", "two\nlines", "x" * 100_000])
def test_what_the_front_end_answers_is_what_input_gives(kernel: Subject, answer: str) -> None:
    _, outcome = ask(kernel, "given = input('name? ')", answer)
    assert outcome.status == "ok"
    assert kernel.execute("print(given, end='')").text() == answer


@rule("input_request", STDIN, "the text to show at the prompt")
def test_the_front_end_is_shown_the_prompt(kernel: Subject) -> None:
    request, _ = ask(kernel, "x = input('ü😀? ')", "")
    assert request == {"prompt": "ü😀? ", "password": False}


@rule("input_request", STDIN, "Is the request for a password?")
def test_a_password_is_asked_for_as_such(kernel: Subject) -> None:
    request, outcome = ask(kernel, "import getpass; x = getpass.getpass('secret: ')", "xyz")
    assert request == {"prompt": "secret: ", "password": True}
    assert outcome.status == "ok"
    assert "xyz" not in str(outcome.caused)


@rule(
    "input_request",
    STDIN,
    "``input_request`` must be sent with the same IDENTITY routing prefix as the "
    "``execute_reply`` in order for the frontend to receive the message",
)
def test_only_who_sent_the_cell_is_asked(kernel: Subject) -> None:
    other = kernel.connect()
    sent = other.send_execute("input('who? ')", allow_stdin=True)
    other.wait_for("input_request", sent)
    kernel.client.pump(NEVER)
    assert not [seen for seen in kernel.client.seen if seen.msg_type == "input_request"]
    other.answer("other")
    assert other.outcome(sent).result == "'other'"


@rule(
    "input_request",
    "Parent header",
    'When a message is the "result" of another message, ... the ``parent_header`` is a copy of '
    "the ``header``",
)
def test_a_request_for_input_has_the_cell_as_parent(kernel: Subject) -> None:
    sent = kernel.client.send_execute("input()", allow_stdin=True)
    request = kernel.client.wait_for("input_request")
    assert request.parent == sent
    kernel.client.answer("")
    kernel.client.outcome(sent)


@rule(
    "input_request",
    STDIN,
    "With the stdin socket, the kernel makes the request, and the single frontend provides the "
    "response.",
)
def test_one_cell_may_ask_again_and_again(kernel: Subject) -> None:
    sent = kernel.client.send_execute("[input(n) for n in '123']", allow_stdin=True)
    for number in "123":
        request = kernel.client.wait(
            lambda seen, number=number: seen.content.get("prompt") == number,  # type: ignore[misc]
            f"question {number}",
        )
        kernel.client.answer(f"answer {number}", request.message["header"])
    outcome = kernel.client.outcome(sent)
    assert outcome.result == "['answer 1', 'answer 2', 'answer 3']"


@rule(
    "input_request",
    STDIN,
    "If ``allow_stdin`` is False, the kernel must not send ``stdin_request``.",
)
def test_who_does_not_allow_it_is_not_asked(kernel: Subject) -> None:
    for code in ("input('x')", "import getpass; getpass.getpass('x')"):
        kernel.execute(code, allow_stdin=False)
    kernel.client.pump(NEVER)
    assert not [seen for seen in kernel.client.seen if seen.msg_type == "input_request"]


@rule(
    "input_request",
    STDIN,
    "calls to the 'prompt for input' function should fail immediately in this case",
)
def test_asking_who_does_not_allow_it_fails_at_once(kernel: Subject) -> None:
    outcome = kernel.execute("input('x')", allow_stdin=False)
    assert outcome.status == "error"
    assert "stdin" in f"{outcome.reply['ename']} {outcome.reply['evalue']}".lower()


@rule(
    "input_reply",
    STDIN,
    "send an ``input_request`` message and wait for a corresponding ``input_reply``",
)
def test_a_reply_that_nobody_waited_for_answers_no_later_request(kernel: Subject) -> None:
    kernel.client.answer("stale")
    kernel.client.sync()
    _, outcome = ask(kernel, "input('now? ')", "fresh")
    assert outcome.result == "'fresh'"


@rule(
    "input_request",
    STDIN,
    "This pattern allows code to prompt the user for a line of input",
)
def test_what_was_printed_before_a_question_is_shown_before_it(kernel: Subject) -> None:
    sent = kernel.client.send_execute("print('first', end=''); input('then? ')", allow_stdin=True)
    kernel.client.wait_for("input_request", sent)
    kernel.client.wait_for_text("first", sent)
    kernel.client.answer("")
    assert kernel.client.outcome(sent).status == "ok"


@rule(
    "input_request",
    STDIN,
    "blocks until the user presses return",
)
def test_a_question_can_be_interrupted(kernel: Subject) -> None:
    sent = kernel.client.send_execute("input('for ever? ')", allow_stdin=True)
    kernel.client.wait_for("input_request", sent)
    kernel.client.request("interrupt_request", channel="control")
    assert kernel.client.outcome(sent).reply["ename"] == "KeyboardInterrupt"
    assert kernel.execute("6 * 7").result == "42"
