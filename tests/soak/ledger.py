"""What the front ends of one kernel asked and saw, and whether that is right.

The host gives the messages that it sends consecutive numbers, in their ids: what is missing was
lost, and the order of messages that came over several sockets is known.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from soak import lines, statuses
from soak.asked import INTERRUPTED, LEFT, RESTARTED, Asked, Broken

if TYPE_CHECKING:
    from support.client import Seen


class Numbered(NamedTuple):
    """A message, and which one of which session of the kernel's it is."""

    session: str
    number: int
    seen: Seen


def numbered(seen: Seen) -> Numbered | None:
    """Read a message's number; ``None`` of an input request, which has a name of its own."""
    session, _, rest = seen.message["header"]["msg_id"].partition("_")
    number = rest.rpartition("_")[2]
    return Numbered(session, int(number), seen) if number else None


def _by_session(messages: list[Numbered]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for session, number, _ in messages:
        found[session].append(number)
    return found


class Counts(NamedTuple):
    """What a round of one kernel came to."""

    requests: int
    replies: int
    messages: int
    lines: int


class Ledger:
    """Owns what was asked and what has come since the last rest.

    Args:
        name: Of the kernel.
        strangers: Sessions whose requests are not ours: that of the kernel's manager.
    """

    def __init__(self, name: str, strangers: set[str]) -> None:
        self._name = name
        self._strangers = strangers
        self.asked: dict[str, Asked] = {}
        self._earlier: dict[str, Asked] = {}  # excused, of earlier rounds: something may yet come
        self._foreign: dict[str, Asked] = {}
        self._witness = ""
        self._views: dict[str, list[Numbered]] = defaultdict(list)
        self._replies: list[Numbered] = []
        self._questions: list[Seen] = []
        self._counts: dict[tuple[str, str | None], int] = {}  # execution counts, by shell
        self._checked_up_to: dict[str, int] = {}  # numbers, by session
        self.deaths = 0  # errors that tell of one

    def watch_through(self, view: str) -> None:
        """Let the front end of this name be the one that sees everything."""
        self._witness = view

    def ask(self, asked: Asked) -> Asked:
        """Note a request that is sent."""
        self.asked[asked.msg_id] = asked
        return asked

    def take(self, view: str, identity: str, seen: Seen) -> None:
        """Note what a front end has seen.

        Raises:
            Broken: It is an answer to somebody else.
        """
        asked = self.asked.get(seen.parent) or self._earlier.get(seen.parent)
        if seen.channel == "iopub":
            found = numbered(seen)
            assert found is not None
            self._views[view].append(found)
            if view == self._witness:
                self._witnessed(asked, seen)
            return
        if asked is None or asked.identity != identity:
            raise Broken(f"{view} got what is not for it: {seen}")
        if seen.channel == "stdin":
            self._questions.append(seen)
            return
        asked.replies.append(seen)
        found = numbered(seen)
        assert found is not None
        self._replies.append(found)

    def _witnessed(self, asked: Asked | None, seen: Seen) -> None:
        if seen.msg_type == "error" and seen.content["ename"] == "EvaluatorDied":
            self.deaths += 1
        if asked is None:
            self._check_stranger(seen)
            return
        asked.caused.append(seen)
        if seen.content.get("execution_state") == "idle":
            asked.is_over = True

    def _check_stranger(self, seen: Seen) -> None:
        parent = seen.message["parent_header"]
        if not parent:
            return
        if parent["session"] not in self._strangers:
            raise Broken(f"{self._name}: nobody has asked for {seen}")
        asked = self._foreign.setdefault(
            seen.parent, Asked(seen.parent, parent["msg_type"], "the manager", excuses={LEFT})
        )
        asked.caused.append(seen)

    def waiting(self) -> list[Asked]:
        """Give the requests of which more is to come."""
        return [each for each in self.asked.values() if not each.settled]

    def excuse(self, excuse: str, *, shell: str | None = None, everything: bool = True) -> None:
        """Note what may disturb the requests that run, and what has outlived its cell.

        Args:
            excuse: What has happened.
            shell: The subshell that it happens to, unless ``everything``.
            everything: It happens to all shells.
        """
        for each in self.asked.values():
            outlived = each.output is not None and (each.output.late or each.output.stray)
            over = each.is_over and (each.settled or RESTARTED in each.excuses)
            if (not over or outlived) and (everything or each.shell == shell):
                each.excuses.add(excuse)

    # at rest

    def seen_by(self, view: str, parent: str) -> bool:
        """Whether a front end has seen the end of a request."""
        return any(
            each.seen.parent == parent and each.seen.content.get("execution_state") == "idle"
            for each in reversed(self._views[view])
        )

    def missing_lines(self) -> list[str]:
        """Tell of what threads, tasks and children of undisturbed cells print, and has not come."""
        found = self._read()
        come: dict[str, int] = defaultdict(int)
        for line in found.found:
            come[line.tag] += 1
        missing = []
        for each in self.asked.values():
            if each.output is None or each.excuses or each.outcome not in each.right:
                continue
            output = each.output
            stray = {} if self._is_quiet else output.stray
            wanted = sum({**output.own, **output.late, **stray}.values())
            if not each.silent and come[output.tag] < wanted:
                missing.append(f"{wanted - come[output.tag]} lines of {each} ({output.tag})")
        odd = [text[:200] for _, text in found.odd]
        return [*missing, f"odd: {odd}"] if missing and odd else missing

    @property
    def _is_quiet(self) -> bool:
        """Whether a silent cell has run: what nobody claims is its own then, and not shown."""
        return any(each.silent for each in self.asked.values())

    def _read(self) -> lines.Lines:
        found = lines.Lines()
        for each in self._views[self._witness]:
            found.take(each.seen)
        return found

    def check(self) -> Counts:
        """Hold all that has come since the last rest against what is right; then forget it.

        Raises:
            Broken: It is not right.
        """
        witnessed = self._views[self._witness]
        everything = list(self.asked.values())
        self._check_views()
        self._check_numbers(everything)
        for each in everything:
            statuses.check_request(each)
        statuses.check_stream(witnessed, self.asked)
        statuses.check_counts(witnessed, self.asked, self._counts)
        found = self._read()
        found.end()
        known = {**self._earlier, **self.asked}
        count = lines.check(found, everything, known, quiet=self._is_quiet)
        counts = Counts(
            len(everything),
            len(self._replies),
            sum(map(len, self._views.values())) + len(self._replies) + len(self._questions),
            count,
        )
        self._forget()
        return counts

    def _forget(self) -> None:
        kept = [each for each in self.asked.values() if each.excuses]
        # a child that a disturbed cell has left behind may yet print, in the cell that ran last
        last = self._last_in_the_main_shell()
        self._earlier = {each.msg_id: each for each in [*kept, *last]}
        self.asked = {}
        self._foreign = {}
        self._views.clear()
        self._replies.clear()
        self._questions.clear()

    def interrupted_a_child(self) -> bool:
        """Whether a cell of the last round that starts a child was interrupted."""
        return any(
            INTERRUPTED in each.excuses and "subprocess." in each.code
            for each in self._earlier.values()
        )

    def _last_in_the_main_shell(self) -> list[Asked]:
        cells = [each for each in self.asked.values() if each.is_cell and each.shell is None]
        began = [each for each in cells if each.began]
        return sorted(began, key=lambda each: statuses.span(each.caused)[0])[-1:]

    def _check_views(self) -> None:
        """Hold that all front ends have seen the same, from their welcome to their end."""
        witnessed = _by_session(self._views[self._witness])
        for view, messages in self._views.items():
            for session, seen in _by_session(messages).items():
                all_of_it = witnessed.get(session, [])
                if view == self._witness or not all_of_it:
                    continue
                first, last = max(seen[0], all_of_it[0]), min(seen[-1], all_of_it[-1])
                missing = {n for n in all_of_it if first <= n <= last}.difference(seen)
                more = {n for n in seen if first <= n <= last}.difference(all_of_it)
                if missing or more or seen != sorted(seen):
                    raise Broken(
                        f"{view} has not seen {sorted(missing)} of {first}..{last}, but "
                        f"{sorted(more)}, which the witness has not"
                    )

    def _check_numbers(self, everything: list[Asked]) -> None:
        """Hold that no message is missing but the replies that nobody was there for."""
        spans = [
            statuses.span(each.caused)
            for each in [*everything, *self._foreign.values()]
            if each.excuses & {LEFT, RESTARTED} and not each.replies and each.caused
        ]
        by_session: dict[str, list[int]] = defaultdict(list)
        for each in self._views[self._witness]:
            before = by_session[each.session][-1:] or [self._checked_up_to.get(each.session, 0)]
            if each.number <= before[0]:
                raise Broken(f"the message {each.number} came after {before[0]}: {each.seen}")
            by_session[each.session].append(each.number)
        for session, published in by_session.items():
            replies = {each.number for each in self._replies if each.session == session}
            start = self._checked_up_to.get(session, published[0] - 1)
            come = replies.union(published)
            missing = [n for n in range(start + 1, published[-1] + 1) if n not in come]
            for number in missing:
                owed = [span for span in spans if span[0] < number < span[1]]
                if not owed:
                    near = [
                        f"{each.number} {each.seen}"
                        for each in self._views[self._witness]
                        if each.session == session and abs(each.number - number) < 8
                    ]
                    raise Broken(
                        f"{self._name}: the messages {missing} of {start}..{published[-1]} are "
                        "lost; published near it:\n" + "\n".join(near)
                    )
                spans.remove(min(owed, key=lambda span: span[1]))
            self._checked_up_to[session] = max(come)
