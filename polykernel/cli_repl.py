"""``polykernel repl``: a language in the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from polykernel.cli_start import refuse_windows

if TYPE_CHECKING:
    from argparse import Namespace


def repl(arguments: Namespace) -> int:
    """Use a language in Jupyter's console, or in a loop of our own."""
    refuse_windows()
    from polykernel import interpreters, plugins

    found = plugins.find(arguments.language, arguments.plugin or "")
    python = None if arguments.python is None else interpreters.ask(arguments.python)
    if in_console(arguments):
        from polykernel import console
        from polykernel.kernelspec_content import Variant

        return console.run(found, Variant(interpreter=python), console.connection_file())
    from polykernel import repl
    from polykernel.start import start_found

    return repl.main(start_found(found, python.executable if python else None))


def in_console(arguments: Namespace) -> bool:
    """Whether Jupyter's console is wanted, and there."""
    if arguments.plain or not all(map(_is_terminal, (sys.stdin, sys.stdout))):
        return False
    from polykernel import console

    return console.is_there()


def _is_terminal(stream: object) -> bool:
    return getattr(stream, "isatty", lambda: False)()  # it is None where its descriptor is closed
