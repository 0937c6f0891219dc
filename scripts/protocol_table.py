"""Writes the table of docs/protocol.md: the specification's rules, and who holds them.

python scripts/protocol_table.py            runs the tests of other kernels anew, three times
python scripts/protocol_table.py --keep     keeps what the table says of other kernels
python scripts/protocol_table.py --specification DIRECTORY
                                             checks that the rules are the specification's
                                             words: DIRECTORY has jupyter_client's docs
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from specification import catalogue, table  # noqa: E402
from specification.rules import KERNELS, MESSAGING, RULES, SECURITY  # noqa: E402
from support import peers  # noqa: E402

if TYPE_CHECKING:
    from support.peers import Results

ROUNDS = 3
PAGES = {MESSAGING: "messaging.rst", KERNELS: "kernels.rst", SECURITY: "security.rst"}


def main() -> int:
    """Do what the arguments say, and give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--keep", action="store_true", help="run no tests of other kernels")
    parser.add_argument("--specification", type=Path, help="where jupyter_client's docs are")
    arguments = parser.parse_args()
    catalogue.load()
    if arguments.specification:
        return check_words(arguments.specification)
    page = table.PAGE.read_text()
    if arguments.keep:
        results, versions = table.recorded_results(page), table.recorded_versions(page)
    else:
        results, versions = ask_peers(), peers.versions(table.PEERS)
    table.PAGE.write_text(table.fill(page, results, versions))
    return 0


def ask_peers() -> Results:
    """Run the rules' tests with the other kernels, and see what becomes of them."""
    results: Results = {name: {} for name in table.PEERS}
    asked = peers.ask_often("specification", table.PEERS, table.HOLDS, ROUNDS)
    for (name, test), seen in asked.items():
        results[name][test] = table.outcome(seen)
    return results


def check_words(folder: Path) -> int:
    """Say which rules are not in the specification's words."""
    texts = {page: plain((folder / file).read_text()) for page, file in PAGES.items()}
    wrong = []
    for each in RULES.values():
        if each.page in texts:
            parts = re.split(r"\s*\.\.\.\s*", each.text)
            missing = [part for part in parts if plain(part) not in texts[each.page]]
            wrong += [f"{each.module} {each.name}: {part}" for part in missing]
            if plain(each.section) not in texts[each.page]:
                wrong.append(f"{each.module} {each.name}: no section {each.section!r}")
    print("\n".join(wrong))
    return 1 if wrong else 0


def plain(text: str) -> str:
    """Leave out what is layout: spaces, comments' signs, emphasis, roles' targets."""
    text = re.sub(r":\w+:`~?([^`<]*?)\s*(<[^`]*>)?`", r"\1", text)
    return re.sub(r"[\s#*`]+", "", text).replace("\\", "").lower()


if __name__ == "__main__":
    sys.exit(main())
