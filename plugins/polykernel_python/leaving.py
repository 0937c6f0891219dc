"""``exit()`` and ``quit()``: they end the cell, and the kernel goes on."""

from __future__ import annotations

import builtins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


class Leaver:
    """Takes the place of ``site``'s, which also closes ``sys.stdin``."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"Use {self._name}() to end the cell; restart the kernel to start afresh"

    def __call__(self, code: object = None) -> NoReturn:
        """End the cell."""
        raise SystemExit(code)


def install() -> None:
    """Put both into the builtins."""
    for name in ("exit", "quit"):
        setattr(builtins, name, Leaver(name))
