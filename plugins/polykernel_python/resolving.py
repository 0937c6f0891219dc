"""The live object that an expression means, found without running the user's code.

Names, attributes of names, subscripts of plain containers and literals are looked up; functions are
not called. An attribute may be a property, as in ``path.parent.``: without that there would be no
help for half of all chains.
"""

from __future__ import annotations

import ast
import builtins
from typing import Any, Mapping

from polykernel_python.guarding import is_from_outside

_LITERALS = (ast.List, ast.Tuple, ast.Dict, ast.Set)
_LIBRARIES = ("pandas", "numpy", "polars", "pyarrow", "xarray")  # subscripts there only look up


class Unknown(Exception):
    """The expression can't be resolved, or only by running the user's code."""


class InstanceOf:
    """Stands for an object that a call of ``kind`` would make."""

    def __init__(self, kind: type) -> None:
        self.kind = kind


def resolve(expression: str, namespace: Mapping[str, Any]) -> Any:
    """Give the object that an expression means.

    Returns:
        The object, or an :class:`InstanceOf` where it would have to be made.

    Raises:
        Unknown: It can't be told.
    """
    if "\\" in expression:
        raise Unknown(expression)  # the parser may warn of an escape: see without_escapes
    try:
        tree = ast.parse(expression.strip(), mode="eval")
        return _value(tree.body, namespace)
    except Unknown:
        raise
    except BaseException as error:  # whatever a property, or the parser, raises
        if is_from_outside(error):
            raise
        raise Unknown(expression) from error


def _value(node: ast.expr, namespace: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return _name(node.id, namespace)
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, namespace)
        if isinstance(owner, InstanceOf):
            raise Unknown(node.attr)
        return getattr(owner, node.attr)
    if isinstance(node, ast.Subscript):
        return _item(_value(node.value, namespace), _index(node, namespace))
    if isinstance(node, _LITERALS):
        return ast.literal_eval(node)
    if isinstance(node, ast.JoinedStr):
        return InstanceOf(str)
    if isinstance(node, ast.Call):
        called = _value(node.func, namespace)
        if isinstance(called, type):
            return InstanceOf(called)
    raise Unknown(type(node).__name__)


def _name(name: str, namespace: Mapping[str, Any]) -> Any:
    if name in namespace:
        return namespace[name]
    try:
        return getattr(builtins, name)
    except AttributeError:
        raise Unknown(name) from None


def _index(node: ast.Subscript, namespace: Mapping[str, Any]) -> Any:
    index: Any = node.slice
    if type(index).__name__ == "Index":  # Python 3.8
        index = index.value
    if isinstance(index, ast.Slice):
        return slice(*(part and ast.literal_eval(part) for part in _bounds(index)))
    if isinstance(index, ast.UnaryOp):
        return ast.literal_eval(index)
    return _value(index, namespace)


def _bounds(index: ast.Slice) -> tuple[ast.expr | None, ast.expr | None, ast.expr | None]:
    return index.lower, index.upper, index.step


def _item(owner: Any, index: Any) -> Any:
    kind = type(owner)
    if isinstance(owner, dict) and kind.__getitem__ is dict.__getitem__:
        if not dict.__contains__(owner, index):  # a defaultdict would make it
            raise Unknown(index)
        return owner[index]
    own = next((base for base in (list, tuple, str, bytes) if isinstance(owner, base)), None)
    if own is not None and kind.__getitem__ is own.__getitem__:
        return owner[index]
    if kind.__module__.partition(".")[0] in _LIBRARIES:
        return owner[index]
    raise Unknown(index)
