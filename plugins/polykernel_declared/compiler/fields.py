"""The keys of the table ``[compiler]`` (``docs/compiled.md``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from polykernel_declared.fields import Field, WrongDeclaration

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = (
    Field(
        "program",
        "a list of strings",
        "The command that compiles `{source}` to `{program}`",
        required=True,
    ),
    Field("run", "a list of strings", "How a program is run; `{program}` where it is left out"),
    Field(
        "object",
        "a list of strings",
        "Compiles `{source}` to `{object}`, for a shared library: variables stay",
    ),
    Field(
        "library", "a list of strings", "The command that links `{object}` to a shared `{library}`"
    ),
    Field("terminal", "true or false", "Whether a program's standard output is a terminal"),
    Field(
        "replay",
        "a string",
        "Without `object`: a statement that prints `{mark}` to stdout and stderr; the statements "
        "of earlier cells are run again before it, unseen; it stands behind each cell, too",
    ),
    Field("environment", "a table of strings", "Variables that programs get"),
    Field("extension", "a string", "Of source files, with the dot"),
    Field("whole", "a regular expression", "What only a cell has that is a whole program"),
    Field(
        "template",
        "a string",
        "The source of all other cells: a line that is `{definitions}`, `{statements}`, or a name "
        "of `places`, stands for the items of that place. Without it, all are whole programs",
    ),
    Field(
        "places",
        "a table of strings",
        "Which items stand where, by regular expressions on their first word; all others are "
        "statements. Without it, the compiler is asked",
    ),
    Field(
        "line_directive",
        "a string",
        "How a source file says where its next line stands: with `{line}` and `{file}`",
    ),
    Field("ends", "a string", "What ends an item, as `;`; the line's end where it is left out"),
    Field("comments", "a list of strings", "`//` to the line's end, `/* */` from here to there"),
    Field("strings", "a list of strings", "Quotes; `\"` and `'` where they are left out"),
    Field("escape", "a string", "What takes the next character's meaning in a string, as `\\`"),
    Field("brackets", "a list of strings", "Pairs; `()`, `[]` and `{}` where they are left out"),
    Field(
        "blocks", "a list of strings", "Two regular expressions: what begins a block, what ends it"
    ),
    Field("header", "a regular expression", "An item that begins so ends with its first block"),
    Field(
        "body",
        "a regular expression",
        "Where it is found in an item before its first `{`, the `}` ends the item, whatever stands "
        "behind it in the line; the insides of brackets are left out",
    ),
    Field("directive", "a regular expression", "A line that begins so is an item"),
    Field("continued", "a regular expression", "A line in which this is found goes on"),
    Field("ignore_case", "true or false", "Whether capitals are the same as small letters"),
    Field(
        "names",
        "a list of strings",
        "Regular expressions whose group is a name that an item defines; the insides of brackets, "
        "blocks, strings and comments are left out",
    ),
    Field("variables", "a list of strings", "The same for variables"),
    Field(
        "symbol",
        "a regular expression",
        "Its groups are the names that a symbol of an object file is made of",
    ),
    Field(
        "value", "a string", "A statement that shows the expression `{}`, where a cell ends in one"
    ),
    Field(
        "assigned",
        "a list of strings",
        "Of a variable whose first value is no constant: a regular expression, the definition and "
        "the assignment that are made of it",
    ),
    Field(
        "sections",
        "a list of strings",
        "Two regular expressions: what begins a section, what an item begins with that goes on "
        "with one: it is taken as if it began with the section, too",
    ),
    Field(
        "lists",
        "a table of strings",
        "Of items of these places, regular expressions that find the elements of a list: each is "
        "taken as an item of its own, which a later one of that name replaces",
    ),
    Field(
        "given",
        "a regular expression",
        "Items, and elements of `lists`, that the template has already: they are left out",
    ),
    Field(
        "rewrite", "a list of strings", "A regular expression, and what it becomes in a definition"
    ),
    Field(
        "diagnostic",
        "a regular expression",
        "One message of the compiler's, by the groups `file`, `line`, `column`, `severity`, "
        "`message`; as gcc has it where it is left out",
    ),
    Field("keywords", "a list of strings", "Words that are completed"),
)
_LENGTHS = {"blocks": 2, "sections": 2, "rewrite": 2, "assigned": 3}
_PATTERNS = ("names", "variables", "blocks", "sections")


def check(table: Mapping[str, Any]) -> None:
    """Look at keys that must go together.

    Raises:
        WrongDeclaration: Some do not.
    """
    if bool(table.get("object")) != bool(table.get("library")):
        raise WrongDeclaration("[compiler] object and library go together: one of them is missing")
    if table.get("object") and table.get("replay"):
        raise WrongDeclaration("[compiler] replay: with object, variables stay without it")
    if "{mark}" not in table.get("replay", "{mark}"):
        raise WrongDeclaration("[compiler] replay must print {mark}")
    for key, length in _LENGTHS.items():
        if key in table and len(table[key]) != length:
            raise WrongDeclaration(f"[compiler] {key} must have {length} strings: {table[key]!r}")
    patterns = [(key, each) for key in _PATTERNS for each in table.get(key, ())]
    patterns += [("places", each) for each in table.get("places", {}).values()]
    patterns += [("lists", each) for each in table.get("lists", {}).values()]
    patterns += [(key, table[key][0]) for key in ("assigned", "rewrite") if key in table]
    for key, pattern in patterns:
        _check_pattern(key, pattern)
    template = table.get("template", "")
    for place in (*table.get("places", {}), "statements"):
        if template and f"{{{place}}}" not in template:
            raise WrongDeclaration(f"[compiler] template has no line {{{place}}}")


def _check_pattern(key: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise WrongDeclaration(
            f"[compiler] {key}: {pattern!r} is no regular expression: {error}"
        ) from None


def programs(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the programs that must be on the ``PATH``."""
    found = {table[key][0]: None for key in ("program", "object", "library") if table.get(key)}
    if table.get("object"):
        found.update(dict.fromkeys(("gcc", "nm", "objcopy")))
    return tuple(found)
