"""``exit()`` and ``quit()``: they end the cell, and a console's session; a notebook's kernel stays.

In a notebook they end the cell with an error, so that the cells that wait behind it do not run.
"""

from __future__ import annotations

import builtins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from polykernel.evaluator import Cell


class _Leaving(SystemExit):
    """What :class:`Leaver` raises: as in a terminal, the code on the way out may catch it."""

    keep_kernel = False


_Leaving.__name__ = _Leaving.__qualname__ = "SystemExit"  # where the user's code shows it


class Leaver:
    """Takes the place of ``site``'s, which also closes ``sys.stdin``."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"Use {self._name}() to end the cell; restart the kernel to start afresh"

    def __call__(self, code: object = None, *, keep_kernel: bool = False) -> NoReturn:
        """End the cell, or the session of the console that sent it.

        Args:
            code: Shown, where the cell ends with an error.
            keep_kernel: Let the kernel of a console go on without it.
        """
        leaving = _Leaving(code)
        leaving.keep_kernel = keep_kernel
        raise leaving


def install() -> None:
    """Put both into the builtins."""
    for name in ("exit", "quit"):
        setattr(builtins, name, Leaver(name))


def leaves(cell: Cell, what: object) -> bool:
    """Ask a console to end, where a cell of it gave ``exit`` or raised what ``exit()`` raises."""
    if not isinstance(what, (Leaver, _Leaving)) or not _of_console(cell):
        return False
    cell.ask_exit(keep_kernel=isinstance(what, _Leaving) and what.keep_kernel)
    return True


def _of_console(cell: Cell) -> bool:
    # the cells of notebooks have ids, and who only runs a notebook takes no input
    return cell.cell_id is None and cell.allow_stdin and not cell.silent
