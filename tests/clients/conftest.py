"""Kernels for clients that are not ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.kernels import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator


def _start(name: str, factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(name, factory.mktemp("kernel"))
    yield kernel
    kernel.end()


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A Python kernel, which the tests of a module share."""
    yield from _start("polykernel-python", tmp_path_factory)


@pytest.fixture(scope="module")
def calc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A calculator, which the tests of a module share."""
    yield from _start("polykernel-calc", tmp_path_factory)


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """An echo, which the tests of a module share."""
    yield from _start("polykernel-echo", tmp_path_factory)
