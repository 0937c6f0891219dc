"""What other installed packages cost: polykernel's list, and a kernel's start."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.client import Failed
from benchmarks.environment import kernel_environment
from benchmarks.measures.outcome import Outcome, Size
from benchmarks.running import Place, running

if TYPE_CHECKING:
    from benchmarks.kernels import Kernel

TIMES = 15  # of which the median is taken: what is looked for is some 2 milliseconds
LISTING = 30.0  # seconds
ENTRY_POINTS = "[console_scripts]\nfake{n} = fake{n}:main\n\n[pytest11]\nfake{n} = fake{n}.plugin\n"
METADATA = "Metadata-Version: 2.1\nName: fake{n}\nVersion: 1.{n}\nSummary: A package\n" + "".join(
    f"Requires-Dist: other{m} (>={m}.0)\n" for m in range(10)
)


def packages(kernel: Kernel, place: Place, size: Size) -> Outcome:
    """Time both in the environment that has nothing else, without and with other packages."""
    python = place.environment.alone
    listings: dict[str, list[float]] = {"": [], " with others": []}
    starts: dict[str, list[float]] = {"": [], " with others": []}
    with tempfile.TemporaryDirectory(dir=place.folder) as folder:
        # both have one more folder to look into for modules, so that the packages alone differ
        empty, full = Path(folder, "empty"), Path(folder, "full")
        empty.mkdir()
        full.mkdir()
        _fake(full, size.packages)
        for _ in range(1 + TIMES if size.starts > 1 else 2):
            for which, path in ("", empty), (" with others", full):
                variables = {"PYTHONPATH": str(path)}
                listings[which].append(_list(python, place, variables))
                with running(kernel, place, python=python, variables=variables) as started:
                    started.client.kernel_info()
                    starts[which].append(time.perf_counter() - started.began)
    values = {f"list{which}": statistics.median(t[1:]) * 1000 for which, t in listings.items()}
    values |= {
        f"start alone{which}": statistics.median(t[1:]) * 1000 for which, t in starts.items()
    }
    return Outcome(values)


def _list(python: Path, place: Place, variables: dict[str, str]) -> float:
    environment = {**kernel_environment(place.folder, os.getpid()), **variables}
    began = time.perf_counter()
    done = subprocess.run(
        [python, "-P", "-m", "polykernel", "list"],
        env=environment,
        check=False,
        capture_output=True,
        timeout=LISTING,
    )
    if done.returncode:
        raise Failed(f"polykernel list ended with {done.returncode}")
    return time.perf_counter() - began


def _fake(folder: Path, count: int) -> None:
    """Write what installed packages have beside their modules: a third have entry points."""
    for n in range(count):
        info = folder / f"fake{n}-1.{n}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(METADATA.format(n=n))
        (info / "RECORD").write_text("".join(f"fake{n}/m{m}.py,sha256=x,1\n" for m in range(30)))
        (info / "WHEEL").write_text("Wheel-Version: 1.0\n")
        if n % 3 == 0:
            (info / "entry_points.txt").write_text(ENTRY_POINTS.format(n=n))
