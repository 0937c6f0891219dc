"""Kernels whose launcher leaves them something odd: signals, names that are no text, namespaces."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from faults.hosts import Start
from support import processes
from support.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NO_TEXT = os.fsdecode(b"d\xe9")  # a name in Latin-1

# each launcher does this, and then becomes the kernel
LAUNCHER = """
import os, signal, sys
{}
os.execv(sys.executable, [sys.executable, "-P", *sys.argv[1:]])
"""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Start a kernel by a launcher, and connect to it; both are gone afterwards."""
    hosts: list[Start] = []
    clients: list[Client] = []

    def start(does: str = "", launcher: str = "", **environment: str) -> Client:
        python = launcher or LAUNCHER.format(does)
        hosts.append(Start(tmp_path / "k", by_hand=False, python=python, environment=environment))
        processes.until(hosts[0].listens, "its ports")
        assert not hosts[0].ended(), hosts[0].log.read_text()
        clients.append(Client(json.loads(hosts[0].path.read_text())))
        clients[0].ready()
        return clients[0]

    yield start
    for client in clients:
        client.request("shutdown_request", {"restart": False}, channel="control")
        client.close()
    try:
        for host in hosts:
            host.leaves_nothing()
    finally:
        for host in hosts:
            host.close()


def test_a_kernel_knows_how_children_end_also_where_its_launcher_ignores_that(
    started: Callable[..., Client],
) -> None:
    client = started("signal.signal(signal.SIGCHLD, signal.SIG_IGN)")
    died = client.execute("import os; os._exit(3)")
    assert died.reply["ename"] == "EvaluatorDied"
    assert "exit code 3" in died.reply["evalue"]
    assert client.execute("import os; os.system('exit 4') >> 8").result == "4"
    # the shutdown is answered, which the fixture waits for


@pytest.mark.parametrize("command", [["exec", "python", "-c", "import os; os._exit(3)"]])
def test_a_command_knows_how_children_end_also_where_its_launcher_ignores_that(
    command: list[str],
) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "polykernel", *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=ignore_children,
    )
    assert done.returncode == 1
    assert "exit code 3" in done.stderr


def ignore_children() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def test_a_kernel_starts_in_a_folder_whose_name_is_not_utf_8(
    started: Callable[..., Client], tmp_path: Path
) -> None:
    folder = tmp_path / NO_TEXT
    folder.mkdir()
    client = started(f"os.chdir({str(folder)!r})")
    assert client.execute("import os; os.fsencode(os.getcwd())[-2:]").result == r"b'd\xe9'"


def test_a_kernel_starts_where_temporary_files_have_a_folder_whose_name_is_not_utf_8(
    started: Callable[..., Client], tmp_path: Path
) -> None:
    folder = tmp_path / NO_TEXT
    folder.mkdir()
    client = started(TMPDIR=str(folder))
    code = "import os, tempfile; os.fsencode(tempfile.gettempdir())[-2:]"
    assert client.execute(code).result == r"b'd\xe9'"


def test_a_kernel_starts_for_a_user_whose_name_is_not_utf_8(
    started: Callable[..., Client],
) -> None:
    client = started(LOGNAME=os.fsdecode(b"jos\xe9"))
    client.execute("1")
    assert client.seen[-1].message["header"]["username"] == "jos\ufffd"


def test_code_is_run_in_a_folder_whose_name_is_not_utf_8(tmp_path: Path) -> None:
    folder = tmp_path / NO_TEXT
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "polykernel", "exec", "python", "-c", "6 * 7"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "42\n", "")


# the number of who starts it is that of the namespace around
IN_A_NAMESPACE = """
import os, sys
os.environ["JPY_PARENT_PID"] = str(os.getppid())
command = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
os.execvp(command[0], [*command, "--mount-proc", sys.executable, "-P", *sys.argv[1:]])
"""


def _namespaces() -> bool:
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "true"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not _namespaces(), reason="no namespaces of process ids can be made here")
def test_a_kernel_runs_in_a_namespace_of_process_ids_of_its_own(
    started: Callable[..., Client],
) -> None:
    client = started(launcher=IN_A_NAMESPACE)
    assert client.execute("6 * 7").result == "42"
    assert client.execute("import os; os.getppid()").result == "1"


def test_a_kernel_runs_where_the_number_of_its_parent_is_that_of_nobody(
    started: Callable[..., Client],
) -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    client = started(JPY_PARENT_PID=str(gone.pid))
    assert client.execute("6 * 7").result == "42"


# starts a kernel, and stays
STALE = """
import os, sys, subprocess
host = subprocess.Popen([sys.executable, "-P", *sys.argv[1:]])
host.wait()
"""


def test_a_kernel_whose_parent_has_the_number_of_nobody_ends_with_who_has_started_it(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    environment = {"JPY_PARENT_PID": str(gone.pid)}
    host = Start(tmp_path / "k", by_hand=True, python=STALE, environment=environment)
    try:
        processes.until(host.runs, "a cell")
        host.process.kill()
        host.leaves_nothing()
    finally:
        host.close()
