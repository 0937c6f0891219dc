"""Files that a program leaves to be shown: in the folder that ``POLYKERNEL_DISPLAY`` names."""

from __future__ import annotations

from pathlib import Path

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
        self._folder = Path(folder)
        self._folder.mkdir(0o700)

    def show(self, cell: Cell) -> Bundle | None:
        """Show what is there, in the order in which it was written, and remove it.

        Returns:
            The cell's result, if there is one.
        """
        result = None
        for path in self._files():
            bundle = _read(path)
            if bundle is None:
                cell.write(f"{path.name} can't be shown: unknown kind\n", "stderr")
            elif path.name == RESULT:
                result = bundle
            else:
                cell.display(bundle)
            path.unlink()
        return result

    def clear(self) -> None:
        """Remove what is there."""
        for path in self._files():
            path.unlink()

    def _files(self) -> list[Path]:
        try:
            files = [each for each in self._folder.iterdir() if each.is_file()]
        except OSError:  # the program has removed it
            return []
        return sorted(files, key=lambda each: (each.stat().st_mtime_ns, each.name))


def _read(path: Path) -> Bundle | None:
    kind = path.suffix.lower()
    data = path.read_bytes()
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
