"""Finds all faults: each test module of this folder notes its own when it is imported."""

from __future__ import annotations

import importlib
from pathlib import Path


def load() -> None:
    """Import the test modules of this folder, and the list of those in others."""
    importlib.import_module("faults.references")
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        importlib.import_module(f"faults.{path.stem}")
