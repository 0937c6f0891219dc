"""The table of docs/protocol.md: read by the tests of other kernels, written by a script.

A row is a rule; the columns of other kernels tell what became of the rule's test there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from support import pages
from support.subjects import PEERS_OF_RULES as PEERS

from specification.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from support.peers import Results

    from specification.rules import Rule

PAGE = pages.DOCS / "protocol.md"
BEGIN = "<!-- the table: written by scripts/protocol_table.py -->"

#: The test modules, in the order of the specification.
MODULES = (
    "test_sockets",
    "test_messages",
    "test_wire_protocol",
    "test_registration",
    "test_requests",
    "test_execution",
    "test_questions",
    "test_kernel_info",
    "test_control",
    "test_published",
    "test_input",
    "test_custom_messages",
)

#: What became of a rule's test with another kernel.
HOLDS, FAILS, RACES, NOT_TRIED = "holds", "**fails**", "at times", "-"


def recorded_versions(page: str) -> dict[str, str]:
    """Give the versions that the table was made with."""
    return pages.recorded_versions(page, "message", PEERS)


def recorded_results(page: str) -> Results:
    """Give what the table says of the other kernels, by peer and by rule."""
    return pages.recorded_results(pages.table(page, BEGIN), PEERS, first=3)


def render(results: Results, peer_versions: Mapping[str, str]) -> str:
    """Make the table."""
    peers = [f"{name} {peer_versions.get(name, '')}".strip() for name in PEERS]
    lines = []
    for title, rules in sections():
        lines += ["", f"### {title}", ""]
        lines.append(f"| message | rule | test | {' | '.join(peers)} |")
        lines.append(f"| --- | --- | --- |{' --- |' * len(peers)}")
        for each in rules:
            outcomes = [results[name].get(each.name, NOT_TRIED) for name in PEERS]
            test = f"`{each.module}` `{each.name}`"
            lines.append(pages.row(each.message, each.text, test, *outcomes))
    return "\n".join(lines).strip()


def sections() -> Iterable[tuple[str, list[Rule]]]:
    """Give the rules under the specification's headings, in the order of the pages."""
    grouped: dict[str, list[Rule]] = {}
    for each in sorted(RULES.values(), key=_place):
        page = "" if each.page == "messaging" else f" ({each.page})"
        grouped.setdefault(f"{each.section}{page}", []).append(each)
    return grouped.items()


def _place(each: Rule) -> tuple[int, int]:
    return MODULES.index(each.module), each.test.__code__.co_firstlineno


def outcome(seen: Collection[str]) -> str:
    """Say what became of a test that ran several times."""
    return RACES if len(seen) > 1 else next(iter(seen))


def counts(results: Results) -> str:
    """Count the rules, and those that each kernel holds."""
    lines = [f"{len(RULES)} rules, each held by a test that our kernels pass."]
    for name in PEERS:
        found = list(results[name].values())
        kept = found.count(HOLDS)
        tried = len(found) - found.count(NOT_TRIED)
        lines.append(f"Of {tried} that were tried with {name}, it holds {kept}.")
    return " ".join(lines)


def fill(page: str, results: Results, peer_versions: Mapping[str, str]) -> str:
    """Put the table into the page, in the place of the one that is there."""
    return pages.fill(page, BEGIN, f"{counts(results)}\n\n{render(results, peer_versions)}")
