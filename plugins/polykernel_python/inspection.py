"""Help on what stands at the cursor: signature, docstring, type, place, and source."""

from __future__ import annotations

import inspect as reflection
import keyword
import types
from typing import TYPE_CHECKING, Any, Mapping

from polykernel.evaluator import Bundle
from polykernel_python.guarding import attempt
from polykernel_python.resolving import InstanceOf, Unknown, resolve
from polykernel_python.scanner import Scan, without_escapes
from polykernel_python.text import text_of

if TYPE_CHECKING:
    from polykernel_python.sources import Sources

_WIDTH = 79
_FORM = 500  # characters of an object's text


def inspect(
    code: str, cursor: int, detail_level: int, namespace: Mapping[str, Any], sources: Sources
) -> Bundle | None:
    """Describe what stands at the cursor.

    That is the name which the cursor touches; where there is none, the function whose arguments
    are being written, the innermost first; where there is none, the last name before the cursor.

    Args:
        code: The cell.
        cursor: The cursor's place in it, in code points.
        detail_level: 1 adds the source.
        namespace: The names that the cell would see.
        sources: Knows the cells.
    """
    for expression in _expressions(code, max(0, min(cursor, len(code)))):
        if keyword.iskeyword(expression) and expression not in ("True", "False", "None"):
            text = _about_keyword(expression)
        else:
            try:
                value = _resolved(expression, namespace)
            except Unknown:
                continue
            text = _Description(expression, value, sources).text(detail_level)
        if text:
            return Bundle({"text/plain": text})
    return None


def _expressions(code: str, cursor: int) -> list[str]:
    """Give the expressions that may be meant, the likeliest first."""
    whole = Scan(code)
    found: list[str] = []
    for place, token in enumerate(whole.tokens):
        if token.kind == "name" and token.start <= cursor <= token.end:
            start = whole.primary(place + 1)
            if start is not None:
                found.append(code[whole.tokens[start].start : token.end])
    before = Scan(code[:cursor])
    for opening in reversed(before.brackets):
        start = before.primary(opening) if before.tokens[opening].text == "(" else None
        if start is not None:
            found.append(code[before.tokens[start].start : before.tokens[opening - 1].end])
    names = [place for place, token in enumerate(before.tokens) if token.kind == "name"]
    if names and before.string is None and "\n" not in code[before.tokens[names[-1]].end : cursor]:
        start = before.primary(names[-1] + 1)
        if start is not None:
            found.append(code[before.tokens[start].start : before.tokens[names[-1]].end])
    return found


def _resolved(expression: str, namespace: Mapping[str, Any]) -> Any:
    """Resolve it; of a property the property itself, which has the docstring."""
    owner, dot, name = expression.rpartition(".")
    if dot and name.strip().isidentifier():
        holder = resolve(owner, namespace)
        # type() and issubclass(): isinstance() may ask a __class__ of the user's
        made = type(holder) is InstanceOf
        kind = holder.kind if made else type(holder)
        static = reflection.getattr_static(kind, name.strip(), None)
        if issubclass(type(static), property) and not issubclass(type(holder), type):
            return static
        if made:
            if static is None:
                raise Unknown(expression)
            return attempt(lambda: getattr(kind, name.strip()), static)
    value = resolve(expression, namespace)
    return value.kind if type(value) is InstanceOf else value


class _Description:
    """What is known about one object."""

    def __init__(self, expression: str, value: Any, sources: Sources) -> None:
        self._name = expression.rpartition(".")[2].strip()
        self._value = value
        self._sources = sources

    def text(self, detail_level: int) -> str:
        # the user's code may be in each: whatever fails is not known
        parts = [
            self._part("Signature", attempt(self._signature, "")),
            self._part("Type", attempt(self._type, "")),
            self._part("String form", attempt(self._form, "")),
            self._part("File", attempt(self._file, "")),
            self._part("Docstring", attempt(self._docstring, ""), below=True),
            self._part("Init docstring", attempt(self._init_docstring, ""), below=True),
        ]
        if detail_level > 0:
            parts.append(self._part("Source", attempt(self._source, ""), below=True))
        return "\n".join(part for part in parts if part)

    def _part(self, label: str, text: str, *, below: bool = False) -> str:
        if not text:
            return ""
        between = "\n" if below or "\n" in text else " "
        return f"\x1b[31m{label}:\x1b[39m{between}{text}"

    def _signature(self) -> str:
        if not callable(self._value):
            return ""
        signature = reflection.signature(self._value)
        line = f"{self._name}{signature}"
        if len(line) <= _WIDTH:
            return line
        return _long_signature(self._name, signature)

    def _type(self) -> str:
        kind = type(self._value)
        if kind.__module__ in ("builtins", "__main__"):
            return kind.__qualname__
        return f"{kind.__module__}.{kind.__qualname__}"

    def _form(self) -> str:
        value = self._value
        if callable(value) or isinstance(value, (type, types.ModuleType, property)):
            return ""
        text = text_of(value)
        return text if len(text) <= _FORM else text[:_FORM] + " ..."

    def _file(self) -> str:
        value = self._value
        if isinstance(value, property):
            value = value.fget
        file = reflection.getfile(reflection.unwrap(value))
        return self._sources.title(file) or file

    def _docstring(self) -> str:
        return reflection.getdoc(self._value) or ""

    def _init_docstring(self) -> str:
        if not isinstance(self._value, type):
            return ""
        init = self._value.__dict__.get("__init__")
        return (reflection.getdoc(init) or "") if isinstance(init, types.FunctionType) else ""

    def _source(self) -> str:
        value = self._value
        if isinstance(value, property):
            value = value.fget
        source = attempt(lambda: reflection.getsource(value).rstrip(), "")  # or it is built in
        if not source and isinstance(value, type):
            return self._class_source(value)
        return source

    def _class_source(self, value: type) -> str:
        """Find the source of a class that a cell defines, which ``inspect`` looks for in a file."""
        methods = [part for part in vars(value).values() if isinstance(part, types.FunctionType)]
        for method in methods:
            text = self._sources.text(method.__code__.co_filename)
            if text is not None:
                source = _class_in(text, value.__qualname__)
                if source:
                    return source
        return ""


def _class_in(text: str, name: str) -> str:
    import ast

    try:
        tree = ast.parse(without_escapes(text))
    except SyntaxError:
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == name:
            return ast.get_source_segment(text, node) or ""
    return ""


def _long_signature(name: str, signature: reflection.Signature) -> str:
    lines = [f"{name}("]
    star = slash = False
    for parameter in signature.parameters.values():
        if slash and parameter.kind is not parameter.POSITIONAL_ONLY:
            lines.append("    /,")
            slash = False
        if parameter.kind is parameter.POSITIONAL_ONLY:
            slash = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            star = True
        elif parameter.kind is parameter.KEYWORD_ONLY and not star:
            lines.append("    *,")
            star = True
        lines.append(f"    {parameter},")
    end = ")"
    if signature.return_annotation is not signature.empty:
        end += f" -> {reflection.formatannotation(signature.return_annotation)}"
    return "\n".join([*lines, end])


def _about_keyword(name: str) -> str:
    """Say what ``help("for")`` says."""
    import pydoc

    target: Any = pydoc.Helper.keywords.get(name)
    while isinstance(target, str):
        target = pydoc.Helper.keywords.get(target) or pydoc.Helper.topics.get(target)
    if not isinstance(target, tuple):
        return ""
    try:
        from pydoc_data.topics import topics
    except ImportError:
        return ""
    return str(topics.get(target[0], "")).strip()
