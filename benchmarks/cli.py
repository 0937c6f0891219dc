"""The command line: measures what is asked for, and writes the pages."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import environment, plots, report
from benchmarks.environment import ROOT, EnvironmentTrouble
from benchmarks.growth import GROWTHS, Growth
from benchmarks.kernels import KERNELS, named
from benchmarks.measures import FULL, MEASURES, QUICK
from benchmarks.rounds import TROUBLES, Results, run
from benchmarks.running import Place

DOCS = ROOT / "docs" / "benchmarks"
QUICK_STEPS = 2  # of each growth
BARS = {
    "start": ("start", "first cell"),
    "cells": ("trip p50", "pipelined", "memory"),
    "running": ("control p99", "interrupt", "shutdown"),
    "output": ("prints", "block", "buffer"),
}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    names = [measure.name for measure in MEASURES]
    growths = [growth.name for growth in GROWTHS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[*names, *growths])
    parser.add_argument("--kernels", nargs="+", metavar="NAME", default=[])
    parser.add_argument("--quick", action="store_true", help="less of everything: to try it")
    parser.add_argument("--no-growth", action="store_true", help="leave out how cost grows")
    parser.add_argument("--minutes", type=float, default=60, help="after which it stops")
    parser.add_argument("--output", type=Path, help=f"a folder; {DOCS.relative_to(ROOT)} for all")
    parser.add_argument("--update", action="store_true", help="keep what else the pages have")
    parser.add_argument(
        "--again", action="store_true", help="write the pages of the last run again"
    )
    parser.add_argument("--remark", default="", help="what else must be known of the run")
    parser.add_argument("--here", action="store_true", help="in the environment that this runs in")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.kernels if not named([name])]
    if unknown:
        known = ", ".join(kernel.name for kernel in KERNELS)
        parser.error(f"no kernel {unknown[0]!r}, but: {known}")
    return chosen


def main() -> None:
    """Do what the arguments say."""
    chosen = arguments()
    # kernels inherit it ignored where we were started in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that no kernel is left
    whole = not (chosen.only or chosen.kernels or chosen.quick or chosen.here)
    kept = whole or chosen.again or chosen.update
    output: Path | None = chosen.output or (DOCS if kept else None)
    if chosen.again:
        results, known, growth = report.load((output or DOCS) / "results.json")
    else:
        results, known, growth = measure(chosen)
        if chosen.update and output is not None:
            results, known, growth = report.merge(output / "results.json", results, known, growth)
    if chosen.remark:
        known["remark"] = chosen.remark
    with tempfile.TemporaryDirectory() as folder:
        write(output or Path(folder), results, known, growth, chosen)
        if output is None:
            print((Path(folder) / "README.md").read_text())
    if output == DOCS:
        page = ROOT / "README.md"
        page.write_text(report.readme(page.read_text(), results, known))


def measure(chosen: argparse.Namespace) -> tuple[Results, dict[str, Any], dict[str, Any]]:
    """Make the environment, and measure."""
    tell("makes the environment of all kernels")
    try:
        place_of = environment.this_one() if chosen.here else environment.build()
    except EnvironmentTrouble as trouble:
        sys.exit(str(trouble))
    began = time.monotonic()
    measures = [each for each in MEASURES if not chosen.only or each.name in chosen.only]
    growths = [each for each in GROWTHS if not chosen.only or each.name in chosen.only]
    growth: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        place = Place(place_of, Path(folder))
        results = run(
            named(chosen.kernels),
            measures,
            place,
            QUICK if chosen.quick else FULL,
            rounds=chosen.rounds,
            minutes=chosen.minutes,
            tell=tell,
        )
        for each in [] if chosen.no_growth else growths:
            if time.monotonic() - began < chosen.minutes * 60:
                growth[each.name] = grow(each, place, chosen)
    known = report.facts(place_of.versions, place_of.troubles, chosen.rounds)
    return results, known, growth


def grow(growth: Growth, place: Place, chosen: argparse.Namespace) -> dict[str, Any]:
    """See how one cost grows, of each of its kernels."""
    steps = growth.steps[:QUICK_STEPS] if chosen.quick else growth.steps
    found: dict[str, Any] = {"steps": list(steps), "axis": growth.axis, "costs": {}}
    for kernel in named(chosen.kernels):
        if kernel.name not in growth.kernels:
            continue
        try:
            found["costs"][kernel.name] = growth.function(kernel, place, steps)
            tell(f"  {growth.name}, {kernel.name}: {found['costs'][kernel.name]}")
        except TROUBLES as trouble:
            tell(f"  {growth.name}, {kernel.name}: {trouble}")
    return found


def write(
    output: Path,
    results: Results,
    known: dict[str, Any],
    growth: dict[str, Any],
    chosen: argparse.Namespace,
) -> None:
    """Write the pages, the figures and the plots."""
    output.mkdir(parents=True, exist_ok=True)
    if not chosen.again or chosen.remark:
        size = QUICK if chosen.quick else FULL
        report.save(output / "results.json", results, known, size, growth)
    for name, columns in BARS.items():
        plots.bars(output / f"{name}.svg", results, columns)
    pictures = []
    for name, found in growth.items():
        costs: dict[str, dict[str, list[float]]] = found["costs"]
        panels: dict[str, list[plots.Line]] = {}
        for kernel, figures in costs.items():
            for title, values in figures.items():
                line = plots.Line(kernel, found["steps"][: len(values)], values)
                panels.setdefault(title, []).append(line)
        if panels:
            file = f"growth-{name.replace(' ', '-')}.svg"
            plots.curves(output / file, found["axis"], panels)
            pictures.append(f"![How cost grows with {name}]({file})")
    (output / "README.md").write_text(report.page(results, known, pictures))


def tell(text: str) -> None:
    """Say how far it is."""
    print(text, file=sys.stderr, flush=True)
