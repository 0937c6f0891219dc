"""``polykernel dev``: a language in the terminal, while its plugin is written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from polykernel.cli_repl import in_console
from polykernel.cli_start import refuse_windows
from polykernel.errors import UnknownLanguage

if TYPE_CHECKING:
    from argparse import Namespace

    from polykernel.plugins import FoundLanguage


def dev(arguments: Namespace) -> int:
    """Use a language, and heed the changes of its plugin."""
    refuse_windows()
    from polykernel import interpreters
    from polykernel.development import Development
    from polykernel.renewal import REPLAY

    python = None if arguments.python is None else interpreters.ask(arguments.python)
    executable = python.executable if python else None
    development = Development(arguments.language, arguments.plugin, executable)
    _tell(
        f"a change of {development.module} is heeded by the next cell; a cell {REPLAY} runs the "
        "earlier ones again",
        f"in JupyterLab's launcher: polykernel install {arguments.language} --dev",
    )
    found = _found(arguments.language, development.module)
    if found is None or not in_console(arguments):
        from polykernel import repl

        return repl.main(development.start(), development, replay=arguments.replay)
    from polykernel import console
    from polykernel.kernelspec_content import Variant

    connection = console.connection_file()
    _tell(f"another console of this kernel: jupyter console --existing {connection}")
    variant = Variant(interpreter=python, dev=True, replay=arguments.replay)
    return console.run(found, variant, connection)


def _found(language: str, module: str) -> FoundLanguage | None:
    """Find the language; where its plugin is broken, that is for the first cell to tell."""
    from polykernel import plugins

    try:
        return plugins.find(language, module)
    except UnknownLanguage:
        return None


def _tell(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)
