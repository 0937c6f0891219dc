"""``jupyter console``, in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.terminal import CONTROL_C, CONTROL_D, ENTER, TAB, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.kernels import Kernel


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    consoles: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        consoles.append(Terminal(tmp_path, "jupyter", "console", *arguments))
        return consoles[-1]

    yield start
    for each in consoles:
        each.close()


def test_a_session_in_python(console: Callable[..., Terminal]) -> None:
    terminal = console("--kernel=polykernel-python")
    terminal.wait_for("In [1]: ")
    n = listen(terminal, f"word_of_mine = 6; word_of_mine{ENTER}", "6")
    terminal.type(f"word_of{TAB}")
    terminal.wait_for("word_of_mine")
    terminal.type(f" * 7{ENTER}")
    terminal.wait_for(f"Out[{n}]: 42")
    terminal.wait_for(f"In [{n + 1}]: ")

    terminal.type(f"1 / 0{ENTER}")
    assert f"Cell In[{n + 1}], line 1" in terminal.wait_for("ZeroDivisionError: division by zero")
    terminal.wait_for(f"In [{n + 2}]: ")

    terminal.type(f"input('who' + '? '){ENTER}")
    terminal.wait_for("who? ")
    terminal.type(f"Ada{ENTER}")
    terminal.wait_for(f"Out[{n + 2}]: 'Ada'")
    terminal.wait_for(f"In [{n + 3}]: ")

    terminal.type(f"while True: print(''.join(iter(lambda: input('mo' + 're? '), ''))){ENTER}")
    terminal.wait_for("more? ")  # a console misses the key at times while it begins to ask
    terminal.press_until(CONTROL_C, "KeyboardInterrupt")
    terminal.wait_for(f"In [{n + 4}]: ")

    terminal.type(f"while print('run' + 'ning') is None:{ENTER}while True: pass{ENTER}{ENTER}")
    terminal.wait_for("running")
    terminal.press_until(CONTROL_C, "KeyboardInterrupt")
    terminal.wait_for(f"In [{n + 5}]: ")

    terminal.type(f"exit(){ENTER}")
    terminal.wait_for("Shutting down kernel")
    assert terminal.exit_code() == 0


def listen(terminal: Terminal, typed: str, result: str) -> int:
    """Run a cell until its result is shown; give the number of the cell after it.

    A console asks for the first cell before it hears what the kernel publishes.
    """
    for number in range(1, 100):
        terminal.type(typed)
        if f"Out[{number}]: {result}" in terminal.wait_for(f"In [{number + 1}]: "):
            return number + 1
    raise AssertionError("the console never showed a result")


@pytest.mark.parametrize(("language", "result"), [("calc", "42"), ("echo", "6 * 7")])
def test_a_session_in_another_language(
    console: Callable[..., Terminal], language: str, result: str
) -> None:
    terminal = console(f"--kernel=polykernel-{language}")
    terminal.wait_for("In [1]: ")
    listen(terminal, f"6 * 7{ENTER}", result)
    terminal.type(CONTROL_D)
    terminal.wait_for("Do you really want to exit")
    terminal.type(f"y{ENTER}")
    terminal.wait_for("Shutting down kernel")
    assert terminal.exit_code() == 0


def test_a_console_leaves_a_kernel_that_is_not_its_own(
    console: Callable[..., Terminal], python: Kernel
) -> None:
    terminal = console(f"--existing={python.manager.connection_file}")
    terminal.wait_for("]: ")
    terminal.type(f"exit(keep_kernel=True){ENTER}")
    terminal.wait_for("keeping kernel alive")
    assert terminal.exit_code() == 0
    assert python.execute("'here'").result == "'here'"
