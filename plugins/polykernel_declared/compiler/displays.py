"""Files that a program leaves to be shown: in the folder that ``POLYKERNEL_DISPLAY`` names."""

from __future__ import annotations

import os
from typing import List, Optional

from polykernel.evaluator import Bundle, Cell

VARIABLE = "POLYKERNEL_DISPLAY"
RESULT = "result.txt"
_TEXTS = {
    ".txt": "text/plain",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".md": "text/markdown",
    ".tex": "text/latex",
    ".json": "application/json",
}
_IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif"}


class Displays:
    """Owns the folder.

    Args:
        folder: There is none yet.
    """

    def __init__(self, folder: str) -> None:
        os.mkdir(folder, 0o700)
        self._folder = folder

    def show(self, cell: Cell) -> Optional[Bundle]:
        """Show what is there, in the order in which it was written, and remove it.

        Returns:
            The cell's result, if there is one.
        """
        result = None
        for path in self._files():
            bundle = _read(path)
            if bundle is None:
                cell.write(f"{os.path.basename(path)} can't be shown: unknown kind\n", "stderr")
            elif os.path.basename(path) == RESULT:
                result = bundle
            else:
                cell.display(bundle)
            os.unlink(path)
        return result

    def clear(self) -> None:
        """Remove what is there."""
        for path in self._files():
            os.unlink(path)

    def _files(self) -> List[str]:
        try:
            files = [each for each in os.scandir(self._folder) if each.is_file()]
        except OSError:  # the program has removed it
            return []
        files.sort(key=lambda each: (each.stat().st_mtime_ns, each.name))
        return [each.path for each in files]


def _read(path: str) -> Optional[Bundle]:
    kind = os.path.splitext(path)[1].lower()
    with open(path, "rb") as file:
        data = file.read()
    if kind in _TEXTS:
        text = data.decode("utf-8", "replace")
        mimetype = _TEXTS[kind]
        if mimetype == "application/json":
            import json

            try:
                return Bundle({mimetype: json.loads(text)})
            except ValueError:
                return Bundle({"text/plain": text})
        return Bundle({mimetype: text})
    if kind in _IMAGES:
        import base64

        return Bundle({_IMAGES[kind]: base64.b64encode(data).decode("ascii")})
    return None
