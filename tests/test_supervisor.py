"""Starting, watching, interrupting, killing and replacing an evaluator process."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from support.kernels import SAMPLES
from support.loops import run_until
from support.watching import Watcher

from polykernel import interrupts, process_end
from polykernel import supervisor as supervisor_module
from polykernel.channel_lines import Failure
from polykernel.supervisor import Supervisor
from polykernel.watcher import describe_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tornado.ioloop import IOLoop

PROGRAM = [sys.executable, str(SAMPLES / "polykernel_sample" / "program.py")]


class Run:
    """A supervisor with a program that does what its cells say."""

    def __init__(self, loop: IOLoop, *options: str, command: list[str] | None = None) -> None:
        self.loop = loop
        self.watcher = Watcher()
        command = command or [*PROGRAM, *options]
        self.supervisor = Supervisor(command, os.environ, "sample", None)
        self.supervisor.attach(self.watcher)
        self.supervisor.start()
        self.answers: list[Any] = []
        self.gone: list[bool] = []

    def execute(self, code: str) -> None:
        params = {"code": code}
        self.supervisor.request("execute", params, self.answers.append)

    def until(self, happened: Callable[[], object], what: str) -> None:
        run_until(self.loop, happened, what)

    def until_up(self) -> None:
        self.until(lambda: self.watcher.abilities, "the evaluator's hello")

    def end(self) -> None:
        if not self.gone:
            self.supervisor.shutdown(False, lambda: self.gone.append(True))
            self.until(lambda: self.gone, "the end")


@pytest.fixture
def run(
    loop: IOLoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Run]]:
    monkeypatch.chdir(tmp_path)
    runs: list[Run] = []

    def start(*options: str, **more: Any) -> Run:
        runs.append(Run(loop, *options, **more))
        return runs[-1]

    yield start
    for each in runs:
        each.end()


def test_an_evaluator_says_what_it_can(run: Callable[..., Run]) -> None:
    it = run("--marks", "--interrupts")
    it.until_up()
    (abilities,) = it.watcher.abilities
    assert abilities.marks == "0123456789abcdef"
    assert abilities.interrupts
    assert not abilities.complete_while_busy


def test_each_request_is_answered_once_also_before_the_hello(run: Callable[..., Run]) -> None:
    it = run()
    it.execute("pass")
    it.supervisor.request("no_such_method", {}, it.answers.append)
    it.until(lambda: len(it.answers) == 2, "both answers")
    assert msgspec.json.decode(it.answers[0]) == {"status": "ok"}
    assert isinstance(it.answers[1], Failure)
    assert it.answers[1].code == -32601


def test_a_dead_evaluator_is_replaced_and_what_it_left_is_told_first(
    run: Callable[..., Run],
) -> None:
    it = run()
    it.until_up()
    first = it.supervisor.pid
    it.execute("os.write(1, b'left'); os.kill(os.getpid(), 9)")
    it.until(lambda: it.watcher.deaths, "the death")
    assert it.watcher.deaths[0].status.startswith("signal SIGKILL")
    assert not it.watcher.deaths[0].at_start
    assert it.watcher.text == b"left"
    assert it.supervisor.pid not in (None, first)
    it.until(lambda: len(it.watcher.abilities) == 2, "the new one's hello")
    assert it.answers == []


def test_a_child_that_holds_the_pipes_does_not_hide_a_death(run: Callable[..., Run]) -> None:
    it = run()
    it.execute(
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '30'], start_new_session=True)\n"
        "open('child', 'w').write(str(child.pid)); os._exit(4)"
    )
    it.until(lambda: it.watcher.deaths, "the death")
    os.kill(int(Path("child").read_text()), signal.SIGKILL)
    assert it.watcher.deaths[0].status == "exit code 4"


def test_deaths_at_start_are_counted_and_then_no_more_is_tried(run: Callable[..., Run]) -> None:
    it = run("--die-at-start")
    it.until(lambda: it.supervisor.start_error, "giving up")
    assert len(it.watcher.deaths) == 3
    assert all(death.at_start for death in it.watcher.deaths)
    assert it.supervisor.pid is None
    assert "3 times" in it.supervisor.start_error


def test_an_evaluator_that_came_up_in_the_end_starts_the_count_anew(
    run: Callable[..., Run],
) -> None:
    it = run("--die-twice")
    it.until_up()
    assert len(it.watcher.deaths) == 2
    Path("deaths").unlink()
    it.execute("os._exit(1)")
    it.until(lambda: len(it.watcher.abilities) == 2, "the next one's hello")
    assert it.supervisor.start_error == ""


def test_another_version_of_the_channel_is_refused(run: Callable[..., Run]) -> None:
    it = run("--wrong-version")
    it.until(lambda: it.watcher.deaths, "the end")
    assert "version 99" in it.supervisor.start_error
    assert len(it.watcher.deaths) == 1


def test_a_program_that_is_not_there_is_an_error_that_names_it(run: Callable[..., Run]) -> None:
    it = run(command=["no-such-program-anywhere"])
    assert "no-such-program-anywhere" in it.supervisor.start_error
    assert it.supervisor.pid is None


def test_an_interrupt_reaches_the_cell(run: Callable[..., Run]) -> None:
    it = run()
    it.execute("print('begun')\nwhile True: pass")
    it.until(lambda: b"begun" in it.watcher.text, "the beginning")
    it.supervisor.interrupt([2])
    it.until(lambda: it.answers, "the answer")
    assert msgspec.json.decode(it.answers[0])["ename"] == "KeyboardInterrupt"


def test_an_interrupt_that_is_not_acknowledged_is_told(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interrupts, "UNHEARD_AFTER", 0.01)
    it = run()
    it.execute("signal.signal(signal.SIGINT, signal.SIG_IGN); print('begun'); read()")
    it.until(lambda: b"begun" in it.watcher.text, "the beginning")
    it.supervisor.interrupt([2])
    it.until(lambda: it.watcher.unheard, "the notice")
    assert it.watcher.deaths == []


def test_an_evaluator_is_woken_that_has_not_acknowledged_an_interrupt(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interrupts, "NUDGED_AFTER", 0.01)
    it = run("--interrupts")
    it.execute(
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGURG, lambda *_: os.write(1, b'woken'))\nprint('begun')\nread()"
    )
    it.until(lambda: b"begun" in it.watcher.text, "the beginning")
    it.supervisor.interrupt([2])
    it.until(lambda: b"woken" in it.watcher.text, "its being woken")
    assert it.watcher.deaths == []


def test_an_interrupt_before_the_hello_waits_for_it(run: Callable[..., Run]) -> None:
    it = run("--interrupts")
    it.execute("print('begun')\nwhile True: pass")
    it.supervisor.interrupt([2])  # the program would die of a signal now
    it.until(lambda: it.watcher.abilities, "the hello")
    it.until(lambda: it.watcher.heard or it.answers, "the interrupt")
    assert it.watcher.deaths == []


def test_the_third_interrupt_in_vain_kills(run: Callable[..., Run]) -> None:
    it = run()
    it.execute("signal.signal(signal.SIGINT, signal.SIG_IGN); print('begun'); read()")
    it.until(lambda: b"begun" in it.watcher.text, "the beginning")
    for _ in range(3):
        it.supervisor.interrupt([2])
    it.until(lambda: it.watcher.deaths, "the death")
    assert "SIGKILL" in it.watcher.deaths[0].status


def test_many_interrupts_at_once_that_are_heard_kill_nothing(run: Callable[..., Run]) -> None:
    it = run("--interrupts")
    # no exception: one that comes while another is handled could leave the cell
    it.execute(
        "def heard(number, frame):\n"
        "    put({'method': 'interrupted', 'params': {'cell': cell}})\n"
        "    os.write(1, b'saved')\n"
        "signal.signal(signal.SIGINT, heard)\nprint('begun')\nread()"
    )
    it.until(lambda: b"begun" in it.watcher.text, "the beginning")
    for _ in range(10):
        it.supervisor.interrupt([2])
    it.until(lambda: it.watcher.heard or it.watcher.deaths, "an acknowledgement")
    it.until(lambda: b"saved" in it.watcher.text or it.watcher.deaths, "what the cell does then")
    assert it.watcher.deaths == []


def test_a_shutdown_is_told_when_the_process_has_been_waited_for(run: Callable[..., Run]) -> None:
    it = run()
    it.until_up()
    pid = it.supervisor.pid
    assert pid is not None
    it.end()
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    assert it.watcher.deaths == []


@pytest.mark.parametrize("told_by", ["a descriptor", "a thread"])
def test_a_death_is_told_also_where_nobody_has_kept_how_it_came(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, told_by: str
) -> None:
    if told_by == "a thread":
        monkeypatch.setattr(process_end, "_pidfd", lambda pid: -1)
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        it = run()
        it.until_up()
        it.execute("os._exit(3)")
        it.until(lambda: it.watcher.deaths, "the death")
        assert it.watcher.deaths[0].status == "an unknown exit code"
        it.until(lambda: len(it.watcher.abilities) == 2, "the next one's hello")
        it.end()
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_an_evaluator_that_does_not_end_by_itself_is_killed(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "SIGTERM_AFTER", 0.01)
    monkeypatch.setattr(supervisor_module, "SIGKILL_AFTER", 0.02)
    it = run()
    it.execute("signal.signal(signal.SIGTERM, signal.SIG_IGN); print('begun')\nwhile True: pass")
    it.until(lambda: b"begun" in it.watcher.text, "the beginning")
    it.end()
    assert it.supervisor.pid is None


def test_without_a_process_a_shutdown_is_over_at_once(run: Callable[..., Run]) -> None:
    it = run(command=["no-such-program-anywhere"])
    it.supervisor.shutdown(False, lambda: it.gone.append(True))
    assert it.gone == [True]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "exit code 0"),
        (3 << 8, "exit code 3"),
        (signal.SIGSEGV, "signal SIGSEGV (Segmentation fault)"),
        (signal.SIGKILL, "signal SIGKILL (Killed)"),
        (40, "signal 40"),
    ],
)
def test_the_way_a_process_ended_is_told_in_words(status: int, words: str) -> None:
    assert describe_status(status) == words
