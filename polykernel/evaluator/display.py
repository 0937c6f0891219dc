"""From a Python object to a MIME bundle: the ``_repr_*_`` methods that Jupyter objects have."""

from __future__ import annotations

import base64
from typing import Any, Dict, Optional, Tuple

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


class Bundle:
    """A MIME bundle made on purpose: what to show, in several forms.

    Args:
        data: Mimetype to content. Text for text types, unpacked JSON for JSON types, ``bytes`` (or
            base64 text) for binary types.
        metadata: As in ``display_data`` (specification, "Display data").
    """

    def __init__(
        self, data: Dict[str, Any], metadata: Optional[Dict[str, Any]] = None
    ) -> None:
        self.data = data
        self.metadata = metadata or {}


def mimebundle(value: object) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """Show an object in all forms that it offers.

    Args:
        value: A :class:`Bundle`, a string (shown as it is), or any object.

    Returns:
        ``data`` and ``metadata`` of a ``display_data`` message, binary content in base64.
    """
    raise NotImplementedError
