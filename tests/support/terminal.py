"""A program in a terminal: a pseudo terminal that controls it, so that keys mean what they do."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING

from support import commands

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 60  # seconds: a bound for what must come, not a measurement
IMPATIENCE = 3.0  # seconds until a person presses a key again
ROWS, COLUMNS = 40, 120
ENTER, TAB, CONTROL_C, CONTROL_D = "\r", "\t", "\x03", "\x04"

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[=>()][0-9A-Z]?)|\r")
_UNFINISHED = re.compile(r"\x1b[^@-Z\\^-~]*$")

# without a fork of this process, which may have threads
_TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """One program, which has ended when :meth:`close` returns. What it shows is read as text."""

    def __init__(self, folder: Path, program: str, *arguments: str) -> None:
        self._text = self._rest = ""
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._descriptor, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = commands.environment(folder)
        environment.update(TERM="xterm", PROMPT_TOOLKIT_NO_CPR="1")
        executable = str(commands.PROGRAMS / program)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, executable, *arguments],
            cwd=folder,
            env=environment,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._descriptor, text.encode())

    def press_until(self, key: str, text: str) -> None:
        """Press a key, as often as an impatient person would, until this is shown."""
        for _ in range(int(PATIENCE // IMPATIENCE)):
            self.type(key)
            with contextlib.suppress(AssertionError):
                self.wait_for(text, IMPATIENCE)
                return
        raise AssertionError(self._failure(text))

    def wait_for(self, text: str, patience: float = PATIENCE) -> str:
        """Wait until this is shown, and give all that was shown since the last call, with it."""
        deadline = time.monotonic() + patience
        while text not in self._text:
            left = max(0, deadline - time.monotonic())
            assert select.select([self._descriptor], [], [], left)[0], self._failure(text)
            assert self._read(), self._failure(text)
        at = self._text.index(text) + len(text)
        shown, self._text = self._text[:at], self._text[at:]
        return shown

    def _failure(self, text: str) -> str:
        return f"{text!r} was not shown, but {self._text!r}"

    def _read(self) -> bool:
        try:
            data = os.read(self._descriptor, 1 << 16)
        except OSError:  # the program has ended
            return False
        text = self._rest + self._decode(data)
        unfinished = _UNFINISHED.search(text)
        whole = unfinished.start() if unfinished else len(text)
        self._text += _ESCAPE.sub("", text[:whole])
        self._rest = text[whole:]
        return bool(data)

    def exit_code(self) -> int:
        """Wait for the program's end."""
        while self._read():
            pass
        return self._process.wait(PATIENCE)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._descriptor)
