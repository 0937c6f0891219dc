"""A running REPL: sends it lines, and knows when it waits for the next one."""

from __future__ import annotations

import os
import re
from time import monotonic

from polykernel_declared.repl.settings import INPUTRC
from polykernel_declared.repl.sieve import Patterns, Sieve
from polykernel_declared.repl.terminal import END_OF_FILE, Terminal, describe
from polykernel_declared.repl.waiting import can_tell, find_reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from polykernel_declared.repl.settings import Settings
    from polykernel_declared.repl.waiting import Reader

#: What the program does when it waits for keys.
PROMPTS, CONTINUES, ASKS = "prompts", "continues", "asks"

_FIRST_LOOK = 0.002  # seconds between looks at what the program does, growing
_LAST_LOOK = 0.05
_UNFINISHED = 0.2  # seconds of silence after which an unfinished line is shown as far as it goes
_SETUP_PATIENCE = 60.0  # seconds in which a program must have shown its first prompt
_QUIT_PATIENCE = 1.0  # seconds that it has to end by itself


class Gone(Exception):
    """The program has ended.

    Attributes:
        ename: The signal, or ``Exit``.
    """

    def __init__(self, ename: str, text: str) -> None:
        super().__init__(text)
        self.ename = ename


class NotReady(Exception):
    """The program could not be started, or did not come to its prompt; the text says why."""


class Program:
    """One running program. State: where it stands, and whether it was interrupted.

    Args:
        settings: How to speak with it.
        token: The token in its prompts.
        folder: For files of its own; it is there.

    Attributes:
        greeting: What it has written before its first prompt.
        sieve: Sifts its output.
        interrupts: How often the running cell has been interrupted.
    """

    def __init__(self, settings: Settings, token: str, folder: str) -> None:
        self._settings = settings
        self._command = settings.texts("command")
        self._folder = folder
        self._before: Reader | None = None
        self._place: object = None
        self._prompts = bool(settings.text("prompt"))
        self._told = 0
        self._can_tell = False
        self._greets = bool(settings.texts("setup"))
        self._patience = float(settings.number("patience"))
        self.interrupts = 0
        self.greeting = ""
        self._patterns = Patterns(
            token,
            *(settings.text(name) for name in ("prompt", "continuation", "error", "result")),
        )
        self.sieve = Sieve(self._patterns, self._greet)
        self.terminal = Terminal(settings.number("rows"), settings.number("columns"))

    def _greet(self, text: str) -> None:
        self.greeting += text

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self._command[0]

    def start(self) -> None:
        """Start it, and set it up; it stands at its prompt then.

        Raises:
            NotReady: It can't be started, or does not come to its prompt.
            KeyboardInterrupt: The user interrupted.
        """
        inputrc = os.path.join(self._folder, "inputrc")
        with open(inputrc, "w", encoding="utf-8") as file:
            file.write(INPUTRC)
        environment = self._settings.environment(os.environ, inputrc)
        try:
            self.terminal.start(self._command, environment)
        except OSError as error:
            hint = self._settings.text("install_hint")
            raise NotReady(
                f"{self.name} can't be started: {error.strerror}{hint and f'; {hint}'}"
            ) from None
        self._can_tell = can_tell(self.terminal.pid)
        deadline = monotonic() + _SETUP_PATIENCE
        try:
            state = self._wait(deadline)
            self._greets = False
            self.sieve.end()
            for line in self._settings.texts("setup"):
                state = self.say(line, deadline)
        except Gone as gone:
            raise NotReady(f"{gone}, before its prompt came{self._said()}") from None
        if self._prompts and state != PROMPTS:
            shown = self.sieve.question()
            raise NotReady(
                f"{self.name} does not show the prompt that is declared: "
                f"it waits after {shown[-80:]!r}{self._said()}"
            )
        self.sieve.end_line()
        self.sieve.end()
        if self._before is not None:
            self._place = self._before.place

    def _said(self) -> str:
        return f"; it says {self.greeting.strip()[-500:]!r}" if self.greeting.strip() else ""

    def say(self, line: str, deadline: float = 0.0) -> str:
        """Send a line, and wait until the program waits for another.

        Returns:
            :data:`PROMPTS`, :data:`CONTINUES`, or :data:`ASKS` where it waits without a prompt.

        Raises:
            Gone: It has ended.
            KeyboardInterrupt: The user interrupted, and it was not heard.
        """
        self.sieve.end_line()
        self._before = self._reader()
        self.terminal.send(line.encode("utf-8", "replace") + b"\n")
        return self._wait(deadline)

    def answer(self, line: str) -> str:
        """Send a line that the program asks for; ^D alone is the end of the file."""
        if line != END_OF_FILE.decode():
            return self.say(line)
        self._before = self._reader()
        self.terminal.send(END_OF_FILE)
        return self._wait()

    def press(self) -> str:
        """Press ^C, and wait until the program waits for a line again."""
        self.interrupts += 1
        return self._wait()

    def forget_interrupts(self) -> None:
        """Begin anew: the cell that was interrupted is over."""
        self.interrupts = self._told = 0

    def _reader(self) -> Reader | None:
        return find_reader(self.terminal.pid, self.terminal.name) if self._can_tell else None

    def _wait(self, deadline: float = 0.0) -> str:
        pause = 0.0
        quiet_since = monotonic()
        unheard = 0.0
        while True:
            data = self.terminal.read(pause)
            if self._told < self.interrupts:
                self._told = self.interrupts
                # what reads now may do so until its handler has run, or hear of nothing at all
                self._before = self._reader()
                unheard = monotonic() + self._patience
                self.terminal.interrupt()
            if data:
                self.sieve.feed(data)
                pause = 0.0
                quiet_since = monotonic()
                continue
            if unheard and monotonic() > unheard:
                self._before = None
            if self._stands(monotonic() - quiet_since):
                return self._state()
            self._look_for_end()
            if monotonic() - quiet_since > _UNFINISHED:
                self.sieve.let_go()
            pause = min(max(pause * 1.5, _FIRST_LOOK), _LAST_LOOK)
            if deadline and monotonic() > deadline:
                raise NotReady(f"{self.name} did not wait for a line{self._said()}")

    def _stands(self, quiet: float) -> bool:
        """Whether it waits for keys, has read all that was sent, and all it wrote has come."""
        if self.terminal.sending:
            return False
        if not self._can_tell:
            # the last resort: it is silent, at its prompt or in the middle of a line
            return quiet > self._patience
        reader = self._reader()
        if reader is None or reader == self._before or not self._catch_up():
            return False
        if reader != self._reader() or self.terminal.sending:
            return False
        if reader.timed and not self._prompted(quiet):
            return False
        self._before = reader
        return True

    def _prompted(self, quiet: float) -> bool:
        if self._greets and quiet > self._patience:
            return True  # its own prompt, before `setup` has changed it, is not declared
        return self.sieve.prompts() or self.sieve.continues()

    def _catch_up(self) -> bool:
        """Read all that the program has written so far."""
        mark = self.terminal.mark()
        if not mark:
            return False
        data = b""
        while not data.endswith(mark):
            data += self.terminal.read(_LAST_LOOK)
            at = data.find(mark)
            if at >= 0:
                self.sieve.feed(data[:at])
                self.sieve.feed(data[at + len(mark) :])
                return at + len(mark) == len(data)
            if len(data) > 1 << 16:
                self.sieve.feed(data[: -len(mark)])
                data = data[-len(mark) :]
        return True

    def _state(self) -> str:
        if self.sieve.prompts():
            return PROMPTS
        if self.sieve.continues():
            return CONTINUES
        if not self._prompts and self._place is not None and self._before is not None:
            return PROMPTS if self._before.place == self._place else ASKS
        return ASKS

    def _look_for_end(self) -> None:
        status = self.terminal.ended()
        if status is None:
            return
        self._catch_up()
        self.sieve.let_go()
        ename, how = describe(status)
        raise Gone(ename, f"{self.name} {how}")

    def ended(self) -> bool:
        """Whether it has ended since it last waited for a line."""
        return self.terminal.ended() is not None

    def version(self) -> str:
        """Give the version that its greeting tells; empty where it tells none."""
        pattern = self._settings.text("version_pattern")
        found = re.search(pattern, self.greeting) if pattern else None
        return found.group(1 if found.re.groups else 0) if found else ""

    def sifted(self, write: Callable[[str], object]) -> None:
        """Let what it prints go there from now on."""
        self.sieve.write = write

    def quit(self) -> None:
        """Let it end by itself, for a moment; then end it."""
        line = self._settings.text("quit")
        if line and not self.ended():
            deadline = monotonic() + _QUIT_PATIENCE
            self.terminal.send(line.encode() + b"\n")
            while not self.ended() and monotonic() < deadline:
                self.terminal.read(_LAST_LOOK)
        self.terminal.close()
