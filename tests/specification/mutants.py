"""Changes made to our code on purpose, and the rules' tests that must fail with each.

They show that a rule's test that no other kernel fails holds something all the same. They stand in
the folder ``mutants``, in a file for each file that they change: a text that stands there once, and
what is put in its place.
"""

from __future__ import annotations

import importlib.util
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager

FOLDER = Path(__file__).parent / "mutants"


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        file: Which file, below the folder that our packages, or our kernelspecs, are in.
        old: What stands there.
        new: What stands there instead.
        kills: The names of the tests that must fail.
        kernel: The kernel that they are tried with.
        starts: Whether there is a kernel to talk to at all.
    """

    file: str
    old: str
    new: str
    kills: tuple[str, ...]
    kernel: str = "polykernel-python"
    starts: bool = True

    @property
    def name(self) -> str:
        return self.kills[0].removeprefix("test_")

    def make(self, folder: Path) -> None:
        """Put a copy of the package, or the kernelspec, with the change in it into a folder.

        Args:
            folder: For ``PYTHONPATH`` and ``JUPYTER_PATH``.
        """
        package = self.file.partition("/")[0]
        if package == "kernels":
            spec = KernelSpecManager().get_kernel_spec(self.kernel)
            shutil.copytree(spec.resource_dir, folder / "kernels" / self.kernel)
        else:
            module = importlib.util.find_spec(package)
            assert module is not None
            assert module.origin is not None
            shutil.copytree(Path(module.origin).parent, folder / package)
        path = folder / self.file
        text = path.read_text()
        assert text.count(self.old) == 1, f"{self.old!r} stands {text.count(self.old)} times there"
        path.write_text(text.replace(self.old, self.new))


def load() -> list[Mutant]:
    """Read all mutants."""
    files = [tomllib.loads(path.read_text()) for path in sorted(FOLDER.glob("*.toml"))]
    return [
        Mutant(
            content["file"],
            each["old"],
            each["new"],
            tuple(f"test_{name}" for name in each["kills"]),
            f"polykernel-{each.get('kernel', 'python')}",
            each.get("starts", True),
        )
        for content in files
        for each in content["mutant"]
    ]
