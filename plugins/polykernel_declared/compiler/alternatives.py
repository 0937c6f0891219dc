"""An item of a cell → the ways to take it, and what is compiled of it in each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Sequence

from polykernel_declared.compiler.items import Alternative

if TYPE_CHECKING:
    from polykernel_declared.compiler.definitions import Naming, Part
    from polykernel_declared.compiler.syntax import Piece

STATEMENTS, DEFINITIONS = "statements", "definitions"


def _compiled(patterns: dict[str, str], flags: re.RegexFlag) -> dict[str, re.Pattern[str]]:
    return {place: re.compile(pattern, flags) for place, pattern in patterns.items()}


class Alternatives:
    """Finds them, by a declaration.

    Args:
        options: The declaration's table.
        naming: Makes parts, with the names that they define.
    """

    def __init__(self, options: dict[str, Any], naming: Naming) -> None:
        flags = re.IGNORECASE if options.get("ignore_case") else re.RegexFlag(0)
        self._flags = flags
        self._naming = naming
        self._places = _compiled(options.get("places", {}), flags)
        self._lists = _compiled(options.get("lists", {}), flags)
        begins, goes_on = options.get("sections", (r"(?!)", r"(?!)"))
        self._sections = re.compile(begins, flags), re.compile(goes_on, flags)
        self._given = re.compile(str(options.get("given", r"(?!)")), flags)
        self._tries = DEFINITIONS in options.get("template", "") and not self._places
        self._value = str(options.get("value", ""))
        self._all_ends = str(options.get("ends", ""))
        self._ends = self._all_ends[:1]
        self._assigned = [str(each) for each in options.get("assigned", ())]
        self._rewrite = [str(each) for each in options.get("rewrite", ())]

    def of(self, pieces: Sequence[Piece], file: str) -> list[list[Alternative]]:
        """Give the alternatives of each item, in the order in which they are tried.

        Args:
            pieces: All items of a cell.
            file: The name of the cell.
        """
        if self._tries:
            return [self._tried(piece, file, piece is pieces[-1]) for piece in pieces]
        found, section = [], ""
        begins, goes_on = self._sections
        for piece in pieces:
            bare = piece.bare.lstrip()
            begin = begins.match(bare)
            section = begin.group() if begin else section if goes_on.match(bare) else ""
            found.append([Alternative(self._parts(piece, file, "" if begin else section))])
        return found

    def _parts(self, piece: Piece, file: str, section: str) -> tuple[Part, ...]:
        place = self._place_of(section or piece.bare.lstrip())
        text = piece.text if piece.ended else piece.text + self._ends
        if section:
            whole = self._naming.part(place, f"{section} {text}", piece, file)
            return (whole._replace(before=section, text=text),)
        if place in self._lists:
            return self._elements(place, text, piece, file)
        if self._is_given(piece.bare):
            return ()
        kept = text if place == STATEMENTS else self._rewritten(text)
        return (self._naming.part(place, kept, piece, file),)

    def _is_given(self, bare: str) -> bool:
        return self._given.fullmatch(bare.strip().rstrip(self._all_ends).strip()) is not None

    def _elements(self, place: str, text: str, piece: Piece, file: str) -> tuple[Part, ...]:
        """Make a part of each element, as if it stood alone, that the template does not have."""
        found = list(self._lists[place].finditer(piece.bare))
        if not found:
            return (self._naming.part(place, self._rewritten(text), piece, file),)
        head, tail = text[: found[0].start()], text[found[-1].end() :]
        parts = []
        for each in found:
            element = text[each.start() : each.end()]
            if not self._is_given(element):
                line = piece.line + piece.bare.count("\n", 0, each.start())
                alone = piece._replace(text=element, line=line)
                one = self._rewritten(head + element + tail)
                parts.append(self._naming.part(place, one, alone, file))
        return tuple(parts)

    def _tried(self, piece: Piece, file: str, last: bool) -> list[Alternative]:
        def part(place: str, text: str) -> Part:
            return self._naming.part(place, text, piece, file)

        if self._is_given(piece.bare):
            return [Alternative(())]
        text, found = piece.text, []
        if last and not piece.ended and self._ends:
            if self._value:
                before, _, after = self._value.partition("{}")
                shown = part(STATEMENTS, text)._replace(before=before, after=after)
                found.append(Alternative((shown,), as_written=False))
            text += self._ends
        found.append(Alternative((part(DEFINITIONS, self._rewritten(text)),)))
        match = re.match(self._assigned[0], text, re.DOTALL) if self._assigned else None
        if match is not None:
            definition, assignment = self._taken_apart(match)
            parts = part(DEFINITIONS, definition), part(STATEMENTS, assignment)
            found.append(Alternative(parts, as_written=False))
        found.append(Alternative((part(STATEMENTS, text),)))
        return found

    def _taken_apart(self, match: re.Match[str]) -> tuple[str, str]:
        """Make a definition and an assignment of a definition with a first value."""
        _, definition, assignment = self._assigned
        head, value, tail = assignment.rpartition("\\3")
        head = match.expand(head)
        if value:  # columns stay as in the cell
            head = " " * (match.start(3) - len(head)) + head + match.group(3)
        return self._rewritten(match.expand(definition)), head + match.expand(tail)

    def _rewritten(self, text: str) -> str:
        if not self._rewrite:
            return text
        pattern, becomes = self._rewrite
        return re.sub(pattern, becomes, text, flags=self._flags)

    def _place_of(self, bare: str) -> str:
        for place, pattern in self._places.items():
            if pattern.match(bare):
                return place
        return STATEMENTS
