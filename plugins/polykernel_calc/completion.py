"""Completion and inspection: what stands before the cursor, and what is known about it."""

from __future__ import annotations

import contextlib
import re
from typing import NamedTuple

from polykernel_calc import topics
from polykernel_calc.errors import CalcError
from polykernel_calc.lexer import KEYWORDS, Token, tokenize
from polykernel_calc.registry import CONSTANTS, FUNCTIONS
from polykernel_calc.session import Session, UserFunction

_WORD = re.compile(r"[^\W\d]\w*\Z")
_BASED = re.compile(r"\b0[xXbBoO]\w*\Z")


class Word(NamedTuple):
    """The word before the cursor, and where it begins."""

    text: str
    start: int


def word_before(code: str, cursor_pos: int) -> Word | None:
    """Find the word that the cursor ends; in ``2pi`` it is ``pi``.

    Returns:
        The word, which may be empty; ``None`` in a comment or a number.
    """
    before = code[:cursor_pos]
    line = before[before.rfind("\n") + 1 :]
    if "#" in line or _BASED.search(line):
        return None
    match = _WORD.search(line)
    text = match.group() if match else ""
    return Word(text, len(before) - len(text))


def candidates(code: str, session: Session) -> dict[str, str]:
    """Give every name that could stand in this code, with its kind."""
    found: dict[str, str] = {}
    for word in sorted(KEYWORDS):
        found[word] = "keyword"
    for name in CONSTANTS:
        found[name] = "constant"
    for name in FUNCTIONS:
        found[name] = "function"
    if session.ans is not None:
        found["ans"] = "variable"
    for name, value in session.names.items():
        found[name] = "function" if isinstance(value, UserFunction) else "variable"
    return found


def matches(code: str, word: Word, session: Session) -> dict[str, str]:
    """Give the names that begin with the word, with their kinds; the user's own come first."""
    known = candidates(code, session)
    # what is written elsewhere in this cell, parameters too, is not defined yet
    for name in _names_in(code[: word.start] + " " + code[word.start + len(word.text) :]):
        known.setdefault(name, "variable")
    fitting = {name: what for name, what in known.items() if name.startswith(word.text)}
    own = [name for name in fitting if name in session.names]
    rest = sorted((name for name in fitting if name not in session.names), key=str.lower)
    return {name: fitting[name] for name in [*sorted(own), *rest]}


def _names_in(code: str) -> list[str]:
    return [token.text for token in _tokens(code) if token.kind == "name"]


def _tokens(code: str) -> list[Token]:
    """Give the tokens, of each line apart where the whole text has none."""
    try:
        return tokenize(code)
    except CalcError:
        pass
    found: list[Token] = []
    for line in code.split("\n"):
        with contextlib.suppress(CalcError):
            found.extend(tokenize(line))
    return found


def topic_at(code: str, cursor_pos: int, session: Session) -> topics.Topic | None:
    """Find help for what stands at the cursor, or for the function whose brackets it is in."""
    try:
        tokens = tokenize(code)
    except CalcError as error:
        if error.place is None:
            return None
        # what stands before the first mistake is still worth something
        tokens = _tokens(code[: error.place.span[0]])
    touching = [token for token in tokens[:-1] if token.span[0] <= cursor_pos <= token.span[1]]
    # a name beside a sign is what is meant
    touching.sort(key=lambda token: token.kind not in ("name", "keyword"))
    for token in touching:
        if token.text in ("(", ")", ",", "]"):
            continue
        found = topics.find(token.text, session)
        if found is not None:
            return found
    return _enclosing_call(tokens, cursor_pos, session)


def _enclosing_call(tokens: list[Token], cursor_pos: int, session: Session) -> topics.Topic | None:
    before = [token for token in tokens if token.span[1] <= cursor_pos and token.kind != "end"]
    depth = 0
    for index in range(len(before) - 1, 0, -1):
        if before[index].text in (")", "]"):
            depth += 1
        elif before[index].text in ("(", "["):
            depth -= 1
            if depth < 0:
                if before[index - 1].kind in ("name", "keyword"):
                    found = topics.find(before[index - 1].text, session)
                    if found is not None:
                        return found
                depth = 0
    return None
