"""Definitions and statements → one source file, whose lines are known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Sequence

from polykernel_declared.compiler.diagnostics import Place

if TYPE_CHECKING:
    from polykernel_declared.compiler.definitions import Part

_PLACE = re.compile(r"^[ \t]*\{(\w+)\}[ \t]*$")


class Source(NamedTuple):
    """A source file.

    Args:
        text: Of the file.
        places: Of each line of the file, where it stands in a cell.
    """

    text: str
    places: Sequence[Place | None]

    def locate(self, line: int) -> Place | None:
        """Find the cell's line; for one of the template, the nearest one before it."""
        for at in range(min(line, len(self.places)) - 1, -1, -1):
            place = self.places[at]
            if place is not None:
                return place
        return None


class Template:
    """Where parts stand in a source file.

    Args:
        text: Of the template: a line that is ``{name}`` stands for the parts of that place.
        directive: How the language names file and line of what follows, with ``{file}`` and
            ``{line}``; empty where it can't.
    """

    def __init__(self, text: str, directive: str) -> None:
        self._lines = text.split("\n")
        self._directive = directive

    def fill(self, parts: Sequence[Part], values: dict[str, str]) -> Source:
        """Make a source file.

        Args:
            parts: What stands in it; each in its place, in this order.
            values: Texts for other placeholders.
        """
        writer = _Writer(self._directive)
        for line in self._lines:
            match = _PLACE.match(line)
            if match is None or match.group(1) in values:
                for name, value in values.items():
                    line = line.replace("{" + name + "}", value)
                writer.own(line)
                continue
            for part in parts:
                if part.place == match.group(1):
                    writer.part(part)
        return writer.source()


class _Writer:
    """Collects lines, and where they come from."""

    def __init__(self, directive: str) -> None:
        self._directive = directive
        self._lines: list[str] = []
        self._places: list[Place | None] = []

    def own(self, line: str) -> None:
        self._lines.append(line)
        self._places.append(None)

    def part(self, part: Part) -> None:
        if part.before:
            self._name_line(part)
            self.own(part.before)
        self._name_line(part)
        padded = " " * part.column + part.text  # columns stay as in the cell
        for number, line in enumerate(padded.split("\n")):
            self._lines.append(line)
            # what was made of an item may have more lines than it
            place = Place(part.file, min(part.line + number, part.last_line))
            self._places.append(place if part.file else None)
        if part.after:
            self.own(part.after)

    def _name_line(self, part: Part) -> None:
        if self._directive and part.file:
            self.own(self._directive.format(file=part.file, line=part.line))

    def source(self) -> Source:
        return Source("\n".join([*self._lines, ""]), tuple(self._places))


def whole(code: str, file: str, directive: str) -> Source:
    """Make a source file of a cell that is a whole program."""
    lines = code.split("\n")
    first = [directive.format(file=file, line=1)] if directive else []
    places: list[Place | None] = [None] * len(first)
    places += [Place(file, number) for number in range(1, len(lines) + 1)]
    return Source("\n".join([*first, *lines, ""]), tuple(places))
