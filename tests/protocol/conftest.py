"""A kernel whose evaluator is no Python class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel


@pytest.fixture
def program(kernel: Callable[..., Kernel]) -> Kernel:
    """A kernel whose evaluator is a program that speaks the channel."""
    return kernel("program")
