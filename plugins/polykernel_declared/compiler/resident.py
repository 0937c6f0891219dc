"""The process that runs cells as functions, so that their variables stay (``resident.c``)."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from polykernel.evaluator import Cell, CellError, InputRefused
from polykernel_declared.compiler import running
from polykernel_declared.compiler.running import Stdin

if TYPE_CHECKING:
    from polykernel_declared.compiler.tools import Tools

_SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "resident.c")
_COMMAND = ("gcc", "-O1", "-g", "-rdynamic", "{source}", "-o", "{program}", "-ldl", "-pthread")
_AGAIN = signal.SIGRTMAX - 2  # as in resident.c
_CHUNK = 1 << 16
BEGIN_ANEW = "The process that held the variables has ended: they begin anew."


class Ended(NamedTuple):
    """How a cell ended.

    Args:
        status: What its function returned; of a process that ended its exit code, or its signal's
            number below zero.
        alive: Whether the process is still there, with all variables.
        addresses: Of a crash, file and offset of each frame, the innermost first.
        refused: Why a line that it asked for could not be had.
    """

    status: int
    alive: bool
    addresses: tuple[tuple[str, str], ...] = ()
    refused: InputRefused | None = None


class Resident:
    """Owns the process.

    State: the compiler that makes the program, the process, and its pipes. A process that has
    ended is followed by a new one when it is needed.

    Args:
        tools: Runs the compiler.
        environment: Of the process.
    """

    def __init__(self, tools: Tools, environment: dict[str, str]) -> None:
        self._tools = tools
        self._environment = environment
        self._program = tools.path("resident")
        self._compiler: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._commands = self._answers = -1
        self._left = b""
        self._stdins = self._syncs = 0
        self.stdin: Stdin | None = None

    def prepare(self) -> None:
        """Begin to compile the program, while the user writes the first cell."""
        command = self._tools.fill(_COMMAND, {"source": _SOURCE, "program": self._program})
        try:
            self._compiler = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self._tools.temporary,
            )
        except OSError:
            self._compiler = None  # told when it is needed

    def run(self, library: str, cell: Cell) -> Ended:
        """Run a cell.

        Raises:
            CellError: The shared object can't be loaded.
            KeyboardInterrupt: The user interrupted; the variables may be gone with the process.
        """
        self._be_there()
        try:
            stdin = self._take_stdin(cell)
            stdin.refused = None
            self._send(f"run\t{library}")
            answer, addresses = self._answer(stdin, cell)
        except KeyboardInterrupt:
            self._stop(cell)
            raise
        kind, _, rest = answer.partition("\t")
        if kind == "failed":
            raise CellError(rest, ename="LinkError")
        if kind == "interrupted":
            raise KeyboardInterrupt
        if kind == "done":
            return Ended(int(rest), True, (), stdin.refused)
        return Ended(self._bury(), False, tuple(addresses), stdin.refused)

    def _be_there(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._compile()
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        try:
            self._process = subprocess.Popen(
                [self._program, str(commands), str(answers), self._tools.temporary],
                stdin=subprocess.DEVNULL,
                env=self._environment,
                pass_fds=(commands, answers),
            )
        finally:
            os.close(commands)
            os.close(answers)

    def _compile(self) -> None:
        if self._compiler is not None:
            self._compiler.wait()
            self._compiler = None
        if not Path(self._program).exists():
            outcome = self._tools.run(_COMMAND, source=_SOURCE, program=self._program)
            if not outcome.ok:
                lines = outcome.output.rstrip().split("\n")
                raise CellError(
                    "the process that keeps variables can't be compiled",
                    ename="CompileError",
                    traceback=lines,
                )

    def _take_stdin(self, cell: Cell) -> Stdin:
        stdin = self.stdin
        if stdin is None or stdin.ended:
            self.stdin = None
            if stdin is not None:
                stdin.close()
            self._stdins += 1
            stdin = Stdin(self._tools.path(f"stdin{self._stdins}"))
            self._send(f"stdin\t{stdin.path}")
            self._answer(stdin, cell)
            self.stdin = stdin
        return stdin

    # the pipes

    def _send(self, line: str) -> None:
        try:
            os.write(self._commands, line.encode() + b"\n")
        except BrokenPipeError:
            pass  # it has ended: the answer will say so

    def _answer(self, stdin: Stdin, cell: Cell) -> tuple[str, list[tuple[str, str]]]:
        """Wait for the answer; an empty one says that the process has ended."""
        addresses: list[tuple[str, str]] = []
        assert self._process is not None
        while True:
            while b"\n" in self._left:
                line, _, self._left = self._left.partition(b"\n")
                kind, _, rest = line.decode("utf-8", "replace").partition("\t")
                if kind == "frame":
                    file, _, offset = rest.partition("\t")
                    addresses.append((file, offset))
                elif kind != "crash":
                    return f"{kind}\t{rest}".rstrip("\t"), addresses
            # a child of the cell's may hold the pipe when the process has ended
            ready = running.wait(self._answers, self._process, stdin, cell)
            chunk = os.read(self._answers, _CHUNK) if ready else b""
            if not chunk:
                return "", addresses
            self._left += chunk

    def _stop(self, cell: Cell) -> None:
        """Wait for the cell's end; it has got the interrupt with us. In the end, kill it."""
        assert self._process is not None
        if not self._ends_by_itself(self._process):
            running.kill_family(self._process)
            cell.write("The program does not stop by itself: it is ended.\n", "stderr")
        if self._process.poll() is not None:
            self._bury()
            cell.write(f"{BEGIN_ANEW}\n", "stderr")

    def _ends_by_itself(self, process: subprocess.Popen[bytes]) -> bool:
        # whether the cell had begun, or had ended, when the interrupt came, does not matter then
        self._syncs += 1
        last = f"sync\t{self._syncs}"
        self._send(last)
        end = monotonic() + running.GRACE
        while monotonic() < end:
            if select.select([self._answers], [], [], running.LATER)[0]:
                chunk = os.read(self._answers, _CHUNK)
                if not chunk:
                    process.wait()
                    return True
                self._left += chunk
                if self._left.endswith(last.encode() + b"\n"):
                    self._left = b""
                    return True
            else:
                # what waits for a child, as system() does, has not heard it
                process.send_signal(_AGAIN)
        return False

    def _bury(self) -> int:
        assert self._process is not None
        status = self._process.wait()
        self.close()
        return status

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        for descriptor in (self._commands, self._answers):
            if descriptor >= 0:
                os.close(descriptor)
        self._commands = self._answers = -1
        self._left = b""
        if process is not None and process.poll() is None:
            running.kill_family(process)
        if self.stdin is not None:
            self.stdin.close()
            self.stdin = None

    def shutdown(self) -> None:
        """End all."""
        if self._compiler is not None:
            self._compiler.kill()
            self._compiler.wait()
            self._compiler = None
        self.close()
