"""Every hook that a plugin may implement, on one page.

A plugin is a module, named by an entry point in the group ``polykernel``, whose functions are
marked with :data:`polykernel.hookimpl`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polykernel.errors import LanguageError
    from polykernel.language import Language
    from polykernel.samples import Samples

hookspec = pluggy.HookspecMarker("polykernel")
hookimpl = pluggy.HookimplMarker("polykernel")


@hookspec
def polykernel_languages() -> Iterable[Language | LanguageError]:  # type: ignore[empty-body]
    """Return the languages that this plugin brings.

    An item may be a :class:`polykernel.errors.LanguageError` instead: that language can't be used
    and the text says why, and the others go on.

    Called once in each process that needs to know the languages; it must not load a runtime.
    """


@hookspec(firstresult=True)
def polykernel_samples(language: str) -> Samples | None:
    """Return code by which a language is tried, and what comes of it; ``None`` for no samples.

    Called by ``polykernel check`` only, never when a kernel starts: import ``Samples`` inside the
    function.

    Args:
        language: The name of one of this plugin's languages.
    """
