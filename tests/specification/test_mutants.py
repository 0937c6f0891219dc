"""Each change made to our code on purpose makes the tests fail that it should.

Each rule's test fails with another kernel, as docs/protocol.md says, or with such a change.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from support.launcher import Launcher
from support.subjects import KINDS, Subject

from specification import catalogue, mutants, table
from specification.rules import RULES
from specification.test_control import debugging
from specification.tour import Guide

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 2.0  # seconds: these tests are to fail
JOINS_WITHIN = 5.0  # seconds that a mutant has to let a front end in
MUTANTS = mutants.load()
#: What a test may raise that does not find what should be there.
FAILURES = (
    AssertionError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    StopIteration,
    subprocess.TimeoutExpired,
)

catalogue.load()


@pytest.mark.parametrize(
    "mutant", MUTANTS, ids=[f"{number}-{each.name}" for number, each in enumerate(MUTANTS)]
)
def test_a_change_made_on_purpose_is_found(
    mutant: mutants.Mutant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mutant"
    mutant.make(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("JUPYTER_PATH", str(folder))
    with contextlib.ExitStack() as stack:
        laboratory = Laboratory(mutant, tmp_path, stack)
        survived = [name for name in mutant.kills if not laboratory.fails(RULES[name].test)]
    assert not survived, "these tests did not notice"


class Laboratory:
    """Runs the tests of rules with a mutant."""

    def __init__(self, mutant: mutants.Mutant, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._number = itertools.count()
        (folder / "subject").mkdir()
        self._subject = Subject(KINDS[mutant.kernel], folder / "subject", checked=False)
        stack.callback(self._subject.end)
        if mutant.starts:
            self._subject.begin(30)  # it does start, and answers
        self._subject.joins_within = JOINS_WITHIN

    def fails(self, test: Callable[..., None]) -> bool:
        """Whether a test fails, with any of the values that it is tried with."""
        found = [each for each in getattr(test, "pytestmark", ()) if each.name == "parametrize"]
        if not found:
            return self._fails_with(test, {})
        name, values = found[0].args
        return any(self._fails_with(test, {name: value}) for value in values)

    def _fails_with(self, test: Callable[..., None], values: dict[str, Any]) -> bool:
        with contextlib.ExitStack() as stack:
            names = inspect.signature(test).parameters
            try:
                arguments = {
                    name: values[name] if name in values else self._make(name, stack)
                    for name in names
                }
                test(**arguments)
            except FAILURES:
                return True
        return False

    def _make(self, name: str, stack: contextlib.ExitStack) -> Any:
        """Make what a test asks for by the name of a fixture."""
        if name == "launcher":
            folder = self._folder / f"launcher{next(self._number)}"
            folder.mkdir()
            launcher = Launcher(folder, patience=PATIENCE)
            stack.callback(launcher.end)
            return launcher
        if not self._subject.alive:
            self._subject.kernel.restart()
        self._subject.finish()
        self._subject.begin(PATIENCE)
        if name == "tour":
            return Guide(self._subject).take()
        if name == "debugger":
            return stack.enter_context(contextlib.contextmanager(debugging)(self._subject))
        assert name == "kernel"
        return self._subject


def test_the_test_of_every_rule_can_fail() -> None:
    results = table.recorded_results(table.PAGE.read_text())
    missed = {
        name for outcomes in results.values() for name in outcomes if outcomes[name] == table.FAILS
    }
    killed = {name for mutant in MUTANTS for name in mutant.kills}
    assert not sorted(set(RULES) - missed - killed), "no kernel and no mutant fails these"


def test_the_table_is_that_of_the_tests() -> None:
    page = table.PAGE.read_text()
    results, versions = table.recorded_results(page), table.recorded_versions(page)
    assert table.fill(page, results, versions) == page, "run scripts/protocol_table.py --keep"
