"""``polykernel new``: from arguments, and questions in a terminal, to the package of a language."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from polykernel.errors import PolykernelError, ScaffoldError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

SUMMARY = "Write the package of a new language, ready to publish."
DETAILS = """\
In a terminal it asks for what is not given. What the package has works at once, tests
included: replace it by your language, piece by piece."""


def add_arguments(command: ArgumentParser) -> None:
    """Say what the command takes."""
    command.add_argument("name", nargs="?", metavar="NAME", help="the language's, such as joy")
    command.add_argument(
        "--kind",
        metavar="KIND",
        help="class (a Python class runs the cells; the default), repl (an interactive program is "
        "wrapped) or program (a program of its own runs them)",
    )
    command.add_argument("--display-name", metavar="TEXT", help="what the launcher shows")
    command.add_argument(
        "--language-extension", metavar=".EXT", help="of the language's files (default: .NAME)"
    )
    command.add_argument("--mimetype", metavar="TYPE", help="of its code (default: text/x-NAME)")
    command.add_argument(
        "--codemirror-mode",
        default="",
        metavar="NAME",
        help="what JupyterLab highlights it as: its own name in CodeMirror, or a language's that "
        "looks like it (default: none)",
    )
    command.add_argument(
        "--pygments-lexer",
        default="text",
        metavar="NAME",
        help="what is highlighted by Pygments, such as in consoles (default: text)",
    )
    command.add_argument(
        "--package", metavar="NAME", help="the package's name (default: polykernel-NAME)"
    )
    command.add_argument("--author", default="", metavar="TEXT", help="whose package it is")
    command.add_argument("--directory", metavar="DIR", help="where to write it (default: NAME)")
    command.add_argument(
        "--no-input", action="store_true", help="ask nothing: take the defaults in a terminal, too"
    )


def new(arguments: Namespace) -> int:
    """Write the package, and say what to do with it."""
    from polykernel import scaffold

    ask = _Questions(asking=not arguments.no_input and _is_terminal())
    name = ask.for_text("Name of the language", arguments.name, "", _checked_name)
    kinds = ", ".join(f"{kind}: {summary}" for kind, summary in scaffold.KINDS.items())
    made = scaffold.Scaffold(
        name=name,
        kind=ask.for_text(f"Kind ({kinds})", arguments.kind, "class", _checked_kind),
        display_name=ask.for_text(
            "What the launcher shows",
            arguments.display_name,
            scaffold.default_display_name(name),
            scaffold.checked_display_name,
        ),
        file_extension=ask.for_text(
            "Extension of its files",
            arguments.language_extension,
            scaffold.default_extension(name),
            scaffold.checked_extension,
        ),
        mimetype=ask.for_text(
            "Mimetype of its code",
            arguments.mimetype,
            scaffold.default_mimetype(name),
            scaffold.checked_mimetype,
        ),
        distribution=ask.for_text(
            "Name of the package",
            arguments.package,
            scaffold.default_distribution(name),
            scaffold.checked_distribution,
        ),
        author=arguments.author,
        codemirror_mode=arguments.codemirror_mode,
        pygments_lexer=arguments.pygments_lexer,
    )
    directory = Path(arguments.directory or name)
    written = scaffold.write(made, directory)
    _tell(made.name, directory, written)
    return 0


def _checked_kind(text: str) -> str:
    from polykernel.scaffold import KINDS

    if text not in KINDS:
        raise ScaffoldError(f"the kind is one of {', '.join(KINDS)}, not {text!r}")
    return text


def _checked_name(text: str) -> str:
    from polykernel import plugins
    from polykernel.scaffold import checked_name

    for found in plugins.load_all().languages:
        if found.language.name == text:
            raise ScaffoldError(
                f"{found.plugin} brings the language {text!r} already; choose another name"
            )
    return checked_name(text)


def _is_terminal() -> bool:
    return all(file is not None and file.isatty() for file in (sys.stdin, sys.stdout))


class _Questions:
    """Asks the user.

    Args:
        asking: Whether there is somebody to ask.
    """

    def __init__(self, *, asking: bool) -> None:
        self._asking = asking

    def for_text(
        self, question: str, given: str | None, default: str, check: Callable[[str], str]
    ) -> str:
        """Give what was given, what is answered, or the default.

        Raises:
            ScaffoldError: What was given is wrong.
            PolykernelError: There is nobody to ask, and no default; or no answer comes.
        """
        if given is not None:
            return check(given)
        if not self._asking:
            if not default:
                raise PolykernelError("say what the language is called: polykernel new NAME")
            return check(default)
        while True:
            try:
                answer = input(f"{question} [{default}]: " if default else f"{question}: ").strip()
                return check(answer or default)
            except ScaffoldError as error:
                print(f"    {error}")
            except EOFError:
                print()
                raise PolykernelError("nothing was written") from None
            except KeyboardInterrupt:
                print("\npolykernel: nothing was written", file=sys.stderr)
                raise


def _tell(name: str, directory: Path, written: list[Path]) -> None:
    for path in written:
        print(path)
    # pip would take a bare name for a package of an index
    target = shlex.quote(
        f"{directory}[test]" if directory.is_absolute() else f"./{directory}[test]"
    )
    print(
        f"\nNow, best in a virtual environment:\n"
        f"    pip install -e {target}    it is in JupyterLab's launcher then\n"
        f"    polykernel check {name}\n"
        f"    cd {shlex.quote(str(directory))}; pytest; mypy; ruff check"
    )
