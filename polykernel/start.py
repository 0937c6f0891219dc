"""What a kernel and ``polykernel exec`` begin with: the language, and its evaluator on its way."""

from __future__ import annotations

import os
from typing import NamedTuple

from polykernel import launch, plugins
from polykernel.errors import EvaluatorStartError, PolykernelError
from polykernel.language import Language

TYPE_CHECKING = False
if TYPE_CHECKING:
    from polykernel.plugins import BrokenPlugin, FoundLanguage, Plugin


class Start(NamedTuple):
    """A language with an evaluator that is being started, or what is wrong.

    Attributes:
        language: The language's facts; made up where its plugin is broken.
        plugin: The plugin that brings it.
        command: The evaluator's command line.
        process: The evaluator's process; ``None`` where it could not be started.
        trouble: Why it could not be started; empty where it was.
        traceback: More on that.
        debugger: Whether the evaluator is likely to have a debugger.
    """

    language: Language
    plugin: Plugin
    command: list[str]
    process: launch.Process | None
    trouble: str = ""
    traceback: str = ""
    debugger: bool = False


def start(name: str, module: str | None, python: str | None) -> Start:
    """Find a language and start its evaluator.

    A plugin that is broken does not stop a kernel: its first cell says why.

    Args:
        name: The language's name.
        module: The plugin's module; all installed plugins are searched where ``None``.
        python: The interpreter that evaluates; this one where ``None``.

    Raises:
        UnknownLanguage: No plugin brings it.
    """
    if module is None:
        return start_found(plugins.find(name), python)
    return started(prepare(name, module, python), python)


def start_found(found: FoundLanguage, python: str | None) -> Start:
    """Start the evaluator of a language that has been found."""
    return started(_prepared(found, python), python)


def prepare(name: str, module: str, python: str | None) -> Start:
    """Load a language, and say how its evaluator is started; see :func:`start`."""
    loaded = plugins.load_module(module)
    for found in loaded.languages:
        if found.language.name == name:
            return _prepared(found, python)
    for broken in loaded.broken:
        if broken.language in ("", name):
            return _broken(name, broken)
    plugin = plugins.Plugin(module)
    known = ", ".join(found.language.name for found in loaded.languages) or "none"
    return _broken(name, plugins.BrokenPlugin(plugin, f"brings no language {name!r}, but: {known}"))


def _prepared(found: FoundLanguage, python: str | None) -> Start:
    begun = Start(found.language, found.plugin, [], None)
    try:
        command = launch.command_of(found.language, python, found.plugin.module)
    except EvaluatorStartError as error:
        return _failed(begun, error)
    return begun._replace(command=command)


def started(begun: Start, python: str | None) -> Start:
    """Start an evaluator that is prepared, unless something is wrong already."""
    if begun.trouble:
        return begun
    try:
        process = launch.launch(begun.command, os.environ)
    except EvaluatorStartError as error:
        return _failed(begun, error)
    debugger = python is None and _has_debugger(begun.language)
    return begun._replace(process=process, debugger=debugger)


def _failed(begun: Start, error: EvaluatorStartError) -> Start:
    hint = begun.language.install_hint
    return begun._replace(trouble=f"{error}; {hint}" if hint else str(error))


def _has_debugger(language: Language) -> bool:
    """Look for the debugger where the evaluator will: both run in this interpreter's environment.

    What another interpreter has, the evaluator's hello tells.
    """
    if not language.debugger:
        return False
    from importlib.machinery import PathFinder

    return PathFinder.find_spec(language.debugger) is not None


def _broken(name: str, broken: BrokenPlugin) -> Start:
    try:
        language = _unknown_facts(name)
    except PolykernelError:
        language = _unknown_facts("unknown")
    return Start(language, broken.plugin, [], None, str(broken), broken.traceback)


def _unknown_facts(name: str) -> Language:
    return Language(
        name=name,
        display_name=name,
        version="",
        mimetype="text/plain",
        file_extension=".txt",
        command=("false",),
    )
