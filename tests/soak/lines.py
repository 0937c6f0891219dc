"""Puts together again the numbered lines that cells printed, and holds that none is missing."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from soak.asked import DELETED, DIED, INTERRUPTED, LEFT, RESTARTED, Asked, Broken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from support.client import Seen

_LINE = re.compile(r"(q\d+)\.(\w+) (\d+)( x+)?\Z")

#: what may take the end of a cell's output away
CUTS = {INTERRUPTED, DIED, DELETED, RESTARTED, LEFT}


class Line(NamedTuple):
    """One line that was printed or shown."""

    tag: str
    source: str
    number: int
    text: str
    parent: str
    is_over: bool  # its parent was, when it came


class Lines:
    """Reads lines out of what was published, in order."""

    def __init__(self) -> None:
        self.found: list[Line] = []
        self.odd: list[tuple[str, str]] = []  # parent and text of what is no line of ours
        self._rest: dict[tuple[str, str], str] = defaultdict(str)
        self._over: set[str] = set()

    def take(self, seen: Seen) -> None:
        """Take a message of IOPub."""
        content = seen.content
        if seen.msg_type == "stream":
            place = seen.parent, content["name"]
            *whole, self._rest[place] = (self._rest[place] + content["text"]).split("\n")
            for text in whole:
                self._add(text, seen.parent, strict=content["name"] == "stdout")
        elif seen.msg_type == "display_data":
            self._add(content["data"].get("text/plain", ""), seen.parent, strict=True)
        elif content.get("execution_state") == "idle":
            self._over.add(seen.parent)

    def end(self) -> None:
        """Take what has no end."""
        for (parent, name), text in self._rest.items():
            if text and name == "stdout":
                self.odd.append((parent, text))
        self._rest.clear()

    def _add(self, text: str, parent: str, *, strict: bool) -> None:
        found = _LINE.search(text)
        if strict and (found is None or found.start()):
            self.odd.append((parent, text))
        if found is not None:
            tag, source, number, _ = found.groups()
            line = Line(tag, source, int(number), found[0], parent, parent in self._over)
            self.found.append(line)


def check(
    lines: Lines, asked: Iterable[Asked], known: Mapping[str, Asked], *, quiet: bool = False
) -> int:
    """Hold that each cell's lines are there, whole, in order, and under the right request.

    Args:
        lines: What came.
        asked: The requests whose output has to be whole.
        known: All requests whose output may come, by id.
        quiet: A silent cell has run, and may have got what nobody claims.

    Returns:
        How many lines there are.

    Raises:
        Broken: They are not.
    """
    owners = {each.output.tag: each for each in known.values() if each.output is not None}
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line in lines.found:
        owner = owners.get(line.tag)
        if owner is not None:  # else of a round that is over, and excused
            _check_place(line, owner)
            numbers[line.tag, line.source].append(line.number)
    for parent, text in lines.odd:
        culprit = known.get(parent)
        if culprit is not None and not culprit.excuses & CUTS:
            raise Broken(f"{culprit} shows {text[:200]!r}, which nobody printed")
    for each in asked:
        _check_numbers(each, numbers, quiet)
    return len(lines.found)


def _check_place(line: Line, owner: Asked) -> None:
    output = owner.output
    assert output is not None
    shown = f"the line {line.text[:60]!r} of {owner}"
    if line.text != output.line(line.source, line.number):
        raise Broken(f"{shown} is not whole: {len(line.text)} characters")
    if line.source in output.stray:
        return
    if line.parent != owner.msg_id:
        raise Broken(f"{shown} came under {line.parent[-12:]}")
    if line.source in output.own and line.is_over:
        raise Broken(f"{shown} came after the cell's idle")


def _check_numbers(asked: Asked, numbers: Mapping[tuple[str, str], list[int]], quiet: bool) -> None:
    output = asked.output
    if output is None or not asked.replies:
        return
    ran = asked.outcome != "aborted" and not asked.silent
    whole = asked.outcome in asked.right
    if asked.outcome in asked.also_right():
        whole = False  # it may not have been the cell's own end
    for source, count in {**output.own, **output.late, **output.stray}.items():
        found = numbers.get((output.tag, source), [])
        cut = source not in output.own and bool(asked.excuses & CUTS)
        cut = cut or (quiet and source in output.stray)
        at_least = count if ran and whole and not cut else 0
        if not at_least <= len(found) <= (count if ran else 0):
            raise Broken(f"{asked} ({asked.outcome}): {len(found)} of {count} lines of {source}")
        gaps = quiet and source in output.stray
        if found != (sorted(set(found)) if gaps else list(range(len(found)))):
            raise Broken(f"{asked}: the lines of {source} came as {found[:200]}")
