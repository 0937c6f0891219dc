"""The tables of docs/wrapping.md, made of what they tell of.

``PYTHONPATH=tests python -m wrapping.tables`` prints them.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from polykernel_declared import declared
from polykernel_declared.declaration import FACTS
from polykernel_declared.plugin import SHIPPED
from polykernel_declared.repl.fields import FIELDS

if TYPE_CHECKING:
    from polykernel_declared.fields import Field

LONGEST = 20  # lines that a shipped declaration may have
_PACKAGES = re.compile(r"apt install (.*)")


def languages() -> list[str]:
    """Name the wrapped languages that are shipped."""
    return sorted(
        path.stem
        for path in Path(SHIPPED).glob("*.toml")
        if not path.name.endswith(".samples.toml") and "repl" in tomllib.loads(path.read_text())
    )


def packages() -> dict[str, list[str]]:
    """Give the Debian packages of each shipped language, compiled ones too."""
    return {
        path.stem: _packages(path)
        for path in sorted(Path(SHIPPED).glob("*.toml"))
        if not path.name.endswith(".samples.toml")
    }


def _packages(path: Path) -> list[str]:
    found = _PACKAGES.search(declared(path).install_hint)
    return found.group(1).split() if found else []


def lines_of(language: str) -> int:
    """Count the lines of a declaration that are code."""
    lines = Path(SHIPPED, f"{language}.toml").read_text().splitlines()
    return sum(1 for line in lines if line.strip() and not line.startswith("#"))


def of_languages() -> str:
    rows = ["| language | | lines | Debian | known by |", "| --- | --- | --- | --- | --- |"]
    for name in languages():
        path = Path(SHIPPED, f"{name}.toml")
        language = declared(path)
        prompt = str(language.options.get("prompt", ""))
        known_by = "its own prompt" if prompt else "where it reads"
        if "{token}" in prompt:
            known_by = "a random prompt"
        display = language.display_name.removesuffix(" (polykernel)")
        debian = " ".join(f"`{each}`" for each in _packages(path))
        rows.append(f"| `{name}` | {display} | {lines_of(name)} | {debian} | {known_by} |")
    return "\n".join(rows)


def of_keys(fields: tuple[Field, ...]) -> str:
    rows = ["| key | holds | meaning |", "| --- | --- | --- |"]
    for field in fields:
        meaning = field.meaning.replace("|", "\\|")
        needed = "; needed" if field.required else ""
        rows.append(f"| `{field.name}` | {field.kind}{needed} | {meaning} |")
    return "\n".join(rows)


def all_tables() -> list[str]:
    return [of_keys(FACTS), of_keys(FIELDS), of_languages()]


if __name__ == "__main__":
    print("\n\n".join(all_tables()))
