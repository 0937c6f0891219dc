"""What docs/wrapping.md (wrapping.md, for the tests of all pages) says is so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from documentation import blocks, transcripts
from support.kernels import Kernel

from wrapping import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PAGE = blocks.DOCS / "wrapping.md"
DECLARATIONS = [each for each in blocks.of(PAGE) if each.language == "toml"]


@pytest.mark.parametrize("number", range(3))
def test_the_tables_tell_what_there_is(number: int) -> None:
    table = tables.all_tables()[number]
    assert table in PAGE.read_text(), f"python -m wrapping.tables makes:\n{table}"


@pytest.mark.parametrize("language", tables.languages())
def test_a_shipped_declaration_is_short(language: str) -> None:
    assert tables.lines_of(language) <= tables.LONGEST


def test_the_readme_names_every_shipped_language_and_its_packages() -> None:
    readme = (blocks.ROOT / "README.md").read_text()
    for name, packages in tables.packages().items():
        assert f"`{name}` ({', '.join(packages)})" in readme


@pytest.fixture
def snake(tmp_path: Path) -> Iterator[Callable[[int], Kernel]]:
    """Start a kernel of one of the tutorial's declarations."""
    started: list[Kernel] = []

    def start(number: int) -> Kernel:
        folder = tmp_path / "polykernel" / "languages"
        folder.mkdir(parents=True)
        (folder / "snake.toml").write_text(DECLARATIONS[number].text)
        environment = {"JUPYTER_CONFIG_PATH": str(tmp_path)}
        started.append(
            Kernel("snake@polykernel_declared.plugin", tmp_path, environment=environment)
        )
        return started[-1]

    yield start
    for each in started:
        each.end()


@pytest.mark.parametrize("number", range(len(DECLARATIONS)))
def test_the_declarations_of_the_tutorial_run_its_cells(
    snake: Callable[[int], Kernel], number: int
) -> None:
    kernel = snake(number)
    (transcript,) = [each.text for each in blocks.of(PAGE) if each.is_transcript]
    for cell in transcripts.read(transcript):
        code = cell.code
        sent = kernel.client.send_execute(code, allow_stdin=True)
        if "input(" in code:
            asked = kernel.client.wait_for("input_request", sent)
            kernel.client.answer("Ada")
            assert asked.content["prompt"] == "Your name? "
        outcome = kernel.client.outcome(sent)
        assert outcome.status == "ok", outcome.reply
        shown = "\n".join(line for line in cell.text.splitlines() if ":" not in line[:9])
        if "input(" not in code:
            assert outcome.text().strip() == shown.strip()


@pytest.mark.parametrize("number", range(len(DECLARATIONS)))
def test_a_line_that_does_not_end_is_no_question(
    snake: Callable[[int], Kernel], number: int
) -> None:
    outcome = snake(number).execute("print('x', end='')")
    assert outcome.status == "ok", outcome.reply
    assert outcome.text() == "x"
