"""Languages by declaration: a TOML file, or the same as a mapping, is a language.

Loaded on first use (PEP 562), so that an evaluator's interpreter can import this package without
polykernel's host.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from polykernel_declared.declaration import declared

__all__ = ["declared"]


if not TYPE_CHECKING:  # a checker would believe that any name is there

    def __getattr__(name: str) -> object:
        if name == "declared":
            from polykernel_declared.declaration import declared

            return declared
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
