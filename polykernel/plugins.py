"""Finds the languages that plugins bring.

A plugin is loaded by itself: what is wrong with one is recorded as a :class:`BrokenPlugin`, with
its package, version, file, line and traceback, and the others go on. :func:`load_all` looks through
the installed packages, which takes a while in large environments; a kernel's start, which knows its
plugin's module, uses :func:`load_module`.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import warnings
from typing import TYPE_CHECKING

import msgspec
import pluggy

from polykernel import hookspecs
from polykernel.errors import Deprecated, LanguageError, SamplesError, UnknownLanguage
from polykernel.language import Language
from polykernel.plugin_faults import (
    WrongPlugin,
    check_api_version,
    check_hooks,
    expected,
    fault_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from polykernel.samples import Samples


class Plugin(msgspec.Struct, frozen=True):
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


class FoundLanguage(msgspec.Struct, frozen=True):
    """A language, and the plugin that brings it."""

    language: Language
    plugin: Plugin


class BrokenPlugin(msgspec.Struct, frozen=True):
    """A plugin that could not be loaded, or one of whose languages can't be used.

    Args:
        plugin: Which one.
        reason: What is wrong, in one line.
        traceback: Where it went wrong, as text, from the plugin's own code on.
        language: Which of its languages can't be used; empty where none can.
        file: In which file that is to be mended; empty where it is not known.
        line: In which line of it; 0 where it is not known.
    """

    plugin: Plugin
    reason: str
    traceback: str = ""
    language: str = ""
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """``FILE:LINE``, as editors take it; empty where it is not known."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def __str__(self) -> str:
        """Tell the trouble in one line, with the plugin's package and version, and its place."""
        where = f"{self.plugin.module}, {self.place}" if self.file else self.plugin.module
        return f"plugin {self.plugin} ({where}): {self.reason}"


class Outdated(msgspec.Struct, frozen=True):
    """A plugin that still works, and uses what a later polykernel will not have.

    Args:
        plugin: Which one.
        reason: What it uses, and what to write instead.
        file: Where.
        line: In which line of it.
    """

    plugin: Plugin
    reason: str
    file: str
    line: int

    def __str__(self) -> str:
        """Tell it in one line, with the plugin's package and version, and its place."""
        where = f"{self.plugin.module}, {self.file}:{self.line}"
        return f"plugin {self.plugin} ({where}): {self.reason}"


class Plugins(msgspec.Struct, frozen=True):
    """All that was found: languages by their names, what is broken, and what is outdated."""

    languages: tuple[FoundLanguage, ...]
    broken: tuple[BrokenPlugin, ...]
    outdated: tuple[Outdated, ...] = ()

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
    return load(module).find(name)


def load(module: str = "") -> Plugins:
    """Load the plugin of that module, or all where it is not known.

    Raises:
        UnknownLanguage: That one plugin can't be loaded; the text is the trouble.
    """
    if not module:
        return load_all()
    loaded = load_module(module)
    if loaded.broken and not loaded.languages:
        raise UnknownLanguage(str(loaded.broken[0]))
    return loaded


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
    outdated: list[Outdated] = []
    for point in declared():
        plugin = Plugin(point.module, point.name, (point.distribution, point.version))
        if point.trouble:
            broken.append(BrokenPlugin(plugin, point.trouble))
            continue
        loaded = _load(plugin)
        broken += loaded.broken
        outdated += loaded.outdated
        for found in loaded.languages:
            first = languages.setdefault(found.language.name, found)
            if first is not found:
                broken.append(BrokenPlugin(found.plugin, _taken(found.language.name, first)))
    return Plugins(tuple(languages.values()), tuple(broken), tuple(outdated))


def _taken(name: str, first: FoundLanguage) -> str:
    return (
        f"brings the language {name!r}, which {first.plugin} brings already; "
        "uninstall one of the two"
    )


def _load(plugin: Plugin) -> Plugins:
    outdated: list[Outdated] = []
    try:
        with _careful(plugin, outdated):
            items = _languages(plugin.module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit too
        return Plugins((), (_broken(plugin, error),), tuple(outdated))
    return Plugins(
        tuple(FoundLanguage(item, plugin) for item in items if isinstance(item, Language)),
        tuple(_broken(plugin, item) for item in items if isinstance(item, LanguageError)),
        tuple(outdated),
    )


def _broken(plugin: Plugin, error: BaseException) -> BrokenPlugin:
    fault = fault_of(error)
    language = error.language if isinstance(error, LanguageError) else ""
    traceback = fault.traceback if error.__traceback__ else ""
    return BrokenPlugin(plugin, fault.reason, traceback, language, fault.file, fault.line)


@contextlib.contextmanager
def _careful(plugin: Plugin, outdated: list[Outdated]) -> Iterator[None]:
    """Run a plugin's code: what it prints must not spoil what a program reads.

    What it uses that is deprecated is noted. Its other warnings go where they would go.
    """
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(sys.stderr):
        warnings.simplefilter("always", Deprecated)
        try:
            yield
        finally:
            others = [each for each in caught if not issubclass(each.category, Deprecated)]
            outdated += [
                Outdated(plugin, str(each.message), each.filename, each.lineno)
                for each in caught
                if issubclass(each.category, Deprecated)
            ]
    for each in others:
        warnings.showwarning(each.message, each.category, each.filename, each.lineno)


def samples_of(found: FoundLanguage) -> Samples | None:
    """Give the code by which a language is tried, if its plugin has any.

    Raises:
        SamplesError: The plugin's hook fails, or returns something else; the text names the
            plugin, and the error that its code has raised is the cause.
    """
    from polykernel.samples import Samples

    name = found.language.name
    try:
        with _careful(found.plugin, []):
            hook = _manager(found.plugin.module).hook.polykernel_samples
            samples = hook(language=name)
        if samples is None or isinstance(samples, Samples):
            return samples
        promise = f"polykernel_samples({name!r}) must return Samples or None"
        raise expected(promise, samples, _function(hook))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit too
        fault = fault_of(error)
        reason = fault.reason
        if not isinstance(error, WrongPlugin):
            reason = f"polykernel_samples({name!r}): {reason}"
        broken = BrokenPlugin(found.plugin, reason, file=fault.file, line=fault.line)
        raise SamplesError(str(broken)) from error


def _function(hook: pluggy.HookCaller) -> object:
    return hook.get_hookimpls()[-1].function


def _manager(name: str) -> pluggy.PluginManager:
    # a manager for each plugin: what its hook raises, or returns, is certainly its own
    manager = pluggy.PluginManager("polykernel")
    manager.add_hookspecs(hookspecs)
    module = importlib.import_module(name)
    check_api_version(module)
    check_hooks(manager, module)
    manager.register(module, name)
    manager.check_pending()
    return manager


def _languages(module: str) -> list[Language | LanguageError]:
    hook = _manager(module).hook.polykernel_languages
    if not hook.get_hookimpls():
        raise WrongPlugin(
            f"{module} has no function polykernel_languages marked with @polykernel.hookimpl",
            getattr(sys.modules[module], "polykernel_languages", None),
        )
    returned = hook()
    # pluggy leaves out a None
    languages = _checked(returned[0] if returned else None, _function(hook))
    _refuse_duplicates(languages, _function(hook))
    return languages


def _checked(returned: object, function: object) -> list[Language | LanguageError]:
    promise = "polykernel_languages() must return a list of Language"
    if isinstance(returned, str) or not hasattr(returned, "__iter__"):
        raise expected(promise, returned, function)
    languages: list[Language | LanguageError] = []
    for language in returned:
        if not isinstance(language, (Language, LanguageError)):
            raise expected(f"{promise}; an item must be one", language, function)
        languages.append(language)
    return languages


def _refuse_duplicates(languages: list[Language | LanguageError], function: object) -> None:
    names = [language.name for language in languages if isinstance(language, Language)]
    for name in names:
        if names.count(name) > 1:
            raise WrongPlugin(f"brings the language {name!r} more than once", function)
