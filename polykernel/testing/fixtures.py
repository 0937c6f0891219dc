"""The pytest plugin: the fixtures ``evaluator`` and ``kernel``.

pytest loads this module in every run of every project in the environment. So nothing of polykernel
is imported before a fixture is used, and a project's own fixtures of these names win.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from polykernel.evaluator import Evaluator
    from polykernel.testing.in_process import InProcess
    from polykernel.testing.kernel import Kernel

_SEEN = pytest.StashKey[list[Any]]()  # what has a transcript, of one test


class MakeEvaluator(Protocol):
    """What the fixture ``evaluator`` is."""

    def __call__(
        self,
        evaluator: type[Evaluator] | Evaluator | str,
        *,
        options: Mapping[str, Any] | None = None,
        plugin: str = ...,
    ) -> InProcess:
        """Run an evaluator in this process; see :class:`polykernel.testing.InProcess`."""


class StartKernel(Protocol):
    """What the fixture ``kernel`` is."""

    def __call__(
        self,
        language: str,
        *,
        plugin: str = "",
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        patience: float = ...,
    ) -> Kernel:
        """Start a kernel; see :class:`polykernel.testing.Kernel`."""


@pytest.fixture
def evaluator(request: pytest.FixtureRequest) -> Iterator[MakeEvaluator]:
    """Run evaluators in the test's own process: ``evaluator(Calc).execute("1+1")``."""
    from polykernel.testing.in_process import InProcess

    made: list[InProcess] = []
    request.node.stash.setdefault(_SEEN, []).append(made)

    def make(evaluator: type[Evaluator] | Evaluator | str, **options: Any) -> InProcess:
        made.append(InProcess(evaluator, **options))
        return made[-1]

    yield make
    for each in made:
        each.shutdown()


@pytest.fixture
def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StartKernel]:
    """Start real kernels: ``kernel("calc").execute("1+1")``."""
    from polykernel.testing.kernel import Kernel

    started: list[Kernel] = []
    request.node.stash.setdefault(_SEEN, []).append(started)

    def start(language: str, **options: Any) -> Kernel:
        folder = tmp_path / f"kernel-{len(started)}"
        folder.mkdir()
        started.append(Kernel(language, **{"folder": folder, **options}))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show what evaluators and kernels showed, where a test fails that has used them."""
    report: Any = yield
    if report.when == "call" and report.failed:
        for made in item.stash.get(_SEEN, []):
            for number, each in enumerate(made, start=1):
                title = f"what {type(each).__name__} {number} has seen"
                report.sections.append((title, each.transcript()))
    return report  # type: ignore[no-any-return]
