"""Fixtures for the languages that come with polykernel: their real kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.client import Client
from support.kernels import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def _shared_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel("polykernel-python", tmp_path_factory.mktemp("python"))
    yield kernel
    kernel.end()


@pytest.fixture
def python(_shared_python: Kernel) -> Kernel:
    """A Python kernel, which the tests of a module share."""
    client = _shared_python.client
    client.seen.clear()
    Client.of_this_test.append(client)
    return _shared_python
