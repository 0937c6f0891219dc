"""Writes what was found: the page with its tables, the figures for a program, README's table."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.kernels import KERNELS
from benchmarks.measures import MEASURES, Column, Measure, Size
from benchmarks.rounds import Results
from benchmarks.targets import ITSELF, Verdict, column_named, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
PAGE = HERE / "page.md"  # what a person wrote of the page
TABLES = (
    ("Start and cells", ("start", "first cell", "trip p50", "trip p99", "pipelined")),
    ("While a cell runs", ("control p50", "control p99", "interrupt")),
    ("Output", ("prints", "block", "buffer", "flood")),
    ("Memory and the end", ("memory", "growth", "shutdown")),
)
PACKAGES = ("list", "list with others", "start alone", "start alone with others")
IN_README = ("start", "first cell", "trip p50", "pipelined", "prints", "memory", "shutdown")
README_KERNELS = ("polykernel echo", "polykernel python", "xeus-python raw", "ipykernel")
TIMES = "\N{MULTIPLICATION SIGN}"
REFERENCE = "ipykernel"
NONE = "\N{EN DASH}"


def facts(versions: dict[str, str], troubles: dict[str, str], rounds: int) -> dict[str, Any]:
    """Tell what one must know of the machine and of what was installed on it."""
    packages = sorted({kernel.package for kernel in KERNELS} - {""})
    return {
        "cores": os.cpu_count(),
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "rounds": rounds,
        "versions": {name: versions[name] for name in [*packages, "pyzmq"] if name in versions},
        "not installed": {name: _line(trouble) for name, trouble in troubles.items()},
    }


def _line(trouble: str) -> str:
    """Leave out where somebody's files and servers are."""
    return re.sub(r"\S*[/\\]\S*", "...", trouble)[:200]


def save(
    path: Path, results: Results, known: dict[str, Any], size: Size, growth: dict[str, Any]
) -> None:
    """Keep all figures, for a program, and for another page from the same run."""
    content = {
        "facts": known,
        "size": dataclasses.asdict(size),
        "values": {
            column: {
                name: [float(f"{value:.4g}") for value in each] for name, each in found.items()
            }
            for column, found in results.values.items()
        },
        "remarks": results.remarks,
        "failures": {
            measure: {name: _line(why) for name, why in found.items()}
            for measure, found in results.failures.items()
        },
        "growth": growth,
    }
    text = json.dumps(content, indent=1)
    # the rounds of one figure on one line
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: f"[{' '.join(m[1].split())}]", text)
    path.write_text(text + "\n")


def load(path: Path) -> tuple[Results, dict[str, Any], dict[str, Any]]:
    """Read that again: results, facts and growth."""
    content = json.loads(path.read_text())
    results = Results(content["values"], content["remarks"], content["failures"])
    return results, content["facts"], content["growth"]


def merge(
    path: Path, results: Results, known: dict[str, Any], growth: dict[str, Any]
) -> tuple[Results, dict[str, Any], dict[str, Any]]:
    """Put what was found into what an earlier run had found, in the place of the same measures."""
    earlier, known_before, growth_before = load(path)
    taken = {column_named(name)[0].name for name in results.values}
    remarks, failures = (
        {name: found for name, found in old.items() if name not in taken} | new
        for old, new in (
            (earlier.remarks, results.remarks),
            (earlier.failures, results.failures),
        )
    )
    merged = Results({**earlier.values, **results.values}, remarks, failures)
    # what is said of the run is said of the tables
    return merged, known if results.values else known_before, {**growth_before, **growth}


def page(results: Results, known: dict[str, Any], pictures: Sequence[str]) -> str:
    """Write the page."""
    written = PAGE.read_text()
    parts = {
        "facts": _facts(known),
        "targets": _targets(judge(results)),
        "tables": "\n\n".join(
            f"### {title}\n\n{_table(results, columns)}" for title, columns in TABLES
        )
        + f"\n\n### Other packages\n\n{_table(results, PACKAGES, ratios=False)}",
        "notes": _notes(results),
        "growth": "\n\n".join(pictures),
    }
    for name, text in parts.items():
        written = written.replace(f"<!-- {name} -->", text)
    return written.rstrip() + "\n"


def _facts(known: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in known["versions"].items())
    machine = f"{known['cores']} cores, {known['system']} on {known['machine']}"
    lines = [
        f"Medians of {known['rounds']} interleaved rounds on {machine}, Python {known['python']}:",
        f"{versions}.",
    ]
    lines += [
        f"\n{name} could not be installed: {why}" for name, why in known["not installed"].items()
    ]
    lines += [f"\n**{known['remark']}**"] if known.get("remark") else []
    return "\n".join(lines)


def _targets(verdicts: Sequence[Verdict]) -> str:
    lines = ["| what | of | target | reached | |", "| --- | --- | --- | --- | --- |"]
    for verdict in verdicts:
        target = verdict.target
        title, column = _title(target.column), column_named(target.column)[1]
        limit = "at least" if column.more_is_better else "at most"
        if target.below:
            limit = "above" if column.more_is_better else "below"
        against = f" {TIMES} {verdict.against}" if target.against else ""
        if target.against == ITSELF:
            against = f" {TIMES} with none"
        reached = NONE if verdict.reached is None else f"{verdict.reached:.2f}{against}"
        met = "met" if verdict.met else f"**missed**{_by(verdict, column)}"
        remark = f" ({verdict.remark})" if verdict.remark else ""
        what = f"{limit} {target.factor:g}{against}"
        lines.append(f"| {title} | {target.kernel} | {what} | {reached} | {met}{remark} |")
    return "\n".join(lines)


def _by(verdict: Verdict, column: Column) -> str:
    if verdict.reached is None:
        return ""
    ratio = verdict.reached / verdict.target.factor
    return f" by {abs(ratio - 1):.0%}" if (ratio < 1) == column.more_is_better else ""


def _title(name: str) -> str:
    """Give a column's title, whole where it is the second of two."""
    measure, column = column_named(name)
    if column.title.startswith(("p99", "with ")):
        before = measure.columns[measure.columns.index(column) - 1].title
        return f"{before.replace(' p50, ms', '').replace(', ms', '')} {column.title}"
    return column.title


def _table(results: Results, names: Sequence[str], *, ratios: bool = True) -> str:
    names = [name for name in names if name in results.values]
    if not names:
        return "Not measured."
    titles = [_title(name) for name in names]
    lines = ["| | " + " | ".join(titles) + " |", "| --- |" + " ---: |" * len(titles)]
    for kernel in KERNELS:
        cells = [cell(results, name, kernel.name, ratio=ratios) for name in names]
        if any(each != NONE for each in cells):
            name = f"**{kernel.name}**" if kernel.package == "polykernel" else kernel.name
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(results: Results, name: str, kernel: str, *, ratio: bool = True) -> str:
    """Give a figure with its ratio to ipykernel's, or why there is none."""
    measure, column = column_named(name)
    value, other = results.median(name, kernel), results.median(name, REFERENCE)
    if value is None:
        return _failure(results, measure, kernel)
    text = f"{value:,.{column.digits}f}"
    if ratio and other and kernel != REFERENCE and name != "growth":
        text += f" ({value / other:.2f} {TIMES})"
    remark = results.remarks.get(measure.name, {}).get(kernel)
    return f"{text}, *{remark}*" if remark else text


def _failure(results: Results, measure: Measure, kernel: str) -> str:
    failure = results.failures.get(measure.name, {}).get(kernel)
    return f"*{failure}*" if failure else NONE


def _notes(results: Results) -> str:
    lines = [f"- {kernel.name}: {kernel.note}." for kernel in KERNELS if kernel.note]
    for measure in MEASURES:
        for name, why in results.failures.get(measure.name, {}).items():
            if results.median(measure.columns[0].name, name) is not None:
                lines.append(f"- {name} failed in some rounds of {measure.name}: {why}.")
    return "\n".join(lines)


def readme(text: str, results: Results, known: dict[str, Any]) -> str:
    """Put the table of README in its place, between its two comments."""
    names = [name for name in IN_README if name in results.values]
    lines = [
        f"Medians of {known['rounds']} interleaved rounds of `make bench`, {known['cores']} cores;",
        "[all peers, all figures](docs/benchmarks/README.md):",
        "",
        "| | " + " | ".join(README_KERNELS) + " | python / ipykernel |",
        "| --- |" + " ---: |" * (len(README_KERNELS) + 1),
    ]
    for name in names:
        cells = [cell(results, name, kernel, ratio=False) for kernel in README_KERNELS]
        ours, theirs = results.median(name, README_KERNELS[1]), results.median(name, REFERENCE)
        cells.append(f"{ours / theirs:.2f}" if ours and theirs else NONE)
        lines.append(f"| {_title(name)} | " + " | ".join(cells) + " |")
    table = "\n".join(lines)
    return re.sub(
        r"(<!-- benchmarks -->\n).*(\n<!-- /benchmarks -->)",
        lambda found: f"{found[1]}{table}{found[2]}",
        text,
        flags=re.DOTALL,
    )
