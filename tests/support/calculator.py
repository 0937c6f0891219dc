"""Runs calc cells in this process, and records what they write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from polykernel_calc.evaluator import Calc

from polykernel.evaluator import Bundle, Cell, CellError

if TYPE_CHECKING:
    from polykernel_calc.limits import Limits

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class RecordingCell:
    """What a calc cell uses of a cell."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str, stream: str = "stdout") -> None:
        assert stream == "stdout"
        self.text += text


class Calculator:
    """One calculator, and what its last cell wrote."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.evaluator = Calc()
        if limits is not None:
            self.evaluator.limits = limits
        self.written = ""

    def bundle(self, code: str) -> dict[str, Any] | None:
        """Run a cell, and give the data of its result."""
        cell = RecordingCell()
        try:
            result = self.evaluator.execute(code, cast("Cell", cell))
        finally:
            self.written = cell.text
        assert result is None or isinstance(result, Bundle)
        return result.data if result else None

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
        return _COLOURS.sub("", "\n".join(self.error(code).traceback))


def calculate(code: str) -> str | None:
    """Run one cell in a calculator of its own."""
    return Calculator()(code)


def failure(code: str) -> str:
    """Run one wrong cell in a calculator of its own, and give ``ename: evalue``."""
    error = Calculator().error(code)
    return f"{error.ename}: {error.evalue}"
