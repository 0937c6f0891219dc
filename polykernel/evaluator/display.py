"""From a Python object to a MIME bundle: the ``_repr_*_`` methods that Jupyter objects have."""

from __future__ import annotations

import sys
from binascii import b2a_base64

from polykernel.evaluator.reports import formatter
from polykernel.evaluator.user_handlers import is_raised_by_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

# the methods of IPython's display protocol, and the mimetypes that they give
METHODS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_pdf_": "application/pdf",
    "_repr_jpeg_": "image/jpeg",
    "_repr_latex_": "text/latex",
    "_repr_json_": "application/json",
    "_repr_javascript_": "application/javascript",
}
_PLAIN_TYPES = frozenset((int, float, complex, bool, bytes, list, tuple, dict, set, frozenset))
# who answers to this answers to any name, and its _repr_html_ means nothing
_CANARY = "_polykernel_canary_method_should_not_exist_"


class Bundle:
    """A MIME bundle made on purpose: what to show, in several forms.

    Args:
        data: Mimetype to content. Text for text types, unpacked JSON for JSON types, ``bytes`` (or
            base64 text) for binary types.
        metadata: As in ``display_data`` (specification, "Display data").
    """

    def __init__(self, data: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        self.data = data
        self.metadata = metadata or {}


def mimebundle(value: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """Show an object in all forms that it offers.

    A method that raises is told on stderr, and the other forms are still there.

    Args:
        value: A :class:`Bundle`, a string (shown as it is), or any object.

    Returns:
        ``data`` and ``metadata`` of a ``display_data`` message, binary content in base64.

    Raises:
        TypeError: A :class:`Bundle` has content that does not fit its mimetype.
        Exception: What ``repr(value)`` raises.
    """
    if isinstance(value, str):
        return {"text/plain": str(value)}, {}
    if isinstance(value, Bundle):
        return _contents(value.data), dict(value.metadata)
    if type(value) in _PLAIN_TYPES:
        return {"text/plain": repr(value)}, {}
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    if _has_methods(value):
        _from_mimebundle(value, data, metadata)
        for method, mimetype in METHODS.items():
            if mimetype not in data:
                _from_method(value, method, mimetype, data, metadata)
    if "text/plain" not in data:
        data["text/plain"] = repr(value)
    return data, metadata


def show(value: object) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """As :func:`mimebundle`, or ``None`` where the object has displayed itself.

    Raises:
        Exception: What ``repr(value)`` raises.
    """
    if type(value) is not str and type(value) not in _PLAIN_TYPES and _has_methods(value):
        method = _method(value, "_ipython_display_")
        if method is not None:
            try:
                method()
            except NotImplementedError:
                pass
            except Exception:
                _tell("_ipython_display_", value)
            else:
                return None
    return mimebundle(value)


def _has_methods(value: object) -> bool:
    # a class's methods are meant for its instances
    return not isinstance(value, type) and _method(value, _CANARY) is None


def _method(value: object, name: str) -> Callable[..., Any] | None:
    try:
        method = getattr(value, name, None)
    except Exception as error:  # a property, or __getattr__, that fails
        if is_raised_by_handler(error):
            raise
        return None
    return method if callable(method) else None


def _from_mimebundle(value: object, data: dict[str, Any], metadata: dict[str, Any]) -> None:
    method = _method(value, "_repr_mimebundle_")
    if method is None:
        return
    try:
        result = method(include=None, exclude=None)
        if result is None:
            return
        forms, more = result if isinstance(result, tuple) else (result, {})
        found = _contents(forms)
        metadata.update(more or {})
        data.update(found)
    except NotImplementedError:
        pass
    except Exception:
        _tell("_repr_mimebundle_", value)


def _from_method(
    value: object, name: str, mimetype: str, data: dict[str, Any], metadata: dict[str, Any]
) -> None:
    method = _method(value, name)
    if method is None:
        return
    try:
        result = method()
        if isinstance(result, tuple) and len(result) == 2:
            result, more = result
            if more:
                metadata[mimetype] = more
        if result is not None:
            data[mimetype] = _content(mimetype, result)
    except NotImplementedError:
        pass
    except Exception:
        _tell(name, value)


def is_json(mimetype: str) -> bool:
    """Whether content of this type travels as unpacked JSON (specification, "Display data")."""
    return mimetype == "application/json" or mimetype.endswith("+json")


def _is_text(mimetype: str) -> bool:
    return mimetype.startswith("text/") or mimetype.endswith(("+xml", "/javascript", "/xml"))


def _contents(forms: dict[str, Any]) -> dict[str, Any]:
    return {key: _content(key, item) for key, item in forms.items() if item is not None}


def _content(mimetype: str, content: Any) -> Any:
    if isinstance(content, str) or is_json(mimetype):
        return content
    if isinstance(content, (bytes, bytearray, memoryview)):
        if _is_text(mimetype):
            return bytes(content).decode("utf-8", "replace")
        return b2a_base64(content, newline=False).decode()
    if isinstance(content, (list, tuple)) and all(isinstance(line, str) for line in content):
        return "".join(content)  # lines, as notebook files keep them
    raise TypeError(f"{mimetype} must be a string or bytes, not {type(content).__name__}")


def _tell(method: str, value: object) -> None:
    error = sys.exc_info()[1]
    if error is not None and is_raised_by_handler(error):
        raise error
    if error is not None and sys.stderr is not None:
        text = "\n".join(formatter.lines(error))
        sys.stderr.write(f"{type(value).__name__}.{method}() failed:\n{text}\n")
