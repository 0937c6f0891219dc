"""Where the system does not tell who reads the terminal, silence is the last resort."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from polykernel_declared.repl import program as module
from polykernel_declared.repl.program import ASKS, CONTINUES, PROMPTS, Program
from polykernel_declared.repl.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPTIONS: dict[str, Any] = {
    "command": [sys.executable, "-q", "-i", "-S", "-E"],
    "setup": "import sys; sys.ps1 = '{token}> '; sys.ps2 = '{token}+ '",
    "prompt": "{token}> ",
    "continuation": r"{token}\+ ",
    "patience": 0.2,
}
TOKEN = "T0123456789T"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    monkeypatch.setattr(module, "can_tell", lambda pid: False)
    program = Program(Settings(OPTIONS, TOKEN, str(tmp_path)), TOKEN, str(tmp_path))
    program.start()
    yield program
    program.quit()


def test_a_prompt_is_known_without_the_systems_help(program: Program) -> None:
    printed: list[str] = []
    program.sifted(printed.append)
    assert program.say("print(6 * 7)") == PROMPTS
    assert program.say("for i in (1, 2):") == CONTINUES
    assert program.say("    print(i)") == CONTINUES
    assert program.say("") == PROMPTS
    program.sieve.end_line()
    program.sieve.end()
    assert "".join(printed) == "42\n1\n2\n"


def test_a_question_is_known_without_the_systems_help(program: Program) -> None:
    assert program.say("x = input('name? ')") == ASKS
    # it was silent for long enough that the line was shown
    program.sieve.question()
    assert program.answer("Ada") == PROMPTS
