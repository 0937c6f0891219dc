"""The kit's own fixture `kernel`, which the one of all other tests would hide."""

from __future__ import annotations

from polykernel.testing.fixtures import kernel

__all__ = ["kernel"]
