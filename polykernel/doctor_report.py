"""What ``polykernel doctor`` has found, for a person and for a program."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polykernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polykernel.kernelspecs import Kernelspec


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and what to do about it."""

    problem: str
    advice: str


@dataclass(frozen=True, slots=True)
class Checked:
    """One kernelspec, and what was found out about it.

    Args:
        kernelspec: Which one.
        interpreter: What runs the host; empty where ``kernel.json`` does not say.
        version: The version of polykernel there; empty where there is none.
        troubles: All that is wrong.
    """

    kernelspec: Kernelspec
    interpreter: str = ""
    version: str = ""
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found.

    Args:
        checked: All kernelspecs of polykernel.
        general: What is wrong beside them, such as a plugin that can't be loaded.
        jupyter: The ``jupyter`` that was asked; empty where none was found.
    """

    checked: tuple[Checked, ...]
    general: tuple[Trouble, ...]
    jupyter: str

    @property
    def troubles(self) -> list[Trouble]:
        """All that is wrong."""
        return [*self.general, *(trouble for one in self.checked for trouble in one.troubles)]

    def as_json(self) -> dict[str, Any]:
        """Give the report as a program reads it."""
        return {
            "polykernel": polykernel.__version__,
            "jupyter": self.jupyter or None,
            "kernelspecs": [
                {
                    "name": one.kernelspec.name,
                    "directory": str(one.kernelspec.directory),
                    "language": one.kernelspec.language,
                    "interpreter": one.interpreter,
                    "polykernel": one.version,
                    "troubles": [_as_json(trouble) for trouble in one.troubles],
                }
                for one in self.checked
            ],
            "troubles": [_as_json(trouble) for trouble in self.general],
        }

    def as_text(self) -> str:
        """Give the report as a person reads it."""
        lines = [
            f"polykernel {polykernel.__version__} in {sys.executable}",
            f"Jupyter: {self.jupyter or 'none found'}",
        ]
        for one in self.checked:
            state = "trouble" if one.troubles else "well"
            lines.append(f"{one.kernelspec.name}: {state}  ({one.kernelspec.directory})")
            lines += _as_lines(one.troubles)
        if self.general:
            lines += ["besides:", *_as_lines(self.general)]
        count = len(self.troubles)
        lines.append(f"{count} trouble{'s' if count > 1 else ''}" if count else "all is well")
        return "\n".join(lines)


def _as_json(trouble: Trouble) -> dict[str, str]:
    return {"problem": trouble.problem, "advice": trouble.advice}


def _as_lines(troubles: Sequence[Trouble]) -> list[str]:
    return [
        line
        for trouble in troubles
        for line in (f"    trouble: {trouble.problem}", f"    to do:   {trouble.advice}")
    ]
