"""What docs/timed.md (timed.md, for the tests of all pages) shows is so; its times are history."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from documentation import blocks, transcripts
from support import commands
from support.tutorial import Command, File, Other, read

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = blocks.DOCS / "timed.md"
PAGE = FILE.read_text("utf-8")
TUTORIAL = (blocks.DOCS / "tutorial.md").read_text("utf-8")


def written(page: str) -> Iterator[tuple[str, str]]:
    """Give the files that an author writes, and what is in each."""
    for step in read(page):
        if isinstance(step, File):
            yield step.path, step.content
        elif isinstance(step, Other) and step.kind == "toml":
            first, _, rest = step.content.partition("\n")
            yield first.removeprefix("# "), rest


def counted(content: str) -> int:
    """Count lines as the page does."""
    lines = content.splitlines()
    return sum(1 for line in lines if line.strip() and not re.match(r"\s*# \w+/", line))


def rows(name: str) -> list[int]:
    """Find the lines that the page says were written into a file."""
    return [int(count) for count in re.findall(rf"^\| {name}.*\| (\d+) \|$", PAGE, re.MULTILINE)]


def test_the_lines_of_the_wrapped_language_are_counted_right() -> None:
    for path, content in written(PAGE):
        name = path.removeprefix("javascript/").rpartition("polykernel_javascript/")[2]
        assert rows(f"`{re.escape(name)}`") == [counted(content)], path


def test_the_lines_of_the_tutorial_are_counted_right() -> None:
    evaluator, more, samples, *tests = [counted(content) for _, content in written(TUTORIAL)]
    assert rows("`evaluator.py`") == [evaluator, more]
    assert rows("`samples.py`") == [samples]
    assert rows("two files of tests") == [sum(tests)]


def test_every_file_that_is_replaced_was_written_by_the_command(tmp_path: Path) -> None:
    new = next(step for step in read(PAGE) if isinstance(step, Command))
    code, text = commands.run(tmp_path, *new.text.split())
    assert code == 0, text
    for path, _ in written(PAGE):
        assert (tmp_path / path).is_file(), path


@pytest.fixture
def javascript(tmp_path: Path) -> Path:
    """A folder where the page's language is declared, as a user's own."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed (Debian: apt install nodejs)")
    languages = tmp_path / "config" / "polykernel" / "languages"
    languages.mkdir(parents=True)
    for path, content in written(PAGE):
        folder = languages if path.endswith(".toml") else tmp_path
        (folder / Path(path).name).write_text(content, "utf-8")
    return tmp_path


def test_the_declaration_runs_the_pages_cells(javascript: Path) -> None:
    (transcript,) = [each.text for each in blocks.of(FILE) if each.is_transcript]
    (cell,) = transcripts.read(transcript)
    assert commands.run(javascript, "polykernel", "exec", "javascript", "-c", cell.code) == (
        0,
        "[ 1, 4, 9 ]\n",
    )
    assert "[ 1, 4, 9 ]" in cell.text
    for step in read(PAGE):
        if isinstance(step, Command) and step.text.startswith("polykernel exec"):
            assert commands.run(javascript, "polykernel", "exec", "javascript", "-c", "6 * 7") == (
                0,
                step.printed,
            )


def test_the_declaration_passes_all_checks(javascript: Path) -> None:
    code, text = commands.run(javascript, "polykernel", "check", "javascript")
    assert code == 0, text


def test_the_pages_tests_pass(javascript: Path) -> None:
    code, text = commands.run(javascript, "pytest", "-q", "test_kernel.py")
    assert code == 0, text
