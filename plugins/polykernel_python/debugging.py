"""``breakpoint()`` and ``pdb`` in a cell: the prompt is an input request.

Knows nothing of JupyterLab's debugger, which speaks with ``debugpy``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType, ModuleType, TracebackType

    from polykernel_python.sources import Sources

# stepping out of a cell must not lead into what runs it
_SKIPPED = ["polykernel.evaluator", "polykernel.evaluator.*", "polykernel_python.*"]


def change_pdb(pdb: ModuleType, sources: Sources) -> None:
    """Put our ``Pdb`` in the place of the module's: ``set_trace``, ``pm`` and ``run`` make one."""
    pdb.Pdb = make_pdb(pdb.Pdb, sources)  # type: ignore[attr-defined]


def stop_tracing() -> None:
    """End what a debugger left switched on, at the cell's end: nobody may step into the runtime."""
    tracer = getattr(sys.gettrace(), "__self__", None)
    if getattr(tracer, "_of_polykernel", False):
        sys.settrace(None)
    pdb = sys.modules.get("pdb")
    last = getattr(getattr(pdb, "Pdb", None), "_last_pdb_instance", None)  # Python 3.13
    if last is not None and getattr(last, "_of_polykernel", False):
        stop = getattr(last, "stop_trace", None)  # Python 3.14: the backend "monitoring"
        if stop is not None:
            stop()


def make_pdb(base: Any, sources: Sources) -> Any:
    """Derive the debugger of cells from ``pdb.Pdb``, whichever version's it is."""
    from bdb import BdbQuit

    class Pdb(base):  # type: ignore[misc]
        """``pdb.Pdb``, asking through the front end."""

        _of_polykernel = True

        def __init__(
            self,
            completekey: Any = None,  # none: "tab" would set up readline
            stdin: Any = None,
            stdout: Any = None,
            skip: Any = None,
            nosigint: bool = True,  # pdb's own SIGINT handler would displace the runtime's
            readrc: bool = True,
            **options: Any,
        ) -> None:
            with _NoReadline():
                super().__init__(
                    completekey,
                    stdin,
                    stdout,
                    [*_SKIPPED, *(skip or ())],
                    nosigint,
                    readrc,
                    **options,
                )
            if stdin is None:
                self.use_rawinput = True

        def get_stack(
            self, frame: FrameType | None, tb: TracebackType | None
        ) -> tuple[list[tuple[FrameType, int]], int]:
            """Give the stack from the cell on: what is below it is ours."""
            stack, index = super().get_stack(frame, tb)
            for place, (entry, _) in enumerate(stack):
                if sources.title(entry.f_code.co_filename) is not None:
                    return stack[place:], max(index - place, 0)
            return stack, index

        def _cmdloop(self) -> None:
            # pdb's own asks again after an interrupt; here the interrupt ends the cell
            self.allow_kbdint = False
            self.cmdloop()

        def do_quit(self, arg: str) -> bool:
            """Quit the debugger, and end the cell."""
            # newer versions ask whether to kill the process, which is not what happens here
            self._user_requested_quit = True
            self.set_quit()
            return True

        do_q = do_quit
        do_exit = do_quit

        def do_EOF(self, arg: str) -> bool:  # noqa: N802
            """Quit the debugger, and end the cell."""
            return self.do_quit("")

        def user_exception(self, frame: FrameType, exc_info: Any) -> None:
            # the end of an awaiting cell is a StopIteration in what runs it
            if not self.is_skipped_module(frame.f_globals.get("__name__")):
                super().user_exception(frame, exc_info)

        def interaction(self, *arguments: Any, **options: Any) -> None:
            try:
                super().interaction(*arguments, **options)
            except (BdbQuit, KeyboardInterrupt):
                self.forget()
                raise

    Pdb.__qualname__ = "Pdb"
    Pdb.__module__ = "pdb"
    return Pdb


class _NoReadline:
    """Keeps pdb from importing readline: at its import it may write to descriptor 1."""

    def __enter__(self) -> None:
        self._hide = "readline" not in sys.modules
        if self._hide:
            sys.modules["readline"] = None  # type: ignore[assignment]

    def __exit__(self, *_: object) -> None:
        if self._hide and sys.modules.get("readline", self) is None:
            del sys.modules["readline"]
