"""From a declaration, a TOML file or a mapping, to a ``Language``.

Each kind of declaration is a table of its own, and a sub-package here of the same name. Its module
``fields`` has ``FIELDS`` (the table's keys), ``check(table)`` (raises ``WrongDeclaration`` where
keys do not go together) and ``programs(table)`` (what must be on the ``PATH``). Its module
``evaluator`` runs the code; the table reaches it as ``Evaluator.options``.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from polykernel import Language, LanguageError
from polykernel_declared.fields import Field, WrongDeclaration, check, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

EVALUATORS = {
    "repl": "polykernel_declared.repl.evaluator:Repl",
    "compiler": "polykernel_declared.compiler.evaluator:Compiler",
}

FACTS = (
    Field("name", "a string", "What `polykernel run` calls it; the file's own name"),
    Field("display_name", "a string", "What the launcher shows; the name where it is left out"),
    Field(
        "version",
        "a string",
        "The language's; left out, the one that the program's greeting tells",
    ),
    Field("mimetype", "a string", "Of its code; `text/x-NAME` where it is left out"),
    Field("file_extension", "a string", "Of its files, with the dot; `.NAME` where it is left out"),
    Field(
        "codemirror_mode",
        "a string or a table",
        "CodeMirror's name of the language, or its options, where it does not know the name",
    ),
    Field(
        "pygments_lexer",
        "a string",
        "Pygments' name; CodeMirror's, or the name, where left out",
    ),
    Field("nbconvert_exporter", "a string", "Where a notebook is not exported as a script"),
    Field("banner", "a string", "What a console shows at start"),
    Field("help_links", "a table of strings", "Text to address, for a front end's help menu"),
    Field(
        "programs",
        "a list of strings",
        "What must be on the `PATH`; the command's first word where it is left out",
    ),
    Field("install_hint", "a string", "What to do where one of those is missing"),
)


def declared(source: str | os.PathLike[str] | Mapping[str, Any]) -> Language:
    """Make a language of its declaration (``docs/wrapping.md``).

    Args:
        source: A TOML file, whose name without ``.toml`` is the language's; or the same as a
            mapping, which has the key ``name``.

    Raises:
        LanguageError: The file can't be read, or what it declares is wrong; names the file, the
            key, and what was expected.
    """
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        name = os.path.split(path)[1].removesuffix(".toml")
        where, content = path, {"name": name, **read(path)}
        if content["name"] != name:
            raise LanguageError(f"{path}: name must be {name!r}, as the file's own name says")
    else:
        where, content = f"declaration of {source.get('name', 'a language')}", dict(source)
    try:
        return _language(content)
    except (WrongDeclaration, LanguageError) as error:
        raise LanguageError(f"{where}: {error}") from None


def read(path: str) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        LanguageError: It can't be read; names the file, and the line where it is no TOML.
    """
    import tomllib  # a declaration may come as a mapping

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise LanguageError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise LanguageError(f"{path} must be UTF-8: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise LanguageError(f"{path} is no TOML: {error}") from None


def _language(content: dict[str, Any]) -> Language:
    kind = _kind(content)
    table = content.pop(kind)
    check(content, FACTS, "")
    name = content.get("name")
    if not name:
        raise WrongDeclaration("name is missing: it must be a string")
    fields = import_module(f"polykernel_declared.{kind}.fields")
    check(table, fields.FIELDS, f"[{kind}] ")
    fields.check(table)
    facts: dict[str, Any] = {
        "display_name": name,
        "version": "",
        "mimetype": f"text/x-{name}",
        "file_extension": f".{name}",
        **content,
    }
    mode = content.get("codemirror_mode")
    if isinstance(mode, str) and mode:
        facts.setdefault("pygments_lexer", mode.lower().replace(" ", "-"))
    facts["programs"] = tuple(content.get("programs", fields.programs(table)))
    hint = facts.get("install_hint", "")
    options = {**table, "name": name, **({"install_hint": hint} if hint else {})}
    return Language(**facts, evaluator=EVALUATORS[kind], options=options)


def _kind(content: Mapping[str, Any]) -> str:
    """Find the table that says how code is run."""
    tables = {key for key, value in content.items() if isinstance(value, dict)}
    kinds = [kind for kind in EVALUATORS if kind in content]
    wanted = "exactly one of the tables [repl] and [compiler] must say how code is run"
    if len(kinds) == 1 and kinds[0] in tables:
        return kinds[0]
    if kinds:
        both = len(kinds) > 1
        raise WrongDeclaration(f"{wanted}, not {'both' if both else repr(content[kinds[0]])}")
    known = {field.name for field in FACTS}
    for key in tables - known:
        raise WrongDeclaration(f"[{key}]: there is no such table{nearest(key, EVALUATORS)}")
    raise WrongDeclaration(wanted)
