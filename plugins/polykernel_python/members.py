"""An object's attributes and what kind each is, without evaluating any of them."""

from __future__ import annotations

import inspect
import types
from typing import Any

_FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
    classmethod,
    staticmethod,
)
_PROPERTIES = (property, types.GetSetDescriptorType, types.MemberDescriptorType)


def members(value: Any) -> dict[str, str]:
    """Give the names in ``dir(value)``, and the kind of each."""
    try:
        names = [name for name in dir(value) if isinstance(name, str)]
    except Exception:  # a __dir__ of the user's
        return {}
    if isinstance(value, types.ModuleType):
        content = vars(value)
        return {name: kind(content.get(name)) for name in names}
    return {name: kind(inspect.getattr_static(value, name, None)) for name in names}


def kind(value: Any) -> str:
    """Say what an object is, in the words that front ends have icons for."""
    if isinstance(value, type):
        return "class"
    if isinstance(value, types.ModuleType):
        return "module"
    if isinstance(value, _PROPERTIES):
        return "property"
    if isinstance(value, _FUNCTIONS):
        return "function"
    # not callable(), nor getattr: a class of the user's may answer those with code
    if any("__call__" in vars(base) for base in type.mro(type(value))):
        return "function"
    return "instance"
