"""What an evaluator's methods return → the contents of Jupyter's replies.

Each function checks what it is given, and raises :class:`WrongReturn` with what was expected.
"""

from __future__ import annotations

from polykernel.evaluator.base import Completions
from polykernel.evaluator.contract import WrongReturn, wrong
from polykernel.evaluator.display import mimebundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

STATUSES = ("complete", "incomplete", "invalid", "unknown")


def completions(found: object, code: str, cursor_pos: int) -> dict[str, Any]:
    """Content of ``complete_reply`` (specification, "Completion").

    Raises:
        WrongReturn: ``found`` is nothing that ``Evaluator.complete`` may return.
    """
    if found is None:
        found = Completions((), cursor_pos, cursor_pos)
    elif not isinstance(found, Completions):
        found = _beginning_with_word(_words(found), code, cursor_pos)
    matches = list(_words(found.matches))
    content: dict[str, Any] = {
        "status": "ok",
        "matches": matches,
        "cursor_start": _place("start", found.start),
        "cursor_end": _place("end", found.end),
        "metadata": {},
    }
    if found.types:
        content["metadata"]["_jupyter_types_experimental"] = [
            {"start": found.start, "end": found.end, "text": text, "type": str(kind)}
            for text, kind in zip(matches, found.types)
        ]
    return content


def _beginning_with_word(words: Sequence[str], code: str, cursor_pos: int) -> Completions:
    start = cursor_pos
    while start > 0 and (code[start - 1].isalnum() or code[start - 1] == "_"):
        start -= 1
    word = code[start:cursor_pos]
    return Completions([match for match in words if match.startswith(word)], start, cursor_pos)


def _words(found: Any) -> Sequence[str]:
    if isinstance(found, (str, bytes)) or not hasattr(type(found), "__iter__"):
        raise wrong("complete", "Completions, a sequence of strings, or None", found)
    words = list(found)
    for word in words:
        if not isinstance(word, str):
            raise wrong("complete", "Completions, a sequence of strings, or None", found)
    return words


def _place(name: str, value: object) -> int:
    if not isinstance(value, int):
        raise WrongReturn(
            f"complete() must return Completions with an integer {name}, not {value!r}"
        )
    return value


def inspection(found: object) -> dict[str, Any]:
    """Content of ``inspect_reply`` (specification, "Introspection").

    Raises:
        Exception: What ``repr(found)`` raises.
    """
    if found is None:
        return {"status": "ok", "found": False, "data": {}, "metadata": {}}
    data, metadata = mimebundle(found)
    return {"status": "ok", "found": True, "data": data, "metadata": metadata}


def completeness(said: object) -> dict[str, Any]:
    """Content of ``is_complete_reply`` (specification, "Code completeness").

    Raises:
        WrongReturn: ``said`` is nothing that ``Evaluator.is_complete`` may return.
    """
    status, indent = said, ""
    if isinstance(said, tuple) and len(said) == 2:
        status, indent = said
    if status not in STATUSES or not isinstance(indent, str):
        expected = ", ".join(repr(status) for status in STATUSES)
        raise wrong("is_complete", f"one of {expected}, or ('incomplete', indent)", said)
    if status == "incomplete":
        return {"status": status, "indent": indent}
    return {"status": status}


def debug(response: object) -> dict[str, Any]:
    """Content of ``debug_reply`` (specification, "Debug request").

    Raises:
        WrongReturn: ``response`` is nothing that ``Evaluator.debug`` may return.
    """
    if not isinstance(response, dict):
        raise wrong("debug", "a dict, the response of the Debug Adapter Protocol", response)
    return response
