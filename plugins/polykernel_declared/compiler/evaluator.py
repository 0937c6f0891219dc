"""Runs cells of a compiled language, as a declaration says (``docs/compiled.md``)."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Sequence

from polykernel.evaluator import Bundle, Cell, Completions, Evaluator
from polykernel_declared.compiler import crashes, running
from polykernel_declared.compiler.building import Builder, Built
from polykernel_declared.compiler.completion import Words
from polykernel_declared.compiler.definitions import Definitions
from polykernel_declared.compiler.displays import VARIABLE, Displays
from polykernel_declared.compiler.libraries import Linker
from polykernel_declared.compiler.relays import UNMARKED, Marks, Streams
from polykernel_declared.compiler.replay import Ran, Replay
from polykernel_declared.compiler.resident import BEGIN_ANEW, Ended, Resident
from polykernel_declared.compiler.running import Stdin
from polykernel_declared.compiler.syntax import INDENT, Syntax
from polykernel_declared.compiler.tools import Tools

_ANY_SYMBOL = r"(\w+)$"


class Compiler(Evaluator):
    """Compiles and runs cells.

    State: the definitions so far, and, where the language keeps variables, the process that has
    them.
    """

    complete_while_busy = True

    def start(self) -> None:
        """Make the folder for our files, and what works in it."""
        options: dict[str, Any] = dict(self.options)
        self._options = options
        self._folder = self.temporary or tempfile.mkdtemp(prefix="polykernel-")
        Path(self._folder).mkdir(0o700, parents=True, exist_ok=True)
        self._folder = os.path.realpath(self._folder)
        self._tools = Tools(self._folder, str(options.get("install_hint", "")))
        self._syntax = Syntax(options)
        self._words = Words(options.get("keywords", ()))
        self._builder = Builder(options, self._syntax, self._tools)
        self._definitions = Definitions()
        displays = self._tools.path("display")
        self._displays = Displays(displays)
        variables = {VARIABLE: displays, **options.get("environment", {})}
        self._environment = {**os.environ, **variables}
        self._replay = Replay(str(options.get("replay", "")))
        self._stdins = 0
        self._resident: Resident | None = None
        self._linker: Linker | None = None
        if options.get("object"):
            self._resident = Resident(self._tools, self._environment)
            self._resident.prepare()
            symbol = str(options.get("symbol", _ANY_SYMBOL))
            self._linker = Linker(options["library"], symbol, self._tools)

    def execute(self, code: str, cell: Cell) -> Bundle | None:
        """Compile a cell and run it.

        Raises:
            CellError: It does not compile, or the program ended badly.
            KeyboardInterrupt: The user interrupted.
        """
        code = code.replace("\r\n", "\n").replace("\r", "\n")
        if not self._syntax.bare(code).strip():
            return None
        name = self._builder.remember(code, cell.execution_count)
        self._displays.clear()
        if "template" not in self._options or self._syntax.is_program(code):
            built = self._builder.program(code, name)
            self._warn(built, cell)
            self._run(built, cell)
        else:
            around = self._replay.around()
            built = self._builder.cell(code, name, self._definitions, around)
            self._warn(built, cell)
            self._run_cell(built, cell)
        self._words.learn(code)
        return self._displays.show(cell)

    def _warn(self, built: Built, cell: Cell) -> None:
        if built.warnings:
            cell.write("\n".join([*built.warnings, ""]), "stderr")

    def _run_cell(self, built: Built, cell: Cell) -> None:
        if not built.statements:
            self._definitions = built.definitions
        elif self._resident is None or self._linker is None:
            self._definitions = built.definitions
            self._replay.run(
                built, cell, lambda marks, answers: self._run(built, cell, marks, answers)
            )
        else:
            library, outcome = self._linker.link(built.output, built.definitions.versions)
            if not outcome.ok:
                raise self._builder.link_error(outcome.output)
            self._definitions = built.definitions
            self._conclude(self._resident.run(library, cell), cell)

    def _conclude(self, ended: Ended, cell: Cell) -> None:
        found = [] if ended.alive else crashes.frames(self._tools, ended.addresses)
        where = f", in {found[0]}" if found else ""
        lines = [f"  called from {frame}" for frame in found[1:]]
        if not ended.alive:
            lines.append(BEGIN_ANEW)
        failure = running.failure(ended.status, where, lines) if ended.status else None
        if ended.refused is not None:
            raise running.refusal(ended.refused, failure.traceback if failure else lines)
        if failure is not None:
            raise failure
        if not ended.alive:
            cell.write(f"The program has ended. {BEGIN_ANEW}\n", "stderr")

    def _run(
        self, built: Built, cell: Cell, marks: Marks = UNMARKED, answers: Sequence[str] = ()
    ) -> Ran:
        """Run a program."""
        run = self._options.get("run", ["{program}"])
        command = self._tools.fill(run, {"program": built.output})
        self._stdins += 1
        stdin = Stdin(self._tools.path(f"program-stdin{self._stdins}"), answers)
        streams = Streams(bool(self._options.get("terminal")), marks)
        try:
            status = running.run_program(command, self._environment, stdin, cell, streams)
        except OSError as error:
            raise self._tools.missing(command[0], error) from None
        finally:
            streams.close()
            stdin.close()
        failure = None
        if status != 0 or not streams.begun:
            where = "" if streams.begun else ", while earlier cells ran again"
            failure = running.failure(status, where)
        if stdin.refused is not None:
            raise running.refusal(stdin.refused, failure.traceback if failure else ())
        if failure is not None:
            raise failure
        return Ran(stdin.answers, streams.reached_end)

    def complete(self, code: str, cursor_pos: int) -> Completions:
        """Complete words: keywords, and those of the cells so far."""
        return self._words.complete(code, cursor_pos)

    def is_complete(self, code: str) -> str | tuple[str, str]:
        """Say whether a bracket, a block, a comment or a string is open."""
        state = self._syntax.open_at_end(code.replace("\r\n", "\n"))
        if state.depth < 0 or state.blocks < 0:
            return "invalid"
        levels = state.depth + state.blocks
        if levels or state.quote:
            return "incomplete", INDENT * levels
        return "complete"

    def shutdown(self, restart: bool) -> None:
        """End the process that has the variables; remove our files."""
        if self._resident is not None:
            self._resident.shutdown()
        shutil.rmtree(self._folder, ignore_errors=True)
