"""Tells whether code can be run as it is, by what a declaration says of the language."""

from __future__ import annotations

import re

from polykernel_declared.repl.settings import split_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Match

    from polykernel_declared.repl.settings import Settings

_COMMENTS = ("block", "comment")
_LITERAL = "_"  # stands for a literal where `complete` and `incomplete` look


class Completeness:
    """How complete code is told from incomplete code.

    Args:
        settings: ``complete``, ``incomplete``, ``brackets``, ``quotes``, ``escape``, ``literal``,
            ``comment`` and ``block_comment``.
    """

    def __init__(self, settings: Settings) -> None:
        self._complete = settings.text("complete")
        self._incomplete = settings.text("incomplete")
        brackets = settings.text("brackets")
        self._closing = dict(zip(brackets[::2], brackets[1::2]))
        begin, end = settings.texts("block_comment") or ("", "")
        self._block_end = re.compile(end, re.MULTILINE)
        self._unclosed = [f"unclosed{number}_" for number in range(len(settings.text("quotes")))]
        kinds = {
            "block": begin,
            "comment": _line(settings.text("comment")),
            "quoted": "|".join(
                _quoted(quote, settings.text("escape"), name)
                for quote, name in zip(settings.text("quotes"), self._unclosed)
            ),
            "bracket": "|".join(map(re.escape, brackets)),
        }
        # a literal comes first, that the numbers of its groups stay
        literal = settings.text("literal")
        each_kind = [f"(?P<{kind}_>{pattern})" for kind, pattern in kinds.items() if pattern]
        self._token = re.compile(
            "|".join([*([f"(?:{literal})"] if literal else []), *each_kind]) or "(?!)",
            re.MULTILINE,
        )
        self._kinds = kinds

    def of(self, code: str) -> str:
        """Give ``"complete"``, ``"incomplete"`` or ``"invalid"``."""
        code = "\n".join(split_lines(code))
        tokens = list(self._tokens(code))
        bare = _bare(code, tokens)
        if any(kind == "open" for kind, _, _ in tokens):
            return "incomplete"
        if not bare.strip():
            return "complete"
        brackets = self._of_brackets(code, tokens)
        if brackets != "complete":
            return brackets
        if self._wants_more(bare):
            return "incomplete"
        if self._complete and not re.search(self._complete, bare, re.MULTILINE):
            return "incomplete"
        return "complete"

    def wants_more(self, code: str) -> bool:
        """Whether ``incomplete`` is found in code."""
        return self._wants_more(_bare(code, list(self._tokens(code))))

    def _wants_more(self, bare: str) -> bool:
        pattern = self._incomplete
        return bool(pattern and re.search(pattern, bare, re.MULTILINE))

    def comment_lines(self, code: str) -> set[int]:
        """List the numbers, from zero, of the lines that hold nothing but a comment.

        Of a comment over several lines they are all there, or none.
        """
        code = "\n".join(split_lines(code))
        found: set[int] = set()
        line = at = 0
        for kind, start, end in self._tokens(code):
            line += code.count("\n", at, start)
            at = start
            # a comment whose line goes on, as Tcl's do behind a backslash, takes the next one along
            if kind in _COMMENTS and code[end - 1 : end] != "\\" and _is_alone(code, start, end):
                found.update(range(line, line + code.count("\n", start, end) + 1))
        return found

    def lines(self, code: str) -> list[str]:
        """Split code into lines, without the block comments that begin and end at a line's end."""
        lines = split_lines(code)
        code = "\n".join(lines)
        for kind, start, end in reversed(list(self._tokens(code))):
            number = code.count("\n", 0, start)
            column = start - code.rfind("\n", 0, start) - 1
            behind = lines[number][column + end - start :]
            if kind == "block" and "\n" not in code[start:end] and not behind.strip():
                lines[number] = lines[number][:column].rstrip()
        return lines

    def _tokens(self, code: str) -> Iterator[tuple[str, int, int]]:
        """Find what is no plain code: what it is, where it begins, and where it ends.

        It is a literal, a comment, a block of a comment, something quoted, a bracket, or open: a
        text or a comment that does not end.
        """
        at = 0
        while at <= len(code):
            found = self._token.search(code, at)
            if found is None:
                return
            kind, end = self._kind(found), found.end()
            if kind == "block":
                closed = self._block_end.search(code, end)
                kind, end = (kind, closed.end()) if closed else ("open", len(code))
            elif any(found.group(name) is not None for name in self._unclosed):
                kind = "open"
            yield kind, found.start(), end
            at = max(end, found.start() + 1)

    def _kind(self, found: Match[str]) -> str:
        groups = found.groupdict()
        for kind in self._kinds:
            if groups.get(f"{kind}_") is not None:
                return kind
        return "literal"

    def _of_brackets(self, code: str, tokens: list[tuple[str, int, int]]) -> str:
        open_brackets = []
        for bracket in (code[start] for kind, start, _ in tokens if kind == "bracket"):
            if bracket in self._closing:
                open_brackets.append(self._closing[bracket])
            elif not open_brackets or open_brackets.pop() != bracket:
                return "invalid"
        return "incomplete" if open_brackets else "complete"


def _is_alone(code: str, start: int, end: int) -> bool:
    """Whether there is nothing before and behind a place in its lines."""
    before = code[code.rfind("\n", 0, start) + 1 : start]
    until = code.find("\n", end)
    return not before.strip() and not code[end : until if until >= 0 else None].strip()


def _bare(code: str, tokens: list[tuple[str, int, int]]) -> str:
    """Leave comments out, and what literals hold."""
    parts = []
    at = 0
    for kind, start, end in tokens:
        if kind in (*_COMMENTS, "literal"):
            parts += [code[at:start], _LITERAL if kind == "literal" else ""]
            at = end
    return "".join([*parts, code[at:]])


def _line(comment: str) -> str:
    return comment and f"(?:{comment})[^\n]*"


def _quoted(quote: str, escape: str, unclosed: str) -> str:
    """Match a text; the group of that name, where it does not end."""
    each = re.escape(quote)
    if not escape:
        return f"{each}[^{each}]*(?:{each}|(?P<{unclosed}>\\Z))"
    before = re.escape(escape)
    within = f"(?:[^{each}{before}]|{before}[\\s\\S])*"
    return f"{each}{within}(?:{each}|{before}?(?P<{unclosed}>\\Z))"
