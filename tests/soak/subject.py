"""One kernel of the soak: its language, its front ends, what disturbs it."""

from __future__ import annotations

import contextlib
import itertools
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from support.client import Client
from support.kernels import Kernel

from soak import cells
from soak.asked import DIED, INTERRUPTED, Asked
from soak.ledger import Ledger

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import psutil
    from support.client import Seen

    from soak.cells import Recipe
    from soak.resources import Baseline


class Kind(NamedTuple):
    """What a language can do.

    Attributes:
        kernel: The kernelspec, or the sample plugin's language.
        language: What the cells are: ``python``, ``program``, ``calc`` or ``echo``.
        ordered: What is shown and what is printed stay in order.
        interrupts: It may be interrupted without an end of it.
        beside: It answers questions while a cell runs.
        full: It has all that Python has: subshells, comms, a debugger, input.
        lasts: It is never restarted, so that what grows slowly is seen.
        options: More for the kernel's start.
    """

    kernel: str
    language: str
    ordered: bool = True
    interrupts: bool = False
    full: bool = False
    lasts: bool = False
    options: Mapping[str, Any] = MappingProxyType({})


KINDS = (
    Kind("polykernel-python", "python", interrupts=True, full=True, lasts=True),
    Kind("polykernel-python", "python", interrupts=True, full=True, options={"transport": "ipc"}),
    Kind("polykernel-calc", "calc", interrupts=True, options={"encryption": "required"}),
    Kind("polykernel-echo", "echo", interrupts=True, lasts=True),
    Kind("marks", "program"),
    Kind("program", "program", ordered=False, lasts=True),
)

_SHOW = {
    "python": "display({{'text/plain': {text}}}, raw=True)",
    "program": "display({text})",
}


# large pieces go back to the system when they are free; what glibc's allocator keeps of them
# otherwise differs by many megabytes, and would hide what leaks
_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "65536"}


class Danger(NamedTuple):
    """What may disturb requests that are sent from now on.

    Attributes:
        excuse: What it is.
        is_over: Whether it is over.
    """

    excuse: str
    is_over: Callable[[], bool]


class FrontEnd:
    """One front end.

    Args:
        name: Its name, for readers.
        client: Its sockets.
    """

    def __init__(self, name: str, client: Client) -> None:
        self.name = name
        self.client = client
        self.session = ""  # of the kernel that it has last heard

    @property
    def identity(self) -> str:
        return str(self.client.session.session)

    def take(self, ledger: Ledger) -> list[Seen]:
        """Note all that has come, and give it."""
        self.client.pump(0)
        seen = self.client.seen[:]
        self.client.seen.clear()
        for each in seen:
            ledger.take(self.name, self.identity, each)
            if each.channel == "iopub":
                self.session = each.message["header"]["session"]
        return seen

    def close(self) -> None:
        self.client.close()
        with contextlib.suppress(ValueError):
            Client.of_this_test.remove(self.client)


class Subject:
    """One kernel; owns its front ends, and what is known of its state.

    Args:
        kind: Which one.
        folder: Its files.
    """

    def __init__(self, name: str, kind: Kind, folder: Path) -> None:
        folder.mkdir()
        self.name = name
        self.kind = kind
        self.kernel = Kernel(
            kind.kernel, folder, subscribe=False, environment=_ALLOCATOR, **kind.options
        )
        self.kernel.disconnect()
        Client.of_this_test.remove(self.kernel.client)
        self.ledger = Ledger(name, {str(self.kernel.manager.session.session)})
        self._names = itertools.count(1)
        self._tags = itertools.count(1)
        self._gates: list[Path] = []
        self._dangers: list[Danger] = []
        self.subshells: list[str] = []
        self.gone_subshells: list[str] = []
        self.front_ends: list[FrontEnd] = []
        self.killed = False  # in this round
        self.restarted = False
        self._strays = False  # children that nobody waits for may print
        self.witness = self.connect()
        self.ledger.watch_through(self.witness.name)

    def connect(self, again: FrontEnd | None = None) -> FrontEnd:
        """Add a front end; or one that was there before, under its identity."""
        client = Client(self.kernel.info, session=again.identity if again else None)
        if again is not None:
            client.session.message_count = again.client.session.message_count
        self.front_ends.append(FrontEnd(f"{self.name}/{next(self._names)}", client))
        return self.front_ends[-1]

    def leave(self, front_end: FrontEnd) -> None:
        """Let a front end go, whatever it waits for."""
        front_end.take(self.ledger)
        front_end.close()
        self.front_ends.remove(front_end)

    # what is sent

    def ask(
        self,
        front_end: FrontEnd,
        msg_type: str,
        content: dict[str, Any] | None = None,
        *,
        channel: str = "shell",
        subshell: str | None = None,
        buffers: Sequence[bytes] = (),
        **expected: Any,
    ) -> Asked:
        """Send a request, and note what is right as its answer."""
        msg_id = front_end.client.send(
            msg_type, content, channel=channel, subshell=subshell, buffers=buffers
        )
        return self.note(front_end, msg_id, msg_type, subshell=subshell, **expected)

    def note(
        self,
        front_end: FrontEnd,
        msg_id: str,
        msg_type: str,
        *,
        what: str = "",
        subshell: str | None = None,
        **expected: Any,
    ) -> Asked:
        """Note what is right as the answer to a request that is sent."""
        name = f"{front_end.name} {what or msg_type}"
        asked = Asked(msg_id, msg_type, name, front_end.identity, shell=subshell, **expected)
        self._dangers = [each for each in self._dangers if not each.is_over()]
        asked.excuses.update(each.excuse for each in self._dangers)
        return self.ledger.ask(asked)

    def run(self, front_end: FrontEnd, recipe: Recipe, subshell: str | None = None) -> Asked:
        """Send a cell."""
        content = {"code": recipe.code, "allow_stdin": False, **(recipe.content or {})}
        silent = bool(content.get("silent"))
        asked = self.ask(
            front_end,
            "execute_request",
            content,
            subshell=subshell,
            what=f"cell ({recipe.kind})",
            right=frozenset(recipe.right),
            output=recipe.output,
            silent=silent,
            counts=not silent and bool(content.get("store_history", True)),
            code=recipe.code,
            stops=bool(content.get("stop_on_error", True)) and not silent,
            check=recipe.check,
            plan=recipe.plan,
        )
        if recipe.waits is not None:
            self._gates.append(recipe.waits)
        if recipe.crashes:
            own = set(asked.excuses)
            self.endanger(DIED, lambda: asked.is_over)
            asked.excuses = own
        return asked

    def recipe(self, dice: random.Random, *, subshell: bool = False) -> Recipe:
        """Draw a cell of this language."""
        language = self.kind.language
        if language == "echo":
            return cells.echoed(dice)
        if language == "calc":
            return cells.calculated(dice)
        table = cells.IN_PYTHON if self.kind.full else cells.ANYWHERE
        [make] = dice.choices(list(table), list(table.values()))
        if subshell and make in (cells.children, cells.tasks):
            make = cells.lines
        if make is cells.large and self._strays:
            make = cells.many  # what a child writes may cut a line that no pipe takes at once
        self._strays = self._strays or make is cells.children
        return make(self.cook(dice, main=not subshell), dice)

    def cook(self, dice: random.Random, *, main: bool = True) -> cells.Cook:
        number = next(self._tags)
        gate = self.kernel.folder / f"gate{number}"
        show = _SHOW[self.kind.language]
        return cells.Cook(dice, f"q{number}", gate, show, ordered=self.kind.ordered, main=main)

    def open_gates(self) -> int:
        """Let all cells go on that wait, or will."""
        gates, self._gates = self._gates, []
        for gate in gates:
            gate.touch()
        return len(gates)

    def forget_gates(self) -> None:
        for gate in self.kernel.folder.glob("gate*"):
            gate.unlink()

    # what disturbs

    def endanger(self, excuse: str, is_over: Callable[[], bool] = lambda: False) -> None:
        """Excuse what runs, and what is sent until this is over; at a rest all is."""
        self.ledger.excuse(excuse)
        self._dangers.append(Danger(excuse, is_over))

    def interrupted(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Note that an interrupt is on its way."""
        self.endanger(INTERRUPTED, is_over)

    def calm(self) -> None:
        """Note that nothing disturbs any more."""
        self._dangers.clear()
        self.killed = self.restarted = self._strays = False

    def baseline_is_known(self, baseline: Baseline) -> bool:
        """Whether this host and this evaluator have been seen at rest."""
        evaluator = self.evaluator()
        return evaluator is not None and baseline.knows(self.kernel.pid, evaluator.pid)

    def evaluator(self) -> psutil.Process | None:
        found = self.kernel.evaluators()
        return found[0] if len(found) == 1 else None  # between two of them

    def end(self) -> None:
        for front_end in self.front_ends[:]:
            self.leave(front_end)
        self.kernel.end()
