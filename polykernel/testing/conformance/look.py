"""Looks at an evaluator's class, in the interpreter that evaluates: standard library only.

``PYTHON look.py BOOTSTRAP MODULE:CLASS PACKAGE=DIRECTORY... [--plugin NAME_VERSION]``

The arguments are those of ``bootstrap.py``, behind its own path. Prints JSON: :class:`Looked`.
"""

from __future__ import annotations

import difflib
import inspect
import json
import os
import runpy
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypedDict

    class Near(TypedDict):
        """A name that is nearly one of Evaluator's."""

        name: str
        meant: str

    class Wrong(TypedDict):
        """A method or an attribute that is not as the runtime needs it."""

        name: str
        has: str
        wants: str

    class Looked(TypedDict):
        """What a class looks like. ``trouble`` says why it could not be looked at."""

        trouble: str
        where: str
        overridden: list[str]
        near: list[Near]
        signatures: list[Wrong]
        attributes: list[Wrong]
        abilities: dict[str, bool]


# what the runtime hands to each method, by position
ARGUMENTS = {
    "start": (),
    "execute": ("code", "cell"),
    "evaluate": ("expression",),
    "complete": ("code", "cursor_pos"),
    "inspect": ("code", "cursor_pos", "detail_level"),
    "is_complete": ("code",),
    "open_comm": ("comm", "message"),
    "format_error": ("error",),
    "debug": ("request", "send_event"),
    "interrupt": (),
    "shutdown": ("restart",),
}
MAY_BE_COROUTINES = ("execute",)
TEXTS = ("implementation", "language_version")
FLAGS = ("complete_while_busy", "subshells", "debugger")
# what the methods are called elsewhere: in ipykernel's base class, metakernel and xeus
ELSEWHERE = {
    "do_execute": "execute",
    "do_execute_direct": "execute",
    "execute_request_impl": "execute",
    "run": "execute",
    "run_cell": "execute",
    "eval": "execute",
    "do_complete": "complete",
    "get_completions": "complete",
    "do_inspect": "inspect",
    "get_kernel_help_on": "inspect",
    "do_is_complete": "is_complete",
    "do_shutdown": "shutdown",
    "do_interrupt": "interrupt",
    "stop": "shutdown",
    "close": "shutdown",
    "setup": "start",
}
SURELY = ("do_", "get_", "execute_request_impl")  # nobody means anything else by these
CLOSE = 0.8  # of difflib's 1.0


def look(evaluator: type, base: type) -> Looked:
    """Look at a class.

    Args:
        evaluator: The author's.
        base: ``polykernel.evaluator.Evaluator``.
    """
    own = {
        name: value
        for each in reversed(evaluator.__mro__)
        if each is not base and issubclass(each, base)
        for name, value in vars(each).items()
    }
    known = [name for name in vars(base) if not name.startswith("_")]
    overridden = sorted(name for name in own if name in known and own[name] is not vars(base)[name])
    return {
        "trouble": "",
        "where": _where(evaluator),
        "overridden": overridden,
        "near": [each for name in own for each in _near(name, known, overridden, own)],
        "signatures": [
            *_constructor(evaluator),
            *(each for name in overridden if name in ARGUMENTS for each in _wrong(name, own[name])),
        ],
        "attributes": [each for name in overridden for each in _attribute(name, own[name])],
        "abilities": {name: bool(getattr(evaluator, name)) for name in FLAGS},
    }


def _where(evaluator: type) -> str:
    try:
        line = inspect.getsourcelines(evaluator)[1]
        return f"{inspect.getsourcefile(evaluator)}, line {line}"
    except (OSError, TypeError):
        return evaluator.__module__


def _near(name: str, known: list[str], overridden: list[str], own: dict[str, Any]) -> list[Near]:
    if name.startswith("_") or name in known:
        return []
    meant = ELSEWHERE.get(name)
    if meant is None:
        plain = {_plain(each): each for each in known}
        close = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=CLOSE)
        meant = plain[close[0]] if close else None
    # who overrides the right one knows it, and has something else under the other name
    if meant is None or (meant in overridden and not name.startswith(SURELY)):
        return []
    if meant in ARGUMENTS and not callable(_function(own[name])):
        return []
    return [{"name": name, "meant": meant}]


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _function(value: Any) -> Any:
    return value.__func__ if isinstance(value, (staticmethod, classmethod)) else value


def _wrong(name: str, value: Any) -> list[Wrong]:
    wants = "({})".format(", ".join(("self",) + ARGUMENTS[name]))
    function = _function(value)
    if not callable(function):
        return [{"name": name, "has": repr(value), "wants": "a method " + name + wants}]
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of C code, which does not say
        return []
    arguments = ARGUMENTS[name] if isinstance(value, staticmethod) else ("self",) + ARGUMENTS[name]
    has = f"{name}{signature}"
    try:
        signature.bind(*arguments)
    except TypeError:
        return [{"name": name, "has": has, "wants": name + wants}]
    if inspect.iscoroutinefunction(function) and name not in MAY_BE_COROUTINES:
        wants = "a plain function: of Evaluator's methods only execute() may be a coroutine"
        return [{"name": name, "has": "async " + has, "wants": wants}]
    return []


def _constructor(evaluator: type) -> list[Wrong]:
    try:
        signature = inspect.signature(evaluator)
    except (TypeError, ValueError):
        return []
    try:
        signature.bind()
    except TypeError:
        has = f"{evaluator.__name__}{signature}"
        return [{"name": "__init__", "has": has, "wants": "no arguments: one instance is made"}]
    return []


def _attribute(name: str, value: Any) -> list[Wrong]:
    if isinstance(value, property):
        return []
    if name in TEXTS and not isinstance(value, str):
        return [{"name": name, "has": repr(value), "wants": "a string"}]
    if name in FLAGS and not isinstance(value, bool):
        return [{"name": name, "has": repr(value), "wants": "True or False"}]
    return []


def main(arguments: list[str]) -> None:
    """Load the class as an evaluator process would, look at it, and print what was seen."""
    bootstrap, name = arguments[:2]
    packages = dict(each.split("=", 1) for each in arguments[2:] if "=" in each)
    finder = runpy.run_path(bootstrap)["PackageFinder"]
    sys.meta_path.insert(0, finder(packages))
    # what a plugin prints while it is imported must not spoil what is read
    out = os.dup(1)
    os.dup2(2, 1)
    seen: dict[str, Any] = {"trouble": ""}
    try:
        from polykernel.evaluator import Evaluator

        module, _, class_name = name.partition(":")
        __import__(module)
        seen = dict(look(getattr(sys.modules[module], class_name), Evaluator))
    except BaseException as error:
        seen["trouble"] = f"{type(error).__name__}: {error}"
    with open(out, "w") as file:
        json.dump(seen, file)


if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # this file's own folder
    main(sys.argv[1:])
