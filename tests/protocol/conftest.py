"""Kernels that several modules start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.debugger import Debugger

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel


@pytest.fixture
def program(kernel: Callable[..., Kernel]) -> Kernel:
    """A kernel whose evaluator is a program that speaks the channel."""
    return kernel("program")


@pytest.fixture
def python(kernel: Callable[..., Kernel]) -> Kernel:
    """A kernel of the language Python."""
    return kernel("polykernel-python")


@pytest.fixture
def debugger(python: Kernel) -> Debugger:
    """What debugs that kernel's cells."""
    return Debugger(python.client)
