"""The keys of a declaration: what each one holds, and what is said of one that is wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Field(NamedTuple):
    """One key.

    Attributes:
        name: The key.
        kind: What it holds: one of :data:`KINDS`.
        meaning: For the table in ``docs/wrapping.md``; Markdown, one line.
        choices: The only texts that are allowed, where there are such.
        required: A declaration can't do without it.
    """

    name: str
    kind: str
    meaning: str
    choices: tuple[str, ...] = ()
    required: bool = False


class WrongDeclaration(ValueError):
    """A key is unknown, missing, or holds something else than it should; the text says which."""


def _is_texts(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)


def _is_pair(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and _is_texts(value)


def _is_table_of_texts(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(text, str) for pair in value.items() for text in pair
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _is_count(value: object) -> bool:
    return _is_number(value) and isinstance(value, int)


KINDS: dict[str, Callable[[object], bool]] = {
    "a string": lambda value: isinstance(value, str),
    "a regular expression": lambda value: isinstance(value, str),
    "two regular expressions": _is_pair,
    "a list of strings": _is_texts,
    "a string or a list of strings": lambda value: isinstance(value, str) or _is_texts(value),
    "a string or a table": lambda value: isinstance(value, (str, dict)),
    "a table of strings": _is_table_of_texts,
    "a whole number above zero": _is_count,
    "a number above zero": _is_number,
    "true or false": lambda value: isinstance(value, bool),
}


def check(table: Mapping[str, Any], fields: Iterable[Field], where: str) -> None:
    """Look at each key of a table.

    Args:
        table: What was declared.
        fields: The keys that may be there.
        where: The table's name in messages, as in ``"[repl] "``; empty for the top level.

    Raises:
        WrongDeclaration: One is unknown, missing or wrong.
    """
    known = {field.name: field for field in fields}
    for key, value in table.items():
        if key not in known:
            raise WrongDeclaration(f"{where}{key}: there is no such key{nearest(key, known)}")
        _check_value(known[key], value, where)
    for field in known.values():
        if field.required and field.name not in table:
            raise WrongDeclaration(f"{where}{field.name} is missing: it must be {field.kind}")


def _check_value(field: Field, value: object, where: str) -> None:
    if not KINDS[field.kind](value):
        raise WrongDeclaration(f"{where}{field.name} must be {field.kind}, not {value!r}")
    if field.choices and value not in field.choices:
        choices = ", ".join(map(repr, field.choices))
        raise WrongDeclaration(f"{where}{field.name} must be one of {choices}, not {value!r}")
    if "regular expression" in field.kind:
        for pattern in [value] if isinstance(value, str) else cast("list[str]", value):
            _check_pattern(field, pattern, where)


def _check_pattern(field: Field, pattern: str, where: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise WrongDeclaration(
            f"{where}{field.name} must be {field.kind}; in {pattern!r}, {error}"
        ) from None


def nearest(key: str, known: Iterable[str]) -> str:
    """Say which key was probably meant, or which ones there are."""
    import difflib  # only for who has made a mistake

    names = sorted(known)
    found = difflib.get_close_matches(key, names, n=1)
    return f"; did you mean {found[0]!r}?" if found else f"; the keys are {', '.join(names)}"
