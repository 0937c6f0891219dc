"""Starting an evaluator process, its pipes and its guard."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import processes

from polykernel.errors import EvaluatorStartError
from polykernel.language import Language
from polykernel.launch import Process, command_of, launch, release_guard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPORT = """
import os, signal, sys
print(os.getpid() == os.getpgid(0) == os.getsid(0))
print(repr(os.read(0, 10)))
def is_open(n):
    try: os.fstat(n)
    except OSError: return False
    return True
print([n for n in range(3, 256) if is_open(n)])
print([signal.getsignal(n) == signal.SIG_DFL for n in (signal.SIGTERM, signal.SIGHUP)])
print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""


@pytest.fixture
def started() -> Iterator[Callable[..., Process]]:
    launched: list[Process] = []

    def start(code: str) -> Process:
        launched.append(launch([sys.executable, "-c", code], os.environ))
        return launched[-1]

    yield start
    for process in launched:
        os.killpg(process.pid, signal.SIGKILL)
        os.waitpid(process.pid, 0)
        release_guard(process)
        for descriptor in process.pipes:
            os.close(descriptor)


def open_descriptors() -> list[int]:
    found = []
    for each in range(256):
        with contextlib.suppress(OSError):
            os.fstat(each)
            found.append(each)
    return found


def read_all(descriptor: int) -> str:
    os.set_blocking(descriptor, True)
    with open(descriptor, closefd=False) as file:
        return file.read()


def test_an_evaluator_leads_a_session_and_has_its_pipes_and_nothing_else(
    started: Callable[..., Process],
) -> None:
    process = started(REPORT)
    leader, stdin, descriptors, signals, mask = read_all(process.pipes.stdout).splitlines()
    assert leader == "True"
    assert stdin == "b''"
    # what the tests were started with is inherited, as by any program
    theirs = {each for each in open_descriptors() if each > 5 and os.get_inheritable(each)}
    parcels = {6} if process.pipes.parcels >= 0 else set()
    assert set(json.loads(descriptors)) == {3, 4, 5, *parcels, *theirs}
    assert signals == "[True, True]"
    assert mask == "set()"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such a score")
def test_where_memory_runs_out_an_evaluator_is_ended_before_its_host(
    started: Callable[..., Process],
) -> None:
    process = started("open('/dev/fd/1', 'w').write(open('/proc/self/oom_score_adj').read())")
    ours = int(Path("/proc/self/oom_score_adj").read_text())
    assert int(read_all(process.pipes.stdout)) == min(1000, ours + 300)


def test_the_pipes_lead_both_ways(started: Callable[..., Process]) -> None:
    process = started(
        "import os; os.write(4, os.read(3, 100)); os.write(2, b'err'); os.write(5, b'last')"
    )
    os.write(process.pipes.requests, b"hello")
    assert read_all(process.pipes.events) == "hello"
    assert read_all(process.pipes.stderr) == "err"
    assert read_all(process.pipes.last_words) == "last"


def test_the_guard_kills_the_whole_group_when_its_leash_is_let_go() -> None:
    process = launch(["sh", "-c", "sleep 1000 & echo begun; wait"], os.environ)
    os.set_blocking(process.pipes.stdout, True)
    assert os.read(process.pipes.stdout, 100) == b"begun\n"
    watches = [processes.Watch(pid) for pid in (process.pid, process.guard)]
    watches += [processes.Watch(child.pid) for child in processes.descendants(process.pid)]
    assert len(watches) == 3
    os.close(process.leash)
    assert all(watch.ended_within(10) for watch in watches), watches
    os.waitpid(process.pid, 0)
    os.waitpid(process.guard, 0)
    for descriptor in process.pipes:
        os.close(descriptor)
    for watch in watches:
        watch.close()


@pytest.mark.parametrize("command", [["no-such-program"], ["/"], ["/etc/hostname"], ["a\0b"]])
def test_a_program_that_can_not_be_run_is_named_and_leaves_no_descriptor(
    command: list[str],
) -> None:
    before = open_descriptors()
    with pytest.raises(EvaluatorStartError, match=command[0]):
        launch(command, os.environ)
    assert open_descriptors() == before


def language(**how: object) -> Language:
    return Language(
        name="a",
        display_name="A",
        version="1",
        mimetype="text/plain",
        file_extension=".a",
        **how,  # type: ignore[arg-type]
    )


def test_a_program_is_started_as_it_was_declared() -> None:
    assert command_of(language(command=("node", "x.js")), None, "p") == ["node", "x.js"]


def test_a_python_evaluator_is_started_in_the_interpreter_that_was_named() -> None:
    command = command_of(language(evaluator="json.tool:Sample"), "/some/python", "p 1.0")
    assert command[0] == "/some/python"
    assert "json.tool:Sample" in command
    assert any(part.startswith("json=") for part in command)
    assert command[-1] == "p 1.0"


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(EvaluatorStartError, match="no_such_package"):
        command_of(language(evaluator="no_such_package.evaluator:Sample"), None, "p")
