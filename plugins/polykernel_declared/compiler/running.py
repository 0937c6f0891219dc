"""Waits for programs, gives them the input that they ask for, and says how they ended."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Sequence

from polykernel.evaluator import Cell, CellError, InputRefused
from polykernel_declared import processes
from polykernel_declared.compiler import waiting

if TYPE_CHECKING:
    from polykernel_declared.compiler.relays import Streams

SOON, LATER = 0.005, 0.1  # seconds from look to look, whether a program waits for input
GRACE = 2.0  # seconds for a program that was interrupted
END_OF_FILE = "\x04"  # what a front end's Control-D is

_SIGNALS = {
    signal.SIGSEGV: "segmentation fault",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "arithmetic error (division by zero, perhaps)",
    signal.SIGILL: "illegal instruction",
    signal.SIGABRT: "aborted",
    signal.SIGTRAP: "trap",
    signal.SIGSYS: "bad system call",
    signal.SIGKILL: "killed (out of memory, perhaps)",
    signal.SIGTERM: "terminated",
    signal.SIGPIPE: "broken pipe",
    signal.SIGALRM: "alarm clock",
}


class Stdin:
    """The standard input of programs.

    State: a named pipe, whether it has ended, what was refused, and the answers.

    Args:
        path: Of the pipe; there must be none.
        answers: Lines that programs find there already.
    """

    def __init__(self, path: str, answers: Sequence[str] = ()) -> None:
        self.path = path
        os.mkfifo(path, 0o600)
        # a writer must be there, or programs would find its end
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.refused: InputRefused | None = None
        self.answers: list[str] = []
        self._waiting = "".join(f"{line}\n" for line in answers).encode("utf-8", "surrogateescape")
        if not waiting.can_tell():
            self.end()

    @property
    def ended(self) -> bool:
        """Whether programs find its end."""
        return self._descriptor < 0

    def open(self) -> int:
        """Open it for a program that is to be started."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        os.set_blocking(descriptor, True)
        return descriptor

    def end(self) -> None:
        """Let programs find its end."""
        if not self.ended:
            os.close(self._descriptor)
            self._descriptor = -1

    def is_wanted(self, pid: int) -> bool:
        """Say whether a process waits for a line."""
        if self.ended:
            return False
        self._feed()
        left = fcntl.ioctl(self._descriptor, termios.FIONREAD, b"\0" * 4)
        return not struct.unpack("i", left)[0] and waiting.is_read(pid, self.path)

    def ask(self, cell: Cell) -> None:
        """Ask the user for a line, and give it to whoever reads.

        Raises:
            KeyboardInterrupt: The user interrupted.
        """
        try:
            line = cell.input("")
        except InputRefused as error:
            self.refused = error
            line = END_OF_FILE
        if line == END_OF_FILE:
            self.end()
            return
        self.answers.append(line)
        self._waiting += (line + "\n").encode("utf-8", "surrogateescape")
        self._feed()

    def _feed(self) -> None:
        """Write what the pipe takes; the rest when the program has read."""
        if self._waiting:
            try:
                written = os.write(self._descriptor, self._waiting)
                self._waiting = self._waiting[written:]
            except BlockingIOError:
                pass  # it is full

    def close(self) -> None:
        """Remove it."""
        self.end()
        try:
            Path(self.path).unlink()
        except OSError:
            pass  # with its folder


def wait(descriptor: int, process: subprocess.Popen[bytes], stdin: Stdin, cell: Cell) -> bool:
    """Wait until there is something to read, and answer what a process asks meanwhile.

    Returns:
        Whether there is; if not, the process has ended.

    Raises:
        KeyboardInterrupt: The user interrupted.
    """
    pause = SOON
    while not select.select([descriptor], [], [], pause)[0]:
        if process.poll() is not None:
            return bool(select.select([descriptor], [], [], 0)[0])
        if stdin.is_wanted(process.pid):
            stdin.ask(cell)
            pause = SOON
        else:
            pause = min(pause * 1.5, LATER)
    return True


def run_program(
    command: Sequence[str],
    environment: dict[str, str],
    stdin: Stdin,
    cell: Cell,
    streams: Streams,
) -> int:
    """Run a program to its end.

    Returns:
        Its exit code, or its signal's number below zero.

    Raises:
        OSError: It can't be started.
        KeyboardInterrupt: The user interrupted; the program has ended.
    """
    # the end of a pipe that only the program has tells of its end
    mine, its = os.pipe()
    source = stdin.open()
    try:
        process = subprocess.Popen(
            command,
            stdin=source,
            stdout=streams.stdout,
            stderr=streams.stderr,
            env=environment,
            pass_fds=(its,),
        )
    except BaseException:
        os.close(mine)
        raise
    finally:
        os.close(source)
        os.close(its)
        streams.started()
    try:
        _follow(process, mine, stdin, cell, streams)
    except BaseException:
        end_soon(process)
        streams.drain()
        raise
    finally:
        os.close(mine)
    streams.drain()
    return process.returncode


def _follow(
    process: subprocess.Popen[bytes], ended: int, stdin: Stdin, cell: Cell, streams: Streams
) -> None:
    pause, waits = SOON, False
    while process.poll() is None:
        sources = [ended, *(relay.source for relay in streams.relays)]
        ready = select.select(sources, [], [], pause)[0]
        if ready:
            streams.pass_on(ready)
        if ended in ready:
            process.wait()
        wanted = not ready and stdin.is_wanted(process.pid)
        if wanted and waits:
            streams.release()
            stdin.ask(cell)
        if wanted:
            pause = SOON
        elif not ready:
            pause = min(pause * 1.5, LATER)
        waits = wanted and not waits  # a question that it has printed may still be on its way


def end_soon(process: subprocess.Popen[bytes]) -> None:
    """Wait for a program that was interrupted with us; kill it if it does not end."""
    end = monotonic() + GRACE
    try:
        while process.poll() is None and monotonic() < end:
            try:
                process.wait(LATER)
            except subprocess.TimeoutExpired:  # noqa: PERF203
                pass
    finally:
        kill_family(process)


def kill_family(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and what it has started."""
    if process.poll() is not None:
        return
    for pid in reversed(list(processes.family(process.pid))):
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # noqa: PERF203
            pass  # it has ended
    process.wait()


def failure(status: int, where: str = "", more: Sequence[str] = ()) -> CellError:
    """Make the cell's error of a program's end.

    Args:
        status: Its exit code, or its signal's number below zero.
        where: Where that happened, as ``", in In[3], line 2"``.
        more: Lines that are shown besides.
    """
    if status >= 0:
        ename, evalue = "ExitCode", f"the program ended with exit code {status}"
    else:
        try:
            number = signal.Signals(-status)
            ename, evalue = number.name, _SIGNALS.get(number, "ended by this signal")
        except ValueError:
            ename, evalue = f"Signal{-status}", "ended by this signal"
    lines: list[str] = [f"\x1b[31m{ename}\x1b[39m: {evalue}{where}", *more]
    return CellError(evalue + where, ename=ename, traceback=lines)


def refusal(refused: InputRefused, more: Sequence[str] = ()) -> CellError:
    """Make the cell's error of input that could not be had.

    Args:
        refused: Why.
        more: Lines that are shown besides.
    """
    lines: list[str] = [
        f"\x1b[31mInputRefused\x1b[39m: {refused}",
        "The program has asked for input, and found its end.",
        *more,
    ]
    return CellError(str(refused), ename="InputRefused", traceback=lines)
