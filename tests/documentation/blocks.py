"""Fenced blocks of the documentation's pages: what the tests run is what readers see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
RECIPES = DOCS / "recipes"

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE
)
_COMMENT = re.compile(r"(?:#|//) (?P<name>[\w./-]+\.(?:py|js|toml))\b")


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        page: The page, below the repository's root.
        line: Where it begins, counted from one.
        language: The word behind the fence; empty where there is none.
        text: What is in it.
        name: The file that its first line names; empty where that names none.
    """

    page: str
    line: int
    language: str
    text: str
    name: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line} ({self.language or 'no language'})"

    @property
    def is_transcript(self) -> bool:
        """Whether it shows cells and what became of them."""
        return self.language == "text" and self.text.startswith("In [")


def of(page: Path) -> list[Block]:
    """Give the blocks of a page, in their order."""
    return list(_blocks(page))


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for found in _FENCE.finditer(text):
        content = found["text"]
        name = _COMMENT.match(content)
        yield Block(
            page.relative_to(ROOT).as_posix(),
            text.count("\n", 0, found.start()) + 1,
            found["info"].strip(),
            content,
            name["name"] if name else "",
        )


def pages() -> list[Path]:
    """Give all pages: those of docs/, and those beside it that users read first."""
    beside = [ROOT / name for name in ("README.md", "SECURITY.md", "CHANGELOG.md")]
    return [*beside, *sorted(DOCS.rglob("*.md"))]


def files(page: Path) -> dict[str, str]:
    """Give the files that a page shows whole, by their names."""
    return {block.name: block.text for block in of(page) if block.name}
