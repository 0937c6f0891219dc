"""The author's API, and the runtime of the evaluator process.

Standard library only, Python 3.8 or newer, imports nothing else of polykernel: it runs in whatever
interpreter evaluates the cells.
"""

from polykernel.evaluator.base import Completions, Evaluator
from polykernel.evaluator.cell import Cell, current_cell
from polykernel.evaluator.display import Bundle, mimebundle
from polykernel.evaluator.failure import CellError, InputRefused

__all__ = [
    "Evaluator",
    "Cell",
    "current_cell",
    "CellError",
    "InputRefused",
    "Bundle",
    "Completions",
    "mimebundle",
]
