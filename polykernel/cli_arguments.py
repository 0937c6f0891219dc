"""The arguments of the command ``polykernel``, and its help."""

from __future__ import annotations

import argparse
import io
import sys
from typing import TYPE_CHECKING, NoReturn

import polykernel
from polykernel import cli_check, cli_commands, cli_dev, cli_new, cli_repl, limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EXAMPLES = """\
examples:
  polykernel list                     which languages are there, and what is missing
  polykernel install calc             put the calculator into Jupyter's launcher
  polykernel install python --python ~/data/.venv/bin/python --kernel-name data
                                      cells run in that environment
  polykernel install python --memory 2GiB --cell-timeout 10min
                                      no cell may take more
  polykernel exec calc -c "1/3 + 1/6" run code without Jupyter
  polykernel repl calc                the calculator in this terminal
  polykernel dev shout                the same, for who writes the plugin of shout
  polykernel run echo                 start a kernel by hand, for a console to connect to
  polykernel check calc               try a language, and say what is wrong with it
  polykernel doctor                   a kernel does not start? this says why
  polykernel new joy                  write the package of a new language
"""
_PLACES = "where (default: this environment inside a virtual environment, else the user's folder)"


def perform(arguments: Sequence[str]) -> int:
    """Read the arguments, do what they say, and give the exit code.

    Raises:
        SystemExit: The arguments are wrong (2), or help was asked for (0).
        PolykernelError: What they name is wrong.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # a terminal that can't show a character must not end a list half way
        sys.stdout.reconfigure(errors="backslashreplace")
    namespace = parse(arguments)
    command: Callable[[argparse.Namespace], int] = namespace.command
    return command(namespace)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the arguments; ``command`` is the function of :mod:`polykernel.cli_commands`.

    Raises:
        SystemExit: They are wrong (2), or help was asked for (0).
    """
    arguments = list(arguments)
    if arguments[:1] == ["exec"] and "-c" in arguments[:-1]:
        # argparse would take code that begins with a dash, such as -2 * 3, for an option
        at = arguments.index("-c")
        arguments[at : at + 2] = [f"-c={arguments[at + 1]}"]
    parser = _parser()
    namespace, extra = parser.parse_known_args(arguments)
    if extra:
        if getattr(namespace, "connection_file", None) is None:
            parser.error(f"unrecognized arguments: {' '.join(extra)}")
        # `jupyter run FILE` and `jupyter console` hand their own arguments on to every kernel
        print(f"polykernel: ignored, not for a kernel: {' '.join(extra)}", file=sys.stderr)
    return namespace


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong in one line, as all commands do."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"polykernel: {message}; see '{self.prog} --help'\n")


def _parser() -> _Parser:
    top = _Parser(
        prog="polykernel",
        description="Jupyter kernels for many languages, each language a plugin.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"polykernel {polykernel.__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True, title="commands")
    _list(commands)
    _install(commands)
    _uninstall(commands)
    _run(commands)
    _exec(commands)
    _repl(commands)
    _dev(commands)
    _check(commands)
    _doctor(commands)
    _new(commands)
    return top


if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[_Parser]  # noqa: SLF001 - it has no public name


def _command(
    commands: _Commands,
    name: str,
    action: Callable[[argparse.Namespace], int],
    summary: str,
    details: str = "",
) -> _Parser:
    added = commands.add_parser(
        name,
        help=summary[0].lower() + summary[1:].removesuffix("."),
        description=f"{summary}\n\n{details}".strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    added.set_defaults(command=action)
    return added


def _list(commands: _Commands) -> None:
    command = _command(
        commands,
        "list",
        cli_commands.list_languages,
        "Show the languages, and plugins that can't be loaded.",
    )
    command.add_argument("--json", action="store_true", help="for a program to read")


def _install(commands: _Commands) -> None:
    command = _command(
        commands,
        "install",
        cli_commands.install,
        "Put languages into Jupyter's launcher, by writing their kernelspecs.",
        "Echo, calculator and Python are there once polykernel is installed. Use this for\n"
        "languages of other plugins, for the user's folder, and for variants: another name,\n"
        "environment variables, another interpreter.",
    )
    command.add_argument("languages", nargs="*", metavar="LANGUAGE", help="see 'polykernel list'")
    command.add_argument("--all", action="store_true", help="all languages whose runtime is there")
    _places(command)
    command.add_argument(
        "--kernel-name",
        default="",
        metavar="NAME",
        help="what Jupyter calls it (default: polykernel-LANGUAGE)",
    )
    command.add_argument(
        "--display-name", default="", metavar="TEXT", help="what the launcher shows"
    )
    command.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an environment variable for the kernel; may be given again",
    )
    command.add_argument(
        "--python",
        metavar="EXECUTABLE",
        help="the interpreter that runs the cells, 3.8 or newer; nothing needs to be installed "
        "in it (default: the one that polykernel is installed in)",
    )
    _development(command)
    _limits(command)


def _limits(command: _Parser) -> None:
    group = command.add_argument_group(
        "limits (default: none)", "A cell's metadata may tighten them; docs/limits.md tells more."
    )
    for name, (kind, summary) in limits.OPTIONS.items():
        group.add_argument(limits.flag(name), dest=name, metavar=kind, help=summary)


def _uninstall(commands: _Commands) -> None:
    command = _command(
        commands,
        "uninstall",
        cli_commands.uninstall,
        "Take out of Jupyter's launcher what 'polykernel install' put there.",
        "Nothing else is touched: not other programs' kernelspecs, nor what pip installed.",
    )
    command.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="a language, or a kernelspec by the name that it was installed by",
    )
    command.add_argument(
        "--all", action="store_true", help="all that 'polykernel install' wrote there"
    )
    _places(command)


def _places(command: _Parser) -> None:
    group = command.add_argument_group(_PLACES)
    places = group.add_mutually_exclusive_group()
    places.add_argument("--sys-prefix", action="store_true", help="this environment")
    places.add_argument("--user", action="store_true", help="the user's own Jupyter folder")
    places.add_argument("--prefix", metavar="DIR", help="DIR/share/jupyter/kernels")


def _run(commands: _Commands) -> None:
    command = _command(
        commands,
        "run",
        cli_commands.run,
        "Start a kernel: what Jupyter calls, or by hand.",
        "Without -f it picks free ports and a key, writes a connection file into Jupyter's\n"
        "runtime folder, and prints its path and the command that connects a console to it.",
    )
    command.add_argument("language", metavar="LANGUAGE", help="see 'polykernel list'")
    command.add_argument("-f", dest="connection_file", metavar="FILE", help="the connection file")
    command.add_argument(
        "--plugin", metavar="MODULE", help="load this plugin and no other, which is quicker"
    )
    _python(command)
    command.add_argument(
        "--language-version",
        metavar="VERSION",
        help="the version to tell front ends, where the plugin can't know it",
    )
    _development(command)
    _limits(command)
    command.add_argument(
        "--transport",
        choices=("tcp", "ipc"),
        default="tcp",
        help="without -f: the kind of sockets (default: tcp)",
    )
    command.add_argument(
        "--ip",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="without -f: where to listen (default: 127.0.0.1)",
    )
    command.add_argument(
        "--encrypt",
        action="store_true",
        help="without -f: encrypt the sockets (CURVE); with it: refuse a file without keys",
    )
    command.add_argument(
        "-v",
        dest="verbosity",
        action="count",
        default=0,
        help="log the running state; -vv: the loop's events; -vvv: every message",
    )


def _exec(commands: _Commands) -> None:
    command = _command(
        commands,
        "exec",
        cli_commands.execute,
        "Run code without Jupyter.",
        "Output comes as it is made, the result as plain text on stdout, an error on stderr\n"
        "with exit code 1.",
    )
    command.add_argument("language", metavar="LANGUAGE", help="see 'polykernel list'")
    source = command.add_mutually_exclusive_group()
    source.add_argument("-c", dest="code", metavar="CODE", help="the code itself")
    source.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="a file with the code; '-' reads it from standard input",
    )
    command.add_argument("--plugin", metavar="MODULE", help="load this plugin and no other")
    _python(command)


def _repl(commands: _Commands) -> None:
    command = _command(
        commands,
        "repl",
        cli_repl.repl,
        "Use a language in the terminal.",
        "In Jupyter's console, where jupyter_console is installed; otherwise, and with --plain,\n"
        "line by line. The kernel ends with it.",
    )
    _interactive(command)


def _dev(commands: _Commands) -> None:
    command = _command(
        commands,
        "dev",
        cli_dev.dev,
        "Use a language in the terminal while its plugin is written.",
        "When a file of the plugin's has changed, the next cell runs in a fresh evaluator with\n"
        "the new code; the kernel stays. A cell %replay runs the earlier cells again.",
    )
    _interactive(command)
    command.add_argument(
        "--replay", action="store_true", help="run earlier cells again after each change"
    )


def _interactive(command: _Parser) -> None:
    command.add_argument("language", metavar="LANGUAGE", help="see 'polykernel list'")
    command.add_argument(
        "--plain", action="store_true", help="line by line, without Jupyter's console"
    )
    command.add_argument("--plugin", metavar="MODULE", help="load this plugin and no other")
    _python(command)


def _development(command: _Parser) -> None:
    command.add_argument(
        "--dev",
        action="store_true",
        help="for who writes the plugin: when its files have changed, the next cell runs in a "
        "fresh evaluator with the new code",
    )
    command.add_argument(
        "--replay", action="store_true", help="with --dev: run the earlier cells again before it"
    )


def _check(commands: _Commands) -> None:
    command = _command(
        commands,
        "check",
        cli_check.check,
        "Try a language as front ends use it, and say what is wrong with it.",
        "Each failing check says what was sent, what came back, what the rule is and how to mend\n"
        "it; docs/testing.md tells more. The exit code is 0 where all has passed, 1 where\n"
        "something has failed, 2 where the language can't be checked.",
    )
    command.add_argument("language", nargs="?", metavar="LANGUAGE", help="see 'polykernel list'")
    command.add_argument("--json", action="store_true", help="for a program to read")
    command.add_argument("--plugin", metavar="MODULE", help="load this plugin and no other")
    command.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="CHECKS",
        help="these checks or topics, with commas between them; may be given again",
    )
    command.add_argument("--list", action="store_true", help="show all checks, and try none")
    command.add_argument(
        "--patience",
        type=_seconds,
        default=cli_check.DEFAULT_PATIENCE,
        metavar="SECONDS",
        help="how long anything may take before it is a failure "
        f"(default: {cli_check.DEFAULT_PATIENCE:g})",
    )
    _python(command)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


def _python(command: _Parser) -> None:
    command.add_argument(
        "--python",
        metavar="EXECUTABLE",
        help="the interpreter that runs the cells (default: this one)",
    )


def _doctor(commands: _Commands) -> None:
    command = _command(
        commands,
        "doctor",
        cli_commands.doctor,
        "Check every kernelspec of polykernel, and say what to do about each trouble.",
    )
    command.add_argument("--json", action="store_true", help="for a program to read")


def _new(commands: _Commands) -> None:
    command = _command(commands, "new", cli_new.new, cli_new.SUMMARY, cli_new.DETAILS)
    cli_new.add_arguments(command)
