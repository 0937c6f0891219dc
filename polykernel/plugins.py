"""Finds the languages that plugins bring.

A plugin is loaded by itself: what is wrong with one is recorded as a :class:`BrokenPlugin`, with
its package, version and traceback, and the others go on. :func:`load_all` looks through the
installed packages, which takes a while in large environments; a kernel's start, which knows its
plugin's module, uses :func:`load_module`.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pluggy

from polykernel import hookspecs
from polykernel.errors import LanguageError, SamplesError, UnknownLanguage
from polykernel.language import Language

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from polykernel.samples import Samples


@dataclass(frozen=True, slots=True)
class Plugin:
    """Where a plugin comes from.

    Args:
        module: What is imported.
        entry_point: The name of its entry point; empty where it was loaded by its module.
        package: Name and version of the distribution that brings it, where they are known already.
    """

    module: str
    entry_point: str = ""
    package: tuple[str, str] | None = None

    @property
    def distribution(self) -> str:
        """The name of the distribution that brings it; empty where none does."""
        return self._package()[0]

    @property
    def version(self) -> str:
        """The version of that distribution."""
        return self._package()[1]

    def _package(self) -> tuple[str, str]:
        if self.package is not None:
            return self.package
        # looked up on demand: it reads the metadata of all packages, and only error messages ask
        from polykernel.entry_points import package_of

        return package_of(self.module)

    def __str__(self) -> str:
        """Name it in a message: package and version, or its module."""
        return " ".join(self._package()).strip() or self.module


@dataclass(frozen=True, slots=True)
class FoundLanguage:
    """A language, and the plugin that brings it."""

    language: Language
    plugin: Plugin


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """A plugin that could not be loaded, or one of whose languages can't be used.

    Args:
        plugin: Which one.
        reason: What is wrong, in one line.
        traceback: Where it went wrong, as text, from the plugin's own code on.
        language: Which of its languages can't be used; empty where none can.
    """

    plugin: Plugin
    reason: str
    traceback: str = ""
    language: str = ""

    def __str__(self) -> str:
        """Tell the trouble in one line, with the plugin's package and version."""
        return f"plugin {self.plugin} ({self.plugin.module}): {self.reason}"


@dataclass(frozen=True, slots=True)
class Plugins:
    """All that was found: languages by their names, and what is broken."""

    languages: tuple[FoundLanguage, ...]
    broken: tuple[BrokenPlugin, ...]

    def find(self, name: str) -> FoundLanguage:
        """Give the language of that name.

        Raises:
            UnknownLanguage: No plugin brings it; the text names the known ones and the nearest.
        """
        for found in self.languages:
            if found.language.name == name:
                return found
        raise UnknownLanguage(self._unknown(name))

    def _unknown(self, name: str) -> str:
        for broken in self.broken:
            if name in (broken.language, broken.plugin.entry_point):
                return f"the language {name!r} can't be loaded: {broken}"
        text = unknown_language(name, [found.language.name for found in self.languages])
        if self.broken:
            text += "; some plugins can't be loaded, 'polykernel list' says why"
        return text


def unknown_language(name: str, known: Iterable[str]) -> str:
    """Say that there is no such language, which ones there are, and which one is nearest."""
    import difflib

    names = sorted(known)
    nearest = difflib.get_close_matches(name.lower(), names, n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return f"unknown language {name!r}; known: {', '.join(names) or 'none'}{hint}"


def find(name: str, module: str = "") -> FoundLanguage:
    """Give the language of that name.

    Args:
        name: The language's.
        module: The plugin that brings it, where it is known: no other one is loaded then.

    Raises:
        UnknownLanguage: No plugin brings it, or the one that does can't be loaded; the text names
            the known ones and the nearest, or the trouble.
    """
    if not module:
        return load_all().find(name)
    loaded = load_module(module)
    if loaded.broken and not loaded.languages:
        raise UnknownLanguage(str(loaded.broken[0]))
    return loaded.find(name)


def load_module(module: str) -> Plugins:
    """Load one plugin by its module, without looking at what else is installed.

    Args:
        module: As in ``polykernel run --plugin``.

    Returns:
        The languages that it brings, and what is wrong with it.
    """
    return _load(Plugin(module))


def load_all() -> Plugins:
    """Load the plugins of all installed packages.

    Where two plugins bring languages of the same name, the one found first keeps it: polykernel's
    own, then by the package's name. The other one is recorded as broken.
    """
    from polykernel.entry_points import declared

    languages: dict[str, FoundLanguage] = {}
    broken: list[BrokenPlugin] = []
    for point in declared():
        plugin = Plugin(point.module, point.name, (point.distribution, point.version))
        if point.trouble:
            broken.append(BrokenPlugin(plugin, point.trouble))
            continue
        loaded = _load(plugin)
        broken += loaded.broken
        for found in loaded.languages:
            first = languages.setdefault(found.language.name, found)
            if first is not found:
                broken.append(BrokenPlugin(found.plugin, _taken(found.language.name, first)))
    return Plugins(tuple(languages.values()), tuple(broken))


def _taken(name: str, first: FoundLanguage) -> str:
    return (
        f"brings the language {name!r}, which {first.plugin} brings already; "
        "uninstall one of the two"
    )


def _load(plugin: Plugin) -> Plugins:
    try:
        # what a plugin prints while it is imported must not spoil what a program reads
        with contextlib.redirect_stdout(sys.stderr):
            items = _languages(plugin.module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit too
        return Plugins((), (BrokenPlugin(plugin, _reason(error), _traceback(error)),))
    return Plugins(
        tuple(FoundLanguage(item, plugin) for item in items if isinstance(item, Language)),
        tuple(
            BrokenPlugin(plugin, _reason(item), language=item.language)
            for item in items
            if isinstance(item, LanguageError)
        ),
    )


def samples_of(found: FoundLanguage) -> Samples | None:
    """Give the code by which a language is tried, if its plugin has any.

    Raises:
        SamplesError: The plugin's hook fails, or returns something else; the text names the
            plugin, and the error that its code has raised is the cause.
    """
    from polykernel.samples import Samples

    name = found.language.name
    try:
        with contextlib.redirect_stdout(sys.stderr):
            samples = _manager(found.plugin.module).hook.polykernel_samples(language=name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit too
        reason = f"polykernel_samples({name!r}): {_reason(error)}"
        raise SamplesError(str(BrokenPlugin(found.plugin, reason))) from error
    if samples is None or isinstance(samples, Samples):
        return samples
    reason = f"polykernel_samples({name!r}) must return Samples or None, not {samples!r}"
    raise SamplesError(str(BrokenPlugin(found.plugin, reason)))


def _manager(module: str) -> pluggy.PluginManager:
    # a manager for each plugin: what its hook raises, or returns, is certainly its own
    manager = pluggy.PluginManager("polykernel")
    manager.add_hookspecs(hookspecs)
    manager.register(importlib.import_module(module), module)
    manager.check_pending()
    return manager


def _languages(module: str) -> list[Language | LanguageError]:
    manager = _manager(module)
    if not manager.hook.polykernel_languages.get_hookimpls():
        raise LanguageError(
            f"{module} has no function polykernel_languages marked with @polykernel.hookimpl"
        )
    returned = manager.hook.polykernel_languages()
    # pluggy leaves out a None
    languages = _checked(returned[0] if returned else None)
    _refuse_duplicates(languages)
    return languages


def _checked(returned: object) -> list[Language | LanguageError]:
    expected = "polykernel_languages() must return a list of Language"
    if isinstance(returned, str) or not hasattr(returned, "__iter__"):
        raise LanguageError(f"{expected}, not {returned!r}")
    languages: list[Language | LanguageError] = []
    for language in returned:
        if not isinstance(language, (Language, LanguageError)):
            raise LanguageError(f"{expected}, but one of its items is {language!r}")
        languages.append(language)
    return languages


def _refuse_duplicates(languages: list[Language | LanguageError]) -> None:
    names = [language.name for language in languages if isinstance(language, Language)]
    for name in names:
        if names.count(name) > 1:
            raise LanguageError(f"brings the language {name!r} more than once")


def _reason(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:  # its __str__ is the plugin's code as well
        text = ""
    if isinstance(error, (LanguageError, SamplesError, pluggy.PluginValidationError)) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _traceback(error: BaseException) -> str:
    import traceback

    return "".join(
        traceback.format_exception(type(error), error, _first_foreign(error.__traceback__))
    )


def _first_foreign(frames: TracebackType | None) -> TracebackType | None:
    """Skip the frames that lead to the plugin: ours, importlib's and pluggy's."""
    ours = (
        __file__,
        importlib.__file__,
        pluggy.__file__.removesuffix("__init__.py"),
        "<frozen importlib",
    )
    while frames and frames.tb_frame.f_code.co_filename.startswith(ours):
        frames = frames.tb_next
    return frames
