"""Which kernels there are, how each is started, and what it is told for each measurement."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Words:
    """What the measurements say in a kernel's language; empty where it can't be said.

    Attributes:
        value: A cell with a result.
        computing: A cell that computes for that many seconds.
        loop: A cell that prints ``looping`` and then loops for ever.
        lines: A cell that prints the numbers up to that many, each on a line of its own.
        block: A cell that prints that many times an x, at once, and a line end.
        flood: A cell that prints that many lines of 1000 bytes each, the line's number first.
        at_exit: A cell that lets that file be made when the kernel ends.
        buffer_prepared: A cell that makes a buffer of so many bytes, and what else is needed.
        buffer_shown: A cell that sends that buffer, in a display if that can be done.
        comms: A cell that opens that many comms.
    """

    value: str = "1+1"
    computing: Callable[[float], str] | None = None
    loop: str = ""
    lines: Callable[[int], str] | None = None
    block: Callable[[int], str] | None = None
    flood: Callable[[int], str] | None = None
    at_exit: Callable[[Path], str] | None = None
    buffer_prepared: Callable[[int], str] | None = None
    buffer_shown: str = ""
    comms: Callable[[int], str] | None = None


@dataclass(frozen=True)
class Kernel:
    """A kernel that can be started.

    Attributes:
        name: What it is called in tables.
        package: The distribution that brings it; empty for the floor.
        arguments: Of its interpreter, as its kernelspec has them; the connection file comes after.
        words: What it is told.
        by_message: Whether its kernelspec asks for interrupts by message.
        note: What a reader must know of how it was measured.
    """

    name: str
    package: str
    arguments: tuple[str, ...]
    words: Words
    by_message: bool = False
    note: str = ""

    def command(self, python: Path, connection_file: Path) -> list[str]:
        """Give the command line that starts it."""
        *before, last = self.arguments
        file = f"{last}{connection_file}" if last.endswith("=") else str(connection_file)
        arguments = before if last.endswith("=") else [*before, last]
        return [str(python), *arguments, file]


def _python(prepare: str, show: str, comms: str) -> Words:
    return Words(
        value="1+1",
        computing=lambda seconds: (
            f"import time\nend = time.monotonic() + {seconds}\nx = 0\n"
            "while time.monotonic() < end:\n    for n in range(1000): x += n"
        ),
        loop="print('looping', flush=True)\nwhile True: pass",
        # the last line: xeus-python's raw mode runs no loop that is the only statement of its cell
        lines=lambda count: f"for n in range({count}): print(n)\nNone",
        block=lambda count: f"print('x' * {count})",
        flood=lambda count: f"for n in range({count}): print(f'{{n:09d}}' + 'x' * 990)\nNone",
        at_exit=lambda path: (
            f"import atexit, pathlib\natexit.register(pathlib.Path({str(path)!r}).touch)\nNone"
        ),
        buffer_prepared=lambda size: f"{prepare}\nbuffer = b'x' * {size}",
        buffer_shown=show,
        comms=lambda count: f"{comms}\ncomms = [opened() for _ in range({count})]\nNone",
    )


_COMM = "from comm import create_comm\ndef opened(): return create_comm(target_name='nobody')"
_SESSION = (
    "kernel.session.send(kernel.iopub_socket, 'display_data', "
    "{'data': {'text/plain': 'a buffer'}, 'metadata': {}, 'transient': {}}, "
    "parent=kernel.get_parent('shell'), ident=kernel._topic('display_data'), buffers=[buffer])\n"
    "None"
)
OURS = _python(
    "from polykernel.evaluator import current_cell",
    "current_cell().display({'text/plain': 'a buffer'}, buffers=[buffer])",
    "from polykernel.evaluator import current_cell\n"
    "def opened(): return current_cell().open_comm('nobody')",
)
IPYKERNELS = _python("kernel = get_ipython().kernel", _SESSION, _COMM)
#: A comm's message: there is no display with buffers.
BY_COMM = _python(f"{_COMM}\nc = opened()", "c.send({}, buffers=[buffer])\nNone", _COMM)
#: The raw mode has no package `comm`, but a module `ipykernel.comm` of its own.
_RAW = "from ipykernel.comm import Comm\ndef opened(): return Comm(target_name='nobody')"
XEUS_RAW = _python(f"{_RAW}\nc = opened()", "c.send({}, buffers=[buffer])\nNone", _RAW)
ECHO = Words(value="word")
BASH = Words(
    value="echo 2",
    computing=lambda seconds: (
        f"end=$((SECONDS+{round(seconds)})); while ((SECONDS < end)); do :; done"
    ),
    loop="echo looping; while :; do :; done",
    lines=lambda count: f"for ((n=0;n<{count};n++)); do echo $n; done",
    block=lambda count: f"head -c {count} /dev/zero | tr '\\0' x; echo",
    at_exit=lambda path: f"trap 'touch {path}' EXIT",
)

FLOOR = Kernel("floor", "", (str(HERE / "floor.py"),), ECHO)
FLOOR_OF_TWO = Kernel("floor of two processes", "", (str(HERE / "floor.py"), "--two", "-f"), ECHO)
BY_COMM_NOTE = "its buffer goes in a comm's message: displays have none"

KERNELS = (
    FLOOR,
    FLOOR_OF_TWO,
    Kernel(
        "polykernel echo",
        "polykernel",
        ("-P", "-m", "polykernel", "run", "echo", "--plugin", "polykernel_echo.plugin", "-f"),
        ECHO,
        by_message=True,
    ),
    Kernel("kernmini echo", "kernmini", (str(HERE / "echoes/kernmini_echo.py"),), ECHO),
    Kernel("ipykernel echo", "ipykernel", (str(HERE / "echoes/ipykernel_echo.py"), "-f"), ECHO),
    Kernel("metakernel echo", "metakernel", (str(HERE / "echoes/metakernel_echo.py"), "-f"), ECHO),
    Kernel(
        "polykernel python",
        "polykernel",
        ("-P", "-m", "polykernel", "run", "python", "--plugin", "polykernel_python.plugin", "-f"),
        OURS,
        by_message=True,
    ),
    Kernel(
        "xeus-python raw",
        "xeus-python",
        ("-m", "xpython_launcher", "--raw", "-f"),
        XEUS_RAW,
        note=BY_COMM_NOTE,
    ),
    Kernel(
        "xeus-python", "xeus-python", ("-m", "xpython_launcher", "-f"), BY_COMM, note=BY_COMM_NOTE
    ),
    Kernel(
        "ipymini",
        "ipymini",
        ("-Xfrozen_modules=off", "-m", "ipymini", "-f"),
        BY_COMM,
        note=BY_COMM_NOTE,
    ),
    Kernel(
        "async-kernel",
        "async-kernel",
        ("-m", "async_kernel", "start", "--name=async", "--connection_file="),
        BY_COMM,
        by_message=True,
        note=BY_COMM_NOTE,
    ),
    Kernel("ipykernel", "ipykernel", ("-m", "ipykernel_launcher", "-f"), IPYKERNELS),
    Kernel("bash_kernel", "bash_kernel", ("-m", "bash_kernel", "-f"), BASH),
)
OURS_NAMES = ("polykernel echo", "polykernel python")


def named(names: list[str]) -> list[Kernel]:
    """Give the kernels whose names begin with one of these; all where none is named."""
    return [k for k in KERNELS if not names or any(k.name.startswith(name) for name in names)]
