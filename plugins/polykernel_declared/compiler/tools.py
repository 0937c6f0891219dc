"""Runs compilers and linkers, so that an interrupt ends them."""

from __future__ import annotations

import os
import subprocess
from typing import NamedTuple, Sequence

from polykernel.evaluator import CellError

INCLUDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "include")


class Outcome(NamedTuple):
    """What became of a command.

    Args:
        ok: Whether it succeeded.
        output: All that it has printed.
    """

    ok: bool
    output: str


class Tools:
    """Runs the declared commands.

    Args:
        temporary: The folder for files of ours.
        install_hint: What to say where a program is missing.
    """

    def __init__(self, temporary: str, install_hint: str = "") -> None:
        self.temporary = temporary
        self._hint = install_hint
        # messages that can be read by a pattern
        self._environment = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "C"}

    def path(self, name: str) -> str:
        """Name a file of ours."""
        return os.path.join(self.temporary, name)

    def fill(self, command: Sequence[str], files: dict[str, str]) -> list[str]:
        """Put files into a declared command, for its placeholders."""
        values = {
            "temporary": self.temporary,
            "folder": os.getcwd(),
            "include": INCLUDE,
            **files,
        }
        filled = []
        for word in command:
            for name, value in values.items():
                word = word.replace("{" + name + "}", value)
            filled.append(word)
        return filled

    def run(self, command: Sequence[str], **files: str) -> Outcome:
        """Run a command in our folder, to its end.

        Raises:
            CellError: The program is not there.
            KeyboardInterrupt: The user interrupted; the command has ended.
        """
        filled = self.fill(command, files)
        try:
            process = subprocess.Popen(
                filled,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self.temporary,
                env=self._environment,
            )
        except OSError as error:
            raise self.missing(filled[0], error) from None
        try:
            output, _ = process.communicate()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            assert process.stdout is not None
            process.stdout.close()
        if process.returncode < 0:
            # an interrupt reaches the compiler a moment before us
            output += f"{filled[0]} was ended by signal {-process.returncode}\n".encode()
        return Outcome(process.returncode == 0, output.decode("utf-8", "replace"))

    def missing(self, program: str, error: OSError) -> CellError:
        """Say that a program can't be started, and what to do."""
        what = f"{program} can't be started: {error.strerror}"
        if isinstance(error, FileNotFoundError):
            what = f"{program} is not installed" + (f"; {self._hint}" if self._hint else "")
        return CellError(what, ename="ProgramNotFound")
