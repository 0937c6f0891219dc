"""Runs each rule's test with our kernels, and with others to see where those fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import peers
from support.subjects import KINDS, PEERS_OF_RULES, Subject, patience_with

from specification import table
from specification.rules import rule_of
from specification.tour import Guide, Tour

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

_tours: dict[str, Tour] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    rule = rule_of(metafunc.function)
    if rule is None or "subject" not in metafunc.fixturenames:
        return
    names = list(rule.languages)
    if rule.peers:
        names += peers.tried(PEERS_OF_RULES)
    metafunc.parametrize("subject", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def subject(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Shared]:
    shared = _Shared(request.param, tmp_path_factory)
    yield shared
    shared.end()


class _Shared:
    """One running kernel for all tests, replaced where a test leaves it unwell."""

    def __init__(self, name: str, folders: pytest.TempPathFactory) -> None:
        self.name = name
        self._folders = folders
        self._subject: Subject | None = None

    def begin(self, patience: float) -> Subject:
        """Begin a test, with a kernel that is well."""
        if self._subject is not None and not self._subject.alive:
            self.end()
        if self._subject is None:
            self._subject = Subject(KINDS[self.name], self._folders.mktemp(self.name))
        self._subject.begin(patience)
        return self._subject

    def finish(self) -> None:
        """End a test, and the kernel where the test leaves it unwell."""
        if self._subject is not None:
            self._subject.finish()
            if not self._subject.healthy:
                self.end()

    def end(self) -> None:
        if self._subject is not None:
            self._subject.end()
            self._subject = None


@pytest.fixture
def kernel(subject: _Shared) -> Iterator[Subject]:
    yield subject.begin(patience_with(subject.name))
    subject.finish()


@pytest.fixture
def tour(subject: _Shared, tmp_path: Path) -> Tour:
    if subject.name not in _tours:
        guided = Subject(KINDS[subject.name], tmp_path)
        guided.begin(patience_with(subject.name))
        _tours[subject.name] = Guide(guided).take()
        guided.end()
    return _tours[subject.name]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        outcome = table.HOLDS if call.excinfo is None else table.FAILS
        peers.note(item, "subject", outcome)
    return report
