"""From an exception of the user's code to what the cell shows: Python's own wording, our layout.

Loaded when the first error is shown: ``traceback`` is not for free.
"""

from __future__ import annotations

import linecache
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any, Sequence

import polykernel.evaluator
from polykernel.evaluator import CellError
from polykernel_python.hints import hint_for

if TYPE_CHECKING:
    from types import TracebackType

    from polykernel_python.sources import Sources

PARTS = 15  # shown of an exception group, as Python does
FRAMES = 12  # shown at each end of a traceback that is longer than both ends

_RED, _GREEN, _BLUE, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[34m", "\x1b[39m"
_OUR_FOLDERS = tuple(
    str(path).rpartition(os.sep)[0] + os.sep for path in (__file__, polykernel.evaluator.__file__)
)
_UNASKED_HOOKS = ("exceptiongroup", "apport_python_hook")
_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"


def cell_error(error: BaseException, sources: Sources) -> CellError:
    """Make the cell's error of an exception that left the user's code.

    Sets ``sys.last_exc`` and its older kin, as Python's prompt does, for ``pdb.pm()``.
    """
    if isinstance(error, SystemExit):
        return _left(error)
    error.__traceback__ = _without_our_ends(error.__traceback__)
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    sys.last_exc = error  # type: ignore[attr-defined]  # Python 3.12
    name = type(error).__name__
    if name == "BdbQuit" and type(error).__module__ == "bdb":
        return CellError("the debugger was quit", ename=name)
    if _users_hook_shows(error):
        return CellError(_text(error), ename=name)
    text = _text(error)
    if isinstance(error, SyntaxError) and error.filename:
        text = text.replace(error.filename, sources.title(error.filename) or error.filename)
    short = isinstance(error, KeyboardInterrupt)
    try:
        lines = Renderer(sources, short=short).render(error)
    except Exception as again:  # a chain too deep, a class without a module, ...
        lines = [
            f"{_RED}{name}{_PLAIN}: {text}",
            f"(its traceback can't be shown: {type(again).__name__}: {_text(again)})",
        ]
    return CellError(text, ename=name, traceback=lines)


def _left(error: SystemExit) -> CellError:
    code = "" if error.code is None else _text(error)
    message = f": {code}" if code else ""
    return CellError(
        code,
        ename="SystemExit",
        traceback=[
            f"{_RED}SystemExit{_PLAIN}{message}",
            (
                "The cell has ended; the kernel goes on, with all its variables. "
                "To start afresh, restart the kernel."
            ),
        ],
    )


def _users_hook_shows(error: BaseException) -> bool:
    """Let ``sys.excepthook`` show the error, where the user's code has set one."""
    module = str(getattr(sys.excepthook, "__module__", ""))
    # a backport sets one unasked, and so do the crash reporters of some distributions
    if sys.excepthook is sys.__excepthook__ or module.split(".")[0] in _UNASKED_HOOKS:
        return False
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except BaseException:
        return False  # shown our way then; Python itself does the like
    return True


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:
        return "<exception str() failed>"


def is_ours(filename: str) -> bool:
    """Whether a frame of this file belongs to polykernel, and not to the user's code."""
    return filename.startswith(_OUR_FOLDERS)


def _without_our_ends(tb: TracebackType | None) -> TracebackType | None:
    """Leave out our frames before the user's, and behind them: there an interrupt was raised."""
    while tb is not None and is_ours(tb.tb_frame.f_code.co_filename):
        tb = tb.tb_next
    last, each = tb, tb
    while each is not None:
        if not is_ours(each.tb_frame.f_code.co_filename):
            last = each
        each = each.tb_next
    if last is not None:
        last.tb_next = None
    return tb


class Renderer:
    """Renders exceptions as the lines of an ``error`` message's traceback.

    Args:
        sources: Knows the cells.
        short: Show the frames of cells and the innermost one only.
    """

    def __init__(self, sources: Sources, *, short: bool = False) -> None:
        self._sources = sources
        self._short = short

    def render(self, error: BaseException) -> list[str]:
        """Give the lines, with ANSI colours."""
        self._sources.publish(linecache)  # again: somebody may have emptied its cache
        summary = traceback.TracebackException(type(error), error, error.__traceback__)
        lines = self._chain(summary)
        hint = hint_for(error)
        return [*lines, *([hint] if hint else [])]

    def _chain(self, summary: traceback.TracebackException) -> list[str]:
        """Render an exception after those that led to it."""
        links = [(summary, "")]
        while True:
            last = links[-1][0]
            if last.__cause__ is not None:
                links.append((last.__cause__, _CAUSE))
            elif last.__context__ is not None and not last.__suppress_context__:
                links.append((last.__context__, _CONTEXT))
            else:
                break
        lines: list[str] = []
        for link, joint in reversed(links):
            lines.extend(self._one(link))
            if joint:
                lines.extend(["", joint, ""])
        return lines

    def _one(self, summary: traceback.TracebackException) -> list[str]:
        lines: list[str] = []
        stack = self._stack(summary.stack)
        parts: Sequence[Any] = getattr(summary, "exceptions", None) or ()  # Python 3.11
        if stack:
            group = "Exception Group " if parts else ""
            lines.append(f"{group}Traceback (most recent call last):")
            lines.extend(stack)
        lines.extend(self._message(summary))
        for number, part in enumerate(parts[:PARTS], 1):
            lines.append(f"  +---------------- {number} ----------------")
            lines.extend(f"  | {line}" for line in self._chain(part))
        if len(parts) > PARTS:
            lines.append(f"  +---------------- and {len(parts) - PARTS} more")
        elif parts:
            lines.append("  +------------------------------------")
        return lines

    def _stack(self, stack: traceback.StackSummary) -> list[str]:
        frames = [frame for frame in stack if not is_ours(frame.filename)]
        if self._short:
            last = len(frames) - 1
            frames = [
                frame
                for place, frame in enumerate(frames)
                if place == last or self._sources.title(frame.filename)
            ]
        blocks: list[list[str]] = []
        repeated = 0
        for place, frame in enumerate(frames):
            key = (frame.filename, frame.lineno, frame.name)
            before = frames[place - 1] if place else None
            same = before and key == (before.filename, before.lineno, before.name)
            repeated = repeated + 1 if same else 0
            if repeated < 3:
                blocks.append(self._frame(frame))
                continue
            times = repeated - 2
            note = [f"  [Previous line repeated {times} more time{'s'[: times > 1]}]"]
            blocks[-1 if times > 1 else len(blocks) :] = [note]
        if len(blocks) > 2 * FRAMES + 1:
            left_out = len(blocks) - 2 * FRAMES
            blocks[FRAMES:-FRAMES] = [[f"  [... {left_out} frames left out ...]"]]
        return [line for block in blocks for line in block]

    def _frame(self, frame: traceback.FrameSummary) -> list[str]:
        where = self._where(frame.filename, frame.lineno)
        function = "" if frame.name == "<module>" else f", in {_BLUE}{frame.name}{_PLAIN}"
        return [f"  {where}{function}", *_source_lines(frame)]

    def _where(self, filename: str, line: int | None) -> str:
        title = self._sources.title(filename)
        if title is None:
            title = f'File "{filename}"'
        return f"{_GREEN}{title}, line {line}{_PLAIN}"

    def _message(self, summary: traceback.TracebackException) -> list[str]:
        """Render the last lines: the place of a syntax error, the name, the text, the notes."""
        text = "".join(summary.format_exception_only())
        lines = text.rstrip("\n").split("\n")
        name = summary.exc_type.__name__ if summary.exc_type is not None else ""
        rendered: list[str] = []
        named = False
        for line in lines:
            if not named and line.startswith('  File "'):
                filename = getattr(summary, "filename", None) or "<string>"
                line = f"  {self._where(filename, getattr(summary, 'lineno', None))}"
            elif not named and line.strip() and not line.strip(" ~^"):
                line = f"{_RED}{line}{_PLAIN}"
            elif not named and _begins_with_name(line, name):
                named = True
                head, colon, rest = line.partition(":")
                line = f"{_RED}{head}{_PLAIN}{colon}{rest}"
            rendered.append(line)
        return rendered


def _begins_with_name(line: str, name: str) -> bool:
    head = line.partition(":")[0]
    return bool(name) and (head == name or head.endswith("." + name))


def _source_lines(frame: traceback.FrameSummary) -> list[str]:
    """Give a frame's source, with marks under the part that failed where Python knows it."""
    show = getattr(traceback.StackSummary, "format_frame_summary", None)  # Python 3.11
    if show is not None:
        text = show(traceback.StackSummary.from_list([]), frame)
    else:
        text = "".join(traceback.StackSummary.from_list([frame]).format())
    return [
        f"{_RED}{line}{_PLAIN}" if line.strip() and not line.strip(" ~^") else line
        for line in text.rstrip("\n").split("\n")[1:]
    ]
