"""Between two cells: a fresh evaluator where the plugin's files have changed.

The plugin's author asks for it (``--dev``). The kernel stays, with its session, its history and its
count. What cells have defined is lost, unless earlier cells are run again before the next one.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec
from tornado.ioloop import IOLoop

from polykernel.channel_lines import Failure
from polykernel.content import CellResult, error_content, failure_content, plugin_error
from polykernel.interrupts import KILLING_INTERRUPT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from polykernel.development import Development
    from polykernel.execution import Execution
    from polykernel.items import Cell
    from polykernel.language import Language
    from polykernel.shell import Shell

REPLAY = "%replay"  # a cell that is nothing but this asks for all earlier ones to be run again
KEPT = 10_000  # cells that can be run again
NAMED = 3  # files that are named

_MEND = "Mend it, then run the cell again. What earlier cells have defined is still there."
_INTERRUPTED = error_content("KeyboardInterrupt", "", ["KeyboardInterrupt"])
_BUSY = error_content("Busy", f"a cell of another shell runs; {REPLAY} has to wait for its end")


class _Work(msgspec.Struct, eq=False):
    """A fresh evaluator in the making, for the cell that waits for it.

    Attributes:
        shell: The cell's.
        cell: The cell.
        replays: Whether earlier cells are run first.
        earlier: Those that have not been run.
        running: Whether one of them is.
        interrupts: How often the user has interrupted.
    """

    shell: Shell
    cell: Cell
    replays: bool
    earlier: deque[dict[str, Any]]
    running: bool = False
    interrupts: int = 0


class Renewal:
    """Owns the cells that can be run again, and the fresh evaluator in the making.

    Args:
        development: Knows the plugin's files, and loads the language anew.
        execution: What runs.
        plugin: Names the plugin's package and version.
        replay: Whether earlier cells are always run again.
        on_language: Told of a language that was loaded anew.
    """

    def __init__(
        self,
        development: Development,
        execution: Execution,
        plugin: Callable[[], str],
        on_language: Callable[[Language], None] = lambda language: None,
        *,
        replay: bool = False,
    ) -> None:
        self._development = development
        self._execution = execution
        self._plugin = plugin
        self._on_language = on_language
        self._always = replay
        self._cells: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._work: _Work | None = None
        self._untold = ""
        self._is_broken = False
        self._told_partly: set[str] = set()
        execution.on_evaluator_up = self._on_up
        execution.on_evaluator_gone.append(self._on_gone)

    @property
    def rehearses(self) -> bool:
        """Whether the evaluator runs an earlier cell."""
        return self._work is not None and self._work.running

    # before a cell, and after it

    def begins(self, shell: Shell, cell: Cell) -> bool:
        """Whether a cell has to wait for a fresh evaluator: ``shell.go_on`` comes later."""
        asked = cell.request.code.strip() == REPLAY
        changed = self._development.changed()
        self._tell_partly()
        if not (changed or asked or self._is_broken or self._execution.cannot_start):
            return False
        if self._execution.busy_beside(shell) is not None:
            if asked:
                IOLoop.current().add_callback(shell.go_on, _BUSY)
            return asked  # whoever runs there goes on; a change is not forgotten
        start = self._development.load()
        self._is_broken = bool(start.trouble)
        self._execution.set_broken(
            plugin_error(start.trouble, start.traceback, _MEND) if start.trouble else None
        )
        if start.trouble:
            return False  # the cell says why, and what earlier ones have defined is kept
        self._on_language(start.language)
        replays = (asked or self._always) and bool(self._cells)
        self._say(self._note(changed, replays=replays))
        earlier = deque(self._cells if replays else ())
        self._work = work = _Work(shell, cell, replays, earlier)
        self._execution.replace_evaluator(
            start.command, start.language.options, lambda: self._on_replaced(work)
        )
        return True

    def succeeded(self, shell: Shell, cell: Cell) -> None:
        """Keep a cell of the main shell for a replay."""
        if self._untold and not cell.quiet:
            self._tell()
        code = cell.request.code
        if cell.counts and shell.is_main and code.strip() not in ("", REPLAY):
            # nobody can be asked, and what it asks for is not shown
            params = {**shell.params_of(cell), "allow_stdin": False, "user_expressions": {}}
            self._cells.append(params)

    # the fresh evaluator

    def _on_replaced(self, work: _Work) -> None:
        if not self._is_current(work):
            return
        self._tell()
        if work.interrupts:
            self._end(work, _INTERRUPTED)
        elif self._execution.cannot_start:
            self._end(work)  # nothing comes up that could begin with earlier cells
        elif not work.replays:
            self._finish(work)

    def _on_up(self) -> None:
        """Begin with earlier cells: not sooner, since what dies at its start is started again."""
        work = self._work
        if work is None or work.running or not self._is_current(work):
            return
        if work.interrupts:
            self._end(work, _INTERRUPTED)
        else:
            self._next(work)

    def _is_current(self, work: _Work) -> bool:
        current = work is self._work and work.shell.running is work.cell and work.shell.waits
        if not current and work is self._work:
            self._work = None
        return current

    def _next(self, work: _Work) -> None:
        if not work.earlier:
            work.shell.begin_output(work.cell)
            self._finish(work)
            return
        params = work.earlier.popleft()
        work.running = True
        work.shell.rehearse(params, lambda answer: self._on_answer(work, params, answer))

    def _on_answer(
        self, work: _Work, params: dict[str, Any], answer: msgspec.Raw | Failure
    ) -> None:
        trouble = self._trouble_of(answer)
        if work.interrupts:
            self._end(work, _INTERRUPTED)
            return
        if trouble is not None and trouble["ename"] == "PluginError":
            self._end(work, trouble)  # no cell can run
            return
        if trouble is not None:
            told = f"{trouble['ename']}: {trouble['evalue']}".rstrip(": ")
            work.shell.begin_output(work.cell)
            self._say(f"replaying [{params['execution_count']}] failed: {told}")
            self._tell()
        self._next(work)

    def _trouble_of(self, answer: msgspec.Raw | Failure) -> dict[str, Any] | None:
        """Say what was wrong with an earlier cell, as content of an error."""
        if isinstance(answer, Failure):
            return failure_content(answer, self._plugin())
        try:
            result = msgspec.json.decode(answer, type=CellResult)
        except (msgspec.DecodeError, RecursionError) as error:
            return error_content("its result was refused", str(error))
        if result.status == "ok":
            return None
        return error_content(result.ename or "", result.evalue, result.traceback)

    def _finish(self, work: _Work) -> None:
        """Let the cell run in the fresh evaluator."""
        if work.cell.request.code.strip() == REPLAY:
            self._work = None
            work.shell.done()
        else:
            self._end(work)

    def _end(self, work: _Work, trouble: dict[str, Any] | None = None) -> None:
        self._work = None
        if trouble is not None:
            work.shell.begin_output(work.cell)
        work.shell.go_on(trouble)

    def interrupted(self) -> bool:
        """Take notice that the user interrupts; whether a cell waits for a fresh evaluator."""
        if self._work is None or not self._is_current(self._work):
            return False
        self._work.interrupts += 1
        if self._work.interrupts == KILLING_INTERRUPT and not self._work.running:
            self._execution.kill(f"{KILLING_INTERRUPT} interrupts while it was made")
        return True

    def _on_gone(self) -> None:
        """Give up where an earlier cell has ended the evaluator: its death is told in the cell."""
        work = self._work
        if work is not None and work.running:
            self._work = None
            work.shell.begin_output(work.cell)
            self._say("this happened while earlier cells were replayed")
            self._tell()

    # what is told

    def _note(self, changed: list[str], *, replays: bool) -> str:
        happened = f"{_names(changed)} changed: " if changed else ""
        fresh = f"{happened}this cell runs in a fresh evaluator"
        if not self._cells:
            return fresh
        if replays:
            return f"{fresh}, after a replay of {_cells(len(self._cells))}"
        return f"{fresh}; {REPLAY} brings back what earlier cells defined"

    def _tell_partly(self) -> None:
        for folder in self._development.partly:
            if folder not in self._told_partly:
                self._told_partly.add(folder)
                self._say(f"{folder} has many files: not all of them are looked at")

    def _say(self, text: str) -> None:
        self._untold += f"polykernel: {text}\n"

    def _tell(self) -> None:
        """Tell it on the last cell's stderr, unless that shows nothing: then the next one does."""
        if self._execution.output.say(self._untold):
            self._untold = ""


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"


def _names(paths: Iterable[str]) -> str:
    names = list(dict.fromkeys(map(os.path.basename, paths)))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
