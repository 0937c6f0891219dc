"""Writes the table of docs/faults.md: what becomes of kernels to which faults are done.

python scripts/faults_table.py               does them to other kernels anew
python scripts/faults_table.py MODULE.py ... does those of these modules; keeps the rest
python scripts/faults_table.py --keep        keeps what the table says of other kernels
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from faults import catalogue, table  # noqa: E402
from support import peers  # noqa: E402

if TYPE_CHECKING:
    from support.peers import Results

ROUNDS = 1


def main() -> None:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", default=["."], help="test modules; all of them")
    parser.add_argument("--keep", action="store_true", help="do nothing to other kernels")
    arguments = parser.parse_args()
    catalogue.load()
    page = table.PAGE.read_text()
    results, versions = table.recorded_results(page), table.recorded_versions(page)
    if not arguments.keep:
        versions = peers.versions(table.PEERS)
        for module in arguments.modules:
            ask_peers(module, results)
    table.PAGE.write_text(table.fill(page, results, versions))


def ask_peers(module: str, results: Results) -> None:
    """Do the faults of a module to the other kernels, and note what becomes of them."""
    asked = peers.ask_often(f"faults/{module}", table.PEERS, table.SURVIVES, ROUNDS)
    for (name, test), seen in asked.items():
        results[name][test] = table.outcome(seen)


if __name__ == "__main__":
    main()
