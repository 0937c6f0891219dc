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
    terminal.type(f"word_of_mine = 6{ENTER}")
    terminal.wait_for("In [2]: ")
    terminal.type(f"word_of{TAB}")
    terminal.wait_for("word_of_mine")
    terminal.type(f" * 7{ENTER}")
    terminal.wait_for("Out[2]: 42")
    terminal.wait_for("In [3]: ")

    terminal.type(f"1 / 0{ENTER}")
    assert "Cell In[3], line 1" in terminal.wait_for("ZeroDivisionError: division by zero")
    terminal.wait_for("In [4]: ")

    terminal.type(f"input('who' + '? '){ENTER}")
    terminal.wait_for("who? ")
    terminal.type(f"Ada{ENTER}")
    terminal.wait_for("Out[4]: 'Ada'")
    terminal.wait_for("In [5]: ")

    terminal.type(f"while True: print('run' + 'ning') or print(''.join(iter(input, ''))){ENTER}")
    terminal.wait_for("running")
    terminal.type(CONTROL_C)
    terminal.wait_for("KeyboardInterrupt")
    terminal.wait_for("In [6]: ")

    terminal.type(f"while print('run' + 'ning') is None:{ENTER}while True: pass{ENTER}{ENTER}")
    terminal.wait_for("running")
    terminal.type(CONTROL_C)
    terminal.wait_for("KeyboardInterrupt")
    terminal.wait_for("In [7]: ")

    terminal.type(f"exit(){ENTER}")
    terminal.wait_for("Shutting down kernel")
    assert terminal.exit_code() == 0


@pytest.mark.parametrize(("language", "result"), [("calc", "42"), ("echo", "6 * 7")])
def test_a_session_in_another_language(
    console: Callable[..., Terminal], language: str, result: str
) -> None:
    terminal = console(f"--kernel=polykernel-{language}")
    terminal.wait_for("In [1]: ")
    terminal.type(f"6 * 7{ENTER}")
    terminal.wait_for(f"Out[1]: {result}")
    terminal.wait_for("In [2]: ")
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
