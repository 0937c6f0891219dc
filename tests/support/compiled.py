"""Kernels of the declared compiled languages."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from polykernel_declared.plugin import polykernel_languages

from polykernel import Language
from support.kernels import Kernel

if TYPE_CHECKING:
    from pathlib import Path

COMPILED = ("c", "fortran", "pascal")


def declared(name: str) -> Language:
    """Find a language."""
    for language in polykernel_languages():
        if isinstance(language, Language) and language.name == name:
            return language
    raise AssertionError(f"{name} is not declared")


def need(name: str) -> None:
    """Skip the test where a language's programs are not installed."""
    language = declared(name)
    missing = [program for program in language.programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed; {language.install_hint}")


def start(name: str, folder: Path) -> Kernel:
    """Start a kernel; skip the test where the language's programs are not installed."""
    need(name)
    return Kernel(f"{name}@polykernel_declared.plugin", folder)
