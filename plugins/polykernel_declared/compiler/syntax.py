"""Cuts a cell into items (definitions, statements) by what a declaration says of the syntax.

No parser of the language: comments, strings, brackets and blocks are enough to find where an item
ends. Whether it is a definition is for the compiler to say (:mod:`.build`).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, Pattern, Sequence

BRACKETS = ("()", "[]", "{}")
STRINGS = ('"', "'")
INDENT = "    "


class Piece(NamedTuple):
    """One item of a cell, as text.

    Args:
        text: The item, as it was written.
        bare: The same, with comments and the insides of strings blanked.
        line: Where it begins, from 1.
        column: Where it begins in that line, in code points from 0.
        ended: Whether what ends an item stands at its end.
    """

    text: str
    bare: str
    line: int
    column: int
    ended: bool

    @property
    def last_line(self) -> int:
        """The line in which it ends."""
        return self.line + self.text.count("\n")


class State(NamedTuple):
    """What is still open at the end of a text."""

    depth: int
    blocks: int
    quote: str


class Syntax:
    """What a declaration says of the syntax.

    Args:
        options: The declaration's table.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        flags = re.MULTILINE | (re.IGNORECASE if options.get("ignore_case") else 0)
        self._ends = str(options.get("ends", ""))
        self._comments = [_pair(each) for each in options.get("comments", ())]
        self._strings = list(options.get("strings", STRINGS))
        self._escape = str(options.get("escape", ""))
        self._directive = _compile(options.get("directive"), flags)
        self._continued = _compile(options.get("continued"), flags)
        self._header = _compile(options.get("header"), flags)
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
        """Blank comments and the insides of strings; lengths and lines stay as they are."""
        return self._scan(code)[0]

    def _scan(self, code: str) -> tuple[str, str]:
        found: list[str] = []
        at, open_quote = 0, ""
        while at < len(code):
            begin, end = self._find_start(code, at)
            found.append(code[at:begin])
            if begin == len(code):
                break
            after, closed = self._find_end(code, begin, end)
            is_string = end in self._strings
            inside = code[begin:after]
            found.append(_quoted(inside, closed) if is_string else _blank(inside))
            if not closed and (is_string or end != "\n"):
                open_quote = end
            at = after
        return "".join(found), open_quote

    def _find_start(self, code: str, at: int) -> tuple[int, str]:
        best, close = len(code), ""
        for begin, end in [*self._comments, *((quote, quote) for quote in self._strings)]:
            found = code.find(begin, at, best + len(begin) - 1)
            if 0 <= found < best:
                best, close = found, end
        return best, close

    def _find_end(self, code: str, begin: int, end: str) -> tuple[int, bool]:
        if end == "\n":
            found = code.find("\n", begin)
            return (found if found >= 0 else len(code)), True
        if end not in self._strings:
            found = code.find(end, begin + 2)
            return (found + len(end), True) if found >= 0 else (len(code), False)
        at = begin + 1
        while at < len(code):
            if self._escape and code[at] == self._escape:
                at += 2
            elif code[at] == end:
                return at + 1, True
            elif code[at] == "\n":  # no string goes on: the compiler will say so
                return at, True
            else:
                at += 1
        return len(code), False

    # items

    def split(self, code: str) -> list[Piece]:
        """Cut a cell into its items, in order."""
        bare = self.bare(code)
        pieces: list[Piece] = []
        at = 0
        while True:
            found = re.compile(r"\S").search(bare, at)
            if found is None:
                return pieces
            start = found.start()
            line_start = bare.rfind("\n", 0, start) + 1
            first = not bare[max(line_start, at) : start].strip() and line_start >= at
            end, ended = self._end_of_item(bare, line_start if first else start)
            end = max(end, start + 1)
            pieces.append(
                Piece(
                    code[start:end],
                    bare[start:end],
                    bare.count("\n", 0, start) + 1,
                    start - line_start,
                    ended,
                )
            )
            at = end

    def _end_of_item(self, bare: str, start: int) -> tuple[int, bool]:
        whole_lines = not self._ends
        directive = bool(self._directive and self._directive.match(bare, start))
        pending = bool(self._header and self._header.match(bare, start))
        depth = blocks = 0
        for token in self._tokens.finditer(bare, start):
            kind = token.lastgroup
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
            elif kind == "end" or (kind == "close" and self._ends and _ends_block(bare, token)):
                return token.end(), True
        return len(bare), whole_lines or directive

    def _goes_on(self, bare: str, newline: int) -> bool:
        line = bare[bare.rfind("\n", 0, newline) + 1 : newline]
        return bool(self._continued and self._continued.search(line))

    # questions of a whole cell

    def is_program(self, code: str) -> bool:
        """Say whether it is a whole program."""
        return bool(self._program and self._program.search(self.bare(code)))

    def open_at_end(self, code: str) -> State:
        """Say what is still open at the end of a text: brackets, blocks, a comment or a string."""
        bare, quote = self._scan(code)
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
        """Blank what stands within brackets and blocks: names that an item defines stand outside.

        The line that begins a block, and the one that ends it, stay.
        """
        found = list(bare)
        depth = blocks = 0
        inside = 0  # where what is blanked begins
        for token in self._tokens.finditer(bare):
            kind, level = token.lastgroup, depth + blocks
            depth = max(0, depth + (kind == "open") - (kind == "close"))
            blocks = max(0, blocks + (kind == "enter") - (kind == "leave"))
            if level == 0 and depth + blocks > 0:
                line_end = bare.find("\n", token.end())
                inside = token.end() if kind == "open" or line_end < 0 else line_end
            elif level > 0 and depth + blocks == 0:
                for at in range(inside, token.start()):
                    if found[at] != "\n":
                        found[at] = " "
        return "".join(found)


def _pair(comment: str) -> tuple[str, str]:
    begin, _, end = comment.partition(" ")
    return begin, end or "\n"


def _compile(pattern: str | None, flags: int) -> Pattern[str] | None:
    return re.compile(pattern, flags) if pattern else None


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _quoted(text: str, closed: bool) -> str:
    return text[0] + _blank(text[1:-1]) + (text[-1] if closed and len(text) > 1 else text[1:])


def _ends_block(bare: str, token: re.Match[str]) -> bool:
    """Say whether a brace ends an item: nothing else stands behind it in its line."""
    rest = bare[token.end() :].partition("\n")[0]
    return token.group() == "}" and not rest.strip()


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
