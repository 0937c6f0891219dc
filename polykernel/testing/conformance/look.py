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
    from typing import Any, Sequence, TypedDict

    from polykernel.evaluator import Evaluator

    class Near(TypedDict):
        """A name that is nearly one of Evaluator's."""

        name: str
        meant: str

    class Looked(TypedDict):
        """What a class looks like. ``trouble`` says why it could not be looked at.

        ``signatures`` and ``attributes`` tell what is wrong, in the words of the evaluator's first
        cell.
        """

        trouble: str
        where: str
        overridden: list[str]
        near: list[Near]
        signatures: list[str]
        attributes: list[str]
        abilities: dict[str, bool]


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


def look(evaluator: type[Evaluator]) -> Looked:
    """Look at a class of an author's."""
    # not before: where this file runs as a program, main() makes polykernel known
    from polykernel.evaluator import Evaluator, contract

    own = {
        name: value
        for each in reversed(evaluator.__mro__)
        if each is not Evaluator and issubclass(each, Evaluator)
        for name, value in vars(each).items()
    }
    known = [name for name in vars(Evaluator) if not name.startswith("_")]
    overridden = sorted(
        name for name in own if name in known and own[name] is not vars(Evaluator)[name]
    )
    return {
        "trouble": "",
        "where": _where(evaluator),
        "overridden": overridden,
        "near": [
            {"name": name, "meant": meant}
            for name, value in own.items()
            if name not in known
            for meant in _meant(name, value, known, contract.METHODS)
            # who overrides the right one knows it, and has something else under the other name
            if meant not in overridden or name.startswith(SURELY)
        ],
        "signatures": contract.wrong_methods(evaluator),
        "attributes": contract.wrong_attributes(evaluator),
        "abilities": {name: bool(getattr(evaluator, name)) for name in FLAGS},
    }


def _where(evaluator: type) -> str:
    try:
        line = inspect.getsourcelines(evaluator)[1]
        return f"{inspect.getsourcefile(evaluator)}, line {line}"
    except (OSError, TypeError):
        return evaluator.__module__


def _meant(name: str, value: Any, known: Sequence[str], methods: Sequence[str]) -> list[str]:
    """Find the name that was meant by another one, if any."""
    if name.startswith("_"):
        return []
    meant = ELSEWHERE.get(name)
    if meant is None:
        plain = {_plain(each): each for each in known}
        close = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=CLOSE)
        meant = plain[close[0]] if close else None
    if meant is None or (meant in methods and not callable(_function(value))):
        return []
    return [meant]


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _function(value: Any) -> Any:
    return value.__func__ if isinstance(value, (staticmethod, classmethod)) else value


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
        module, _, class_name = name.partition(":")
        __import__(module)
        seen = dict(look(getattr(sys.modules[module], class_name)))
    except BaseException as error:
        seen["trouble"] = f"{type(error).__name__}: {error}"
    with open(out, "w") as file:
        json.dump(seen, file)


if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # this file's own folder
    main(sys.argv[1:])
