"""What can be wrong with a user's code, and how it is shown: the line with a mark at the place."""

from __future__ import annotations

from typing import NamedTuple, Tuple

Span = Tuple[int, int]

_RED, _GREEN, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[39m"
_WINDOW = 60  # characters shown to each side of the place


class Place(NamedTuple):
    """A place in a text that the user wrote.

    Attributes:
        source: The whole text.
        span: Begin and end in it, in code points.
        where: What the text is, where it is not the running cell: ``"f(x)"``.
    """

    source: str
    span: Span
    where: str = ""


class CalcError(Exception):
    """The user's code is wrong.

    Args:
        ename: The kind of error.
        message: What is wrong, in one line.
        place: Where, if it is known already.
        incomplete: More text could make it right.
    """

    def __init__(
        self, ename: str, message: str, place: Place | None = None, incomplete: bool = False
    ) -> None:
        super().__init__(message)
        self.ename = ename
        self.message = message
        self.place = place
        self.caller: Place | None = None
        self.incomplete = incomplete

    def locate(self, source: str, span: Span, where: str) -> None:
        """Note the place, unless an inner one is known."""
        if self.place is None:
            self.place = Place(source, span, where)

    def called_from(self, source: str, span: Span, where: str) -> None:
        """Note the call in which the place was reached; the outermost one is kept."""
        self.caller = Place(source, span, where)

    def traceback(self) -> list[str]:
        """Show the error: what, and the lines with a mark at each place."""
        lines = [f"{_RED}{self.ename}{_PLAIN}: {self.message}"]
        for place in (self.caller, self.place):
            if place is not None:
                lines.extend(excerpt(place))
        return lines


def syntax_error(message: str, source: str, span: Span, incomplete: bool = False) -> CalcError:
    """Say that the text is no code."""
    return CalcError("SyntaxError", message, Place(source, span), incomplete)


def math_error(message: str) -> CalcError:
    """Say that an operation has no result for these numbers."""
    return CalcError("MathError", message)


def type_error(message: str) -> CalcError:
    """Say that a value, or the number of arguments, does not fit."""
    return CalcError("TypeError", message)


def limit_error(message: str) -> CalcError:
    """Say that a result would need more work or memory than allowed."""
    return CalcError("LimitError", message)


def excerpt(place: Place) -> list[str]:
    """Show the line of a place, with a mark below it.

    Returns:
        Two or three lines: where, if the text has several lines or is not the running cell; the
        line; the mark.
    """
    start = min(place.span[0], len(place.source))
    line_start = place.source.rfind("\n", 0, start) + 1
    line_end = place.source.find("\n", line_start)
    line = place.source[line_start : line_end if line_end >= 0 else len(place.source)]
    column = start - line_start
    length = max(1, min(place.span[1] - start, len(line) - column))
    line, column = _window(line, column)
    length = max(1, min(length, len(line) - column))
    head = [_headline(place, start)] if place.where or "\n" in place.source.strip() else []
    pad = "".join("\t" if char == "\t" else " " * width(char) for char in line[:column])
    mark = "^" * max(1, sum(width(char) for char in line[column : column + length]))
    return [*head, f"    {line}", f"    {pad}{_RED}{mark}{_PLAIN}"]


def _headline(place: Place, start: int) -> str:
    number = place.source.count("\n", 0, start) + 1
    several = "\n" in place.source.strip()
    words = ([f"in {place.where}"] if place.where else []) + ([f"line {number}"] if several else [])
    return f"  {_GREEN}{', '.join(words)}{_PLAIN}:"


def _window(line: str, column: int) -> tuple[str, int]:
    first = max(0, column - _WINDOW)
    last = column + _WINDOW
    before, after = ("…" if first else ""), ("…" if last < len(line) else "")
    # what cannot be seen would shift the mark, or hide it
    shown = "".join(
        char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}"
        for char in line[first:last]
    )
    return before + shown + after, column - first + len(before)


def width(char: str) -> int:
    """Give the columns that a character takes in a terminal or a monospaced font."""
    if char < "\u0300":
        return 1
    import unicodedata  # only where it is needed: it takes a while to load

    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
