"""The smallest kernels of examples/smallest/: what there is, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from documentation.blocks import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "examples" / "smallest"


@dataclass(frozen=True)
class Framework:
    """One framework.

    Attributes:
        name: Its folder's.
        install: What the user runs behind ``pip install .``.
        in_launcher: The name of the kernelspec that is there then.
    """

    name: str
    install: tuple[str, ...]
    in_launcher: str = "shout"

    @property
    def folder(self) -> Path:
        return FOLDER / self.name


FRAMEWORKS = (
    Framework("polykernel", ("polykernel", "install", "shout"), "polykernel-shout"),
    Framework(
        "ipykernel",
        ("jupyter", "kernelspec", "install", "--sys-prefix", "--name=shout", "kernelspec"),
    ),
    Framework("metakernel", ("python", "-m", "shout", "install", "--sys-prefix")),
    Framework("kernmini", ("python", "-m", "shout", "install")),
)


def count(path: Path) -> int:
    """Count the lines that are neither blank nor a comment."""
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))


def files(framework: Framework) -> dict[str, int]:
    """Give the files that its author writes, and their lines."""
    found = sorted(
        path for path in framework.folder.rglob("*") if path.suffix in (".py", ".toml", ".json")
    )
    return {path.relative_to(framework.folder).as_posix(): count(path) for path in found}


def table() -> str:
    """Make the table of docs/smallest.md."""
    rows = [
        "| | lines of Python | of JSON | of TOML | together | behind `pip install .` |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for framework in FRAMEWORKS:
        lines = files(framework)
        counts = [
            sum(number for name, number in lines.items() if name.endswith(suffix))
            for suffix in (".py", ".json", ".toml")
        ]
        figures = " | ".join(map(str, [*counts, sum(counts)]))
        rows.append(f"| {framework.name} | {figures} | `{' '.join(framework.install)}` |")
    return "\n".join(rows)
