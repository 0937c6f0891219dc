"""Exceptions → what the front end shows of them."""

from __future__ import annotations

from polykernel.evaluator.failure import CellError, headline, shown_lines
from polykernel.evaluator.standard_library import standard_library_first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from traceback import TracebackException
    from typing import Any, Callable, Sequence

_OURS = __file__[: -len("reports.py")]


class Report:
    """What is shown of an error (specification, "Execution errors").

    Args:
        ename: The kind of error.
        evalue: What is wrong, in one line.
        traceback: The lines that are shown.
    """

    def __init__(self, ename: str, evalue: str, traceback: list[str]) -> None:
        self.ename = ename
        self.evalue = evalue
        self.traceback = traceback

    def content(self) -> dict[str, Any]:
        """``ename``, ``evalue`` and ``traceback``."""
        return {"ename": self.ename, "evalue": self.evalue, "traceback": self.traceback}


def of_cell_error(error: CellError) -> Report:
    """Show an error that the author raised on purpose."""
    # a subclass's own __init__ need not call ours, and anybody may set what he likes
    ename = str(getattr(error, "ename", "Error"))
    evalue = str(error.evalue) if hasattr(error, "evalue") else text_of(error)
    return Report(ename, evalue, shown_lines(getattr(error, "traceback", None), ename, evalue))


def of_interrupt() -> Report:
    """Show the user's own interrupt: it needs no traceback of the evaluator's."""
    return Report("KeyboardInterrupt", "", [headline("KeyboardInterrupt", "")])


def of_bug(error: BaseException, plugin: str, doing: str) -> Report:
    """Show an exception that no evaluator should raise: names the plugin, and where it happened.

    Args:
        error: What was raised.
        plugin: Name and version of the plugin.
        doing: What failed, as ``"running the cell"``.
    """
    return _with_traceback(error, f"A bug in the plugin {plugin}, {doing}:")


def of_value(error: BaseException) -> Report:
    """Show an exception of an object's own methods, while it was shown."""
    return _with_traceback(error, "The result can't be shown:")


def _with_traceback(error: BaseException, introduction: str) -> Report:
    evalue = text_of(error)
    lines = traceback_lines(error)
    # the last line is the error itself; it is shown in colour, first and last
    return Report(
        type(error).__name__,
        evalue,
        [introduction, *lines, headline(type(error).__name__, evalue)],
    )


def text_of(error: BaseException) -> str:
    """``str(error)``, also where that fails."""
    try:
        return str(error)
    except BaseException as again:
        return f"<str() of it failed: {type(again).__name__}>"


def traceback_lines(error: BaseException) -> list[str]:
    """Format the traceback without frames of the runtime, and without its last line."""
    try:
        with standard_library_first:
            import traceback

            formatted = traceback.TracebackException.from_exception(error)
            _strip(formatted, set())
            lines = "".join(formatted.format()).rstrip("\n").split("\n")
            own = "".join(formatted.format_exception_only()).rstrip("\n").split("\n")
    except (
        Exception
    ) as again:  # the user's own __str__, or a module that can't be imported any more
        return [f"(its traceback can't be shown: {type(again).__name__}: {text_of(again)})"]
    if isinstance(error, SyntaxError):
        return lines[:-1]
    return lines[: -len(own)] if lines[-len(own) :] == own else lines


class Formatter:
    """How errors are shown that end no cell, such as those of tasks: the evaluator's own way.

    Attributes:
        format: :meth:`Evaluator.format_error` of the running evaluator.
        wrong: Says that it has given something else than lines.
    """

    def __init__(self) -> None:
        self.format: Callable[[BaseException], Sequence[str] | None] = lambda error: None
        self.wrong: Callable[[object], str] = repr

    def lines(self, error: BaseException) -> list[str]:
        """Give all lines, down to the error's name and text."""
        wrong: list[str] = []
        try:
            lines = self.format(error)
            if isinstance(lines, (list, tuple)):
                return [str(line) for line in lines]
            if lines is not None:
                wrong = [self.wrong(lines)]
        except Exception:  # Python's own way will do
            pass
        return [*wrong, *traceback_lines(error), f"{type(error).__name__}: {text_of(error)}"]


formatter = Formatter()


def _strip(formatted: TracebackException | None, seen: set[int]) -> None:
    if formatted is None or id(formatted) in seen:
        return
    seen.add(id(formatted))
    kept = [frame for frame in formatted.stack if not frame.filename.startswith(_OURS)]
    formatted.stack[:] = kept
    _strip(formatted.__cause__, seen)
    _strip(formatted.__context__, seen)
