"""Draws figures as small SVG files that are the same for the same figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.kernels import KERNELS
from benchmarks.targets import column_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.rounds import Results

OURS, OTHERS, FLOOR = "#d9541e", "#8a97a6", "#c9d1d9"
mpl.rcParams["svg.hashsalt"] = "polykernel"  # the same ids each time
mpl.rcParams["svg.fonttype"] = "none"  # text stays text


class Line(NamedTuple):
    """One curve."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]


def bars(path: Path, results: Results, columns: Sequence[str]) -> None:
    """Draw some columns of the table side by side, a bar for each kernel."""
    columns = [name for name in columns if name in results.values]
    if not columns:
        return
    figure = Figure(figsize=(3.4 * len(columns), 3.6), layout="constrained")
    for number, name in enumerate(columns, start=1):
        axes = figure.add_subplot(1, len(columns), number)
        found = {k.name: results.median(name, k.name) for k in reversed(KERNELS)}
        shown = {name: value for name, value in found.items() if value is not None}
        colours = [_colour(kernel) for kernel in shown]
        axes.barh(list(shown), list(shown.values()), color=colours)
        _, column = column_named(name)
        axes.set_title(column.title, fontsize=9)
        limits = sorted(shown.values())
        if len(limits) > 2 and limits[-1] > 5 * limits[-2]:
            axes.set_xlim(0, limits[-2] * 1.25)  # one that is far away hides no other
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def curves(path: Path, x: str, panels: Mapping[str, Sequence[Line]]) -> None:
    """Draw panels of curves side by side, all from zero, so that flat looks flat."""
    figure = Figure(figsize=(3.9 * len(panels), 2.9), layout="constrained")
    for number, (title, lines) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(1, len(panels), number)
        for line in lines:
            colour = _colour(line.name)
            axes.plot(line.xs, line.ys, marker="o", markersize=3, label=line.name, color=colour)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel(x, fontsize=8)
        axes.set_ylim(0, max(max(line.ys) for line in lines) * 1.15 or 1)
        axes.set_xlim(left=0)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        if number == 1 and len(lines) > 1:
            axes.legend(fontsize=8, frameon=False)
    _save(figure, path)


def _colour(kernel: str) -> str:
    if kernel.startswith("floor"):
        return FLOOR
    return OURS if kernel.startswith("polykernel") else OTHERS


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n")
