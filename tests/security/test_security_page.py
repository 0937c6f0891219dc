"""SECURITY.md names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "SECURITY.md").read_text()


def defined(path: Path) -> list[str]:
    """Name the tests of a module."""
    return re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)


def test_each_claim_names_a_test_that_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    there = {name for path in (ROOT / "tests").rglob("test_*.py") for name in defined(path)}
    assert len(named) > 20
    assert not named - there


def test_each_test_of_who_gets_in_is_named() -> None:
    for path in Path(__file__).parent.glob("test_*.py"):
        if path != Path(__file__):
            for name in defined(path):
                assert f"`{name}`" in PAGE, name
