"""What stays of earlier cells: definitions, and which version of each name is the valid one.

A later definition of a name takes the place of the older one. Its variables get storage of their
own, and what mentions it is made anew with it; all else keeps what it holds.
"""

from __future__ import annotations

import re
from typing import Any, Iterable, NamedTuple, Sequence

from polykernel_declared.compiler.syntax import Piece, Syntax, names_in, words


class Part(NamedTuple):
    """A piece of source code in its place.

    Args:
        place: The placeholder of the template that it stands for.
        text: The code.
        file: The name of its cell.
        line: Where it begins in the cell, from 1.
        column: Where it begins in that line, in bytes from 0.
        last_line: The line of the cell in which it ends.
        names: What it defines: functions, types, constants.
        variables: The variables that it defines.
        words: All words in it.
        before: What stands in a line of its own before the code.
        after: What stands in a line of its own behind it.
    """

    place: str
    text: str
    file: str
    line: int
    column: int
    last_line: int
    names: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    before: str = ""
    after: str = ""

    @property
    def own(self) -> frozenset[str]:
        """All names that it defines."""
        return frozenset((*self.names, *self.variables))


class Naming:
    """Finds the names that a part defines.

    Args:
        options: The declaration's table.
        syntax: What it says of the syntax.
    """

    def __init__(self, options: dict[str, Any], syntax: Syntax) -> None:
        self._ignore_case = bool(options.get("ignore_case"))
        flags = re.MULTILINE | (re.IGNORECASE if self._ignore_case else 0)
        self._names = [re.compile(each, flags) for each in options.get("names", ())]
        self._variables = [re.compile(each, flags) for each in options.get("variables", ())]
        self._syntax = syntax

    def part(self, place: str, text: str, piece: Piece, file: str) -> Part:
        """Make a part of an item, or of what was made of it."""
        bare = self._syntax.bare(text)
        surface = self._syntax.surface(bare)
        names = self._fold(names_in(self._names, surface))
        variables = self._fold(names_in(self._variables, surface))
        return Part(
            place,
            text,
            file,
            piece.line,
            piece.offset,
            piece.last_line,
            names,
            tuple(name for name in variables if name not in names),
            frozenset(self._fold(words(bare))),
        )

    def _fold(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name.lower() for name in names) if self._ignore_case else tuple(names)


class Definitions:
    """The definitions so far. Not changed: :meth:`with_new` gives another one.

    Args:
        parts: In the order of the cells.
        versions: How often each name has been made anew.
    """

    def __init__(self, parts: Sequence[Part] = (), versions: dict[str, int] = {}) -> None:  # noqa: B006
        self.parts = tuple(parts)
        self.versions = dict(versions)

    def with_new(self, new: Sequence[Part], dropped: frozenset[Part] = frozenset()) -> Definitions:
        """Give the definitions that are valid with those of a new cell.

        Args:
            new: The cell's own definitions.
            dropped: Older ones that the compiler says are in the way.
        """
        parts = list(self.parts)
        gone = {id(part) for part in dropped}
        fresh = {id(part) for part in new}
        same: set[str] = set()
        for part in new:
            older = [old for old in parts if id(old) not in fresh]
            identical = [old for old in older if old.text == part.text]
            replaced = identical or [old for old in older if id(old) in gone or _clash(old, part)]
            if identical:
                same.update(part.names)
            parts = _place(parts, part, replaced)
        parts = [part for part in parts if id(part) not in gone]
        renewed = {name for part in new for name in part.names if name not in same}
        renewed |= {name for part in new for name in part.variables}
        renewed &= set(self.versions)
        self._spread(parts, renewed)
        versions = dict(self.versions)
        for part in parts:
            for name in part.own:
                versions.setdefault(name, 0)
        for name in versions:
            versions[name] += name in renewed or not versions[name]
        return Definitions(parts, versions)

    @staticmethod
    def _spread(parts: Sequence[Part], renewed: set[str]) -> None:
        """Add what mentions a renewed name, what mentions that, and so on."""
        grown = True
        while grown:
            grown = False
            for part in parts:
                if part.words & renewed and not part.own <= renewed:
                    renewed |= part.own
                    grown = True


def _clash(old: Part, new: Part) -> bool:
    return any(name in new.names for name in old.names) or any(
        name in new.variables for name in old.variables
    )


def _place(parts: Sequence[Part], new: Part, replaced: Sequence[Part]) -> list[Part]:
    """Put a part where the one stood that it replaces, or behind what it needs, if that is later.

    What mentions it, and would then stand before it, goes with it.
    """
    if not replaced:
        return [*parts, new]
    old = {id(part) for part in replaced}
    rest = [part for part in parts if id(part) not in old]
    at = next(index for index, part in enumerate(parts) if id(part) in old)
    needed = [
        index
        for index, part in enumerate(rest)
        if index >= at and part.own & new.words and not part.words & new.own
    ]
    if not needed:
        return [*rest[:at], new, *rest[at:]]
    end = max(needed) + 1
    moved, names = [], set(new.own)
    for part in rest[at:end]:
        if part.words & names:
            moved.append(part)
            names |= part.own
    stay = [part for part in rest[at:end] if part not in moved]
    return [*rest[:at], *stay, new, *moved, *rest[end:]]
