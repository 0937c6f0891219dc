"""What a kernel says of itself (specification, "Kernel info"), as far as it is known by then."""

from __future__ import annotations

from polykernel import __version__
from polykernel.language import UNKNOWN_VERSION
from polykernel.wire import PROTOCOL_VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from polykernel.language import Language

DEBUGGER, SUBSHELLS = "debugger", "kernel subshells"  # names of features


class KernelInfo:
    """Owns the facts of the kernel's language.

    Args:
        language: Which one.
        version: Its version in the interpreter that evaluates, where that is known; else the
            language's own, until the evaluator has told.
    """

    def __init__(self, language: Language, version: str | None = None) -> None:
        self._version = version
        self._language_info: dict[str, Any]
        self.take(language)

    def take(self, language: Language) -> None:
        """Take the facts of a language, such as one that was loaded anew."""
        self._language_info = language.language_info()
        self._banner = language.banner or f"{language.display_name}, by polykernel"
        self._help_links = [{"text": text, "url": url} for text, url in language.help_links.items()]
        if self._version:
            self.correct(self._version)

    def correct(self, version: str) -> bool:
        """Take the language's version from who knows; give whether another one was declared."""
        wrong: bool = self._language_info["version"] not in (UNKNOWN_VERSION, version)
        self._language_info = {**self._language_info, "version": version}
        return wrong

    def content(self, *, subshells: bool, debugger: bool) -> dict[str, Any]:
        """Give the content of a reply.

        Args:
            subshells: Whether the language runs cells side by side.
            debugger: Whether debugging can be begun.
        """
        features = [SUBSHELLS] if subshells else []
        return {
            "status": "ok",
            "protocol_version": PROTOCOL_VERSION,
            "implementation": "polykernel",
            "implementation_version": __version__,
            "language_info": self._language_info,
            "banner": self._banner,
            "help_links": self._help_links,
            "debugger": debugger,
            "supported_features": [*features, DEBUGGER] if debugger else features,
        }
