"""Runs the soak: rounds of random actions on all kernels, each with a rest at its end.

One loop and one thread: what is done, and in which order, depends on the seed alone. A round draws
from its own dice, and begins with kernels at rest, so that it can be replayed without those before.
"""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from typing import TYPE_CHECKING

import zmq

from soak import actions, reactions, rest
from soak.asked import RESTARTED, Asked, Broken
from soak.resources import Baseline
from soak.subject import KINDS, Subject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from soak.subject import FrontEnd

PATIENCE = 90.0  # seconds: a bound for what must come, not a measurement
STEPS = (20, 120)  # of a round
PAUSES = (0, 0, 0, 0.001, 0.005, 0.02)  # seconds between two steps
SHOWN = 40  # steps that a failure shows
ASKED_AGAIN = 0.5  # seconds until a request is repeated that a restart may have swallowed


class Driver:
    """Owns the kernels and the dice.

    Args:
        seed: What all is drawn from.
        folder: The kernels' files.
        tell: Called with a line now and then.
        alive: Called once in a while.
    """

    def __init__(
        self,
        seed: int,
        folder: Path,
        *,
        tell: Callable[[str], None] = lambda line: None,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self.seed = seed
        self.totals: Counter[str] = Counter()
        self.done: Counter[str] = Counter()  # actions, by kind
        self.baseline = Baseline()
        self._alive = alive
        self._tell = tell
        self._round = 0
        self._steps = 0
        self._journal: deque[str] = deque(maxlen=SHOWN)
        self.subjects: list[Subject] = []
        try:
            for number, kind in enumerate(KINDS):
                name = f"{kind.kernel.removeprefix('polykernel-')}{number}"
                self.subjects.append(Subject(name, kind, folder / name))
                self.welcome(self.subjects[-1], self.subjects[-1].witness)
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        for subject in self.subjects:
            subject.end()

    def count(self, what: str, number: int = 1) -> None:
        self.totals[what] += number

    # rounds

    def run(self, seconds: float, first_round: int = 1, rounds: int | None = None) -> None:
        """Soak for that long, or for some rounds.

        Raises:
            Broken: An invariant does not hold; says how to replay it.
        """
        until = time.monotonic() + seconds
        number = first_round
        try:
            for subject in self.subjects:
                rest.rest(self, subject)
            while time.monotonic() < until and (rounds is None or number < first_round + rounds):
                self._run_round(number)
                number += 1
            rest.check_idle(self.subjects)
        except AssertionError as error:
            raise self.broken(str(error)) from error

    def _run_round(self, number: int) -> None:
        self._alive()
        self._round = number
        dice = random.Random(f"{self.seed}/{number}")
        for subject in self.subjects:
            for _ in range(dice.randrange(3)):
                self.welcome(subject, subject.connect())
        for step in range(dice.randrange(*STEPS)):
            self._step(step, dice)
            self.pump(dice.choice(PAUSES))
        for subject in self.subjects:
            self._alive()
            rest.rest(self, subject)
        self.count("rounds")
        if number % 10 == 0:
            rest.check_idle(self.subjects)
            self._tell(f"round {number}: {self.summary()}")

    def _step(self, step: int, dice: random.Random) -> None:
        # the first kind can do most
        subject = dice.choices(self.subjects, [3, 3, 1, 1, 2, 1])[0]
        front_end = dice.choice(subject.front_ends)
        table = actions.table(subject)
        [act] = dice.choices(list(table), list(table.values()))
        at = f"round {self._round}, step {step}, {front_end.name}"
        self._journal.append(f"{at}: {act.__name__} ...")
        done = act(actions.Turn(dice, self, subject, front_end))
        self._journal[-1] = f"{at}: {done}"
        self.done[act.__name__] += 1
        self.count("actions")

    def summary(self) -> str:
        """Say what there was so far."""
        names = ("rounds", "actions", "requests", "replies", "messages", "lines", "crashes")
        counts = ", ".join(f"{self.totals[each]:,} {each}" for each in (*names, "restarts"))
        growth = f"{self.baseline.largest / 2**20:.1f} MB"
        evaluator = f"{self.baseline.largest_evaluator / 2**20:.1f} MB"
        return f"{counts}; 0 lost; hosts grew by {growth} at most, evaluators by {evaluator}"

    def broken(self, what: str) -> Broken:
        """Make the error that says how to get it again."""
        steps = "\n".join(self._journal)
        return Broken(
            f"{what}\n\nThe last steps:\n{steps}\n\nRound {self._round} of seed {self.seed}; "
            f"again, alone:  make soak SEED={self.seed} ROUND={self._round}"
        )

    # waiting

    def pump(self, seconds: float = 0.0) -> bool:
        """Take what has come to all front ends; wait at most that long for something."""
        poller = zmq.Poller()
        for subject in self.subjects:
            for front_end in subject.front_ends:
                for socket in (*front_end.client.sockets.values(), front_end.client.iopub):
                    poller.register(socket, zmq.POLLIN)
        if not poller.poll(int(seconds * 1000)):
            return False
        for subject in self.subjects:
            for front_end in subject.front_ends[:]:
                for seen in front_end.take(subject.ledger):
                    if seen.channel == "stdin":
                        reactions.asked_for_input(subject, front_end, seen)
        return True

    def wait_for(
        self,
        happened: Callable[[], bool],
        what: Callable[[], str] | str,
        patience: float = PATIENCE,
    ) -> None:
        """Wait until something has happened.

        Raises:
            Broken: It does not happen.
        """
        deadline = time.monotonic() + patience
        while not happened():
            self.pump(0.02)
            if time.monotonic() > deadline:
                self._alive()
                shown = what if isinstance(what, str) else what()
                raise Broken(f"{shown} did not come within {patience:.0f} seconds")

    def welcome(self, subject: Subject, front_end: FrontEnd) -> None:
        """Wait until a front end hears what its kernel publishes."""
        self.wait_for(lambda: bool(front_end.session), f"the welcome of {front_end.name}")

    def come_back(self, subject: Subject) -> None:
        """Wait until all front ends speak with the kernel that was restarted."""
        old = subject.witness.session
        for front_end in subject.front_ends:
            if front_end.session == old:
                front_end.session = ""
        waiting = [
            (each, channel) for each in subject.front_ends for channel in ("shell", "control")
        ]
        for front_end, channel in waiting:
            asked: list[Asked] = []
            again = 0.0

            def answered(front_end: FrontEnd = front_end, channel: str = channel) -> bool:
                nonlocal again
                if time.monotonic() > again:
                    again = time.monotonic() + ASKED_AGAIN
                    asked.append(  # noqa: B023
                        subject.ask(front_end, "kernel_info_request", channel=channel)
                    )
                    asked[-1].excuses.add(RESTARTED)  # noqa: B023
                return any(each.replies for each in asked)  # noqa: B023

            self.wait_for(answered, f"an answer on {channel} to {front_end.name} after a restart")
        self.wait_for(
            lambda: all(each.session not in ("", old) for each in subject.front_ends),
            f"what {subject.name} publishes after a restart",
        )
