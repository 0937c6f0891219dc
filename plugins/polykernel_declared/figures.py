"""Files that a program leaves to be shown: from a name and bytes to what front ends show."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TEXTS = {
    ".txt": "text/plain",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".md": "text/markdown",
    ".tex": "text/latex",
    ".json": "application/json",
}
_IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".pdf": "application/pdf",
}
_BEGINNINGS = {
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"%PDF-": "application/pdf",
}
_DECLARATION = "<?xml"


def contents(name: str, data: bytes) -> list[dict[str, Any]]:
    """Give what a file is, by mimetypes.

    Args:
        name: The file's: its ending says what it is; of an image, what its first bytes say.
        data: What stands in it.

    Returns:
        Several where a program has drawn several times into one file; none of an unknown kind.
    """
    kind = os.path.splitext(name)[1].lower()
    drawn = kind in _IMAGES or kind == ".svg"
    image = (drawn and _image(data)) or _IMAGES.get(kind)
    if image:
        import base64

        return [{image: base64.b64encode(data).decode("ascii")}]
    if kind not in _TEXTS:
        return []
    text = data.decode("utf-8", "replace")
    if kind == ".json":
        return [_json(text)]
    if kind == ".svg" and _DECLARATION in text:
        # a program that draws twice into one file puts one document behind the other
        return [{_TEXTS[kind]: _DECLARATION + each} for each in text.split(_DECLARATION)[1:]]
    if kind == ".svg" and "<svg" not in text:
        return [{_TEXTS[".txt"]: text}]  # drawn with characters
    return [{_TEXTS[kind]: text}]


def _image(data: bytes) -> str:
    for beginning, kind in _BEGINNINGS.items():
        if data.startswith(beginning):
            return kind
    return ""


def _json(text: str) -> dict[str, Any]:
    import json

    try:
        return {_TEXTS[".json"]: json.loads(text)}
    except ValueError:
        return {_TEXTS[".txt"]: text}
