"""Writes the table of docs/smallest.md, from what stands in examples/smallest/."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from documentation import smallest
from support import pages

BEGIN = "<!-- the table: written by scripts/smallest_table.py -->"
PAGE = pages.DOCS / "smallest.md"

if __name__ == "__main__":
    PAGE.write_text(pages.fill(PAGE.read_text("utf-8"), BEGIN, smallest.table()), "utf-8")
