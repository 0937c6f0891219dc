"""The code by which a language is tried: what ``polykernel check`` sends to its kernel."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from polykernel.errors import SamplesError

#: Of the fields with more than one text: what the texts are.
_PARTS = {
    "value": ("code", "the result as text/plain"),
    "prints": ("code", "what it writes to stdout"),
    "prints_stderr": ("code", "what it writes to stderr"),
    "unicode": ("code", "what it shows"),
    "completion": ("code up to the cursor", "one of the matches"),
    "inspection": ("code", "what the help contains"),
    "state": ("code that sets", "code that shows", "what is shown"),
    "display": ("code", "the mimetype of what it shows"),
    "multiline": ("code of several lines", "what is shown"),
}
#: Of those: texts that may be empty.
_MAY_BE_EMPTY = {"completion": 0}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Code of one language, and what comes of it: for ``polykernel check`` to try.

    Give what the language has; what is left out is shown as not tried, never as failed. Tuples may
    be given as lists, which is what a TOML file has.

    Args:
        value: Code with a result, and that result as ``text/plain``.
        prints: Code, and the text that it writes to stdout.
        prints_stderr: Code, and the text that it writes to stderr.
        unicode: Code, and a text that it shows, with characters beyond U+FFFF.
        error: Code that fails.
        complete: Code that can be run as it is (specification, "Code completeness").
        incomplete: Code that wants another line.
        invalid: Code that no further line can mend.
        completion: Code up to the cursor, and one of the matches (specification, "Completion").
        inspection: Code, with the cursor at its end, and a text that the help contains
            (specification, "Introspection").
        busy_loop: Code that computes for ever.
        waits: Code that waits for ever without computing.
        asks: Code that reads one line of input and then shows it.
        slow: Code that writes ``first`` and a newline, waits a second at least, writes ``second``.
        crash: Code that ends the language's runtime at once.
        state: Code that sets something, code that shows it, and what is shown.
        display: Code that shows something rich, and its mimetype.
        multiline: Code of several lines, and a text that it shows.

    Raises:
        SamplesError: A field is wrong; says which, and what was expected.
    """

    value: tuple[str, str] | None = None
    prints: tuple[str, str] | None = None
    prints_stderr: tuple[str, str] | None = None
    unicode: tuple[str, str] | None = None
    error: str | None = None
    complete: str | None = None
    incomplete: str | None = None
    invalid: str | None = None
    completion: tuple[str, str] | None = None
    inspection: tuple[str, str] | None = None
    busy_loop: str | None = None
    waits: str | None = None
    asks: str | None = None
    slow: str | None = None
    crash: str | None = None
    state: tuple[str, str, str] | None = None
    display: tuple[str, str] | None = None
    multiline: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is None:
                continue
            if field.name in _PARTS:
                object.__setattr__(self, field.name, _tuple(field.name, value))
            elif not isinstance(value, str) or not value:
                raise SamplesError(
                    f"Samples.{field.name} must be a non-empty string, not {value!r}"
                )
        self._refuse_what_tries_nothing()

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Samples:
        """Make samples of what a file says, such as a TOML table.

        Raises:
            SamplesError: A field is wrong or unknown; says which, and which is nearest.
        """
        if not isinstance(fields, Mapping):
            raise SamplesError(f"samples must be a table of names and values, not {fields!r}")
        known = [field.name for field in dataclasses.fields(cls)]
        for name in fields:
            if name not in known:
                raise SamplesError(_unknown(name, known))
        return cls(**fields)

    def _refuse_what_tries_nothing(self) -> None:
        if self.unicode and max(self.unicode[1]) <= "\uffff":
            raise SamplesError(
                "Samples.unicode must show a character beyond U+FFFF, such as '\N{SNAKE}': "
                f"{self.unicode[1]!r} has none"
            )
        if self.multiline and "\n" not in self.multiline[0].strip():
            raise SamplesError(
                f"Samples.multiline must have code of several lines, not {self.multiline[0]!r}"
            )
        if self.display and "/" not in self.display[1]:
            raise SamplesError(
                "Samples.display must end with a mimetype, such as 'text/html', "
                f"not {self.display[1]!r}"
            )


def _tuple(name: str, value: object) -> tuple[str, ...]:
    parts = _PARTS[name]
    if (
        not isinstance(value, (tuple, list))
        or len(value) != len(parts)
        or not all(isinstance(part, str) for part in value)
    ):
        raise SamplesError(
            f"Samples.{name} must be {len(parts)} strings ({', '.join(parts)}), not {value!r}"
        )
    for place, part in enumerate(value):
        if not part and _MAY_BE_EMPTY.get(name) != place:
            raise SamplesError(f"Samples.{name}: {parts[place]} must not be empty")
    return tuple(value)


def _unknown(name: str, known: list[str]) -> str:
    import difflib

    nearest = difflib.get_close_matches(str(name), known, n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return f"Samples has no field {name!r}; known: {', '.join(known)}{hint}"
