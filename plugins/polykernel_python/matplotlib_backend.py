"""A Matplotlib backend: draws with Agg, and ``show`` puts the figures into the cell.

Loaded by Matplotlib, by the name that :data:`polykernel_python.figures.BACKEND` gives it.
"""

from __future__ import annotations

from typing import Any

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from polykernel_python import figures


class FigureManager(FigureManagerBase):
    """Knows that a figure belongs to the cell."""

    def show(self) -> None:
        """Show this figure; what ``figure.show()`` calls."""
        from polykernel_python.display import display

        display(self.canvas.figure)


class FigureCanvas(FigureCanvasAgg):
    """Draws into memory."""

    manager_class = FigureManager


def show(*args: Any, **kwargs: Any) -> None:  # `block` means nothing here
    """Show all open figures, now; what ``pyplot.show()`` calls."""
    figures.show_open()
