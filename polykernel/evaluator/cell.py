"""The author's only handle on the front end while a cell runs."""

from __future__ import annotations


class Cell:
    """One execute request, as the evaluator's author sees it.

    Attributes:
        execution_count: The number in ``In [n]``.
        silent: Nothing is to be shown.
        store_history: Whether the cell counts.
        allow_stdin: Whether :meth:`input` may ask.
        cell_id: The notebook's id of the cell, or ``None``.
    """

    execution_count: int
    silent: bool
    store_history: bool
    allow_stdin: bool

    def write(self, text: str, stream: str = "stdout") -> None: ...
    def display(self, value: object, *, display_id=None, update: bool = False, metadata=None, transient=None) -> None: ...
    def clear_output(self, wait: bool = False) -> None: ...
    def input(self, prompt: str = "", *, password: bool = False) -> str: ...
    def page(self, value: object, start: int = 0) -> None: ...
    def set_next_input(self, text: str, *, replace: bool = False) -> None: ...
    def progress(self, done: float, total: float = 1.0, text: str = "") -> None: ...


def current_cell() -> "Cell | None":
    """The cell on whose behalf the calling thread or task runs, or ``None``."""
    return None
