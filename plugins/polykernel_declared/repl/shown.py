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
        """Show what has come into the folder."""
        for name in sorted(os.listdir(self.folder)):
            path = os.path.join(self.folder, name)
            with open(path, "rb") as file:
                data = file.read()
            os.unlink(path)
            if data.strip():  # a device that was opened and not drawn on leaves nothing in its file
                for content in contents(name, data):
                    cell.display(Bundle(content))
