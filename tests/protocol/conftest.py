"""Fixtures that start real kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.kernels import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    """Start kernels by the names of their kernelspecs, or of the sample plugin's languages."""
    kernels: list[Kernel] = []

    def start(name: str = "program", **options: Any) -> Kernel:
        folder = tmp_path / f"kernel{len(kernels)}"
        folder.mkdir()
        kernels.append(Kernel(name, folder, **options))
        return kernels[-1]

    yield start
    for each in kernels:
        each.end()


@pytest.fixture
def program(kernel: Callable[..., Kernel]) -> Kernel:
    """A kernel whose evaluator is a program that speaks the channel."""
    return kernel("program")
