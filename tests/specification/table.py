"""The table of docs/protocol.md: read by the tests of other kernels, written by a script.

A row is a rule; the columns of other kernels tell what became of the rule's test there.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from specification.rules import RULES
from specification.subjects import PEERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from specification.rules import Rule

PAGE = Path(__file__).parent.parent.parent / "docs" / "protocol.md"
BEGIN = "<!-- the table: written by scripts/protocol_table.py -->"
END = "<!-- the end of the table -->"

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

Results = dict[str, dict[str, str]]  # by peer and by rule


def versions() -> dict[str, str]:
    """Give the versions of the other kernels that are installed here."""
    return {name: kind.version for name, kind in PEERS.items() if kind.version}


def recorded_versions(page: str) -> dict[str, str]:
    """Give the versions that the table was made with."""
    found = re.search(r"^\| message \|.*$", page, re.MULTILINE)
    cells = _cells(found.group()) if found else []
    return {
        name: cell.removeprefix(name).strip() for cell in cells for name in PEERS if name in cell
    }


def recorded_results(page: str) -> Results:
    """Give what the table says of the other kernels, by peer and by rule."""
    results: Results = {name: {} for name in PEERS}
    for line in page.partition(BEGIN)[2].partition(END)[0].splitlines():
        match = re.search(r"`test_\w+` `(test_\w+)`", line)  # the module, and the test
        if match:
            cells = _cells(line)
            for name, cell in zip(PEERS, cells[-len(PEERS) :], strict=True):
                results[name][match.group(1)] = cell
    return results


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


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
            text = " ".join(each.text.split()).replace("|", r"\|")
            lines.append(
                f"| {each.message} | {text} | `{each.module}` `{each.name}` "
                f"| {' | '.join(outcomes)} |"
            )
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


def outcome(seen: Collection[bool]) -> str:
    """Say what became of a test that ran several times."""
    if len(seen) > 1:
        return RACES
    return HOLDS if True in seen else FAILS


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
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    table = f"{counts(results)}\n\n{render(results, peer_versions)}"
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
