"""Looks at the keys of ``[repl]`` as the evaluator will use them, that mistakes are told early."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from polykernel_declared.fields import WrongDeclaration
from polykernel_declared.repl.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 65535  # rows or columns that a terminal's window can have
_WITHIN = ("prompt", "continuation", "word", "literal", "comment")  # become a part of another
_HEADED = ("error", "result")  # what stands before their first \n must match one line


def check_patterns(table: Mapping[str, Any]) -> None:
    """Compile all regular expressions as they will be.

    Raises:
        WrongDeclaration: One can't be used so.
    """
    settings = Settings(table, "T0T", "/")
    within = [(key, settings.text(key)) for key in _WITHIN]
    within += [("block_comment", each) for each in settings.texts("block_comment")]
    for key, pattern in within:
        _compile(
            key,
            f"(?:{pattern})",
            "a regular expression that can be a part of another, as (?i:ok) can and (?i)ok can't",
        )
    for key in _HEADED:
        head, newline, _ = settings.text(key).partition("\\n")
        wanted = "a regular expression, and so must what stands before its first \\n"
        _compile(key, head, wanted)
        if newline and not head.strip("^"):
            raise WrongDeclaration(f"[repl] {key} must be {wanted}, which is empty")
    if re.compile(settings.text("completion_match")).groups > 1:
        raise WrongDeclaration("[repl] completion_match must have one group at most")
    prompts = (settings.text("prompt"), settings.text("continuation"))
    names = [name for each in prompts for name in re.compile(each).groupindex]
    if len(set(names)) < len(names):
        raise WrongDeclaration("[repl] prompt and continuation must not name a group alike")


def _compile(key: str, pattern: str, wanted: str) -> None:
    try:
        re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise WrongDeclaration(f"[repl] {key} must be {wanted}; in {pattern!r}, {error}") from None


def check_start(table: Mapping[str, Any]) -> None:
    """Look at what the system gets when the program is started.

    Raises:
        WrongDeclaration: The system does not take it.
    """
    command, environment = table["command"], table.get("environment", {})
    if not command or not command[0]:
        raise WrongDeclaration("[repl] command must name a program, not be empty")
    for name in environment:
        if not name or "=" in name:
            raise WrongDeclaration(
                f"[repl] environment must have names that are not empty and hold no =, not {name!r}"
            )
    texts = {
        "command": command,
        "environment": [*environment, *environment.values()],
        "term": [table.get("term", "")],
    }
    for key, values in texts.items():
        if any("\0" in value for value in values):
            raise WrongDeclaration(f"[repl] {key} must not hold the character U+0000")
    for key in ("rows", "columns"):
        if table.get(key, 1) > _MOST:
            raise WrongDeclaration(f"[repl] {key} must be {_MOST} at most, not {table[key]}")
