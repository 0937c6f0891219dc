"""Files that a program leaves to be shown: in the folder that ``POLYKERNEL_DISPLAY`` names."""

from __future__ import annotations

from pathlib import Path

from polykernel.evaluator import Bundle, Cell
from polykernel_declared.figures import contents

VARIABLE = "POLYKERNEL_DISPLAY"
RESULT = "result.txt"


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
            found = contents(path.name, path.read_bytes())
            if not found:
                cell.write(f"{path.name} can't be shown: unknown kind\n", "stderr")
            for bundle in map(Bundle, found):
                if path.name == RESULT:
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
