"""Cuts a cell into items (definitions, statements) by what a declaration says of the syntax.

No parser of the language: comments, strings, brackets and blocks are enough to find where an item
ends. Whether it is a definition is for the compiler to say (:mod:`.build`).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, Pattern, Sequence

from polykernel_declared.compiler.hidden import Hidden

BRACKETS = ("()", "[]", "{}")
STRINGS = ('"', "'")
INDENT = "    "
_ANY = re.compile(r"\S")
_REST = re.compile(r"[^\S\n]*(?:\n|\Z)")
_END_FOLLOWS = re.compile(r"[^\S\n]*;")


class Piece(NamedTuple):
    """One item of a cell, as text.

    Args:
        text: The item, as it was written.
        bare: The same, with comments and the insides of strings blanked.
        line: Where it begins, from 1.
        column: Where it begins in that line, in code points from 0.
        offset: The same in bytes.
        ended: Whether what ends an item stands at its end.
    """

    text: str
    bare: str
    line: int
    column: int
    offset: int
    ended: bool

    @property
    def last_line(self) -> int:
        """The line in which it ends."""
        return self.line + self.text.count("\n")


class State(NamedTuple):
    """What is still open at the end of a text."""

    depth: int
    blocks: int
    quote: bool


class Syntax:
    """What a declaration says of the syntax.

    Args:
        options: The declaration's table.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        flags = re.MULTILINE | (re.IGNORECASE if options.get("ignore_case") else 0)
        self._ends = str(options.get("ends", ""))
        self._hidden = Hidden(
            options.get("comments", ()),
            options.get("strings", STRINGS),
            str(options.get("escape", "")),
        )
        self._directive = _compile(options.get("directive"), flags)
        self._continued = _compile(options.get("continued"), flags)
        self._header = _compile(options.get("header"), flags)
        self._body = _compile(options.get("body"), flags)
        self._program = _compile(options.get("whole"), flags)
        self._tokens = re.compile(self._token_pattern(options), flags)

    def _token_pattern(self, options: dict[str, Any]) -> str:
        blocks = list(options.get("blocks", ()))
        parts = []
        if blocks:
            parts += [f"(?P<leave>{blocks[1]})", f"(?P<enter>{blocks[0]})"]
        brackets = options.get("brackets", BRACKETS)
        opening = "".join(re.escape(pair[0]) for pair in brackets)
        closing = "".join(re.escape(pair[1]) for pair in brackets)
        if opening:
            parts += [f"(?P<open>[{opening}])", f"(?P<close>[{closing}])"]
        if self._ends:
            parts.append(f"(?P<end>[{re.escape(self._ends)}])")
        parts.append(r"(?P<newline>\n)")
        return "|".join(parts)

    # texts without what is no code

    def bare(self, code: str) -> str:
        """Blank comments and the insides of strings; lengths and lines stay as they are.

        What begins a comment that does not end stays: the compiler is to say so.
        """
        return self._hidden.bare(code, keep_open=True)

    # items

    def split(self, code: str) -> list[Piece]:
        """Cut a cell into its items, in order."""
        bare = self.bare(code)
        pieces: list[Piece] = []
        at = counted = 0
        line = 1
        while True:
            found = _ANY.search(bare, at)
            if found is None:
                return pieces
            start = found.start()
            line_start = bare.rfind("\n", 0, start) + 1
            first = not bare[max(line_start, at) : start].strip() and line_start >= at
            end, ended = self._end_of_item(bare, line_start if first else start)
            end = max(end, start + 1)
            line += bare.count("\n", counted, start)
            counted = start
            pieces.append(
                Piece(
                    code[start:end],
                    bare[start:end],
                    line,
                    start - line_start,
                    len(code[line_start:start].encode("utf-8", "surrogatepass")),
                    ended,
                )
            )
            at = end

    def _end_of_item(self, bare: str, start: int) -> tuple[int, bool]:
        whole_lines = not self._ends
        directive = bool(self._directive and self._directive.match(bare, start))
        pending = bool(self._header and self._header.match(bare, start))
        depth = blocks = 0
        has_body: bool | None = None
        for token in self._tokens.finditer(bare, start):
            kind = token.lastgroup
            if has_body is None and not depth and token.group() == "{":
                has_body = self._begins_body(bare[start : token.start()])
            if kind == "enter":
                blocks += 1
                pending = False
            elif kind == "leave":
                blocks = max(0, blocks - 1)
            elif kind == "open":
                depth += 1
            elif kind == "close":
                depth = max(0, depth - 1)
            if depth or blocks or pending:
                continue
            if kind == "newline":
                if (whole_lines or directive) and not self._goes_on(bare, token.start()):
                    return token.start(), True
            elif directive:
                continue
            elif kind == "end" or (
                kind == "close" and self._ends and _ends_block(bare, token, bool(has_body))
            ):
                return token.end(), True
        return len(bare.rstrip()), whole_lines or directive

    def _begins_body(self, before: str) -> bool:
        return bool(self._body and self._body.search(self.surface(before)))

    def _goes_on(self, bare: str, newline: int) -> bool:
        line = bare[bare.rfind("\n", 0, newline) + 1 : newline]
        return bool(self._continued and self._continued.search(line))

    # questions of a whole cell

    def is_program(self, code: str) -> bool:
        """Say whether it is a whole program."""
        return bool(self._program and self._program.search(self.bare(code)))

    def open_at_end(self, code: str) -> State:
        """Say what is still open at the end of a text: brackets, blocks, a comment or a string."""
        bare, quote = self._hidden.bare(code), self._hidden.is_open(code)
        depth = blocks = 0
        for token in self._tokens.finditer(bare):
            kind = token.lastgroup
            depth += (kind == "open") - (kind == "close")
            blocks += (kind == "enter") - (kind == "leave")
        if not quote and self._continued is not None:
            last = bare.rstrip().rpartition("\n")[2]
            blocks += bool(self._continued.search(last)) and blocks <= 0
        return State(depth, blocks, quote)

    def surface(self, bare: str) -> str:
        """Leave out what stands within brackets and blocks: names that an item defines do not.

        The line that begins a block, and what ends it, stay.
        """
        found = []
        depth = blocks = 0
        outside = 0  # where what stays begins
        for token in self._tokens.finditer(bare):
            kind, level = token.lastgroup, depth + blocks
            depth = max(0, depth + (kind == "open") - (kind == "close"))
            blocks = max(0, blocks + (kind == "enter") - (kind == "leave"))
            if level == 0 and depth + blocks > 0:
                line_end = bare.find("\n", token.end())
                inside = token.end() if kind == "open" or line_end < 0 else line_end
                found.append(bare[outside:inside])
                outside = inside
            elif level > 0 and depth + blocks == 0:
                outside = max(outside, token.start())
        if depth + blocks == 0:
            found.append(bare[outside:])
        return " ".join(found)


def _compile(pattern: str | None, flags: int) -> Pattern[str] | None:
    return re.compile(pattern, flags) if pattern else None


def _ends_block(bare: str, token: re.Match[str], has_body: bool) -> bool:
    """Say whether a brace ends an item: nothing else stands behind it in its line.

    Args:
        bare: The code.
        token: The brace, or another bracket.
        has_body: Whether the item's braces are a body, as a function has one: all that stands
            behind it is another item.
    """
    if token.group() != "}":
        return False
    if has_body:
        return _END_FOLLOWS.match(bare, token.end()) is None
    return _REST.match(bare, token.end()) is not None


def words(text: str) -> frozenset[str]:
    """Find the words of a text."""
    return frozenset(re.findall(r"[^\W\d]\w*", text))


def names_in(patterns: Sequence[Pattern[str]], surface: str) -> tuple[str, ...]:
    """Find the names that patterns with one group find, in order, each once."""
    found: dict[str, None] = {}
    for pattern in patterns:
        for match in pattern.finditer(surface):
            name = next((group for group in match.groups() if group), "")
            if name and not name[0].isdigit():
                found[name] = None
    return tuple(found)
