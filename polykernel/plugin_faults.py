"""What is wrong with a plugin: the reason, what was expected, and where in its code that is.

The one place where such words are made: ``polykernel list``, the first cell, ``doctor`` and
``polykernel check`` show them.
"""

from __future__ import annotations

import importlib
import os
import re
from typing import TYPE_CHECKING, NamedTuple

import pluggy

import polykernel
from polykernel import hookspecs
from polykernel.errors import PolykernelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, FunctionType, ModuleType, TracebackType

#: The oldest version of the author's API whose plugins still work.
OLDEST_API_VERSION = 1
#: Hooks that are gone, and what to write instead, with the API version that took them away.
GONE_HOOKS: dict[str, str] = {}

_STATED = "polykernel_api_version"


class Fault(NamedTuple):
    """What is wrong.

    Attributes:
        reason: In one line, with what was expected.
        file: Where, as far as that is known; empty otherwise.
        line: The line in that file; 0 where it is not known.
        traceback: How it came to that, from the plugin's own code on.
    """

    reason: str
    file: str = ""
    line: int = 0
    traceback: str = ""


class WrongPlugin(PolykernelError):
    """Something that a plugin has written is wrong.

    Args:
        reason: In one line, with what was expected.
        function: Of the plugin, which is to blame.
    """

    def __init__(self, reason: str, function: object = None) -> None:
        super().__init__(reason)
        self.function = function


def fault_of(error: BaseException) -> Fault:
    """Say what an exception means that came out of a plugin's code, or of loading it."""
    frames = _first_foreign(error.__traceback__)
    file, line = _place(error, frames)
    return Fault(_reason(error), file, line, _traceback(error, frames))


def _place(error: BaseException, frames: TracebackType | None) -> tuple[str, int]:
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 0
    if isinstance(error, WrongPlugin):
        code = _code_of(error.function)
        return (code.co_filename, code.co_firstlineno) if code else ("", 0)
    return _deepest(frames)


def _deepest(frames: TracebackType | None) -> tuple[str, int]:
    """Find the last place in the plugin's own package, which is where it can be mended."""
    package = _package(frames) if frames else ""
    file, line = "", 0
    while frames is not None:
        if _package(frames) == package:
            file, line = frames.tb_frame.f_code.co_filename, frames.tb_lineno
        frames = frames.tb_next
    return file, line


def _package(frame: TracebackType) -> str:
    return str(frame.tb_frame.f_globals.get("__name__")).partition(".")[0]


def _code_of(function: object) -> CodeType | None:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return getattr(function, "__code__", None)


def _reason(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:  # its __str__ is the plugin's code as well
        text = ""
    if isinstance(error, (PolykernelError, pluggy.PluginValidationError)) and text:
        return text
    if isinstance(error, ImportError) and error.name == "polykernel" and text:
        return f"ImportError: {text}; {_exports(text)}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _exports(text: str) -> str:
    asked = re.search("cannot import name '(.*?)'", text)
    return (
        f"version {polykernel.API_VERSION} of the API has "
        f"{', '.join(sorted(set(polykernel.__all__)))}"
        f"{nearest(asked[1], polykernel.__all__) if asked else ''}"
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """Ask whether a known name was meant; empty where none is near."""
    import difflib

    found = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def _traceback(error: BaseException, frames: TracebackType | None) -> str:
    import traceback

    return "".join(traceback.format_exception(type(error), error, frames))


def _first_foreign(frames: TracebackType | None) -> TracebackType | None:
    """Skip the frames that lead to the plugin: ours, importlib's and pluggy's."""
    ours = (
        os.path.join(os.path.dirname(__file__), "plugin"),
        importlib.__file__,
        pluggy.__file__.removesuffix("__init__.py"),
        "<frozen importlib",
    )
    while frames and frames.tb_frame.f_code.co_filename.startswith(ours):
        frames = frames.tb_next
    return frames


def check_api_version(module: ModuleType) -> None:
    """Look at the version of the API that a plugin says it was written for, if it says so.

    Raises:
        WrongPlugin: It is one that this polykernel has not, or has no longer.
    """
    stated = getattr(module, _STATED, None)
    if stated is None:
        return
    ours = f"polykernel {polykernel.__version__} has version {polykernel.API_VERSION}"
    if not isinstance(stated, int) or isinstance(stated, bool):
        raise WrongPlugin(
            f"{_STATED} must be a whole number, such as {polykernel.API_VERSION}, not {stated!r}"
        )
    if stated > polykernel.API_VERSION:
        raise WrongPlugin(
            f"was written for version {stated} of the API, and {ours}: "
            "update polykernel (pip install --upgrade polykernel), or use an older version of it"
        )
    if stated < OLDEST_API_VERSION:
        raise WrongPlugin(
            f"was written for version {stated} of the API, and {ours} and knows none older than "
            f"{OLDEST_API_VERSION}: update the plugin's package, or use an older polykernel"
        )


def check_hooks(manager: pluggy.PluginManager, module: ModuleType) -> None:
    """Look at the functions that a plugin has marked as hooks, before pluggy does.

    Raises:
        WrongPlugin: There is no such hook, or it has other arguments; names the function.
    """
    for name, value in vars(module).items():
        options = manager.parse_hookimpl_opts(module, name)
        if options is not None:
            _check_hook(options.get("specname") or name, value, bool(options.get("optionalhook")))


def _check_hook(name: str, function: FunctionType, optional: bool) -> None:
    specification: Callable[..., object] | None = getattr(hookspecs, name, None)
    if specification is None or not hasattr(specification, "polykernel_spec"):
        if optional:
            return
        known = [each for each in vars(hookspecs) if each.startswith("polykernel_")]
        instead = GONE_HOOKS.get(name)
        raise WrongPlugin(
            f"there is no hook {name!r}{f' any more: {instead}' if instead else ''}; version "
            f"{polykernel.API_VERSION} of the API has {', '.join(known)}"
            f"{'' if instead else nearest(name, known)}",
            function,
        )
    wanted, given = _arguments(specification), _arguments(function)
    if not set(given) <= set(wanted):
        raise WrongPlugin(
            f"{name}({', '.join(given)}) must be {name}({', '.join(wanted)}), "
            "or have fewer arguments of these names",
            function,
        )


def _arguments(function: object) -> tuple[str, ...]:
    code = _code_of(function)
    if code is None:
        raise WrongPlugin(f"a hook must be a function, not {function!r}")
    return code.co_varnames[: code.co_argcount]


def expected(promise: str, got: object, function: object) -> WrongPlugin:
    """Say that a hook has returned something else than it should."""
    return WrongPlugin(f"{promise}, not {_short(got)}", function)


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # its __repr__ is the plugin's code
        text = f"a {type(value).__name__}"
    return text if len(text) <= 200 else f"{text[:200]}…"
