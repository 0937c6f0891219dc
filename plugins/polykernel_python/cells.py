"""From a cell's text to code objects, and from a code object's file name back to the cell.

Nothing here runs code.
"""

from __future__ import annotations
import __future__

import _ast
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` costs three milliseconds of each start
    from types import CodeType, ModuleType

AWAIT = _ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
COROUTINE = 0x80  # inspect.CO_COROUTINE, without importing inspect
_FUTURES = 0
for _feature in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _feature).compiler_flag


def name_of(execution_count: int, subshell: str | None = None) -> str:
    """Give the file name of a numbered cell's code.

    The angle brackets keep ``pdb``, ``inspect`` and ``linecache`` from taking it for a file.
    """
    if subshell is not None:
        return f"<cell In[{execution_count}] of {subshell}>"
    return f"<cell In[{execution_count}]>"


class Sources:
    """The texts of all cells, which it owns, as ``linecache`` wants them.

    ``linecache`` is loaded only when something needs it: :meth:`publish` is called then.
    """

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._entries: dict[str, tuple[int, None, list[str], str]] = {}
        self._unnumbered: dict[str, str] = {}

    def add(
        self,
        code: str,
        execution_count: int | None,
        subshell: str | None = None,
        file: str | None = None,
    ) -> str:
        """Remember a cell's text.

        Args:
            code: The text.
            execution_count: Its number, or ``None`` where it has none of its own.
            subshell: The subshell that counts, if it is not the main shell.
            file: The file name to compile it under, where a debugger has one.

        Returns:
            The file name under which its code is to be compiled.
        """
        if execution_count is None:
            if file is None and (
                code in self._unnumbered
            ):  # extensions of front ends run the same text again and again
                return self._unnumbered[code]
            name, title = f"<unnumbered cell {len(self._unnumbered) + 1}>", "Unnumbered cell"
            if file is None:
                self._unnumbered[code] = name
        else:
            name, title = name_of(execution_count, subshell), f"Cell In[{execution_count}]"
        name = file or name
        lines = [line + "\n" for line in code.replace("\r\n", "\n").split("\n")]
        # without a modification time, linecache.checkcache keeps the entry
        entry = (len(code), None, lines, name)
        self._titles[name] = title
        self._entries[name] = entry
        _cache(sys.modules.get("linecache"))[name] = entry
        return name

    def publish(self, linecache: ModuleType) -> None:
        """Give all texts to the module ``linecache``, so that tracebacks and inspect find them."""
        for name, entry in self._entries.items():
            _cache(linecache).setdefault(name, entry)

    def named(self, count: int) -> list[tuple[str, str]]:
        """Give texts and file names of the last cells, the latest first; each text once."""
        found: dict[str, str] = {}
        for name, entry in list(self._entries.items())[::-1][:count]:
            found.setdefault("".join(entry[2])[:-1], name)
        return list(found.items())

    def title(self, name: str) -> str | None:
        """Give what a person calls the cell of that file name, or ``None`` if it is no cell."""
        return self._titles.get(name)

    def text(self, name: str) -> str | None:
        """Give the text of the cell of that file name, or ``None`` if it is no cell."""
        entry = self._entries.get(name)
        return None if entry is None else "".join(entry[2])

    def line(self, name: str, number: int) -> str | None:
        """Give one line of a cell, counted from 1, or ``None``."""
        entry = self._entries.get(name)
        if entry is None or not 1 <= number <= len(entry[2]):
            return None
        return entry[2][number - 1]


class CompiledCell:
    """A cell, ready to run.

    Attributes:
        body: Its statements.
        expression: What follows them, whose value is shown.
    """

    __slots__ = ("body", "expression")

    def __init__(self, body: CodeType | None, expression: CodeType | None) -> None:
        self.body = body
        self.expression = expression

    @property
    def awaits(self) -> bool:
        """Whether it must be awaited: ``await``, ``async for`` or ``async with`` at top level."""
        return any(code.co_flags & COROUTINE for code in self.parts())

    def parts(self) -> list[CodeType]:
        """Give what there is of body and expression, in order."""
        return [code for code in (self.body, self.expression) if code is not None]


class Compiler:
    """Compiles cells. Owns the ``from __future__`` imports that last for later cells."""

    def __init__(self) -> None:
        self.flags = 0

    def compile(self, code: str, name: str) -> CompiledCell:
        """Compile a cell.

        Raises:
            SyntaxError: It is not Python.
            Exception: Whatever else ``compile`` raises (null bytes, nesting too deep).
        """
        module = self.parse(code, name)
        statements = module.body
        expression: CodeType | None = None
        body: CodeType | None = None
        if (
            statements
            and isinstance(statements[-1], _ast.Expr)
            and not _hidden(code, statements[-1])
        ):
            last = statements.pop()
            assert isinstance(last, _ast.Expr)
            if statements:
                body = self._compile(module, name, "exec")
            expression = self._compile(_ast.Expression(body=last.value), name, "eval")
        elif statements:
            body = self._compile(module, name, "exec")
        for part in (body, expression):
            if part is not None:
                self.flags |= part.co_flags & _FUTURES
        return CompiledCell(body, expression)

    def expression(self, code: str, name: str) -> CodeType:
        """Compile one expression, as a user expression has it."""
        compiled: CodeType = compile(code.strip(), name, "eval", self.flags, dont_inherit=True)
        return compiled

    def parse(self, code: str, name: str = "<cell>") -> _ast.Module:
        """Parse a cell without compiling it."""
        flags = _ast.PyCF_ONLY_AST | AWAIT | self.flags
        module: _ast.Module = compile(code, name, "exec", flags, dont_inherit=True)
        return module

    def _compile(self, tree: _ast.Module | _ast.Expression, name: str, mode: str) -> CodeType:
        code: CodeType = compile(tree, name, mode, AWAIT | self.flags, dont_inherit=True)
        return code


def _hidden(code: str, last: _ast.Expr) -> bool:
    """Whether the last expression is followed by a semicolon."""
    assert last.end_lineno is not None
    # most cells have no semicolon there, and need no closer look
    if ";" not in "".join(code.split("\n")[last.end_lineno - 1 :]):
        return False
    from polykernel_python.scanner import Scan

    texts = [token.text for token in Scan(code).tokens if token.kind != "newline"]
    return texts[-1] == ";"


def _cache(linecache: ModuleType | None) -> dict[str, object]:
    """Give linecache's cache; one for nobody where it is not loaded, or the user's own module."""
    cache = getattr(linecache, "cache", None)
    return cache if isinstance(cache, dict) else {}
