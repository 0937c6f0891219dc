"""What asks the user in a terminal asks in the notebook: ``input``, ``getpass``, and ``help``."""

from __future__ import annotations

import builtins
import sys

from polykernel.evaluator import InputRefused, current_cell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_END_OF_FILE = "\x04"  # what a front end sends for Control-D


class StdinNotImplementedError(OSError, NotImplementedError):
    """Nobody can be asked: the front end does not allow it, or no cell is running."""


def install() -> None:
    """Make ``input`` ask through the front end."""
    builtins.input = input_


def input_(prompt: object = "", /) -> str:
    """Read a line from the notebook's user.

    Raises:
        EOFError: The user sent an end of file.
        StdinNotImplementedError: Nobody can be asked.
    """
    return _ask(str(prompt), password=False)


def getpass_(prompt: str = "Password: ", stream: Any = None, **_options: Any) -> str:
    """Read a password from the notebook's user, who does not see what is typed.

    Raises:
        EOFError: The user sent an end of file.
        StdinNotImplementedError: Nobody can be asked.
    """
    return _ask(str(prompt), password=True)


# what tracebacks and help() call them
input_.__name__ = input_.__qualname__ = "input"
getpass_.__name__ = getpass_.__qualname__ = "getpass"


def change_getpass(getpass: ModuleType) -> None:
    """Make ``getpass.getpass`` ask through the front end."""
    if not hasattr(getpass, "GetPassWarning"):
        return  # the user's own module of that name
    getpass.getpass = getpass_  # type: ignore[attr-defined]


def change_pydoc(pydoc: ModuleType) -> None:
    """Make ``help()`` print, instead of opening a pager that nobody could use."""
    if not hasattr(pydoc, "plain"):
        return  # the user's own module of that name

    def pager(text: str, title: str = "") -> None:  # pydoc passes it
        sys.stdout.write(pydoc.plain(text).rstrip() + "\n")

    pydoc.pager = pager  # type: ignore[attr-defined]


def _ask(prompt: str, *, password: bool) -> str:
    cell = current_cell()
    if cell is None:
        raise StdinNotImplementedError("no cell is running that could ask for input")
    try:
        line = cell.input(prompt, password=password)
    except InputRefused as refusal:
        raise StdinNotImplementedError(str(refusal)) from None
    if line == _END_OF_FILE:
        raise EOFError
    return line
