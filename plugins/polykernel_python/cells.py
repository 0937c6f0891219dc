"""From a cell's text to code objects. Nothing here runs code."""

from __future__ import annotations
import __future__

import _ast

from polykernel.evaluator import standard_library_first

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` costs three milliseconds of each start
    from types import CodeType

AWAIT = _ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
COROUTINE = 0x80  # inspect.CO_COROUTINE, without importing inspect
_FUTURES = 0
for _feature in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _feature).compiler_flag


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
        try:
            return self._compile_tree(code, name)
        except RecursionError:  # it has more levels than a tree of objects may have
            return self._compile_text(code, name)

    def _compile_tree(self, code: str, name: str) -> CompiledCell:
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

    def _compile_text(self, code: str, name: str) -> CompiledCell:
        """Compile a cell without looking at it: its value is shown if it is one expression."""
        flags = AWAIT | self.flags
        try:
            return CompiledCell(None, compile(code.strip(), name, "eval", flags, dont_inherit=True))
        except SyntaxError:
            body = compile(code, name, "exec", flags, dont_inherit=True)
        self.flags |= body.co_flags & _FUTURES
        return CompiledCell(body, None)

    def expression(self, code: str, name: str) -> CodeType:
        """Compile one expression, as a user expression has it."""
        compiled: CodeType = compile(code.strip(), name, "eval", self.flags, dont_inherit=True)
        return compiled

    def parse(self, code: str, name: str = "<cell>") -> _ast.Module:
        """Parse a cell without compiling it."""
        flags = _ast.PyCF_ONLY_AST | AWAIT | self.flags
        module: _ast.Module
        try:
            module = compile(code, name, "exec", flags, dont_inherit=True)
        except SystemError:  # Python 3.11, where another shell's thread parses at the same time
            module = compile(code, name, "exec", flags, dont_inherit=True)
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
    with standard_library_first:
        from polykernel_python.scanner import Scan

    texts = [token.text for token in Scan(code).tokens if token.kind != "newline"]
    return texts[-1] == ";"
