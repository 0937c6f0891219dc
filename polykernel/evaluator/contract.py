"""What an author's class must be like, and where in its code it is not."""

from __future__ import annotations

from types import FunctionType

from polykernel.evaluator.base import Evaluator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ATTRIBUTES = {
    "implementation": "a string",
    "language_version": "a string",
    "complete_while_busy": "True or False",
    "subshells": "True or False",
    "debugger": "True or False",
}
METHODS = tuple(name for name, value in vars(Evaluator).items() if isinstance(value, FunctionType))
_WITHOUT = ("start", "execute")  # there is no evaluator without these
_VARIADIC, _NO_PLAIN_FUNCTION = 0x04, 0x80 | 0x200  # *arguments; coroutines, async generators


class WrongReturn(TypeError):
    """An evaluator's method returned something else than it promised."""


def wrong(method: str, expected: str, got: object) -> WrongReturn:
    """Say that a method of an evaluator's has returned something else than it should."""
    try:
        text = repr(got)
    except Exception:  # its __repr__ is the author's code
        text = f"a {type(got).__name__}"
    return WrongReturn(f"{method}() must return {expected}, not {text}")


def place(made: type, method: str) -> str:
    """``FILE, line N`` of a method; empty where it is not the author's, or no function."""
    function = _function(made, method)
    if function is None or function is vars(Evaluator).get(method):
        return ""
    code = function.__code__
    return f"{code.co_filename}, line {code.co_firstlineno}"


def at(made: type, method: str) -> str:
    """As :func:`place`, in brackets and with a space before it; empty where there is none."""
    found = place(made, method)
    return f" ({found})" if found else ""


def refuse(made: type) -> None:
    """See to it that a class can be an evaluator at all.

    Raises:
        TypeError: It can't be made without arguments, or its cells can't be run; says where.
    """
    for found in (_wrong_constructor(made), *(_wrong_method(made, each) for each in _WITHOUT)):
        if found:
            raise TypeError(found)


def troubles(evaluator: Evaluator) -> list[str]:
    """List what is wrong with an evaluator whose cells can be run all the same, and where."""
    made = type(evaluator)
    found = [_wrong_method(made, method) for method in METHODS if method not in _WITHOUT]
    return [*filter(None, found), *wrong_attributes(evaluator)]


def wrong_methods(made: type) -> list[str]:
    """List which methods can't be called as they are, and where; the constructor is one of them.

    What a decorator wraps is looked at, as if it were called with what the decorator is.
    """
    found = [_wrong_method(made, method, wrapped=True) for method in METHODS]
    return [*filter(None, [_wrong_constructor(made), *found])]


def wrong_attributes(evaluator: Evaluator | type[Evaluator]) -> list[str]:
    """List which attributes are not what they should be; of a class, as far as it can tell."""
    found = []
    made = evaluator if isinstance(evaluator, type) else type(evaluator)
    for name, expected in ATTRIBUTES.items():
        try:
            value = getattr(evaluator, name)
        except Exception as error:
            found.append(f"{made.__name__}.{name} can't be read: {type(error).__name__}: {error}")
            continue
        if evaluator is made and _is_made_later(value):
            continue
        if type(value) is not type(getattr(Evaluator, name)):
            found.append(f"{made.__name__}.{name} must be {expected}, not {value!r}")
    return found


def attribute(evaluator: Evaluator, name: str) -> Any:
    """Give an attribute of an evaluator's, or the default where it is no good."""
    default = getattr(Evaluator, name)
    try:
        value = getattr(evaluator, name)
    except Exception:  # told by `troubles`
        return default
    return value if type(value) is type(default) else default


def _is_made_later(value: object) -> bool:
    """Whether it is a property, or of that kind: only an instance has what it stands for."""
    return hasattr(type(value), "__get__") and not isinstance(value, FunctionType)


def _wrong_constructor(made: type) -> str:
    for method, first in (("__init__", "self"), ("__new__", "cls")):
        function = _function(made, method)
        if function is not None and not _takes(function, 1):
            return (
                f"{method}({_arguments(function)}) must be {method}({first}): an evaluator is "
                f"made without arguments{at(made, method)}"
            )
    return ""


def _wrong_method(made: type, method: str, wrapped: bool = False) -> str:
    value = getattr(made, method)
    if not callable(value):
        return f"{made.__name__}.{method} must be a method, not {value!r}"
    function = _function(made, method, wrapped)
    if function is None:
        return ""  # of another language, or made by hand: nobody knows
    wanted = vars(Evaluator)[method]
    bound = isinstance(_raw(made, method), staticmethod)
    if not _takes(function, wanted.__code__.co_argcount - bound):
        return (
            f"{method}({_arguments(function)}) must be {method}({_arguments(wanted)})"
            f"{at(made, method)}"
        )
    if method != "execute" and function.__code__.co_flags & _NO_PLAIN_FUNCTION:
        return f"{method} must be a plain function, not 'async def'{at(made, method)}"
    return ""


def _raw(made: type, method: str) -> object:
    for each in made.__mro__:
        if method in vars(each):
            return vars(each)[method]
    return None


def _function(made: type, method: str, wrapped: bool = False) -> FunctionType | None:
    """Find the author's function, and on demand the one that ``functools.wraps`` names."""
    found = _raw(made, method)
    if isinstance(found, (staticmethod, classmethod)):
        found = found.__func__
    while wrapped and hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    return found if isinstance(found, FunctionType) else None


def _takes(function: FunctionType, count: int) -> bool:
    """Say whether a function can be called with so many arguments by position."""
    code = function.__code__
    most = code.co_argcount
    least = most - len(function.__defaults__ or ())
    if code.co_kwonlyargcount > len(function.__kwdefaults__ or ()):
        return False
    return least <= count and (count <= most or bool(code.co_flags & _VARIADIC))


def _arguments(function: FunctionType) -> str:
    code = function.__code__
    names = list(code.co_varnames[: code.co_argcount])
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return ", ".join([*names, *(["*", *keywords] if keywords else [])])
