"""``jupyter run``, which runs files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import commands

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("language", "text"), [("python", "print(6 * 7)"), ("calc", "6 * 7"), ("echo", "42")]
)
def test_a_file_is_run(tmp_path: Path, language: str, text: str) -> None:
    (tmp_path / "file").write_text(text)
    code, log = commands.run(tmp_path, "jupyter", "run", f"--kernel=polykernel-{language}", "file")
    assert code == 0, log
    assert "42" in log.split()


def test_an_error_in_what_comes_on_stdin_is_shown_and_gives_an_exit_code(tmp_path: Path) -> None:
    code, log = commands.run(
        tmp_path, "jupyter", "run", "--kernel=polykernel-python", stdin="print('before')\n1 / 0"
    )
    assert code != 0
    assert "before\n" in log
    assert "ZeroDivisionError" in log
