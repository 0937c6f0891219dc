"""Which highlighter JupyterLab finds for a language: by its rules, among the languages it has.

``codemirror.json`` is made by ``scripts/codemirror_languages.py`` from an installed JupyterLab.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polykernel.language import Language


class Highlighter(NamedTuple):
    """A language that JupyterLab can highlight.

    Attributes:
        name: CodeMirror's name of it.
        aliases: Its other names.
        mimetypes: Its mimetypes.
        extensions: Its files' extensions, without the dot.
    """

    name: str
    aliases: tuple[str, ...]
    mimetypes: tuple[str, ...]
    extensions: tuple[str, ...]


class Registry(NamedTuple):
    """All of them, in the order in which JupyterLab looks.

    Attributes:
        version: JupyterLab's.
        highlighters: The languages.
    """

    version: str
    highlighters: tuple[Highlighter, ...]

    def by_name(self, name: str) -> Highlighter | None:
        """Find one by a name, whatever its case."""
        for each in self.highlighters:
            if name.lower() in (known.lower() for known in (each.name, *each.aliases)):
                return each
        return None

    def by_mimetype(self, mimetype: str) -> Highlighter | None:
        """Find one by a mimetype; what is built on XML or JSON is highlighted as that."""
        for each in self.highlighters:
            if mimetype.lower() in each.mimetypes:
                return each
        for suffix in ("xml", "json"):
            if mimetype.lower().endswith(f"+{suffix}"):
                return self.by_mimetype(f"application/{suffix}")
        return None

    def find(self, language: Language) -> Highlighter | None:
        """Find what highlights the cells of a notebook.

        JupyterLab takes ``codemirror_mode``, a name, a mimetype, or an object with a name or a
        mime; where there is none the *name* of the language. It does not look at the mimetype and
        the extension then (``EditorMimeTypeService.getMimeTypeByLanguage``).
        """
        mode: str | Mapping[str, Any] = language.codemirror_mode or {"name": language.name}
        if isinstance(mode, str):
            return self.by_name(mode) or self.by_mimetype(mode)
        name, mimetype = str(mode.get("name") or ""), str(mode.get("mime") or "")
        return (self.by_name(name) if name else None) or (
            self.by_mimetype(mimetype) if mimetype else None
        )


def load() -> Registry:
    """Read the list."""
    text = (resources.files(__package__) / "codemirror.json").read_text("utf-8")
    content = json.loads(text)
    return Registry(
        content["jupyterlab"],
        tuple(
            Highlighter(
                each["name"],
                tuple(each.get("aliases", ())),
                tuple(each["mimetypes"]),
                tuple(each.get("extensions", ())),
            )
            for each in content["languages"]
        ),
    )
