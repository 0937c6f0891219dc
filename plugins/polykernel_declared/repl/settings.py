"""What a declaration says, with the defaults of what it does not say."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

DEFAULTS: Mapping[str, Any] = {
    "environment": {},
    "setup": (),
    "prompt": "",
    "continuation": "",
    "error": "",
    "result": "",
    "version_pattern": "",
    "complete": "",
    "incomplete": "",
    "brackets": "()[]{}",
    "quotes": "\"'",
    "escape": "\\",
    "literal": "",
    "comment": "",
    "block_comment": (),
    "word": r"\w+",
    "completion": "",
    "completion_match": r"\S+",
    "help": "",
    "before": (),
    "after": (),
    "interrupted": (),
    "recover": (),
    "cancel": (),
    "end": (),
    "quit": "",
    "input": True,
    "term": "dumb",
    "rows": 24,
    "columns": 80,
    "patience": 0.5,
    "name": "",
    "install_hint": "",
}

_ENVIRONMENT = {
    # messages in the language that the patterns are written in, and all characters
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
    "LANGUAGE": "",
    # nothing that waits for a key of its own
    "PAGER": "cat",
    "MANPAGER": "cat",
    "GIT_PAGER": "cat",
    # nothing of the user's own shell
    "HISTFILE": "/dev/null",
    "ENV": "",
    "BASH_ENV": "",
}

#: For GNU readline: no key but Enter has a meaning, and nothing is written around lines.
INPUTRC = """
set disable-completion on
set enable-bracketed-paste off
set bell-style none
set echo-control-characters off
set colored-stats off
set show-mode-in-prompt off
"""


class Settings:
    """The table ``[repl]``. ``{token}`` and ``{display}`` in it are replaced once.

    Args:
        options: The table.
        token: A random word, for prompts that nothing else can look like.
        display: A folder: what a cell leaves in it is shown.
    """

    def __init__(self, options: Mapping[str, Any], token: str, display: str) -> None:
        self._values = {**DEFAULTS, **options}
        self._words = {"{token}": token, "{display}": display}

    def text(self, name: str, **words: str) -> str:
        """Give a text; more words in braces are replaced."""
        return self._filled(str(self._values[name]), words)

    def texts(self, name: str) -> list[str]:
        """Give a list of texts, of which one alone may stand for itself."""
        value = self._values[name]
        return [self._filled(each, {}) for each in ([value] if isinstance(value, str) else value)]

    def number(self, name: str) -> Any:
        """Give a number, or true or false."""
        return self._values[name]

    def environment(self, inherited: Mapping[str, str], inputrc: str) -> dict[str, str]:
        """Make the program's environment."""
        own = {name: self._filled(text, {}) for name, text in self._values["environment"].items()}
        kept = {name: text for name, text in inherited.items() if name not in ("LINES", "COLUMNS")}
        return {**kept, **_ENVIRONMENT, "INPUTRC": inputrc, "TERM": self.text("term"), **own}

    def _filled(self, text: str, words: Mapping[str, str]) -> str:
        for word, value in self._words.items():
            text = text.replace(word, value)
        for word, value in words.items():
            text = text.replace("{" + word + "}", value)
        return text


def split_lines(code: str) -> list[str]:
    """Split code into lines, whatever ends them."""
    return re.split("\r\n|\n|\r", code)
