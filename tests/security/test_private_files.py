"""What a kernel writes is its owner's only, whatever the umask and whatever was there."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from support.client import Client
from support.debugger import Debugger

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHERS = 0o077


class Kernel:
    """A kernel that was started by hand, by a user whose umask lets everybody do everything."""

    started: ClassVar[list[Kernel]] = []

    def __init__(self, root: Path, *arguments: str, runtime: str = "data/jupyter/runtime") -> None:
        self.root = root
        self.temporary = root / "tmp"
        self.temporary.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "JUPYTER_RUNTIME_DIR": str(root / runtime),
            "JUPYTER_DATA_DIR": str(root / "data" / "jupyter"),
            "TMPDIR": str(self.temporary),
        }
        environment.pop("JPY_PARENT_PID", None)
        command = [sys.executable, "-P", "-m", "polykernel", "run", *arguments]
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            umask=0,
        )
        self.started.append(self)
        assert self.process.stdout is not None
        self.path = Path(self.process.stdout.readline().partition(": ")[2].strip())
        self.client = Client(json.loads(self.path.read_text()))
        self.client.ready()

    def open_to_others(self) -> list[str]:
        """Name all that it has made and that others can read or write, or enter."""
        found = [each for each in self.root.rglob("*") if each != self.temporary]
        return [
            f"{oct(each.lstat().st_mode)} {each}"
            for each in found
            if stat.S_IMODE(each.lstat().st_mode) & OTHERS
        ]

    def end(self) -> str:
        """End it, and give its log."""
        self.client.close()
        self.process.terminate()
        return self.process.communicate(timeout=20)[1]


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder with a name so short that ipc sockets fit into it."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
        for each in Kernel.started:
            each.process.kill()
            each.process.communicate()
        Kernel.started.clear()


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_all_that_a_kernel_makes_is_private_also_the_folders_above(
    root: Path, transport: str
) -> None:
    kernel = Kernel(root, "python", "--transport", transport)
    Debugger(kernel.client).begin()
    assert kernel.client.execute("print('a cell in a file of its own')").status == "ok"
    kernel.client.request("history_request")
    made = {each.name for each in root.rglob("*")}
    assert {"history.sqlite", "runtime", kernel.path.name} <= made
    assert [*kernel.temporary.rglob("*.py")], "the debugger's"
    assert kernel.open_to_others() == []
    assert kernel.end() == ""
    assert list(kernel.temporary.iterdir()) == []


def test_a_runtime_folder_that_others_can_write_is_told_and_the_key_is_private(root: Path) -> None:
    runtime = root / "runtime"
    runtime.mkdir()
    runtime.chmod(0o777)
    kernel = Kernel(root, "echo", runtime="runtime")
    assert stat.S_IMODE(kernel.path.stat().st_mode) == 0o600
    log = kernel.end()
    assert f"others can write in {runtime}" in log
    assert log.count("\n") == 1


def test_a_history_that_others_could_read_is_made_private(root: Path) -> None:
    first = Kernel(root, "echo")
    first.client.execute("secret")
    first.client.request("history_request")
    first.end()
    path = root / "data" / "jupyter" / "polykernel" / "history.sqlite"
    path.chmod(0o644)
    second = Kernel(root, "echo")
    second.client.request("history_request")
    assert second.open_to_others() == []
    assert f"others could read {path}: it is now private" in second.end()
