"""The kernels that tests of rules and of faults run with: ours, and others for comparison."""

from __future__ import annotations

import contextlib
import importlib.metadata
import itertools
import os
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil

from support import processes
from support.client import PATIENCE, Client
from support.kernels import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from support.client import Outcome
    from support.kernels import Gate

OF_PEERS = 6.0  # seconds that other kernels get
IMPATIENT = 3.0  # seconds that a kernel has to show that it is well
JOINED_WITHIN = 60.0  # seconds, the kernel's start included
NEVER = 1.0  # seconds in which what must not come would have come


@dataclass(frozen=True)
class Words:
    """What the tests say in a kernel's language.

    Attributes:
        value: A cell with a result.
        shown: That result's plain text.
        error: A cell that fails; empty where none does.
        page: A cell that shows a text in a pager.
        next_input: A cell that sets the next input to ``6 * 7``.
        leave: A cell that asks a console to end.
    """

    value: str = "6 * 7"
    shown: str = "42"
    error: str = "1 / 0"
    page: str = ""
    next_input: str = ""
    leave: str = ""


CELL = "from polykernel.evaluator import current_cell; current_cell()"
OURS = Words(
    page=f"{CELL}.page('a page')", next_input=f"{CELL}.set_next_input('6 * 7')", leave="exit()"
)
IPYTHONS = Words(page="int?", next_input="get_ipython().set_next_input('6 * 7')", leave="exit()")


@dataclass(frozen=True)
class Kind:
    """A kernel that can be started.

    Attributes:
        name: Its kernelspec.
        words: What the tests say to it.
        package: Where it comes from; empty for ours.
        sample: It is a language of the sample plugin, whose kernelspec is made for the test.
    """

    name: str
    words: Words
    package: str = ""
    sample: bool = False

    @property
    def ours(self) -> bool:
        return not self.package

    @property
    def version(self) -> str:
        """Its version; empty where it is not installed."""
        try:
            return importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError:
            return ""


PEERS = {
    "ipykernel": Kind("python3", IPYTHONS, "ipykernel"),
    "xeus-python": Kind("xpython", IPYTHONS, "xeus-python"),
    "ipymini": Kind("py", IPYTHONS, "ipymini"),
}
#: Those that are held against the specification, and those that faults are tried with.
PEERS_OF_RULES = ("ipykernel", "xeus-python")
PEERS_OF_FAULTS = ("ipykernel", "ipymini")

KINDS = {
    "polykernel-python": Kind("polykernel-python", OURS),
    "polykernel-calc": Kind("polykernel-calc", Words()),
    "polykernel-echo": Kind("polykernel-echo", Words("word", "word", "")),
    **PEERS,
}


def patience_with(name: str) -> float:
    """Give the seconds to wait for what a kernel of that kind must do."""
    return OF_PEERS if name in PEERS else PATIENCE


@dataclass
class Subject:
    """A running kernel, and the front end of one test.

    Attributes:
        kind: What it is.
        folder: For its files, and for those of its cells.
        options: Of :class:`support.kernels.Kernel`.
        patience: Seconds to wait for what must come.
        checked: Whether a front end refuses what breaks a schema, whatever its test looks at.
        joins_within: Seconds that a front end has to be let in, the kernel's start included.
    """

    kind: Kind
    folder: Path
    options: dict[str, Any] = field(default_factory=dict)
    patience: float = PATIENCE
    checked: bool = True
    joins_within: float = JOINED_WITHIN

    def __post_init__(self) -> None:
        self.temporary = self.folder / "temporary"
        self.temporary.mkdir(exist_ok=True)
        environment = {
            "TMPDIR": str(self.temporary),
            "IPYTHONDIR": str(self.folder / "ipython"),
            "JUPYTER_DATA_DIR": str(self.folder / "data"),
            **self.options.pop("environment", {}),
        }
        self.kernel = Kernel(
            self.kind.name,
            self.folder,
            subscribe=False,
            environment=environment,
            installed=not self.kind.sample,
            **self.options,
        )
        self._others: list[Subject] = []
        self._numbers = itertools.count(1)
        self.client: Client

    @property
    def words(self) -> Words:
        return self.kind.words

    def begin(self, patience: float) -> None:
        """Begin a test, with a front end of its own."""
        self.patience = patience
        self.client = self.connect()

    def finish(self) -> None:
        """End a test: all that it has started ends, and nobody is connected any more."""
        for other in self._others:
            other.end()
        self._others.clear()
        self.kernel.disconnect()

    def exit_code(self) -> int:
        """Wait for the kernel's end."""
        return self.kernel.exit_code(max(5.0, self.patience))

    def end(self) -> None:
        """End the kernel."""
        self.finish()
        self.kernel.end()

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        return self.kernel.process.poll() is None

    @property
    def healthy(self) -> bool:
        """Whether it still runs cells."""
        if not self.alive:
            return False
        try:
            front_end = self.connect(subscribe=False)
            front_end.patience = IMPATIENT
            sent = front_end.send_execute(self.words.value, silent=True)
            return bool(front_end.wait_for("execute_reply", sent).content["status"] == "ok")
        except AssertionError:
            return False

    def connect(self, *, subscribe: bool = True, checked: bool = True, **options: Any) -> Client:
        """Connect a front end that gets what is published from now on."""
        checked = checked and self.checked and self.kind.ours
        client = self.kernel.connect(
            subscribe=subscribe, checked=checked, patience=PATIENCE, **options
        )
        if subscribe:
            _join(client, self.joins_within)
            if self.kind.ours:
                with contextlib.suppress(AssertionError):  # a mutant may not welcome anybody
                    client.wait_for("iopub_welcome", patience=min(5, self.joins_within))
        client.patience = self.patience
        return client

    def fresh(self, **options: Any) -> Subject:
        """Start another kernel of the same kind, with a front end; this test's own."""
        folder = self.folder / f"fresh{next(self._numbers)}"
        folder.mkdir()
        inherited = {"environment": self.kernel.extra_environment}
        other = Subject(
            self.kind,
            folder,
            {**inherited, **options},
            checked=self.checked,
            joins_within=self.joins_within,
        )
        self._others.append(other)
        other.begin(self.patience)
        return other

    def execute(self, code: str, **content: Any) -> Outcome:
        return self.client.execute(code, **content)

    def interrupt(self, client: Client | None = None) -> None:
        """Interrupt as a front end's button does: by a message, or by a signal."""
        if self.kernel.manager.kernel_spec.interrupt_mode == "message":  # type: ignore[union-attr]
            client = client or self.client
            assert client.request("interrupt_request", channel="control").status == "ok"
        else:
            os.killpg(os.getpgid(self.kernel.pid), signal.SIGINT)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the kernel, so that it finds all that is sent meanwhile waiting for it."""
        process = psutil.Process(self.kernel.pid)
        process.suspend()
        processes.until(lambda: process.status() == psutil.STATUS_STOPPED, "a stop")
        try:
            yield
            self.client.flush()
        finally:
            process.resume()

    def send_queued(self, codes: Sequence[str], **content: Any) -> list[str]:
        """Send cells of which the kernel has all when it begins with the first."""
        with self.stopped():
            first = {"code": self.words.value, "store_history": False}
            self.client.send("execute_request", first)
            return [
                self.client.send("execute_request", {"code": code, **content}) for code in codes
            ]

    def send_gate(self, after: str = "", **content: Any) -> tuple[Gate, str]:
        """Send a cell of Python that waits at a gate, and wait until it is there."""
        gate = self.kernel.gate()
        msg_id = self.client.send_execute(gate.code + after, **content)
        self.client.wait_for_text("at the gate", msg_id)
        return gate, msg_id


def _join(client: Client, patience: float) -> None:
    """Wait until what the kernel publishes reaches us, whatever kernel it is."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        sent = client.send("kernel_info_request")
        client.wait(
            lambda seen, sent=sent: seen.parent == sent and seen.channel == "shell",  # type: ignore[misc]
            "kernel info",
            patience,
        )
        with contextlib.suppress(AssertionError):
            client.wait(
                lambda seen, sent=sent: seen.parent == sent and _is_idle(seen),  # type: ignore[misc]
                "idle",
                0.2,
            )
            return
    raise AssertionError("nothing is published")


def _is_idle(seen: Any) -> bool:
    return bool(seen.content.get("execution_state") == "idle")
