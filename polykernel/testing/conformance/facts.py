"""Checks of what a language says of itself: nothing is run."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import struct
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

from polykernel import kernelspecs, plugins
from polykernel.kernelspec_content import LOGOS, Variant, kernel_json
from polykernel.kernelspec_content import logos as logos_of
from polykernel.testing.conformance import codemirror
from polykernel.testing.conformance.register import Broken, NotOffered, NotTried, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polykernel.kernelspecs import Kernelspec
    from polykernel.language import Language
    from polykernel.testing.conformance.trial import Trial

_LANGUAGE = "polykernel.Language"
_KERNEL_NAME = re.compile(r"[a-z0-9._-]+\Z", re.IGNORECASE)  # as jupyter_client has it
_NO_LEXER = "Text only"  # Pygments' name of plain text
_PNG = b"\x89PNG\r\n\x1a\n"
_SIZES = {"logo-32x32.png": 32, "logo-64x64.png": 64}


@check(
    rule="JupyterLab highlights cells by language_info.codemirror_mode, and where there is none "
    "by language_info.name; it does not look at the mimetype.",
    section='"Kernel info"',
    mend="Set Language.codemirror_mode to a name that JupyterLab knows.",
    kernel=False,
)
def highlighter(trial: Trial) -> str:
    """JupyterLab highlights its cells."""
    language = trial.language
    registry = codemirror.load()
    found = registry.find(language)
    lab = f"JupyterLab {registry.version}"
    if found is not None:
        return f"{found.name}, of {lab}"
    if language.codemirror_mode:
        raise Broken(
            f"{lab} has no language {language.codemirror_mode!r}: the cells are plain text",
            sent=f"codemirror_mode={language.codemirror_mode!r}",
        )
    # not by the extension: .pl is Prolog's as well as Perl's
    nearest = registry.by_mimetype(language.mimetype)
    if nearest is not None and nearest.name != "none":
        raise Broken(
            f"{lab} has {nearest.name}, which it does not find by the name {language.name!r}: the "
            "cells are plain text",
            sent=f"name={language.name!r}, mimetype={language.mimetype!r}, no codemirror_mode",
            mend=f"Set codemirror_mode={nearest.name!r}.",
        )
    raise NotOffered(f"{lab} has no language {language.name!r}: its cells are plain text")


@check(
    rule="nbconvert and consoles colour code by language_info.pygments_lexer, a name that "
    "Pygments knows; by default it is the language's own.",
    section='"Kernel info"',
    mend="Set Language.pygments_lexer to a name that 'pygmentize -L lexers' lists.",
    kernel=False,
)
def lexer(trial: Trial) -> str:
    """Pygments knows its lexer."""
    _pygments()
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    name = trial.language.pygments_lexer or trial.language.name
    try:
        return str(get_lexer_by_name(name).name)
    except ClassNotFound:
        if trial.language.pygments_lexer:
            raise Broken(
                f"Pygments has no lexer {name!r}", sent=f"pygments_lexer={name!r}"
            ) from None
    raise NotOffered(f"Pygments has no lexer {name!r}: exported code is not coloured")


def _pygments() -> None:
    if importlib.util.find_spec("pygments") is None:
        raise NotTried("Pygments is not installed; pip install 'polykernel[testing]'")


@check(
    rule="A notebook of this language is exported to files with this extension, and the files "
    "with it are taken for this language.",
    section='"Kernel info"',
    mend="Choose an extension that no other language has; or set pygments_lexer, if the files "
    "are the same language's.",
    kernel=False,
)
def extension(trial: Trial) -> str | None:
    """No other language has its file extension."""
    language = trial.language
    sent = f"file_extension={language.file_extension!r}"
    for found in plugins.load_all().languages:
        other = found.language
        if other.name != language.name and _same_extension(language, other):
            raise Broken(f"the language {other.name} of {found.plugin} has it, too", sent=sent)
    try:
        _pygments()
    except NotTried:
        return "Pygments' languages were not looked at: it is not installed"
    others = _lexers_of(language)
    if not others:
        return None
    told = f"in Pygments it is the extension of {', '.join(others)}"
    if _has_lexer(language):
        return told  # languages that are well known share some: Prolog and Perl, dialects of SQL
    raise Broken(told, sent=sent)


def _same_extension(one: Language, other: Language) -> bool:
    def lexer(language: Language) -> str:
        return language.pygments_lexer or language.name

    same = one.file_extension.lower() == other.file_extension.lower()
    # two kernels of one language have the same files
    return same and one.mimetype != other.mimetype and lexer(one) != lexer(other)


def _has_lexer(language: Language) -> bool:
    """Whether Pygments knows the language itself: no other one stands in for it."""
    from pygments.lexers import find_lexer_class_by_name
    from pygments.util import ClassNotFound

    try:
        return find_lexer_class_by_name(language.pygments_lexer or language.name).name != _NO_LEXER
    except ClassNotFound:
        return False


def _lexers_of(language: Language) -> list[str]:
    """Name the languages that Pygments knows by this extension, where ours is not among them."""
    from pygments.lexers import get_all_lexers

    pattern = f"*{language.file_extension}"
    known = [each for each in get_all_lexers() if pattern in each[2]]
    ours = {language.pygments_lexer, language.name}
    if any(ours & set(aliases) or language.mimetype in types for _, aliases, _, types in known):
        return []
    return [name for name, *_ in known]


@check(
    rule="kernel.json is an object with argv, display_name and language; argv names a program "
    "that is there, and holds {connection_file}; the folder's name is made of letters, digits, "
    "'.', '_' and '-'.",
    section='"Kernel specs" (jupyter_client, "Making kernels for Jupyter")',
    mend="Write it anew with 'polykernel install', or mend the file; 'polykernel doctor' knows "
    "more.",
    kernel=False,
)
def kernelspec(trial: Trial) -> str:
    """Its kernelspecs are valid."""
    installed = _installed(trial)
    for spec in installed:
        wrong = [spec.trouble] if spec.trouble else list(_wrong(spec.name, spec.content))
        if wrong:
            raise Broken("; ".join(wrong), sent=f"{spec.directory}/kernel.json")
    if installed:
        return ", ".join(spec.name for spec in installed)
    content = kernel_json(trial.found, Variant())
    wrong = list(_wrong(kernelspecs.default_name(trial.language.name), content))
    if wrong:
        raise Broken("; ".join(wrong), sent=f"what install would write: {json.dumps(content)}")
    return "none is installed; the one that 'polykernel install' would write"


def _installed(trial: Trial) -> list[Kernelspec]:
    found = kernelspecs.find_all(kernelspecs.jupyter_folders())
    return [spec for spec in found if spec.language == trial.language.name]


def _wrong(name: str, content: dict[str, Any]) -> Iterator[str]:
    if not _KERNEL_NAME.match(name):
        yield f"Jupyter does not allow the name {name!r}"
    argv = content.get("argv")
    if not isinstance(argv, list) or not argv or not all(isinstance(each, str) for each in argv):
        yield f"argv must be a list of strings, not {argv!r}"
    else:
        if not any("{connection_file}" in each for each in argv):
            yield "argv has no {connection_file}"
        if shutil.which(argv[0]) is None:
            yield f"the program {argv[0]} is not there"
    for field in ("display_name", "language"):
        if not isinstance(content.get(field), str) or not content[field]:
            yield f"{field} must be a text, not {content.get(field)!r}"
    if content.get("interrupt_mode", "signal") not in ("signal", "message"):
        yield f"interrupt_mode must be signal or message, not {content['interrupt_mode']!r}"
    env = content.get("env", {})
    if not isinstance(env, dict) or not all(isinstance(each, str) for each in env.values()):
        yield f"env must be an object of texts, not {env!r}"
    if not isinstance(content.get("metadata", {}), dict):
        yield f"metadata must be an object, not {content['metadata']!r}"


@check(
    rule="The launcher shows logo-svg.svg, or logo-32x32.png and logo-64x64.png, which are so "
    "many pixels wide and high.",
    section='"Kernel specs" (jupyter_client, "Making kernels for Jupyter")',
    mend="Draw them in these sizes; without any, the launcher shows the first letter.",
    kernel=False,
)
def logos(trial: Trial) -> str:
    """Its logos have the sizes that front ends expect."""
    drawn: list[tuple[str, dict[str, bytes]]] = []
    for spec in _installed(trial):
        files = {
            name: path.read_bytes() for name in LOGOS if (path := spec.directory / name).is_file()
        }
        drawn.append((str(spec.directory), files))
    if not drawn:
        drawn.append(("the plugin", logos_of(trial.found)))
    there = [(where, files) for where, files in drawn if files]
    if not there:
        raise NotOffered("it has none")
    for where, files in there:
        wrong = [trouble for name, data in files.items() for trouble in _ill_drawn(name, data)]
        if wrong:
            raise Broken("; ".join(wrong), sent=f"the logos in {where}")
    return ", ".join(sorted({name for _, files in there for name in files}))


def _ill_drawn(name: str, data: bytes) -> Iterator[str]:
    if name.endswith(".svg"):
        try:
            root = ET.fromstring(data)
        except ET.ParseError as error:
            yield f"{name} is no XML: {error}"
            return
        if root.tag not in ("svg", "{http://www.w3.org/2000/svg}svg"):
            yield f"{name} is no SVG but <{root.tag}>"
        elif not root.tag.startswith("{"):
            yield f"{name} has no xmlns: browsers do not draw it"
        return
    size = _SIZES[name]
    # specification of PNG, "IHDR": width and height are the first of it, which is the first chunk
    if not data.startswith(_PNG) or len(data) < 24:
        yield f"{name} is no PNG"
    elif (found := struct.unpack(">II", data[16:24])) != (size, size):
        yield f"{name} has {found[0]} x {found[1]} pixels, not {size} x {size}"
