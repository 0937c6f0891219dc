"""Reads Python that is still being typed: tokens, open brackets, an unfinished string.

The standard tokenizer gives up where a bracket or a string is not closed, which is the usual state
of code before the cursor.
"""

from __future__ import annotations

import re
from typing import NamedTuple

OPENING = {"(": ")", "[": "]", "{": "}"}
_TOKEN = re.compile(
    r"""
    (?P<space>   [ \t\f\r]+ | \\\r?\n )
  | (?P<newline> \n )
  | (?P<comment> \#[^\n]* )
  | (?P<string>  (?P<prefix>[rbuftRBUFT]{0,2}) (?P<quote>'''|\"\"\"|'|\") )
  | (?P<number>  (?: \d\w* (?: \.(?![A-Za-z_.])\w* )? | \.\d\w* ) (?: (?<=[eE])[+-]\d+ )? )
  | (?P<name>    [^\W\d]\w* )
  | (?P<operator> -> | := | \*\* | [=!<>]= | \.\.\. | . )
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\[^\n]")
_BODIES = {quote: re.compile(rf"(?:\\.|(?!{quote}).)*", re.DOTALL) for quote in ("'''", '"""')}
_BODIES.update({quote: re.compile(rf"(?:\\.|[^\\\n{quote}])*", re.DOTALL) for quote in "'\""})


class Token(NamedTuple):
    """A token: kinds are ``name``, ``number``, ``string``, ``operator``, ``newline``."""

    kind: str
    text: str
    start: int
    end: int


class OpenString(NamedTuple):
    """A string literal that does not end: its prefix, its quotes, where they begin and end."""

    prefix: str
    quote: str
    start: int
    body: int


class Scan:
    """What a text consists of.

    Attributes:
        tokens: Its tokens, without comments; an unfinished string is none of them.
        brackets: The places in :attr:`tokens` of brackets that are not closed, outermost first.
        mismatched: Whether a bracket is closed that was not open.
        string: The string that the text ends in.
        comment: Whether the text ends in a comment.
    """

    def __init__(self, text: str) -> None:
        self.tokens: list[Token] = []
        self.brackets: list[int] = []
        self.mismatched = False
        self.string: OpenString | None = None
        self.comment = False
        place = 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            assert match is not None, "the last alternatives match any character"
            kind = str(match.lastgroup)
            end = match.end()
            if match.group("string"):
                kind, end = "string", _string_end(text, match)
            if end > len(text):
                prefix, quote = match.group("prefix", "quote")
                self.string = OpenString(prefix, quote, place, match.end())
                return
            if kind == "comment":
                self.comment = end == len(text)
            elif kind != "space":
                self._add(Token(kind, text[place:end], place, end))
            place = end

    def _add(self, token: Token) -> None:
        if token.kind == "operator":
            if token.text in OPENING:
                self.brackets.append(len(self.tokens))
            elif token.text in ")]}":
                if self.brackets and OPENING[self._innermost()] == token.text:
                    self.brackets.pop()
                else:
                    self.mismatched = True
        self.tokens.append(token)

    def _innermost(self) -> str:
        return self.tokens[self.brackets[-1]].text

    def statement(self) -> list[Token]:
        """Give the tokens of the statement that the text ends in."""
        outer = self.brackets[0] if self.brackets else len(self.tokens)
        start = outer
        while start and self.tokens[start - 1].text not in ("\n", ";"):
            start -= 1
        return [token for token in self.tokens[start:] if token.kind != "newline"]

    def primary(self, end: int) -> int | None:
        """Find where the expression begins that the token before ``end`` ends.

        Names, attributes, subscripts, calls and literals count, operators don't.

        Returns:
            The place of its first token, or ``None``.
        """
        place = end - 1
        while place >= 0:
            token = self.tokens[place]
            if token.text in (")", "]", "}") and token.kind == "operator":
                opening = self._opening(place)
                if opening is None:
                    return None
                if token.text == "}" or opening == 0 or not self._ends_value(opening - 1):
                    return opening
                place = opening - 1
            elif token.kind in ("name", "string", "number"):
                if place < 2 or self.tokens[place - 1].text != "." or token.kind != "name":
                    return place
                place -= 2
            else:
                return None
        return None

    def _opening(self, closing: int) -> int | None:
        depth = 0
        for place in range(closing, -1, -1):
            token = self.tokens[place]
            if token.kind != "operator":
                continue
            if token.text in ")]}":
                depth += 1
            elif token.text in OPENING:
                depth -= 1
                if depth == 0:
                    return place
        return None

    def _ends_value(self, place: int) -> bool:
        from keyword import iskeyword

        token = self.tokens[place]
        if token.kind == "name":
            return not iskeyword(token.text)
        return token.kind == "string" or token.text in (")", "]", "}")


def without_escapes(text: str) -> str:
    r"""Put letters in the place of escapes such as ``\d``, which the parser may warn of.

    Nobody wants to be warned of what is only being typed; places in the text stay the same.
    """
    return _ESCAPE.sub("xx", text)


def _string_end(text: str, match: re.Match[str]) -> int:
    """Say where a string literal ends: beyond the text, where it does not."""
    quote = match.group("quote")
    body = _BODIES[quote].match(text, match.end())
    assert body is not None, "an empty body matches"
    if text.startswith(quote, body.end()):
        return body.end() + len(quote)
    if len(quote) == 1 and text[body.end() : body.end() + 1] == "\n":
        return body.end()  # a mistake; what follows on the next line is code
    return len(text) + 1
