"""What authors test their languages with.

- :mod:`polykernel.testing.fixtures`, a pytest plugin that pytest loads by itself: the fixtures
  ``evaluator`` and ``kernel``;
- :mod:`polykernel.testing.in_process`: an evaluator in the test's own process, without sockets;
- :mod:`polykernel.testing.kernel`: a real kernel, and a small client;
- :mod:`polykernel.testing.conformance`: the checks of ``polykernel check``.

The names below are loaded when they are first used: pytest imports this package in every run.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from polykernel.testing.connecting import Seen
    from polykernel.testing.in_process import InProcess, Refused
    from polykernel.testing.kernel import Kernel
    from polykernel.testing.outcome import Completeness, Event, Failure, Outcome, Shown
    from polykernel.testing.pending import Pending
    from polykernel.testing.waiting import NothingCame

__all__ = [
    "Completeness",
    "Event",
    "Failure",
    "InProcess",
    "Kernel",
    "NothingCame",
    "Outcome",
    "Pending",
    "Refused",
    "Seen",
    "Shown",
]

_MODULES = {
    "Completeness": "outcome",
    "Event": "outcome",
    "Failure": "outcome",
    "InProcess": "in_process",
    "Kernel": "kernel",
    "NothingCame": "waiting",
    "Outcome": "outcome",
    "Pending": "pending",
    "Refused": "in_process",
    "Seen": "connecting",
    "Shown": "outcome",
}


if not TYPE_CHECKING:  # a checker would believe that any name is there

    def __getattr__(name: str) -> object:
        if name in _MODULES:
            from importlib import import_module

            return getattr(import_module(f"polykernel.testing.{_MODULES[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
