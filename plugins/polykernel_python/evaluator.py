"""Python, as an evaluator: runs cells in a real ``__main__``.

Start time counts: what only errors, completion or help need is imported when they are needed.
"""

from __future__ import annotations

import builtins
import os
import sys
from _frozen_importlib_external import PathFinder

from polykernel.evaluator import (
    Bundle,
    Cell,
    CellError,
    Comm,
    CommMessage,
    Completions,
    Evaluator,
    standard_library_first,
)
from polykernel_python import asking, display, figures, ipython_compat, leaving, workers
from polykernel_python.cells import COROUTINE, CompiledCell, Compiler
from polykernel_python.comms import Comms
from polykernel_python.imports import PostImport
from polykernel_python.namespace import History, make_main
from polykernel_python.sources import Sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Awaitable, Callable

    from polykernel_python.debugger import Debugger


class Python(Evaluator):
    """Plain Python. Owns ``__main__``, the cells' sources and their history."""

    implementation = f"{sys.implementation.name} {sys.version.split()[0]}"
    language_version = sys.version.split()[0]
    complete_while_busy = True
    subshells = True

    def __init__(self) -> None:
        self._sources = Sources()
        self._compiler = Compiler()
        self._imports = PostImport()
        self._process = os.getpid()
        self._last_cell: Cell | None = None
        self._comms = Comms(lambda: self._last_cell)
        self.main: ModuleType
        self.namespace: dict[str, Any] = {}
        self._history: History
        self._debugger: Debugger | None = None

    def start(self) -> None:
        """Make ``__main__``, and set up what cells find there."""
        self.main = make_main()
        self.namespace = self.main.__dict__
        self._history = History(self.namespace)
        asking.install()
        leaving.install()
        builtins.display = display.display  # type: ignore[attr-defined]
        sys.displayhook = self._display_hook
        imports = self._imports
        imports.install()
        imports.when("linecache", self._sources.publish)
        imports.when("getpass", asking.change_getpass)
        imports.when("pydoc", asking.change_pydoc)
        imports.when("threading", self._change_threading)
        imports.when("pdb", self._change_pdb)
        imports.when("matplotlib", figures.choose_backend)
        imports.when("matplotlib_inline.backend_inline", figures.change_inline_backend)
        imports.when("multiprocessing.context", workers.change_context)
        ipython_compat.watch(imports)
        self._comms.watch(imports)

    def execute(self, code: str, cell: Cell) -> Bundle | Awaitable[Bundle | None] | None:
        """Run a cell; its last expression, if no semicolon follows, is its result.

        Raises:
            CellError: With Python's traceback, without our frames.
        """
        self._last_cell = cell
        counts = cell.store_history and not cell.silent
        number = cell.execution_count if counts else None
        file = self._debugger.begin_cell(code) if self._debugger is not None else None
        code = self._sources.share(code)
        name = self._sources.add(code, number, cell.subshell, file)
        if cell.subshell is not None:
            number = None  # `In` and `Out` are the main shell's, whose numbers are others
        if number is not None:
            self._history.begin(code, number)
        self._history.recall(code)
        # or the same warning on the same line of another cell would not be shown
        self.namespace.pop("__warningregistry__", None)
        try:
            compiled = self._compiler.compile(code, name)
        except BaseException as error:
            raise self._syntax_error(error, code, name) from None
        if compiled.awaits:
            return self._run_awaiting(compiled, cell, number)
        try:
            value = self._run(compiled)
            return self._finish(value, cell, number)
        except BaseException as error:
            self._end(error, cell)
            return None

    def open_comm(self, comm: Comm, message: CommMessage) -> bool:
        """Take a comm for a target that was registered with the package ``comm``."""
        return self._comms.accept(comm, message)

    def evaluate(self, expression: str) -> Bundle | None:
        """Give the value of one user expression.

        Raises:
            CellError: It can't be evaluated.
        """
        self._history.recall(expression)
        try:
            code = self._compiler.expression(expression, "<user expression>")
            return display.bundle_of(eval(code, self.namespace))
        except BaseException as error:
            raise self._cell_error(error) from None

    def complete(self, code: str, cursor_pos: int) -> Completions | None:
        """Complete names, attributes, modules, keywords, keys of dictionaries and files."""
        self._history.recall(code)
        with standard_library_first:
            from polykernel_python.completion import complete

            return complete(code, cursor_pos, self.namespace)

    def inspect(self, code: str, cursor_pos: int, detail_level: int = 0) -> Bundle | None:
        """Describe what stands at the cursor, or the function whose arguments do."""
        self._history.recall(code)
        with standard_library_first:
            from polykernel_python.inspection import inspect

            return inspect(code, cursor_pos, detail_level, self.namespace, self._sources)

    def is_complete(self, code: str) -> str | tuple[str, str]:
        """Say whether Enter should run the code."""
        with standard_library_first:
            from polykernel_python.completeness import completeness

            return completeness(code, self._compiler)

    def format_error(self, error: BaseException) -> list[str]:
        """Show an exception that ends no cell as those are shown that do."""
        return self._cell_error(error).traceback

    @property
    def debugger(self) -> bool:  # type: ignore[override]
        """Whether debugpy is there."""
        return PathFinder.find_spec("debugpy") is not None

    def debug(
        self, request: dict[str, Any], send_event: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        """Answer a debug request, through debugpy where it is there."""
        if self._debugger is None:
            with standard_library_first:
                from polykernel_python.debugger import Debugger

            self._debugger = Debugger(
                self._sources, self.namespace, display.bundle_of, self.debugger, self.temporary
            )
        return self._debugger.answer(request, send_event)

    def interrupt(self) -> None:
        """Stop the running cell, also where it stands at a breakpoint."""
        if self._debugger is not None:
            self._debugger.interrupted()
        raise KeyboardInterrupt

    def shutdown(self, restart: bool) -> None:
        """Remove what debugging has left, and let go of results."""
        if self.namespace:
            self._history.forget()
        if self._debugger is not None:
            self._debugger.close()

    def _run(self, compiled: CompiledCell) -> object:
        if compiled.body is not None:
            exec(compiled.body, self.namespace)
        if compiled.expression is not None:
            return eval(compiled.expression, self.namespace)
        return None

    async def _run_awaiting(
        self, compiled: CompiledCell, cell: Cell, number: int | None
    ) -> Bundle | None:
        with standard_library_first:
            from polykernel_python.awaiting import AwaitingCell

        awaiting = AwaitingCell()
        try:
            value: Any = None
            for part in compiled.parts():
                value = eval(part, self.namespace)
                if part.co_flags & COROUTINE:
                    value = await value
            if compiled.expression is None:
                value = None
            return self._finish(value, cell, number)
        except BaseException as error:
            if isinstance(error, GeneratorExit) and awaiting.is_closed:
                raise
            self._end(awaiting.reason(error), cell)
            return None

    def _in_child(self) -> bool:
        """Whether this is a fork of the evaluator, which the cell's code made."""
        return os.getpid() != self._process

    def _finish(self, value: object, cell: Cell, number: int | None) -> Bundle | None:
        """Show the figures, and make the result."""
        self._stop_tracing()
        if cell.silent or self._in_child():
            return None
        result: Bundle | None = None
        if value is not None and not leaving.leaves(cell, value):
            if sys.displayhook == self._display_hook:
                if number is not None:
                    self._history.remember(value, number)
                result = display.bundle_of(value)
            else:  # the user's own
                sys.displayhook(value)
        figures.show_open()
        return result

    def _end(self, error: BaseException, cell: Cell) -> None:
        """End a cell that raised."""
        if self._in_child() or not leaving.leaves(cell, error):
            raise self._failure(error) from None
        self._stop_tracing()

    def _failure(self, error: BaseException) -> BaseException:
        """Make the error of a cell that has run; figures made before it are shown."""
        self._stop_tracing(error)
        if self._in_child():
            return self._end_of_child(error)
        failure = self._cell_error(error)
        try:
            figures.show_open()
        except Exception as other:
            sys.stderr.write("\n".join(self._cell_error(other).traceback) + "\n")
        return failure

    def _end_of_child(self, error: BaseException) -> SystemExit:
        """Make a forked child end as a program does: the traceback on stderr, exit code 1."""
        if isinstance(error, SystemExit):
            return error
        sys.stderr.write("\n".join(self._cell_error(error).traceback) + "\n")
        return SystemExit(1)

    def _cell_error(self, error: BaseException) -> CellError:
        with standard_library_first:
            from polykernel_python.tracebacks import cell_error

            return cell_error(error, self._sources)

    def _syntax_error(self, error: BaseException, code: str, name: str) -> CellError:
        if isinstance(error, SyntaxError) and error.filename == name:
            with standard_library_first:
                from polykernel_python.hints import foreign_syntax

                foreign = foreign_syntax(code, error.lineno or 1, self._parses)
            if foreign is not None:
                error.lineno, error.msg = foreign
                error.text = error.offset = error.end_offset = None
            if error.text is None and error.lineno is not None:
                error.text = self._sources.line(name, error.lineno)
        return self._cell_error(error)

    def _parses(self, code: str) -> bool:
        try:
            self._compiler.parse(code)
        except Exception:
            return False
        return True

    def _display_hook(self, value: object) -> None:
        """Show a value: what ``sys.displayhook`` is, for code compiled as ``"single"``."""
        if value is not None:
            self._history.shift(value)
            display.display(value)

    def _change_threading(self, threading: ModuleType) -> None:
        """Show the errors of threads with their source lines, which the default hook can't find."""

        def excepthook(arguments: Any) -> None:
            if issubclass(arguments.exc_type, SystemExit):
                return
            with standard_library_first:
                from polykernel_python.tracebacks import Renderer

            name = arguments.thread.name if arguments.thread is not None else "(unknown)"
            lines = Renderer(self._sources).render(arguments.exc_value)
            sys.stderr.write(f"Exception in thread {name}:\n" + "\n".join(lines) + "\n")

        threading.excepthook = excepthook  # type: ignore[attr-defined]

    def _change_pdb(self, pdb: ModuleType) -> None:
        with standard_library_first:
            from polykernel_python.debugging import change_pdb

        change_pdb(pdb, self._sources)

    def _stop_tracing(self, error: BaseException | None = None) -> None:
        if self._debugger is not None:
            self._debugger.end_cell(error)
        _stop_pdb()


def _stop_pdb() -> None:
    if sys.gettrace() is not None or "pdb" in sys.modules:
        with standard_library_first:
            from polykernel_python.debugging import stop_tracing

            stop_tracing()
