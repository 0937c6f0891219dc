"""The table of docs/faults.md: made of the tests, and of what became of other kernels in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support import pages
from support.subjects import PEERS_OF_FAULTS as PEERS

from faults.register import FAULTS, PLACES, Fault

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from support.peers import Results

PAGE = pages.DOCS / "faults.md"
BEGIN = "<!-- the table: written by scripts/faults_table.py -->"

#: What became of another kernel; or what is checked and failed (``checks.Check``).
SURVIVES, DIES, FAILS, NOT_TRIED = "survives", "**dies**", "**fails**", "-"


def recorded_versions(page: str) -> dict[str, str]:
    """Give the versions that the table was made with."""
    return pages.recorded_versions(page, "fault", PEERS)


def recorded_results(page: str) -> Results:
    """Give what the table says of the other kernels, by peer and by test."""
    return pages.recorded_results(pages.table(page, BEGIN), PEERS, first=1)


def outcome(seen: Collection[str]) -> str:
    """Say what became of a kernel in several runs."""
    words = sorted(seen, key=lambda word: (word == SURVIVES, word))
    return " or ".join(words)


def render(results: Results, peer_versions: Mapping[str, str]) -> str:
    """Make the table."""
    peers = [f"{name} {peer_versions.get(name, '')}".strip() for name in PEERS]
    lines = []
    for place in PLACES:
        faults = [each for each in sorted(FAULTS.values(), key=_place) if each.place == place]
        if not faults:
            continue
        lines += ["", f"### {place}", ""]
        lines.append(pages.row("fault", *peers, "polykernel", "test"))
        lines.append(pages.row(*(("---",) * (len(peers) + 3))))
        for each in faults:
            outcomes = [results[name].get(each.name, NOT_TRIED) for name in PEERS]
            test = f"`{each.module}` `{each.name}`"
            lines.append(pages.row(each.text, *outcomes, each.told, test))
    return "\n".join(lines).strip()


def _place(each: Fault) -> tuple[bool, str, int]:
    return each.test is None, each.module, each.line


def counts(results: Results) -> str:
    """Count the faults, and those that each kernel survives."""
    lines = [f"{len(FAULTS)} faults, each done for real by a test; polykernel survives them all."]
    for name in PEERS:
        found = [results[name][each] for each in FAULTS if each in results[name]]
        tried = len(found) - found.count(NOT_TRIED)
        lines.append(
            f"Of {tried} that were tried with {name}, it survives {found.count(SURVIVES)}."
        )
    return " ".join(lines)


def fill(page: str, results: Results, peer_versions: Mapping[str, str]) -> str:
    """Put the table into the page, in the place of the one that is there."""
    return pages.fill(page, BEGIN, f"{counts(results)}\n\n{render(results, peer_versions)}")
