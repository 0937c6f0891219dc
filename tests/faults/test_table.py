"""docs/faults.md names exactly the tests that there are."""

from __future__ import annotations

import ast
from pathlib import Path

from faults import catalogue, table
from faults.register import FAULTS

TESTS = Path(__file__).parent.parent

catalogue.load()


def test_the_table_is_that_of_the_tests() -> None:
    page = table.PAGE.read_text()
    results, versions = table.recorded_results(page), table.recorded_versions(page)
    assert table.fill(page, results, versions) == page, "run scripts/faults_table.py --keep"


def test_each_fault_has_a_test_that_is_there() -> None:
    missing = [
        f"{each.module}.py::{each.name}"
        for each in FAULTS.values()
        if each.test is None and each.name not in _functions(TESTS / f"{each.module}.py")
    ]
    assert not missing


def test_each_test_that_does_something_to_a_kernel_is_in_the_table() -> None:
    for path in Path(__file__).parent.glob("test_*.py"):
        if path != Path(__file__):
            assert not _functions(path) - set(FAULTS), path.name


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return {name for name in names if name.startswith("test_")}
