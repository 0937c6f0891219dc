"""What a plugin declares: the static facts of one language.

Building a ``Language`` loads no runtime: the host reads it at each start.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import TYPE_CHECKING, Any

from polykernel.errors import LanguageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*\Z")
_REQUIRED = ("name", "display_name", "version", "mimetype", "file_extension")
_NOT_EMPTY = ("name", "display_name", "mimetype", "file_extension")
_TEXTS = (
    "version",
    "evaluator",
    "pygments_lexer",
    "nbconvert_exporter",
    "banner",
    "install_hint",
    "debugger",
)
#: Fields that are gone, and what to write instead, with the API version that took them away.
GONE_FIELDS: dict[str, str] = {}
#: What front ends are told where nobody knows the version yet: they are to have a number.
UNKNOWN_VERSION = "0"
_EVALUATOR = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language, as the launcher, the front ends and the host need to know it.

    Exactly one of ``evaluator`` and ``command`` says how its code is run.

    Args:
        name: What ``polykernel run`` calls it: lower-case letters, digits, ``_``, ``.``, ``-``.
        display_name: What the launcher shows.
        version: The language's version, as in ``language_info`` (specification, "Kernel info");
            empty where only the evaluator knows it, which then tells it as ``language_version``.
            Until it has, front ends are told ``0``.
        mimetype: The mimetype of its code.
        file_extension: The extension of its files, with the dot.
        evaluator: ``"package.module:Class"``, a :class:`polykernel.evaluator.Evaluator`.
        command: A program that speaks the channel (see ``docs/channel.md``), with its arguments.
        codemirror_mode: CodeMirror's name of the language, or its options, where the mimetype
            alone does not find a highlighter.
        pygments_lexer: Pygments' name of it; the language's own name where empty.
        nbconvert_exporter: Where a notebook of this language is not exported as a script.
        banner: What a console shows at start; made from ``display_name`` where empty.
        help_links: Text to address, for a front end's help menu.
        modules: Python modules that the evaluator's interpreter must be able to import.
        programs: Programs that must be on the ``PATH``.
        install_hint: What to do where one of those is missing.
        subshells: Whether its evaluator runs cells side by side, in subshells.
        debugger: The Python module that its debugger needs in the evaluator's interpreter.
        options: What its evaluator is told: ``Evaluator.options``, or
            ``options`` in a program's hello. Anything that has a JSON form, under texts as keys.

    Raises:
        LanguageError: A field is missing or wrong; says which, and what was expected.
    """

    name: str
    display_name: str
    version: str
    mimetype: str
    file_extension: str
    evaluator: str = ""
    command: tuple[str, ...] = ()
    codemirror_mode: str | Mapping[str, Any] = ""
    pygments_lexer: str = ""
    nbconvert_exporter: str = ""
    banner: str = ""
    help_links: Mapping[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    install_hint: str = ""
    subshells: bool = False
    debugger: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    if not TYPE_CHECKING:

        def __new__(cls, *arguments: object, **given: object) -> Language:
            """Tell of wrong names in words of ours, before ``__init__`` tells in Python's."""
            if arguments or given:  # copies are made without any
                _check_names(arguments, given)
            return object.__new__(cls)

    def __post_init__(self) -> None:
        for name in _NOT_EMPTY:
            value = getattr(self, name)
            if not _is_text(value) or not value:
                raise LanguageError(f"Language.{name} must be a non-empty string, not {value!r}")
        for name in _TEXTS:
            value = getattr(self, name)
            if not _is_text(value):
                raise LanguageError(f"Language.{name} must be a string, not {value!r}")
        if not _NAME.match(self.name):
            raise LanguageError(
                f"Language.name must be lower-case letters, digits, '_', '.' and '-', "
                f"not {self.name!r}"
            )
        if not self.file_extension.startswith("."):
            raise LanguageError(
                f"Language.file_extension must start with a dot, not {self.file_extension!r}"
            )
        if bool(self.evaluator) == bool(self.command):
            raise LanguageError(
                f"Language {self.name!r} needs exactly one of evaluator= and command="
            )
        if self.evaluator and not _EVALUATOR.match(self.evaluator):
            raise LanguageError(
                f"Language.evaluator must look like 'package.module:Class', not {self.evaluator!r}"
            )
        for name in ("command", "modules", "programs"):
            value = getattr(self, name)
            if not isinstance(value, (tuple, list)) or not _are_texts(value):
                raise LanguageError(f"Language.{name} must be a tuple of strings, not {value!r}")
        if self.command and not (self.command[0] and all(map(_is_argument, self.command))):
            raise LanguageError(
                f"Language.command must begin with a program, and hold no NUL, not {self.command!r}"
            )
        if not isinstance(self.codemirror_mode, (str, dict)) or not _has_json_form(
            self.codemirror_mode
        ):
            raise LanguageError(
                f"Language.codemirror_mode must be a string or a dict, not {self.codemirror_mode!r}"
            )
        if not isinstance(self.help_links, dict) or not all(
            map(_is_text, [*self.help_links, *self.help_links.values()])
        ):
            raise LanguageError(
                f"Language.help_links must be a dict of strings, not {self.help_links!r}"
            )
        if not isinstance(self.subshells, bool):
            raise LanguageError(f"Language.subshells must be True or False, not {self.subshells!r}")
        if not isinstance(self.options, dict) or not _has_json_form(self.options):
            raise LanguageError(
                f"Language.options must be a dict with a JSON form, not {self.options!r}"
            )

    def language_info(self) -> dict[str, Any]:
        """``language_info`` of the kernel_info reply (specification, "Kernel info")."""
        info: dict[str, Any] = {
            "name": self.name,
            "version": self.version or UNKNOWN_VERSION,
            "mimetype": self.mimetype,
            "file_extension": self.file_extension,
            "pygments_lexer": self.pygments_lexer or self.name,
        }
        if self.codemirror_mode:
            info["codemirror_mode"] = self.codemirror_mode
        if self.nbconvert_exporter:
            info["nbconvert_exporter"] = self.nbconvert_exporter
        return info


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def _check_names(arguments: tuple[object, ...], given: Mapping[str, object]) -> None:
    """Refuse fields that there are not, and a call without those that there must be."""
    if arguments:
        raise LanguageError(f"Language takes its fields by their names, not {arguments[0]!r} alone")
    known = [field.name for field in fields(Language)]
    for name in given:
        if name in GONE_FIELDS:
            raise LanguageError(f"Language has no field {name!r} any more: {GONE_FIELDS[name]}")
        if name not in known:
            raise LanguageError(_unknown(name, known))
    missing = [name for name in _REQUIRED if name not in given]
    if missing:
        raise LanguageError(f"Language needs {', '.join(f'{name}=' for name in missing)}")


def _unknown(name: str, known: list[str]) -> str:
    from difflib import get_close_matches  # only for who has made a mistake

    found = get_close_matches(name, known, n=1)
    hint = f"; did you mean {found[0]!r}?" if found else "; is it of another version of polykernel?"
    return f"Language has no field {name!r}; it has {', '.join(known)}{hint}"


def _is_text(value: object) -> bool:
    """Whether it is a string that can be sent: JSON may hold lone surrogates, UTF-8 can't."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_argument(value: str) -> bool:
    """Whether a program can be started with it: bytes that are no UTF-8 stand as surrogates."""
    try:
        return b"\0" not in value.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return False


def _has_json_form(value: object) -> bool:
    if isinstance(value, dict):
        return all(_is_text(key) and _has_json_form(value[key]) for key in value)
    if isinstance(value, (list, tuple)):
        return all(map(_has_json_form, value))
    if type(value) is str:  # the encoder takes no types that are made of these
        return _is_text(value)
    return value is None or type(value) in (int, bool) or _is_finite(value)


def _is_finite(value: object) -> bool:
    return type(value) is float and isfinite(value)
