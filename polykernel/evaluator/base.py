"""What an author overrides: one class, one method at a time."""

from __future__ import annotations

from types import MappingProxyType

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` costs three milliseconds of each start
    from typing import Any, Callable, Mapping, Sequence

    from polykernel.evaluator.cell import Cell
    from polykernel.evaluator.comms import Comm, CommMessage


class Completions:
    """What :meth:`Evaluator.complete` found.

    Args:
        matches: The texts that may replace ``code[start:end]``.
        start: Where the replaced text begins, in code points.
        end: Where it ends, in code points.
        types: The kind of each match (``"function"``, ``"keyword"`` ...), or nothing.
    """

    __slots__ = ("end", "matches", "start", "types")

    def __init__(
        self, matches: Sequence[str], start: int, end: int, types: Sequence[str] = ()
    ) -> None:
        self.matches = matches
        self.start = start
        self.end = end
        self.types = types

    def __repr__(self) -> str:
        return f"Completions({self.matches!r}, {self.start!r}, {self.end!r}, {self.types!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Completions) and repr(self) == repr(other)

    __hash__ = None  # type: ignore[assignment]


class Evaluator:
    """Runs the cells of one language. Override :meth:`execute`; all else has a default.

    One instance lives as long as its evaluator process. All methods are called in the process's
    main thread, one at a time, but for :meth:`complete`, :meth:`inspect` and :meth:`is_complete`
    where ``complete_while_busy`` is set, and for :meth:`debug`.

    Attributes:
        implementation: Name and version of what runs the code, for logs and ``doctor``.
        language_version: The version of the language that really runs, where only the evaluator
            knows it.
        complete_while_busy: Whether complete, inspect and is_complete may be called from another
            thread while a cell runs.
        subshells: Whether cells may run side by side: :meth:`execute` is then called in several
            threads at once, one for each subshell (JEP 91). An interrupt raises
            ``KeyboardInterrupt`` in each of them. Declare it in :class:`polykernel.Language`, too.
        debugger: Whether :meth:`debug` works, here and now.
        temporary: A folder for files of this process's own, by name: it is not there yet. It is
            removed when the process has ended, however that was. Empty where there is none.
        options: What ``Language.options`` says; set before :meth:`start` is called.
    """

    implementation: str = ""
    language_version: str = ""
    complete_while_busy: bool = False
    subshells: bool = False
    debugger: bool = False
    temporary: str = ""
    options: Mapping[str, Any] = MappingProxyType({})

    def start(self) -> None:
        """Prepare: called once, before the first cell. An exception is shown in each cell."""

    def execute(self, code: str, cell: Cell) -> object:
        """Run one cell. May be a coroutine function, or return any awaitable.

        Args:
            code: The cell's text.
            cell: The only handle on the front end: output, display, input.

        Returns:
            What is shown as the cell's result. ``None`` shows nothing, a string is shown as it is,
            a :class:`Bundle` as it says, any other object by its ``_repr_*_`` methods.

        Raises:
            CellError: The user's code is wrong.
            KeyboardInterrupt: The user interrupted.
            BaseException: Anything else is shown as a bug of the plugin, with its traceback.
        """
        raise NotImplementedError(f"{type(self).__name__} does not override execute")

    def evaluate(self, expression: str) -> object:
        """Give the value of one user expression (specification, "Execute").

        Raises:
            NotImplementedError: The language has no expressions.
        """
        raise NotImplementedError("this language has no user expressions")

    def complete(self, code: str, cursor_pos: int) -> Completions | Sequence[str] | None:
        """Complete the word before the cursor (specification, "Completion").

        Args:
            code: The cell's text.
            cursor_pos: The cursor's place in it, in code points.

        Returns:
            :class:`Completions`, or a sequence of words of which those are offered that begin with
            the word before the cursor, or ``None``.
        """
        return None

    def inspect(self, code: str, cursor_pos: int, detail_level: int = 0) -> object | None:
        """Give help on what stands at the cursor (specification, "Introspection").

        Args:
            code: The cell's text.
            cursor_pos: The cursor's place in it, in code points.
            detail_level: 0, or 1 for more (in IPython: the source).

        Returns:
            Anything that can be displayed; ``None`` where nothing was found.
        """
        return None

    def is_complete(self, code: str) -> str | tuple[str, str]:
        """Say whether the code can be run as it is (specification, "Code completeness").

        Returns:
            ``"complete"``, ``"incomplete"``, ``"invalid"`` or ``"unknown"``; or
            ``("incomplete", indent)`` with the text that the next line should begin with.
        """
        return "unknown"

    def open_comm(self, comm: Comm, message: CommMessage) -> bool:
        """Take a comm that a front end opens (specification, "Custom Messages").

        Set ``comm.on_message`` and ``comm.on_close`` to hear of what comes later.

        Args:
            comm: This end of it.
            message: The first message, with its data, metadata and buffers.

        Returns:
            Whether anything here knows ``comm.target_name``; if not, the comm is closed again.
        """
        return False

    def format_error(self, error: BaseException) -> Sequence[str] | None:
        """Show an exception that ends no cell: of a background task, of a ``_repr_html_()`` ...

        May be called in any thread.

        Returns:
            The lines that are shown, ANSI colours allowed; ``None`` for Python's own traceback.
        """
        return None

    def debug(
        self, request: dict[str, Any], send_event: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        """Answer one request of the Debug Adapter Protocol (specification, "Debug request").

        Called in a thread of its own, whether or not a cell runs or is stopped at a breakpoint.
        The requests come one by one. ``dumpCell``, ``debugInfo``, ``inspectVariables``,
        ``richInspectVariables``, ``copyToGlobals`` and ``modules`` are Jupyter's additions.

        Args:
            request: The protocol's request.
            send_event: Sends an event of the protocol; may be called at any time, in any thread.

        Returns:
            The protocol's response; one that failed has ``success: false`` and a ``message``.

        Raises:
            NotImplementedError: The language has no debugger.
        """
        raise NotImplementedError("this language has no debugger")

    def interrupt(self) -> None:
        """Stop the running cell. Called in the main thread, between two Python instructions.

        The default raises ``KeyboardInterrupt`` there. Override it to set a flag of an embedded
        runtime instead.
        """
        raise KeyboardInterrupt

    def shutdown(self, restart: bool) -> None:
        """Clean up: called once, when the kernel is shut down in good order."""
