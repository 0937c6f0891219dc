"""A kernel ends while its cells have something unfinished: files, finalizers, shared memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from faults.checks import Check, check, leaves_nothing
from faults.register import EVALUATOR, fault

if TYPE_CHECKING:
    from support.subjects import Subject


@fault(
    EVALUATOR,
    "a file is open, with text in its buffer, when the kernel is shut down",
    told="the text is written, as at the end of a Python program",
)
def test_a_shutdown_writes_what_open_files_have_in_their_buffers(kernel: Subject) -> None:
    rows = kernel.folder / "rows.csv"
    code = (
        f"import csv; file = open({str(rows)!r}, 'w', newline=''); rows = csv.writer(file)\n"
        "for number in range(3000): _ = rows.writerow([number, number * number])"
    )
    assert kernel.execute(code).status == "ok"
    leaves_nothing(kernel)
    with check(Check.WRITTEN):
        assert len(rows.read_text().splitlines()) == 3000


@fault(
    EVALUATOR,
    "objects with finalizers, a begun generator and a temporary file are there at the shutdown",
    told="finalizers run, as at the end of a Python program; the file is removed",
)
def test_a_shutdown_runs_finalizers(kernel: Subject) -> None:
    done = kernel.folder / "done"
    code = (
        "import tempfile\n"
        "class Noted:\n"
        f"    def __del__(self, path={str(done)!r}, open=open):\n"
        "        with open(path, 'a') as file: file.write('finalizer\\n')\n"
        "def generate(path, open=open):\n"
        "    try: yield 1\n"
        "    finally:\n"
        "        with open(path, 'a') as file: file.write('generator\\n')\n"
        f"noted = Noted(); begun = generate({str(done)!r}); first = next(begun)\n"
        "file = tempfile.NamedTemporaryFile()"
    )
    assert kernel.execute(code).status == "ok"
    leaves_nothing(kernel)
    with check(Check.WRITTEN):
        assert sorted(done.read_text().split()) == ["finalizer", "generator"]


@fault(
    EVALUATOR,
    "shared memory that a cell has made, and not removed, when the kernel is shut down",
    told="it is removed, as by multiprocessing's tracker at the end of a Python program",
)
def test_a_shutdown_leaves_no_shared_memory_behind(kernel: Subject) -> None:
    code = (
        "from multiprocessing import shared_memory\n"
        "memory = shared_memory.SharedMemory(create=True, size=1000)\nmemory.name"
    )
    name = kernel.execute(code).result.strip("'")
    memory = Path("/dev/shm", name.lstrip("/"))
    if not memory.parent.is_dir():
        pytest.skip("shared memory has no names here")
    assert memory.exists()
    leaves_nothing(kernel)
    with check(Check.CLEAN):
        assert not memory.exists()
