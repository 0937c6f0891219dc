"""Write the list of languages that JupyterLab highlights, from the JupyterLab that is installed.

``polykernel check`` asks it. JupyterLab registers its languages in one place
(``EditorLanguageRegistry.getDefaultLanguages``, and two more beside it); in the built files they
are literals of JavaScript, which are found by their shape. Run this when JupyterLab has a new
version: ``python scripts/codemirror_languages.py``.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "polykernel/testing/conformance/codemirror.json"
STATIC = Path(sys.prefix) / "share/jupyter/lab/static"
_FIELD = (
    r'displayName:\w+\.__\("[^"]*"\)'
    r"|alias:\[[^\]]*\]"
    r'|mime:(?:"[^"]*"|\[[^\]]*\])'
    r"|extensions:\[[^\]]*\]"
    r"|filename:/(?:[^/\\]|\\.)+/\w*"
)
_LANGUAGE = re.compile(rf'\{{name:"(?P<name>[^"]+)"(?P<fields>(?:,(?:{_FIELD}))+)')
_KEYS = {"alias": "aliases", "mime": "mimetypes", "extensions": "extensions"}
_TEXTS = re.compile(r'"([^"]*)"')


def languages(source: str) -> list[dict[str, Any]]:
    """Find the languages in the text of JupyterLab's built core."""
    found = []
    for match in _LANGUAGE.finditer(source):
        fields = dict(each.split(":", 1) for each in re.findall(_FIELD, match["fields"]))
        if "mime" not in fields:
            continue
        language: dict[str, Any] = {"name": match["name"]}
        for key, name in _KEYS.items():
            if key in fields:
                language[name] = _TEXTS.findall(fields[key])
        found.append(language)
    return found


def content(static: Path = STATIC) -> dict[str, Any]:
    """Make the list.

    Raises:
        LookupError: JupyterLab's files are not as they were: this script needs a look.
    """
    for path in sorted(static.glob("jlab_core.*.js")):
        found = languages(path.read_text("utf-8"))
        if found:
            return {"jupyterlab": version("jupyterlab"), "languages": found}
    raise LookupError(f"no language registry found in {static}")


def text(content: dict[str, Any]) -> str:
    """Write it with a language a line."""
    lines = ",\n".join(
        f"    {json.dumps(each, ensure_ascii=False)}" for each in content["languages"]
    )
    head = f'{{\n  "jupyterlab": {json.dumps(content["jupyterlab"])},\n  "languages": [\n'
    return f"{head}{lines}\n  ]\n}}\n"


def main() -> int:
    """Write the file."""
    made = content()
    TARGET.write_text(text(made), "utf-8")
    print(f"{len(made['languages'])} languages of JupyterLab {made['jupyterlab']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
