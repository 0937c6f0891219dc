from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .host import Host

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = (3, 8)


def interpreters() -> dict[tuple[int, ...], str]:
    """The running interpreter, and the oldest and the newest others that are found and really run.

    ``POLYKERNEL_TEST_PYTHONS``, a list of paths, adds some.
    """
    wanted = os.environ.get("POLYKERNEL_TEST_PYTHONS", "").split(os.pathsep)
    candidates = [
        *(shutil.which(f"python3.{minor}") or "" for minor in range(8, 20)),
        *(str(path) for path in Path.home().glob(".pyenv/versions/3.*/bin/python")),
    ]
    found = {version: path for path in candidates if path and (version := _version(path))}
    usable = {version: path for version, path in found.items() if version[:2] >= OLDEST}
    chosen = {version: usable[version] for version in (min(usable), max(usable))} if usable else {}
    added = {_version(path): path for path in wanted if path}
    return {**chosen, **added, sys.version_info[:3]: sys.executable}


def _version(path: str) -> tuple[int, ...]:
    command = [path, "-c", "import sys; print(*sys.version_info[:3])"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return ()
    return tuple(map(int, answer.stdout.split())) if answer.returncode == 0 else ()


INTERPRETERS = interpreters()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "python" in metafunc.fixturenames:
        versions = sorted(INTERPRETERS)
        metafunc.parametrize(
            "python",
            [INTERPRETERS[version] for version in versions],
            ids=[".".join(map(str, version)) for version in versions],
            scope="session",
        )


@pytest.fixture
def host(python: str, tmp_path: Path) -> Iterator[Host]:
    """A host whose evaluator runs cells as plain Python, and has said hello."""
    with Host(python=python, cwd=tmp_path) as started:
        started.hello()
        yield started
