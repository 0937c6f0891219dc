"""Runs calc cells in this process, through the kit that authors test with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polykernel_calc.evaluator import Calc

from polykernel.evaluator import CellError
from polykernel.testing import InProcess, Outcome
from polykernel.testing.outcome import without_colours

if TYPE_CHECKING:
    from polykernel_calc.limits import Limits


class Calculator:
    """One calculator, and what its last cell wrote."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.evaluator = Calc()
        if limits is not None:
            self.evaluator.limits = limits
        self.runner = InProcess(self.evaluator)
        self.written = ""

    def bundle(self, code: str) -> dict[str, Any] | None:
        """Run a cell, and give the data of its result."""
        outcome = self.runner.execute(code)
        self.written = outcome.stdout
        assert not outcome.stderr, outcome
        assert not outcome.displays, outcome
        if outcome.error is not None:
            raise _cell_error(outcome)
        return outcome.data or None

    def __call__(self, code: str) -> str | None:
        """Run a cell, and give its result as plain text."""
        data = self.bundle(code)
        return data["text/plain"] if data else None

    def latex(self, code: str) -> str | None:
        """Run a cell, and give its result in LaTeX."""
        data = self.bundle(code)
        return data.get("text/latex") if data else None

    def error(self, code: str) -> CellError:
        """Run a cell that is wrong, and give its error."""
        try:
            result = self(code)
        except CellError as error:
            return error
        raise AssertionError(f"{code!r} gave {result!r} instead of an error")

    def shown_error(self, code: str) -> str:
        """Run a cell that is wrong, and give what is shown of it, without colours."""
        return without_colours("\n".join(self.error(code).traceback))


def _cell_error(outcome: Outcome) -> CellError:
    """Give the error that the evaluator has raised; any other exception is a bug of it."""
    ename, evalue, traceback = outcome.failure
    assert "A bug in the plugin" not in "".join(traceback[:1]), outcome
    return CellError(evalue, ename=ename, traceback=traceback)


def calculate(code: str) -> str | None:
    """Run one cell in a calculator of its own."""
    return Calculator()(code)


def failure(code: str) -> str:
    """Run one wrong cell in a calculator of its own, and give ``ename: evalue``."""
    error = Calculator().error(code)
    return f"{error.ename}: {error.evalue}"
