"""The author's API, and the runtime of the evaluator process.

Standard library only, Python 3.8 or newer, imports nothing else of polykernel: it runs in whatever
interpreter evaluates the cells.

The way of a cell through the runtime::

    bootstrap → startup → runtime ← requests (a thread reads descriptor 3)
                   │
                   ├ loading    the author's class, or one that says why it could not be loaded
                   ├ contract   what that class must be like, and where it is not
                   ├ naming     what users know a plugin by
                   ├ service    whether that has started, or is broken
                   ├ worker     serves one shell's requests in one thread
                   ├ subshells  the threads beside the main one
                   ├ comms      the open comms
                   ├ debugging  debug requests, beside whatever runs
                   ├ replies    what its methods return → contents of Jupyter's messages
                   ├ reports    what they raise → what the front end shows
                   ├ tasks      the event loop of awaitable cells and their tasks
                   ├ interrupts SIGINT, SIGTERM
                   ├ forks      children have no channel
                   └ outlet     → descriptors 4 and 1: events, marks, responses; one lock
                       ↑ streams (sys.stdout, sys.stderr), cell (the author's handle)
"""

from polykernel.evaluator.base import Completions, Evaluator
from polykernel.evaluator.cell import Cell, current_cell
from polykernel.evaluator.comms import Comm, CommMessage
from polykernel.evaluator.display import Bundle, mimebundle
from polykernel.evaluator.failure import CellError, InputRefused
from polykernel.evaluator.own_threads import own_threads
from polykernel.evaluator.standard_library import standard_library_first

__all__ = [
    "Evaluator",
    "Cell",
    "current_cell",
    "Comm",
    "CommMessage",
    "CellError",
    "InputRefused",
    "Bundle",
    "Completions",
    "mimebundle",
    "own_threads",
    "standard_library_first",
]
