"""Writes the package of a new language, ready to publish: ``polykernel new``.

What it writes stands in ``templates/``: files for all kinds, and files for each kind. Between two
``@`` stands what is filled in.
"""

from __future__ import annotations

import datetime
import importlib.util
import json
import keyword
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polykernel
from polykernel.errors import ScaffoldError
from polykernel.logos import draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KINDS = {
    "class": "a Python class runs the cells",
    "repl": "an interactive program is wrapped, by a declaration",
    "program": "a program of its own runs the cells, in any language, over pipes",
}

_TEMPLATES = Path(__file__).parent / "templates"
_SUFFIX = ".in"
_NAME = re.compile(r"[a-z0-9]([a-z0-9_.-]*[a-z0-9])?\Z")
_DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?\Z")  # packaging.python.org
_MIMETYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*\Z")  # RFC 6838
_EXTENSION = re.compile(r"\.[^\s/\\\x00-\x1f]+\Z")
_HIGHLIGHTER = re.compile(r"[A-Za-z0-9+#_./ -]*\Z")
_PLACE = re.compile(r"@([a-z_]+)@")
_LONGEST = 60  # characters of a text, so that lines that hold it are not longer than a linter likes
_LONGEST_NAME = 24  # characters of a language's name: it stands several times in some lines


def checked_name(name: str) -> str:
    """Give a language's name.

    Raises:
        ScaffoldError: It can't be one.
    """
    if _NAME.match(name) and len(name) <= _LONGEST_NAME:
        return name
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_NAME].strip("-")
    hint = f"; perhaps {plain!r}, and the launcher's text is --display-name" if plain else ""
    raise ScaffoldError(
        "a language's name is made of lower-case letters, digits, '-', '_' and '.', begins "
        f"and ends with a letter or a digit, and has at most {_LONGEST_NAME}, not {name!r}{hint}"
    )


def checked_display_name(text: str) -> str:
    """Give what the launcher shows.

    Raises:
        ScaffoldError: It can't be shown in one line.
    """
    if text.strip() and text.isprintable() and len(text) <= _LONGEST:
        return text.strip()
    raise ScaffoldError(
        f"the display name is a line of 1 to {_LONGEST} printable characters, not {text!r}"
    )


def checked_mimetype(text: str) -> str:
    """Give a mimetype (RFC 6838, section 4.2).

    Raises:
        ScaffoldError: It is none.
    """
    if _MIMETYPE.match(text) and len(text) <= _LONGEST:
        return text
    raise ScaffoldError(f"a mimetype looks like 'text/x-lua', in lower case, not {text!r}")


def checked_extension(text: str) -> str:
    """Give the extension of a language's files.

    Raises:
        ScaffoldError: It is none.
    """
    if _EXTENSION.match(text) and text.isprintable() and len(text) <= _LONGEST:
        return text
    raise ScaffoldError(f"an extension has a dot, and no space or slash, as '.lua', not {text!r}")


def checked_distribution(text: str) -> str:
    """Give the name of a package, as ``pip`` takes it.

    Raises:
        ScaffoldError: It can't be one, or there is such a package or module already.
    """
    longest = len("polykernel-") + _LONGEST_NAME
    if not _DISTRIBUTION.match(text) or len(text) > longest:
        raise ScaffoldError(
            "a package's name is made of ASCII letters, digits, '-', '_' and '.', begins "
            f"with a letter or a digit, and has {longest} of them at most, not {text!r}"
        )
    module = module_of(text)
    if not module.isidentifier() or keyword.iskeyword(module):
        raise ScaffoldError(f"{text!r} can't be a package: Python can't import {module!r}")
    if module in sys.stdlib_module_names or importlib.util.find_spec(module) is not None:
        raise ScaffoldError(
            f"{text!r} can't be a package: there is a Python module {module} already; "
            "choose another --package"
        )
    return text


def module_of(distribution: str) -> str:
    """Give the module of a package: its normalised name (PEP 503), with underscores."""
    return re.sub(r"[-_.]+", "_", distribution).lower()


def default_display_name(name: str) -> str:
    """Make a display name of a language's name."""
    return " ".join(word.capitalize() for word in re.split(r"[-_.]+", name))


def default_mimetype(name: str) -> str:
    """Make a mimetype of a language's name."""
    return f"text/x-{name}"


def default_extension(name: str) -> str:
    """Make an extension of a language's name."""
    return "." + re.sub(r"[-_.]+", "", name)


def default_distribution(name: str) -> str:
    """Make a package's name of a language's name."""
    return "polykernel-" + re.sub(r"[-_.]+", "-", name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffold:
    """The package of a new language: what is filled into the templates.

    Args:
        name: The language's.
        kind: One of :data:`KINDS`.
        display_name: What the launcher shows.
        file_extension: Of the language's files, with the dot.
        mimetype: Of its code.
        distribution: The package's name.
        author: Whose package it is; its developers' where empty.
        codemirror_mode: CodeMirror's name of the language, or of one that looks like it.
        pygments_lexer: Pygments' name of the language, or of one that looks like it.

    Raises:
        ScaffoldError: One of them is wrong; says which, and what was expected.
    """

    name: str
    kind: str
    display_name: str
    file_extension: str
    mimetype: str
    distribution: str
    author: str = ""
    codemirror_mode: str = ""
    pygments_lexer: str = "text"

    def __post_init__(self) -> None:
        checked_name(self.name)
        checked_display_name(self.display_name)
        checked_extension(self.file_extension)
        checked_mimetype(self.mimetype)
        checked_distribution(self.distribution)
        if self.kind not in KINDS:
            raise ScaffoldError(f"the kind is one of {', '.join(KINDS)}, not {self.kind!r}")
        for highlighter in (self.codemirror_mode, self.pygments_lexer):
            if not _HIGHLIGHTER.match(highlighter):
                raise ScaffoldError(
                    "highlighters of CodeMirror and Pygments have names such as 'scheme', "
                    f"not {highlighter!r}"
                )
        if self.author and not self.author.isprintable():
            raise ScaffoldError(f"the author is one line of text, not {self.author!r}")

    def files(self) -> dict[str, bytes]:
        """Make the package's files, by their paths in its folder."""
        values = self._values()
        made = {path: _filled(text, values).encode() for path, text in self._templates(values)}
        kernelspec = {f"kernelspec/{name}": data for name, data in draw(self.name).items()}
        return {**made, **kernelspec}

    def _templates(self, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for folder in (_TEMPLATES / "common", _TEMPLATES / self.kind):
            for file in sorted(folder.rglob(f"*{_SUFFIX}")):
                path = file.relative_to(folder).as_posix().removesuffix(_SUFFIX)
                # a file that hides would not be packed, or would be heeded where it stands
                yield _filled(path.replace("dot-", "."), values), file.read_text("utf-8")

    def _values(self) -> dict[str, str]:
        author = self.author.strip() or f"the {self.distribution} developers"
        values = {
            "name": self.name,
            "module": module_of(self.distribution),
            "class": _class_name(self.name),
            "distribution": self.distribution,
            "display_name": self.display_name.strip(),
            "display_name_text": _quoted(self.display_name.strip()),
            "display_name_python": _quoted_in_python(self.display_name.strip()),
            "description_text": _quoted(f"{self.display_name.strip()} for Jupyter"),
            "file_extension_text": _quoted(self.file_extension),
            "file_extension_python": _quoted_in_python(self.file_extension),
            "mimetype": self.mimetype,
            "codemirror_mode": self.codemirror_mode,
            "pygments_lexer": self.pygments_lexer,
            "author": author,
            "author_text": _quoted(author),
            "year": str(datetime.datetime.now(datetime.UTC).year),
            "polykernel_version": polykernel.__version__,
            "api_version": str(polykernel.API_VERSION),
        }
        where = (_TEMPLATES / f"{self.kind}.md").read_text("utf-8").rstrip("\n")
        return {**values, "where": _filled(where, values)}


def _class_name(name: str) -> str:
    words = "".join(word.capitalize() for word in re.split(r"[-_.]+", name))
    return ("" if words[0].isalpha() else "Language") + words + "Evaluator"


def _quoted(text: str) -> str:
    """Quote a text of printable characters as JSON, TOML and Python have it."""
    return json.dumps(text, ensure_ascii=False)


def _quoted_in_python(text: str) -> str:
    """Quote a text as a formatter of Python code would: with as few backslashes as can be."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + text.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: values[place[1]], template)


def write(scaffold: Scaffold, directory: Path) -> list[Path]:
    """Write a package, and give its files.

    Args:
        scaffold: Which.
        directory: Where to; it may be there, as a fresh clone is. Nothing in it is overwritten.

    Raises:
        ScaffoldError: A file is there already, or can't be written.
    """
    files = {directory / path: data for path, data in sorted(scaffold.files().items())}
    _refuse_what_is_there(directory, list(files))
    written: list[Path] = []
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                written.append(path)
                file.write(data)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise ScaffoldError(f"can't write {error.filename}: {error.strerror}") from None
    return written


def _refuse_what_is_there(directory: Path, files: list[Path]) -> None:
    if directory.exists() and not directory.is_dir():
        raise ScaffoldError(f"{directory} is there already, and is no folder")
    there = [path.relative_to(directory).as_posix() for path in files if _is_there(path)]
    if there:
        more = f" and {len(there) - 3} more" if len(there) > 3 else ""
        raise ScaffoldError(
            f"{directory} has {', '.join(there[:3])}{more} already, and nothing is overwritten; "
            "choose another --directory"
        )


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
