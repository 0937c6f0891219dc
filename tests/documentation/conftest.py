"""Kernels of what the pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from documentation import packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from support.kernels import Kernel


@pytest.fixture
def recipe(tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    """Start a kernel of what a page of docs/recipes/ shows."""
    kernels: list[Kernel] = []

    def start(
        name: str,
        language: str = "recipe",
        environment: dict[str, str] | None = None,
        arguments: Sequence[str] = (),
        **options: str,
    ) -> Kernel:
        folder = tmp_path / f"recipe{len(kernels)}"
        kernels.append(
            packages.start(name, folder, language, environment or {}, arguments, **options)
        )
        return kernels[-1]

    yield start
    for each in kernels:
        each.end()
