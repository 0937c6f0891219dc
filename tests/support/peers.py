"""What becomes of our tests with other kernels: noted while they run, for tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from support.subjects import PEERS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pytest

#: Names a file where outcomes of other kernels go, whose tests are run then.
RECORD = "POLYKERNEL_RECORD_PEERS"
ROOT = Path(__file__).parent.parent.parent

Results = dict[str, dict[str, str]]  # by peer and by test


def tried(names: Sequence[str]) -> list[str]:
    """Name those of these kernels whose tests are run now: none, unless somebody takes notes."""
    return [name for name in names if PEERS[name].version] if RECORD in os.environ else []


def versions(names: Sequence[str]) -> dict[str, str]:
    """Give the versions of those of these kernels that are installed here."""
    return {name: PEERS[name].version for name in names if PEERS[name].version}


def note(item: pytest.Item, fixture: str, outcome: str) -> None:
    """Note what became of a test with another kernel, for who makes the table.

    Args:
        item: The test.
        fixture: The parameter that names the kernel.
        outcome: In the table's words.
    """
    callspec = getattr(item, "callspec", None)
    name = callspec.params.get(fixture) if callspec is not None else None
    if RECORD in os.environ and name in PEERS:
        line = json.dumps([name, item.originalname, outcome])  # type: ignore[attr-defined]
        with Path(os.environ[RECORD]).open("a") as file:
            file.write(line + "\n")


def ask(folder: str, names: Sequence[str], well: str) -> dict[tuple[str, str], str]:
    """Run a folder's tests with other kernels, and give what became of each, by kernel and test.

    Args:
        folder: Below the folder of all tests.
        names: The kernels.
        well: The outcome of a test that passes. One of several parameters that does not is told.
    """
    with tempfile.NamedTemporaryFile() as file:
        command = [sys.executable, "-m", "pytest", "-q", f"tests/{folder}"]
        command += ["-k", " or ".join(names), "--tb=no", "-n", "2", "--dist", "loadfile"]
        subprocess.run(command, cwd=ROOT, env={**os.environ, RECORD: file.name}, check=False)
        outcomes: dict[tuple[str, str], str] = {}
        for line in Path(file.name).read_text().splitlines():
            name, test, outcome = json.loads(line)
            if outcomes.setdefault((name, test), outcome) == well:
                outcomes[name, test] = outcome
    return outcomes


def ask_often(
    folder: str, names: Sequence[str], well: str, rounds: int
) -> dict[tuple[str, str], Collection[str]]:
    """Run them several times, and give all that became of each."""
    outcomes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for _ in range(rounds):
        for key, outcome in ask(folder, names, well).items():
            outcomes[key].add(outcome)
    return dict(outcomes)
