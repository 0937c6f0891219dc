"""A plugin that a test writes, and changes between cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = """
from polykernel import Language, hookimpl
{before}
@hookimpl
def polykernel_languages():
    return [Language(name="mine", display_name="Mine", version="{version}", mimetype="text/plain",
                     file_extension=".mine", {how})]
"""
EVALUATOR = """
import os
from polykernel.evaluator import CellError, Evaluator
{before}
class Mine(Evaluator):
    subshells = {subshells}

    def execute(self, code, cell):
        names = vars(self).setdefault("names", {{"cell": cell, "self": self}})
        names["cell"] = cell
        names["result"] = None
        exec(code, names)
        return f"{says} {{names['result']}}"

    def shutdown(self, restart):
        with open({witness!r}, "a") as file:
            print("restart" if restart else "end", file=file)
"""


class Project:
    """Owns a folder with a package ``mine``, as it stands in a checkout.

    Attributes:
        package: The folder of the package.
        witness: A file into which the evaluator writes when it ends in good order.
    """

    def __init__(self, folder: Path) -> None:
        self.source = folder / "src"
        self.package = self.source / "mine"
        self.package.mkdir(parents=True)
        self.witness = folder / "ended"
        (self.package / "__init__.py").touch()
        self.write_plugin()
        self.write_evaluator()

    def write_plugin(
        self, version: str = "1", how: str = 'evaluator="mine.evaluator:Mine"', before: str = ""
    ) -> None:
        self.write("plugin.py", PLUGIN.format(version=version, how=how, before=before))

    def write_evaluator(
        self, says: str = "first", before: str = "", *, subshells: bool = False
    ) -> None:
        text = EVALUATOR.format(
            says=says, before=before, witness=str(self.witness), subshells=subshells
        )
        self.write("evaluator.py", text)

    def write(self, name: str, text: str) -> Path:
        path = self.package / name
        path.write_text(text)
        return path

    def ended(self) -> list[str]:
        """Tell how evaluators have ended, in the order of their ends."""
        return self.witness.read_text().split() if self.witness.exists() else []
