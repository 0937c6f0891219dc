"""Shows the files that a cell leaves in a folder: figures of a program that draws into files."""

from __future__ import annotations

import os

from polykernel.evaluator import Bundle
from polykernel_declared.figures import contents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from polykernel.evaluator import Cell


class Shown:
    """A folder whose files are shown, in the order of their names, and removed.

    Args:
        folder: It is made here.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        os.makedirs(folder, exist_ok=True)

    def show(self, cell: Cell) -> None:
        """Show what has come into the folder; what is no file stays there."""
        try:
            os.makedirs(self.folder, exist_ok=True)  # a cell may have removed it
            names = sorted(os.listdir(self.folder))
        except OSError as error:
            cell.write(
                f"the folder for displays can't be looked into: {error.strerror}\n", "stderr"
            )
            return
        for name in names:
            path = os.path.join(self.folder, name)
            if os.path.isfile(path):  # a pipe would keep the cell waiting
                self._show_file(name, path, cell)

    def _show_file(self, name: str, path: str, cell: Cell) -> None:
        try:
            try:
                with open(path, "rb") as file:
                    data = file.read()
            finally:
                os.unlink(path)
        except OSError as error:
            told = os.fsencode(name).decode("utf-8", "replace")
            cell.write(f"{told} can't be shown: {error.strerror}\n", "stderr")
            return
        if data.strip():  # a device that was opened and not drawn on leaves nothing in its file
            for content in contents(name, data):
                cell.display(Bundle(content))
