"""Does what a page of the documentation says: its commands are run, its files are written.

Of the page's fenced blocks, ``console`` holds commands behind ``$``, each with what it prints, if
that is to be held: a line of three dots stands for any lines, three dots in a line for any text.
``python`` begins with a comment that names a file, which gets the block as its content; with
``, at its end`` behind the name, the block goes there.
"""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_AT_ITS_END = ", at its end"


class Command(NamedTuple):
    """A command, and what the page says that it prints."""

    text: str
    printed: str


class File(NamedTuple):
    """A file that the page says to write, or to add to."""

    path: str
    content: str
    at_its_end: bool


class Other(NamedTuple):
    """Any other block."""

    kind: str
    content: str


def read(page: str) -> Iterator[Command | File | Other]:
    """Take a page apart, in order."""
    for kind, content in _BLOCK.findall(page):
        if kind == "console":
            for each in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
                command, _, printed = each.partition("\n")
                yield Command(command, printed)
        elif kind == "python":
            first, _, rest = content.partition("\n")
            path = first.strip().removeprefix("# ")
            if path.endswith(_AT_ITS_END):
                yield File(path.removesuffix(_AT_ITS_END), f"\n{rest}", True)
            else:
                yield File(path, content, False)
        else:
            yield Other(kind, content)


class Reader:
    """Somebody who does what the page says. State: the folder where they are.

    Args:
        folder: Where they begin.
        environment: Of the commands.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._top = self._folder = folder
        self._environment = environment

    def do(self, step: Command | File) -> None:
        """Do one thing.

        Raises:
            AssertionError: A command fails, or prints something else than the page says.
        """
        if isinstance(step, File):
            path = self._top / step.path
            before = path.read_text("utf-8") if step.at_its_end else ""
            path.write_text(before + step.content, "utf-8")
        elif step.text.startswith("cd "):
            self._folder /= step.text.removeprefix("cd ")
        else:
            self._run(step)

    def _run(self, command: Command) -> None:
        done = subprocess.run(
            ["/bin/sh", "-c", command.text],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        told = f"$ {command.text}\n{done.stdout}"
        assert done.returncode == 0, told
        printed = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
        assert not command.printed or _pattern(command.printed).fullmatch(printed), told


def _pattern(printed: str) -> re.Pattern[str]:
    parts = []
    for line in printed.splitlines(keepends=True):
        if line == "...\n":
            parts.append(r"(?:.*\n)*")
        else:
            parts.append(re.escape(line).replace(re.escape("..."), ".*"))
    return re.compile("".join(parts))


def environment(variables: Mapping[str, str], programs: Path) -> dict[str, str]:
    """Give an environment in which these programs are found first."""
    return {**variables, "PATH": f"{programs}{os.pathsep}{variables['PATH']}"}
