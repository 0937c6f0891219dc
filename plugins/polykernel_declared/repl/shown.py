"""Shows the files that a cell leaves in a folder: figures of a program that draws into files."""

from __future__ import annotations

import base64
import os

from polykernel.evaluator import Bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator

    from polykernel.evaluator import Cell

_TEXTS = {".svg": "image/svg+xml", ".html": "text/html", ".txt": "text/plain"}
_IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".pdf": "application/pdf",
}
_DECLARATION = "<?xml"


class Shown:
    """A folder whose files are shown, in the order of their names, and removed.

    Args:
        folder: It is made here.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        os.makedirs(folder, exist_ok=True)

    def show(self, cell: Cell) -> None:
        """Show what has come into the folder."""
        for name in sorted(os.listdir(self.folder)):
            path = os.path.join(self.folder, name)
            with open(path, "rb") as file:
                data = file.read()
            os.unlink(path)
            for bundle in _bundles(os.path.splitext(name)[1].lower(), data):
                cell.display(Bundle(bundle))


def _bundles(extension: str, data: bytes) -> Iterator[dict[str, str]]:
    if extension in _IMAGES:
        if data:
            yield {_IMAGES[extension]: base64.b64encode(data).decode("ascii")}
        return
    mimetype = _TEXTS.get(extension)
    text = data.decode("utf-8", "replace")
    if mimetype and extension == ".svg" and _DECLARATION in text:
        # a program that draws twice into one file puts one document behind the other
        for each in text.split(_DECLARATION)[1:]:
            yield {mimetype: _DECLARATION + each}
    elif mimetype and text.strip():
        yield {mimetype: text}
