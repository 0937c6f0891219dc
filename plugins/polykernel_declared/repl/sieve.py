"""Sifts what a program writes: prompts are taken out, errors and results are held back.

What is printed goes on at once, line by line, and of an unfinished line what can't belong to a
prompt. Where it can't be told yet, :meth:`Sieve.let_go` says that the program is not about to end
its line.
"""

from __future__ import annotations

import codecs
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Pattern

_LINE_END = re.compile("\r+\n")
_LONG = 1 << 12  # characters of an unfinished line that are more than a prompt
_MUCH = 1 << 16  # characters of an error, or a result, that are more than one


class Patterns:
    r"""What a program's output is sifted for; ``None`` where the declaration has nothing.

    A prompt that holds the token can't be mistaken. Of an error and a result, the part before the
    first ``\n`` must match one line: from it on output is held back.
    """

    def __init__(self, token: str, prompt: str, continuation: str, error: str, result: str) -> None:
        self.token = token
        self.prompt = _at_end(prompt)
        self.continuation = _at_end(continuation)
        marked = [f"(?:{each})" for each in (prompt, continuation) if token in each]
        self.marked = re.compile("|".join(marked), re.MULTILINE) if marked else None
        self.error = _compiled(error)
        self.result = _compiled(result)
        self.error_begins = _compiled(error.split("\\n")[0])
        self.result_begins = _compiled(result.split("\\n")[0])


def _compiled(pattern: str) -> Pattern[str] | None:
    return re.compile(pattern, re.MULTILINE) if pattern else None


def _at_end(pattern: str) -> Pattern[str] | None:
    return re.compile(f"(?:{pattern})\\Z", re.MULTILINE) if pattern else None


class Sieve:
    """Sifts the output of one statement. State: what is held back, and why.

    Args:
        patterns: What to look for.
        write: Takes what is printed.
    """

    def __init__(self, patterns: Patterns, write: Callable[[str], object]) -> None:
        self.patterns = patterns
        self.write = write
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._held = ""
        self._error: list[str] | None = None  # the lines of an error, once there is one
        self._error_size = 0
        self._result = ""  # whole lines that may be the result
        self._line = ""  # what has been printed of a line that has not ended

    def feed(self, data: bytes) -> None:
        """Take what the program has written."""
        self._held = _LINE_END.sub("\n", self._held + self._decode(data))
        if self.patterns.token in self._held:
            self._take_out_prompts()
        cut = self._held.rfind("\n") + 1
        if cut:
            lines, self._held = self._held[:cut], self._held[cut:]
            self._take(lines)
        if len(self._held) > 2 * _LONG:
            rest, self._held = self._held[:-_LONG], self._held[-_LONG:]
            self._take(rest)

    def _take_out_prompts(self) -> None:
        """Take out all prompts behind which there is more."""
        marked = self.patterns.marked
        if marked is not None:
            text = self._held
            self._held = marked.sub(lambda m: "" if m.end() < len(text) else m.group(), text)

    def _take(self, lines: str) -> None:
        """Take what is no prompt: whole lines, or a part of a long one."""
        if self._error is not None:
            self._hold_error(lines)
            return
        begins = self.patterns.error_begins
        whole = self._line + lines
        found = begins.search(whole) if begins else None
        if found is None:
            self._take_result(lines)
            return
        start = whole.rfind("\n", 0, found.start()) + 1
        self._take_result(whole[len(self._line) : start])
        self._let_result_go()
        self._error = []
        self._hold_error(whole[start:])

    def _hold_error(self, lines: str) -> None:
        assert self._error is not None
        if self._error_size > _MUCH:
            self._emit(lines)
            return
        self._error.append(lines)
        self._error_size += len(lines)

    def _take_result(self, lines: str) -> None:
        begins = self.patterns.result_begins
        if not self._result:
            found = begins.search(lines) if begins else None
            start = lines.rfind("\n", 0, found.start()) + 1 if found else len(lines)
            self._emit(lines[:start])
            self._result = lines[start:]
        else:
            self._result += lines
        if len(self._result) > _MUCH:
            self._let_result_go()

    def _let_result_go(self) -> None:
        text, self._result = self._result, ""
        self._emit(text)

    def _emit(self, text: str) -> None:
        if text:
            self._line = (self._line + text).rpartition("\n")[2][-_LONG:]
            self.write(text)

    def let_go(self) -> None:
        """Give away what was held back for its end to come, as the program does something else."""
        if self._error is None:
            self._let_result_go()
        keep = self._possible_prompt()
        text, self._held = (
            self._held[: len(self._held) - keep],
            self._held[len(self._held) - keep :],
        )
        if text:
            if self._error is not None:
                self._hold_error(text)
            else:
                self._emit(text)

    def _possible_prompt(self) -> int:
        """Count the characters at the end that may be the beginning of a prompt with the token."""
        token, held = self.patterns.token, self._held
        at = held.rfind(token)
        if at >= 0:
            return len(held) - at
        for length in range(min(len(token) - 1, len(held)), 0, -1):
            if held.endswith(token[:length]):
                return length
        return 0

    def prompts(self) -> bool:
        """Whether the program's output ends with its prompt."""
        return self._ends_with(self.patterns.prompt)

    def continues(self) -> bool:
        """Whether it ends with the prompt for one more line."""
        return self._ends_with(self.patterns.continuation)

    def _ends_with(self, pattern: Pattern[str] | None) -> bool:
        return pattern is not None and pattern.search(self._held) is not None

    def question(self) -> str:
        """Take the unfinished line, with which the program asks for something."""
        self._let_result_go()
        text, self._held = self._held, ""
        return text

    def end_line(self) -> None:
        """Take out the prompt at the end."""
        for pattern in (self.patterns.prompt, self.patterns.continuation):
            found = pattern.search(self._held) if pattern is not None else None
            if found:
                self._held = self._held[: found.start()]
                return

    def end(self) -> tuple[str, str]:
        """End a statement, without the prompt.

        Returns:
            Its error, as the program told it, and its result, as it showed it; empty where there
            is none.
        """
        rest, self._held = self._held, ""
        if rest:
            self._take(rest)
        error = "".join(self._error or ())
        result, self._result = self._result, ""
        self._error, self._error_size = None, 0
        self._line = ""
        pattern = self.patterns.result
        if result and (error or pattern is None or not pattern.match(result.rstrip())):
            self.write(result)
            result = ""
        return error, result
