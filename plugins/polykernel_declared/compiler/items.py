"""The items of a new cell while it is compiled, and what the compiler says of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Sequence

from polykernel_declared.compiler.diagnostics import Diagnostic, first_error

if TYPE_CHECKING:
    from polykernel_declared.compiler.definitions import Part
    from polykernel_declared.compiler.syntax import Piece


class Alternative(NamedTuple):
    """One way to take an item.

    Args:
        parts: What is compiled of it.
        as_written: Whether its code stands there as the user has written it.
    """

    parts: tuple[Part, ...]
    as_written: bool = True


class Item:
    """An item of the new cell, and which of its alternatives is tried. State: that, and errors."""

    def __init__(self, piece: Piece, alternatives: Sequence[Alternative]) -> None:
        self.piece = piece
        self._alternatives = alternatives
        self._at = 0
        self._failed: list[tuple[bool, list[Diagnostic]]] = []

    @property
    def parts(self) -> tuple[Part, ...]:
        """What is compiled of it now."""
        return self._alternatives[self._at].parts

    def holds(self, line: int, column: int) -> bool:
        """Whether a place in its cell is within it."""
        piece = self.piece
        if not piece.line <= line <= piece.last_line:
            return False
        if column == 0:
            return True
        end = len(piece.text.rpartition("\n")[2]) + (piece.column if piece.line == line else 0)
        after_start = line > piece.line or column > piece.column
        return after_start and (line < piece.last_line or column <= end + 1)

    def fail(self, found: list[Diagnostic]) -> None:
        """Remember what is wrong with what was tried."""
        self._failed.append((self._alternatives[self._at].as_written, found))

    def advance(self) -> bool:
        """Take the next alternative, if there is one."""
        if self._at + 1 == len(self._alternatives):
            return False
        self._at += 1
        return True

    def complaint(self) -> Sequence[Diagnostic]:
        """Say what is wrong with it.

        What was tried last is what the user means, mostly. But where a definition's error stands
        within its braces, it was taken for a definition.
        """
        written = [found for as_written, found in self._failed if as_written]
        attempts = written or [found for _, found in self._failed]
        brace = self.piece.bare.find("{")
        if brace < 0:
            return attempts[-1]
        before = self.piece.bare[:brace]
        line = self.piece.line + before.count("\n")
        column = len(before.rpartition("\n")[2]) + (
            self.piece.column if line == self.piece.line else 0
        )
        for found in attempts[:-1]:
            if first_error(found) > (line, column + 1):
                return found
        return attempts[-1]


def is_wrong(part: Part, found: Sequence[Diagnostic]) -> bool:
    """Say whether there is an error in a part."""
    return any(
        each.is_error and each.file == part.file and part.line <= each.line <= part.last_line
        for each in found
    )


def without_warnings(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Leave out warnings, and the notes on them."""
    kept, wanted = [], True
    for each in found:
        wanted = each.is_error or (wanted and each.severity == "note")
        if wanted:
            kept.append(each)
    return kept


def within(
    item: Item, found: Sequence[Diagnostic], file: str
) -> list[tuple[Diagnostic, list[Diagnostic]]]:
    """Find what is said of an item, if that has errors: each message with the notes on it."""
    own: list[tuple[Diagnostic, list[Diagnostic]]] = []
    inside = False
    for each in found:
        if each.severity != "note":
            inside = each.file == file and item.holds(each.line, each.column)
            if inside:
                own.append((each, []))
        elif inside:
            own[-1][1].append(each)
    return own if any(each.is_error for each, _ in own) else []


def is_previous(note: Diagnostic, part: Part) -> bool:
    """Say whether a note names a part as an earlier definition of the same."""
    return (
        note.file == part.file
        and part.line <= note.line <= part.last_line
        and "previous" in note.message
    )


def complaints(items: Sequence[Item], found: Sequence[Diagnostic], file: str) -> list[Diagnostic]:
    """Say what is wrong: of each item that still fails the best attempt, and all else."""
    shown: list[Diagnostic] = []
    failing = [item for item in items if within(item, found, file)]
    for item in failing:
        shown += [each for each in item.complaint() if each not in shown]
    for each in found:
        is_told = each.file == file and any(item.holds(each.line, each.column) for item in failing)
        if not is_told and (each.is_error or each.file == file):
            shown.append(each)
    return shown
