"""What becomes of questions: those that are answered while a cell runs, and each one's reply."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from polykernel.channel_lines import INTERNAL_ERROR, METHOD_NOT_FOUND, Failure
from polykernel.content import failure_content

if TYPE_CHECKING:
    from collections.abc import Callable

    import msgspec

    from polykernel.items import Question
    from polykernel.supervisor import Supervisor

log = logging.getLogger("polykernel.questions")


def reply_content(
    question: Question, answer: msgspec.Raw | Failure, plugin: Callable[[], str]
) -> object:
    """Make the content of a reply of what an evaluator has answered.

    Args:
        question: What it was asked.
        answer: What it said.
        plugin: Names the plugin's package and version, for messages about its bugs.
    """
    if not isinstance(answer, Failure):
        content = bytes(answer)
        if content.lstrip()[:1] == b"{":
            return content
        answer = Failure(INTERNAL_ERROR, f"{question.method} gave no object, but {content!r}")
    if answer.code == METHOD_NOT_FOUND:
        return question.unsupported
    if question.method == "is_complete":  # its reply has no error status
        log.warning("is_complete failed: %s", answer.message)
        return question.unsupported
    return failure_content(answer, plugin())


class Beside:
    """Owns the questions of a shell that are answered while its cell runs.

    Args:
        supervisor: The evaluator's process.
        place: What its requests say of the shell.
        reply: Replies to one.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        place: dict[str, str],
        reply: Callable[[Question, msgspec.Raw | Failure], None],
    ) -> None:
        self._supervisor = supervisor
        self._place = place
        self._reply = reply
        self._open: list[Question] = []

    @property
    def offered(self) -> bool:
        """Whether the evaluator answers while a cell runs."""
        abilities = self._supervisor.abilities
        return abilities is not None and abilities.complete_while_busy

    def ask(self, question: Question) -> None:
        """Ask at once."""
        self._open.append(question)
        self._supervisor.request(
            question.method,
            {**question.params, **self._place},
            lambda answer: self._answered(question, answer),
        )

    def _answered(self, question: Question, answer: msgspec.Raw | Failure) -> None:
        self._open.remove(question)
        self._reply(question, answer)

    def forget(self) -> list[Question]:
        """Give those that nobody else will answer any more."""
        forgotten, self._open = self._open, []
        return forgotten
