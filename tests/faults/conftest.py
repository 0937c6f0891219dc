"""Does each fault to a kernel of ours, and to others to see what becomes of those."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import peers
from support.subjects import KINDS, PEERS_OF_FAULTS, Kind, Subject, Words, patience_with

from faults import checks, table
from faults.register import fault_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    fault = fault_of(metafunc.function)
    if fault is None or "kernel" not in metafunc.fixturenames:
        return
    names = list(fault.languages)
    if fault.peers:
        names += peers.tried(PEERS_OF_FAULTS)
    metafunc.parametrize("kernel", names, indirect=True)


@pytest.fixture
def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """A kernel of this test's own, with a front end; it may be broken."""
    name = request.param
    # what is in no list is a language of the sample plugin
    kind = KINDS.get(name) or Kind(name, Words(), sample=True)
    folder = tmp_path / name
    folder.mkdir()
    subject = Subject(kind, folder)
    try:
        subject.begin(patience_with(name))
        yield subject
    finally:
        subject.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        error = call.excinfo.value if call.excinfo is not None else None
        peers.note(item, "kernel", _outcome(item, error))
    return report


def _outcome(item: pytest.Item, error: BaseException | None) -> str:
    """Say in the table's words what became of a kernel."""
    if error is None:
        return table.SURVIVES
    failed = checks.failed(error)
    subject = item.funcargs.get("kernel")  # type: ignore[attr-defined]
    if failed not in checks.AFTER_THE_END and isinstance(subject, Subject) and not subject.alive:
        return table.DIES
    return f"**{failed}**" if failed else table.FAILS
