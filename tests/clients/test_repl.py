"""``polykernel repl`` and ``polykernel dev``, in a terminal and without one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from development import Project
from support import commands
from support.terminal import CONTROL_C, CONTROL_D, ENTER, TAB, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def polykernel(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Run the command in a terminal."""
    terminals: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        terminals.append(Terminal(tmp_path, "polykernel", *arguments))
        return terminals[-1]

    yield start
    for each in terminals:
        each.close()


def run(folder: Path, *arguments: str, typed: str) -> subprocess.CompletedProcess[str]:
    """Run the command without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "polykernel", *arguments],
        cwd=folder,
        env=commands.environment(folder),
        input=typed,
        capture_output=True,
        text=True,
        timeout=commands.PATIENCE,
        check=False,
    )


def test_a_session_line_by_line(polykernel: Callable[..., Terminal]) -> None:
    terminal = polykernel("repl", "python", "--plain")
    assert "Ctrl-D ends." in terminal.wait_for("python> ")

    terminal.type(f"6 * 7{ENTER}")
    assert "42\n" in terminal.wait_for("python> ")

    terminal.type(f"def twice(x):{ENTER}")
    terminal.wait_for("    ... ")
    terminal.type(f"return 2 * x{ENTER}")  # the indent is there already
    terminal.wait_for("    ... ")
    terminal.type(ENTER)
    terminal.wait_for("python> ")

    terminal.type(f"twi{TAB}")
    terminal.wait_for("twice")
    terminal.type(f"(4){ENTER}")
    assert "8\n" in terminal.wait_for("python> ")

    terminal.type(f"1 / 0{ENTER}")
    assert "ZeroDivisionError: division by zero" in terminal.wait_for("python> ")

    terminal.type(f"input('who' + '? '){ENTER}")
    terminal.wait_for("who? ")
    terminal.type(f"Ada{ENTER}")
    terminal.wait_for("'Ada'")
    terminal.wait_for("python> ")

    terminal.type(CONTROL_D)
    assert terminal.exit_code() == 0


def test_an_interrupt_ends_the_cell_and_not_the_session(
    polykernel: Callable[..., Terminal],
) -> None:
    terminal = polykernel("repl", "python", "--plain")
    terminal.wait_for("python> ")
    terminal.type(f"while print('run' + 'ning') is None:{ENTER}while True: pass{ENTER}{ENTER}")
    terminal.wait_for("running")
    terminal.type(CONTROL_C)
    terminal.wait_for("KeyboardInterrupt")
    terminal.wait_for("python> ")

    terminal.type(f"input('mo' + 're? '){ENTER}")
    terminal.wait_for("more? ")  # readline misses the key where it comes before it waits
    terminal.press_until(CONTROL_C, "KeyboardInterrupt")
    terminal.wait_for("python> ")

    terminal.type(f"'still ' + 'there'{ENTER}")
    terminal.wait_for("'still there'")
    terminal.wait_for("python> ")
    terminal.type(CONTROL_D)
    assert terminal.exit_code() == 0


def test_an_interrupt_drops_what_was_typed_and_nothing_else(
    polykernel: Callable[..., Terminal],
) -> None:
    terminal = polykernel("repl", "python", "--plain")
    terminal.wait_for("python> ")
    terminal.type(f"if True:{ENTER}")
    terminal.wait_for("    ... ")
    terminal.type("print('dropped')")
    terminal.wait_for("print('dropped')")
    terminal.press_until(CONTROL_C, "\npython> ")
    # a late echo of the interrupt would end this one
    terminal.type(f"import time; time.sleep(0.5); 'wo' + 'ke'{ENTER}")
    assert "'woke'" in terminal.wait_for("\npython> ")
    terminal.type(CONTROL_D)
    assert terminal.exit_code() == 0


def test_output_comes_while_the_cell_runs(polykernel: Callable[..., Terminal]) -> None:
    terminal = polykernel("repl", "python", "--plain")
    terminal.wait_for("python> ")
    terminal.type(f"print('fir' + 'st'); input('sec' + 'ond'){ENTER}")
    terminal.wait_for("first\nsecond")
    terminal.type(ENTER)
    terminal.wait_for("python> ")
    terminal.type(f"exit(){ENTER}")
    assert terminal.exit_code() == 0


def test_a_cell_that_ends_its_evaluator_does_not_end_the_session(
    polykernel: Callable[..., Terminal],
) -> None:
    terminal = polykernel("repl", "python", "--plain")
    terminal.wait_for("python> ")
    terminal.type(f"import os; os._exit(3){ENTER}")
    assert "exit code 3" in terminal.wait_for("\npython> ")
    terminal.type(f"'al' + 'ive'{ENTER}")
    assert "'alive'" in terminal.wait_for("\npython> ")
    terminal.type(CONTROL_D)
    assert terminal.exit_code() == 0


def test_jupyters_console_is_used_where_it_is_there(polykernel: Callable[..., Terminal]) -> None:
    terminal = polykernel("repl", "calc")
    terminal.wait_for("Jupyter console")
    terminal.wait_for("In [1]: ")
    terminal.type(CONTROL_D)
    terminal.wait_for("Do you really want to exit")
    terminal.type(f"y{ENTER}")
    terminal.wait_for("Shutting down kernel")
    assert terminal.exit_code() == 0


def test_without_a_terminal_cells_come_from_standard_input(tmp_path: Path) -> None:
    lines = ["def f(x):", "    return x * '\N{SNAKE}'", "", "f(2)", "1/0", "print('on')"]
    typed = "\n".join([*lines, "if True:", "    print('last')"])
    done = run(tmp_path, "repl", "python", typed=typed)
    assert done.returncode == 0
    assert done.stdout == "'\N{SNAKE}\N{SNAKE}'\non\nlast\n"
    assert "ZeroDivisionError" in done.stderr


def test_nothing_typed_is_nothing_done(tmp_path: Path) -> None:
    done = run(tmp_path, "repl", "calc", typed="\n   \n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_unknown_language_is_told_in_one_line(tmp_path: Path) -> None:
    for command in ("repl", "dev"):
        done = run(tmp_path, command, "pyhton", typed="")
        assert done.returncode == 2
        assert "did you mean 'python'?" in done.stderr
        assert done.stderr.count("\n") == 1


# for who writes a plugin


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(project.source))
    return project


def test_a_change_is_heeded_line_by_line(
    project: Project, polykernel: Callable[..., Terminal]
) -> None:
    terminal = polykernel("dev", "mine", "--plugin", "mine.plugin", "--plain")
    assert "polykernel install mine --dev" in terminal.wait_for("\nmine> ")
    terminal.type(f"kept = 1{ENTER}")
    assert "first None" in terminal.wait_for("\nmine> ")
    project.write("plugin.py", "def broken(:\n")
    terminal.type(f"result = kept{ENTER}")
    assert "line 1" in terminal.wait_for("\nmine> ")
    project.write_plugin()
    project.write_evaluator("second")
    terminal.type(f"result = 2{ENTER}")
    shown = terminal.wait_for("\nmine> ")
    assert "evaluator.py, plugin.py changed" in shown
    assert "second 2" in shown
    terminal.type(f"%replay{ENTER}")
    assert "replay of 2 cells" in terminal.wait_for("\nmine> ")
    terminal.type(f"result = kept{ENTER}")
    assert "second 1" in terminal.wait_for("\nmine> ")
    terminal.type(CONTROL_D)
    assert terminal.exit_code() == 0


def test_a_change_is_heeded_in_jupyters_console(
    project: Project, polykernel: Callable[..., Terminal]
) -> None:
    terminal = polykernel("dev", "mine", "--plugin", "mine.plugin", "--replay")
    terminal.wait_for("jupyter console --existing ")
    terminal.wait_for("In [1]: ")
    terminal.type(f"kept = 1{ENTER}")
    terminal.wait_for("In [2]: ")
    project.write_evaluator("second")
    terminal.type(f"result = kept{ENTER}")
    shown = terminal.wait_for("In [3]: ")
    assert "evaluator.py changed" in shown
    assert "second 1" in shown
    terminal.type(f"{CONTROL_D}")
    terminal.wait_for("Do you really want to exit")
    terminal.type(f"y{ENTER}")
    assert terminal.exit_code() == 0


def test_a_plugin_that_is_broken_from_the_beginning_is_told_by_the_first_cell(
    project: Project, tmp_path: Path
) -> None:
    path = project.write("plugin.py", "def broken(:\n")
    done = run(tmp_path, "dev", "mine", "--plugin", "mine.plugin", typed="result = 1\n")
    assert f'File "{path}", line 1' in done.stderr
    assert done.returncode == 0
