"""A cell → source code that compiles: which of its items are definitions, the compiler says.

Each item has alternatives: as a definition, as one that is assigned where it stands, as a
statement. The next one is tried where the compiler finds an error within the item. So most cells
take one or two runs of the compiler, however many items they have.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

from polykernel.evaluator import CellError
from polykernel_declared.compiler import diagnostics
from polykernel_declared.compiler.alternatives import STATEMENTS, Alternatives
from polykernel_declared.compiler.definitions import Definitions, Naming, Part
from polykernel_declared.compiler.diagnostics import Diagnostic, Place
from polykernel_declared.compiler.items import (
    Item,
    complaints,
    is_previous,
    is_wrong,
    within,
    without_warnings,
)
from polykernel_declared.compiler.source import Source, Template, whole
from polykernel_declared.compiler.tools import INCLUDE

if TYPE_CHECKING:
    from polykernel_declared.compiler.syntax import Syntax
    from polykernel_declared.compiler.tools import Tools


class Built(NamedTuple):
    """A cell that compiles.

    Args:
        output: The file that the compiler has made.
        definitions: Those that are valid when the cell has run.
        statements: What is run of the cell.
        warnings: What the compiler says of the cell all the same.
        earlier: The statements of earlier cells that are run again.
    """

    output: str
    definitions: Definitions
    statements: tuple[Part, ...]
    warnings: list[str]
    earlier: tuple[Part, ...] = ()


class Around(NamedTuple):
    """What is run with the statements of a cell.

    Args:
        before: Statements of earlier cells; the last one shows where the cell's own begin.
        behind: What shows that the program has come to its end.
    """

    before: Sequence[Part] = ()
    behind: Sequence[Part] = ()


ALONE = Around()


class Builder:
    """Compiles cells. State: the text of each cell, for messages.

    Args:
        options: The declaration's table.
        syntax: What it says of the syntax.
        tools: Runs the compiler.
    """

    def __init__(self, options: dict[str, Any], syntax: Syntax, tools: Tools) -> None:
        self._syntax, self._tools = syntax, tools
        self._alternatives = Alternatives(options, Naming(options, syntax))
        self._directive = str(options.get("line_directive", ""))
        self._template = Template(options.get("template", ""), self._directive)
        self._program = list(options["program"])
        self._object = list(options.get("object", ()))
        self._pattern = re.compile(
            options.get("diagnostic", diagnostics.GNU), re.MULTILINE | re.IGNORECASE
        )
        self._extension = str(options.get("extension", ""))
        self._cells: dict[str, list[str]] = {}
        self._number = 0

    # what messages say

    def remember(self, code: str, execution_count: int) -> str:
        """Keep the text of a cell, and give the cell a name."""
        name = f"In[{execution_count}]"
        while name in self._cells:
            name += "+"
        self._cells[name] = code.split("\n")
        return name

    def line_of(self, file: str, line: int) -> str:
        """Give the text of a line of a cell; empty where there is none."""
        lines = self._cells.get(file, [])
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def _locate(self, source: Source, path: str, file: str, line: int) -> Place | None:
        name = file.rpartition("/")[2]
        if name in self._cells:
            return Place(name, max(1, min(line, len(self._cells[name]))))
        if name == path.rpartition("/")[2]:
            return source.locate(line)
        return None

    def diagnose(self, output: str, source: Source, path: str) -> list[Diagnostic]:
        """Read what a compiler or linker has printed."""
        found = diagnostics.parse(
            output,
            self._pattern,
            lambda file, line: self._locate(source, path, file, line),
            self.line_of,
        )
        return [each for each in found if not each.file.startswith(INCLUDE)]

    # compiling

    def program(self, code: str, file: str) -> Built:
        """Compile a cell that is a whole program.

        Raises:
            CellError: It does not compile.
        """
        source = whole(code, file, self._directive)
        output, ok, found, text = self._compile(source, self._program, "program")
        if not ok:
            raise self.error(found, text)
        return Built(output, Definitions(), (), self._warnings(found, file))

    def cell(self, code: str, file: str, before: Definitions, around: Around = ALONE) -> Built:
        """Compile a cell of definitions and statements.

        Args:
            code: The cell.
            file: Its name.
            before: What earlier cells have defined.
            around: What is run with it.

        Raises:
            CellError: It does not compile.
        """
        pieces = self._syntax.split(code)
        items = list(map(Item, pieces, self._alternatives.of(pieces, file)))
        dropped: set[Part] = set()
        earlier = around.before
        command, kind = (self._object, "object") if self._object else (self._program, "program")
        while True:
            parts = [part for item in items for part in item.parts]
            statements = [part for part in parts if part.place == STATEMENTS]
            new = [part for part in parts if part.place != STATEMENTS]
            definitions = before.with_new(new, frozenset(dropped))
            shown = [*definitions.parts, *earlier, *statements, *around.behind]
            source = self._template.fill(shown, {})
            output, ok, found, text = self._compile(source, command, kind)
            if ok:
                warnings = self._warnings(found, file)
                return Built(output, definitions, tuple(statements), warnings, tuple(earlier))
            still = [part for part in earlier[:-1] if not is_wrong(part, found)]
            if len(still) < len(earlier[:-1]):
                earlier = [*still, earlier[-1]]  # of a variable that has another type now
            elif not self._try_further(items, found, definitions, file, dropped):
                raise self.error(complaints(items, found, file), text)

    def _try_further(
        self,
        items: Sequence[Item],
        found: Sequence[Diagnostic],
        definitions: Definitions,
        file: str,
        dropped: set[Part],
    ) -> bool:
        moved = False
        for item in items:
            own = within(item, found, file)
            if not own:
                continue
            item.fail([each for error, notes in own for each in (error, *notes)])
            in_the_way = {
                part
                for _, notes in own
                for part in definitions.parts
                if part not in item.parts and any(is_previous(note, part) for note in notes)
            }
            conflicts = all(
                any(is_previous(note, part) for note in notes for part in in_the_way)
                for each, notes in own
                if each.is_error
            )
            if in_the_way and conflicts and not in_the_way <= dropped:
                dropped |= in_the_way
                moved = True
            elif item.advance():
                moved = True
        return moved

    def _compile(
        self, source: Source, command: Sequence[str], kind: str
    ) -> tuple[str, bool, list[Diagnostic], str]:
        self._number += 1
        path = self._tools.path(f"cell{self._number}{self._extension}")
        output = self._tools.path(f"cell{self._number}.{kind}")
        with open(path, "w", encoding="utf-8", errors="surrogatepass", newline="\n") as file:
            file.write(source.text)
        outcome = self._tools.run(command, source=path, **{kind: output})
        found = self.diagnose(outcome.output, source, path)
        Path(path).unlink()
        return output, outcome.ok, found, outcome.output

    def _warnings(self, found: Sequence[Diagnostic], file: str) -> list[str]:
        shown, wanted = [], False
        for each in found:
            if each.severity == "warning":
                wanted = each.file == file
            if wanted:
                shown.append(each)
        return diagnostics.render(shown, self.line_of)

    def link_error(self, output: str) -> CellError:
        """Make the cell's error of what the linker says."""
        found = self.diagnose(output, Source("", ()), "")
        found = [each for each in found if each.file in self._cells]
        error = self.error(found, output)
        error.ename = "LinkError"
        return error

    def error(self, found: Sequence[Diagnostic], output: str) -> CellError:
        """Make the cell's error of what the compiler says."""
        first = next((each for each in found if each.is_error), None)
        if first is None:
            lines = output.strip().split("\n")
            return CellError(lines[-1], ename="CompileError", traceback=lines)
        return CellError(
            first.message,
            ename="CompileError",
            traceback=diagnostics.render(without_warnings(found), self.line_of),
        )
