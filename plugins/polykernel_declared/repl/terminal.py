"""A pseudo-terminal that does nothing of its own, with a program in it.

No echo, no line editing, no translation of line ends: what the program writes comes as it wrote it,
what is sent reaches it as it was sent, however long its lines are. Only ^C and, at the beginning of
a line, ^D keep their meaning.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import termios

_SIZE = 1 << 16
_LONGEST = 4000  # bytes of a line that a terminal keeps until it is whole: of 4095 on Linux
_CONTROL_C = b"\x03"
END_OF_FILE = b"\x04"
# signals that the evaluator or what started it may ignore, and the program must not
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT)


class Terminal:
    """One pseudo-terminal, and the program whose controlling terminal it is.

    Both ends stay open here: what we write at the program's end comes out behind all that the
    program has written, which is how :meth:`mark` knows that nothing is on its way.

    Args:
        rows: The window's height.
        columns: The window's width.

    Attributes:
        name: The device at the program's end.
        pid: The program's process id; 0 before it is started.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self._ours, self._theirs = os.openpty()
        self.name = os.ttyname(self._theirs)
        self.pid = 0
        self._outgoing = memoryview(b"")
        self._status: int | None = None
        self._marks = 0
        self._token = os.urandom(8).hex()
        self._wake, self._waker = os.pipe()
        for descriptor in (self._ours, self._theirs, self._wake, self._waker):
            os.set_blocking(descriptor, False)
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, size)
        self._long = False  # a long line was sent: the terminal no longer waits for whole lines
        self._set_modes()

    def _set_modes(self) -> None:
        attributes = termios.tcgetattr(self._theirs)
        attributes[0] = getattr(termios, "IUTF8", 0)
        attributes[1] = 0
        # without NOFLSH an interrupt would throw away output
        attributes[3] = termios.ISIG | termios.NOFLSH | termios.ICANON
        keys = [b"\x00"] * len(attributes[6])
        keys[termios.VINTR] = _CONTROL_C
        keys[termios.VEOF] = END_OF_FILE
        attributes[6] = keys
        termios.tcsetattr(self._theirs, termios.TCSANOW, attributes)

    def start(self, command: list[str], environment: dict[str, str]) -> None:
        """Start the program as the leader of a session of its own, controlled by the terminal.

        Raises:
            OSError: It is not there, or can't be run.
        """
        self.pid = os.posix_spawnp(
            command[0],
            command,
            environment,
            file_actions=[
                # the first terminal that the leader of a session opens controls it
                (os.POSIX_SPAWN_OPEN, 0, self.name, os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=_SIGNALS,
        )

    def wake(self) -> None:
        """Let :meth:`read` return at once; may be called by a signal's handler."""
        try:
            os.write(self._waker, b"!")
        except BlockingIOError:
            pass  # it will return for what stands there already

    def send(self, data: bytes) -> None:
        """Send keys; they go on their way while :meth:`read` waits."""
        if self._long or len(data) > _LONGEST:
            self._wait_for_lines(len(data) <= _LONGEST)
        self._outgoing = memoryview(bytes(self._outgoing) + data)

    def _wait_for_lines(self, wanted: bool) -> None:
        """Let lines be longer than the terminal keeps, where it keeps them and not the program."""
        attributes = termios.tcgetattr(self._theirs)
        if wanted:
            attributes[3] |= termios.ICANON
            attributes[6][termios.VEOF] = END_OF_FILE
        elif attributes[3] & termios.ICANON:
            attributes[3] &= ~termios.ICANON
            attributes[6][termios.VMIN], attributes[6][termios.VTIME] = 1, 0
        else:
            return  # the program has taken over: it edits the line itself
        self._long = not wanted
        termios.tcsetattr(self._theirs, termios.TCSANOW, attributes)

    @property
    def sending(self) -> bool:
        """Whether something has not been read by the program yet."""
        if self._outgoing:
            return True
        waiting = fcntl.ioctl(self._theirs, termios.FIONREAD, b"\0\0\0\0")
        return bool(struct.unpack("i", waiting)[0])

    def read(self, timeout: float) -> bytes:
        """Give what the program has written.

        Args:
            timeout: Seconds to wait for something.

        Returns:
            Nothing where nothing came, or :meth:`wake` was called.
        """
        writers = [self._ours] if self._outgoing else []
        readable, writable, _ = select.select([self._ours, self._wake], writers, [], timeout)
        if self._wake in readable:
            os.read(self._wake, _SIZE)
        if writable:
            self._write()
        if self._ours not in readable:
            return b""
        try:
            return os.read(self._ours, _SIZE)
        except (BlockingIOError, InterruptedError):
            return b""

    def _write(self) -> None:
        try:
            written = os.write(self._ours, self._outgoing[:_SIZE])
        except BlockingIOError:
            return
        self._outgoing = self._outgoing[written:]

    def mark(self) -> bytes:
        """Write something unmistakable at the program's end, behind all that it has written.

        Returns:
            What will come out of :meth:`read`; nothing where the terminal is full of output.
        """
        self._marks += 1
        mark = f"\x1b_{self._token} {self._marks}\x1b\\".encode()
        try:
            return mark if os.write(self._theirs, mark) == len(mark) else b""
        except BlockingIOError:
            return b""

    def interrupt(self) -> None:
        """Press ^C: a SIGINT to the group in the foreground, or a key where it means another."""
        self._outgoing = memoryview(b"")
        termios.tcflush(self._theirs, termios.TCIFLUSH)
        if termios.tcgetattr(self._theirs)[3] & termios.ISIG:
            self.signal(signal.SIGINT)
        else:
            self.send(_CONTROL_C)

    def signal(self, number: int) -> None:
        """Send a signal to the group in the foreground."""
        _kill(self._foreground() or self.pid, number)

    def kill(self) -> None:
        """Kill the program, and what is in the foreground."""
        for group in {self.pid, self._foreground()} - {0}:
            _kill(group, signal.SIGKILL)

    def ended(self) -> int | None:
        """Give what ``waitpid`` says of the program; ``None`` while it runs."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = status
        return self._status

    def close(self) -> None:
        """End the program and what it has started in its terminal, and let go of the terminal."""
        if self.pid and self.ended() is None:
            self.kill()
            self._status = os.waitpid(self.pid, 0)[1]
        for descriptor in (self._ours, self._theirs, self._wake, self._waker):
            os.close(descriptor)

    def _foreground(self) -> int:
        try:
            return os.tcgetpgrp(self._ours)
        except OSError:
            return 0


def _kill(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass  # it has just ended


def describe(status: int) -> tuple[str, str]:
    """Say how a program ended: ``("SIGSEGV", "was ended by SIGSEGV")``."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            name = signal.Signals(number).name
        except ValueError:  # a real-time signal
            name = f"signal {number}"
        return name, f"was ended by {name}"
    return "Exit", f"has ended with exit code {os.WEXITSTATUS(status)}"
