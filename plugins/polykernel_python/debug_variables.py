"""The variables of ``__main__``, for front ends that ask while nothing is stopped.

While something is stopped the variables are those of its frames, which debugpy shows.
"""

from __future__ import annotations

import itertools
import re
import reprlib
from typing import TYPE_CHECKING, Any, Iterable, Tuple

if TYPE_CHECKING:
    Children = Iterable[Tuple[str, Any]]

FIRST_REFERENCE = 1 << 30  # debugpy's own numbers are elsewhere
MANY = 1000  # children that are shown of one value, unless the front end asks for a part
LONG = 300  # characters of a value
_PLAIN = (str, bytes, int, float, complex, bool, type(None), type(...))
# what `In` and `Out` leave in the namespace
_HISTORY = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|In|Out")
_MODULE = frozenset(
    (
        "__name__",
        "__doc__",
        "__package__",
        "__loader__",
        "__spec__",
        "__annotations__",
        "__builtins__",
        "__warningregistry__",
    )
)


def is_users(name: str) -> bool:
    """Whether a name of ``__main__`` is the user's, and not ours or Python's."""
    return name not in _MODULE and _HISTORY.fullmatch(name) is None


class _Repr(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = LONG
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = 20


def text_of(value: object) -> str:
    """Show a value in a line, whatever its class does."""
    try:
        return _Repr().repr(value)
    except BaseException as error:
        return f"<{type(value).__name__} whose repr() fails: {type(error).__name__}>"


class Variables:
    """Gives numbers to values whose children a front end may ask for, until it asks anew.

    State: the numbers.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(FIRST_REFERENCE)
        self._values: dict[int, Any] = {}

    def __contains__(self, reference: object) -> bool:
        return reference in self._values

    def of_namespace(self, namespace: dict[str, Any]) -> list[dict[str, Any]]:
        """Describe the user's variables; older numbers are forgotten."""
        self._values.clear()
        names = sorted(name for name in list(namespace) if is_users(name))
        return [self._describe(name, namespace[name]) for name in names if name in namespace]

    def children(self, reference: int, start: int = 0, count: int = 0) -> list[dict[str, Any]]:
        """Describe what a value is made of.

        Args:
            reference: The value's number.
            start: How many children to leave out.
            count: How many to show; 0 for all, within reason.
        """
        chosen = itertools.islice(
            _children(self._values[reference]), start, start + (count or MANY)
        )
        return [self._describe(name, value) for name, value in chosen]

    def _describe(self, name: str, value: object) -> dict[str, Any]:
        reference = 0
        if not isinstance(value, _PLAIN) and next(iter(_children(value)), None) is not None:
            reference = next(self._numbers)
            self._values[reference] = value
        return {
            "name": name,
            "value": text_of(value),
            "type": type(value).__name__,
            "evaluateName": name,
            "variablesReference": reference,
        }


def _children(value: Any) -> Children:
    """Give names and values of what a value is made of; of its attributes the stored ones."""
    if isinstance(value, dict):
        yield from ((text_of(key), value[key]) for key in list(value))
    elif isinstance(value, (list, tuple)):
        names = getattr(value, "_fields", None) or map(str, itertools.count())
        yield from zip(names, value)
    elif isinstance(value, (set, frozenset)):
        yield from ((str(place), each) for place, each in enumerate(list(value)))
    try:
        attributes = dict(vars(value))
    except TypeError:
        attributes = {}
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            try:
                attributes.setdefault(name, getattr(value, name))
            except Exception:  # noqa: PERF203
                continue  # it has no value
    for name, each in attributes.items():
        if not (isinstance(value, type) and name.startswith("__")):
            yield str(name), each
