"""The author's object, as the runtime sees it: loaded or not, started or broken."""

from __future__ import annotations

import threading

from polykernel.evaluator import contract, loading
from polykernel.evaluator.base import Evaluator
from polykernel.evaluator.failure import CellError
from polykernel.evaluator.naming import full_name
from polykernel.evaluator.outlet import STDERR
from polykernel.evaluator.reports import Report, formatter, of_bug, of_cell_error, of_interrupt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from polykernel.evaluator.interrupts import Interrupts
    from polykernel.evaluator.outlet import Outlet
    from polykernel.evaluator.ownership import Origin


class Service:
    """Owns the evaluator.

    Args:
        plugin: The plugin's module, or what it is known by, for errors.
        outlet: Where errors that end no cell are told.
        signals: Knows whether the process is to end.

    Attributes:
        evaluator: The author's object; one that says what is wrong where that is broken.
        ended: The program's objects are being let go: nobody is answered any more.
    """

    def __init__(self, plugin: str, outlet: Outlet, signals: Interrupts) -> None:
        self.ended = False
        self.evaluator = Evaluator()  # until the author's is loaded
        self._plugin = plugin
        self._troubles: list[str] = []
        self._outlet = outlet
        self._signals = signals
        self._started = False
        self._starting = threading.RLock()

    @property
    def plugin(self) -> str:
        """Name and version of the plugin's package, as far as they can be found out."""
        self._plugin = full_name(self._plugin)
        return self._plugin

    @property
    def terminating(self) -> bool:
        """Whether the process has been asked to end."""
        return self._signals.terminating

    @property
    def started(self) -> bool:
        """Whether it can be asked, also beside a cell."""
        return self._started

    def load(self, evaluator: Evaluator) -> None:
        """Take the author's object."""
        self.evaluator = evaluator
        self._troubles = contract.troubles(evaluator)
        formatter.format = evaluator.format_error
        formatter.wrong = self._wrong_format

    def start(self) -> None:
        """Start it, once; a start that was interrupted is tried again by the next request.

        Raises:
            KeyboardInterrupt: The user interrupted.
            SystemExit: The process is to end.
        """
        if self._started:
            return
        with self._starting:
            if not self._started:
                self._start()

    def _start(self) -> None:
        try:
            self.evaluator.start()
            self._started = True
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if self.terminating:
                raise
            self.evaluator = loading.Broken(self._plugin, "its evaluator can't start", error)
            self._started = True

    def report(self, error: BaseException, doing: str) -> Report:
        """Say what an exception of the evaluator's means to the user."""
        if isinstance(error, CellError):
            return of_cell_error(error)
        if isinstance(error, KeyboardInterrupt):
            return of_interrupt()
        return of_bug(error, self.plugin, doing)

    def at(self, method: str) -> str:
        """Say where a method of the author's is, in brackets; empty where that is not known."""
        return contract.at(type(self.evaluator), method)

    def tell_troubles(self) -> None:
        """Tell, once and where the running cell is, what is wrong with the author's class."""
        while self._troubles:
            self.tell(None, f"A bug in the plugin {self.plugin}: {self._troubles.pop(0)}", None)

    def _wrong_format(self, got: object) -> str:
        error = contract.wrong("format_error", "a list of lines or None", got)
        return f"A bug in the plugin {self.plugin}: {error}{self.at('format_error')}"

    def tell(self, origin: Origin | None, message: str, error: BaseException | None) -> None:
        """Show an error that ends no cell, where the cell is that it belongs to."""
        lines = [message]
        if error is not None:
            lines += formatter.lines(error)
        self._outlet.text(origin or self._outlet.last, STDERR, "\n".join(lines) + "\n")
