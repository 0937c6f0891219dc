"""Polykernel: a pluggable, multi-language kernel host for Jupyter.

What a plugin's author needs is exported here and nothing else; it is loaded on first use
(PEP 562), so that importing :mod:`polykernel.evaluator` in an evaluator process loads neither
pluggy nor pyzmq.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from polykernel.errors import LanguageError
    from polykernel.hookspecs import hookimpl
    from polykernel.language import Language
    from polykernel.samples import Samples

__version__ = "0.1.0"
#: What a plugin may say that it was written for, as ``polykernel_api_version`` in its module.
API_VERSION = 1
__all__ = ["API_VERSION", "Language", "LanguageError", "Samples", "__version__", "hookimpl"]


if not TYPE_CHECKING:  # a checker would believe that any name is there

    def __getattr__(name: str) -> object:
        if name == "Language":
            from polykernel.language import Language

            return Language
        if name == "LanguageError":
            from polykernel.errors import LanguageError

            return LanguageError
        if name == "Samples":
            from polykernel.samples import Samples

            return Samples
        if name == "hookimpl":
            from polykernel.hookspecs import hookimpl

            return hookimpl
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
