"""Code of the user's that completion and help run: properties, ``__dir__``, ``__repr__``, ...

What it raises is no mistake of ours, and nothing that somebody who only types wants to hear of.
"""

from __future__ import annotations

import dis

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, TypeVar

    Value = TypeVar("Value")

_SIGNAL_HANDLERS = ("polykernel.evaluator.", "polykernel_python.evaluator")
_RAISE = dis.opmap["RAISE_VARARGS"]


def attempt(run: Callable[[], Value], otherwise: Value) -> Value:
    """Give what ``run()`` gives, or ``otherwise`` where it raises.

    Raises:
        KeyboardInterrupt: The user interrupted.
        SystemExit: The process is to end.
    """
    try:
        return run()
    except BaseException as error:
        if is_from_outside(error):
            raise
        return otherwise


def is_from_outside(error: BaseException) -> bool:
    """Tell an interrupt, or the end of the process, from the like that the user's code raises."""
    if not isinstance(error, (KeyboardInterrupt, SystemExit)):
        return False
    tb = error.__traceback__
    while tb is not None and tb.tb_next is not None:
        tb = tb.tb_next
    if tb is None:
        return True
    if str(tb.tb_frame.f_globals.get("__name__")).startswith(_SIGNAL_HANDLERS):
        return True
    # in a subshell an interrupt is raised wherever its thread is, and by no statement
    raised = tb.tb_frame.f_code.co_code[tb.tb_lasti] == _RAISE
    return isinstance(error, KeyboardInterrupt) and not raised
