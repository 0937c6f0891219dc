"""Pages of docs/ with a table that is made of the tests, between two marks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.peers import Results

DOCS = Path(__file__).parent.parent.parent / "docs"
END = "<!-- the end of the table -->"


def cells(line: str) -> list[str]:
    """Give the cells of a row."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def row(*texts: str) -> str:
    """Make a row of a table."""
    return f"| {' | '.join(' '.join(text.split()).replace('|', chr(92) + '|') for text in texts)} |"


def table(page: str, begin: str) -> str:
    """Give what stands between the marks."""
    return page.partition(begin)[2].partition(END)[0]


def fill(page: str, begin: str, text: str) -> str:
    """Put a text between the marks, in the place of the one that is there."""
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n{text}\n{END}{rest.partition(END)[2]}"


def recorded_versions(page: str, first: str, names: Sequence[str]) -> dict[str, str]:
    """Give the versions of other kernels that a table was made with.

    Args:
        page: The page.
        first: The first word of the table's headings.
        names: The kernels.
    """
    found = re.search(rf"^\| {first} \|.*$", page, re.MULTILINE)
    heads = cells(found.group()) if found else []
    return {
        name: cell.removeprefix(name).strip() for cell in heads for name in names if name in cell
    }


def recorded_results(text: str, names: Sequence[str], first: int) -> Results:
    """Give what a table says of other kernels, by kernel and by test.

    Args:
        text: The table, with a module and a test in each row.
        names: The kernels.
        first: The column of the first of them.
    """
    results: Results = {name: {} for name in names}
    for line in text.splitlines():
        match = re.search(r"`test_\w+` `(test_\w+)`", line)
        if match:
            for name, cell in zip(names, cells(line)[first : first + len(names)], strict=True):
                results[name][match.group(1)] = cell
    return results
