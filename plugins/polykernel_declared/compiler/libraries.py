"""From a compiled cell to a shared object that shares its variables with those before it.

Each object has all definitions so far, so that none needs declarations of what the others have. The
dynamic linker gives them all the storage, and the functions, of the object that was loaded first:
so variables keep their values. A name that was defined anew gets a version of its own in the
object's symbols, and so storage of its own. No symbol keeps its bare name, so that a user's `index`
is not the C library's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Sequence

from polykernel.evaluator import CellError
from polykernel_declared.compiler.crashes import ENTRY

if TYPE_CHECKING:
    from polykernel_declared.compiler.tools import Outcome, Tools


class Linker:
    """Makes shared objects.

    Args:
        command: The declared command.
        symbol: From a symbol to the names that it is made of, by a group each.
        tools: Runs programs.
    """

    def __init__(self, command: Sequence[str], symbol: str, tools: Tools) -> None:
        self._command = list(command)
        self._symbol = re.compile(symbol)
        self._tools = tools

    def link(self, output: str, versions: dict[str, int]) -> tuple[str, Outcome]:
        """Make a shared object of a compiled cell.

        Args:
            output: The compiled cell.
            versions: How often each name has been made anew.

        Returns:
            The shared object, and what the linker said.
        """
        self._rename(output, versions)
        library = output + ".library"
        return library, self._tools.run(self._command, object=output, library=library)

    def _rename(self, output: str, versions: dict[str, int]) -> None:
        names = self._tools.run(["nm", "-g", "-P", "--defined-only", output])
        if not names.ok:
            raise CellError(names.output.strip(), ename="CompileError")
        lines = []
        for line in names.output.splitlines():
            symbol = line.split(" ")[0]
            if symbol and not symbol.startswith(ENTRY):
                lines.append(f"{symbol} {symbol}.{self._version(symbol, versions)}\n")
        listing = output + ".names"
        with open(listing, "w", encoding="utf-8") as file:
            file.writelines(lines)
        renamed = self._tools.run(["objcopy", "--redefine-syms", listing, output])
        if not renamed.ok:
            raise CellError(renamed.output.strip(), ename="CompileError")

    def _version(self, symbol: str, versions: dict[str, int]) -> str:
        match = self._symbol.match(symbol)
        names: list[str] = [name for name in match.groups() if name] if match else [symbol]
        return ".".join(str(versions.get(name, 1)) for name in names)
