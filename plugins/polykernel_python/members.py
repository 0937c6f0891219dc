"""An object's attributes and what kind each is, without evaluating any of them."""

from __future__ import annotations

import inspect
import types
from typing import Any

from polykernel_python.guarding import attempt

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
    none: list[str] = []
    names = attempt(lambda: [name for name in dir(value) if issubclass(type(name), str)], none)
    if issubclass(type(value), types.ModuleType):
        content = vars(value)
        return {name: kind(content.get(name)) for name in names}
    return {name: kind(inspect.getattr_static(value, name, None)) for name in names}


def kind(value: Any) -> str:
    """Say what an object is, in the words that front ends have icons for."""
    # not isinstance(), callable() or getattr(): a class of the user's may answer those with code
    own = type(value)
    if issubclass(own, type):
        return "class"
    if issubclass(own, types.ModuleType):
        return "module"
    if issubclass(own, _PROPERTIES):
        return "property"
    if issubclass(own, _FUNCTIONS):
        return "function"
    if any("__call__" in vars(base) for base in type.mro(own)):
        return "function"
    return "instance"
