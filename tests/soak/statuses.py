"""Holds what stands around a request: busy, what it causes, its reply, idle; counts; aborts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from soak.asked import DELETED, DIED, LEFT, RESTARTED, Asked, Broken

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from support.client import Seen

    from soak.ledger import Numbered

# what a thread, a task or a child may cause when its cell is over
_LATE = {"stream", "display_data", "update_display_data"}


def state(seen: Seen) -> str:
    """Give the state of a status; empty of another message."""
    return str(seen.content["execution_state"]) if seen.msg_type == "status" else ""


def number(seen: Seen) -> int:
    """Give a message's place among all that the kernel has sent."""
    return int(seen.message["header"]["msg_id"].rpartition("_")[2])


def span(caused: Sequence[Seen]) -> tuple[float, float]:
    """Give the numbers of a request's first and last status."""
    busy = next((number(each) for each in caused if state(each) == "busy"), math.inf)
    idle = next((number(each) for each in caused if state(each) == "idle"), math.inf)
    return busy, idle


def check_request(asked: Asked) -> None:
    """Hold what came of one request against what is right.

    Raises:
        Broken: It is not.
    """
    if asked.ignored:
        if asked.caused or asked.replies:
            raise Broken(f"{asked} is no good, but {[*asked.caused, *asked.replies][0]}")
        return
    if RESTARTED in asked.excuses:
        if len(asked.replies) > 1:
            raise Broken(f"{asked} has {len(asked.replies)} replies")
        return
    _check_reply_count(asked)
    if asked.caused or LEFT not in asked.excuses:
        _check_statuses(asked)
    if not asked.replies:
        return
    right = asked.right | asked.also_right() | ({"aborted"} if asked.is_cell else set())
    if asked.outcome not in right:
        raise Broken(
            f"{asked}: {asked.outcome!r} instead of {sorted(asked.right)}: {asked.replies[0]}"
        )
    if asked.check is not None and not asked.excuses and asked.outcome in asked.right:
        wrong = asked.check(asked)
        if wrong:
            raise Broken(f"{asked}: {wrong}")


def _check_reply_count(asked: Asked) -> None:
    at_most = int(asked.has_reply)
    at_least = 0 if LEFT in asked.excuses else at_most
    if not at_least <= len(asked.replies) <= at_most:
        raise Broken(f"{asked} has {len(asked.replies)} replies instead of {at_most}")


def _check_statuses(asked: Asked) -> None:
    states = [state(each) for each in asked.caused]
    if states.count("idle") != 1 or states[0] != "busy":
        shown = [state(each) or each.msg_type for each in asked.caused]
        raise Broken(f"{asked}: the statuses do not pair up: {shown[:50]}")
    behind = asked.caused[states.index("idle") + 1 :]
    output = asked.output
    may_go_on = output is not None and (output.late or output.stray)
    for each in behind:
        # what nobody claims, as of a child of another cell, is the last one's; see lines.py
        unclaimed = each.msg_type == "stream" and each.content["name"] == "stdout"
        if not unclaimed and not (may_go_on and each.msg_type in _LATE):
            raise Broken(f"{asked}: after its idle came {each}")
    for reply in asked.replies:
        busy, idle = span(asked.caused)
        own = [number(each) for each in asked.caused if number(each) < idle and not state(each)]
        # what a thread of the cell prints may come at any time
        latest = busy if may_go_on or asked.outcome == "aborted" else max([busy, *own])
        if not latest < number(reply) < idle:
            raise Broken(f"{asked}: the reply {number(reply)} is not between {latest} and {idle}")


def check_stream(messages: Sequence[Numbered], known: Mapping[str, Asked]) -> None:
    """Hold that a running kernel is never told idle, and that only what may be is aborted.

    Raises:
        Broken: It does not hold.
    """
    running: dict[str, Asked] = {}
    cells: dict[str, Asked] = {}
    failing: dict[str, Asked] = {}  # whose error has come, and whose idle has not
    restarted: set[str] = set()  # that had begun: not known to run on, but may be named as busy
    for at, (_, _, seen) in enumerate(messages):
        asked = known.get(seen.parent)
        if asked is None:
            continue
        if seen.msg_type == "error":
            failing[seen.parent] = asked
        if RESTARTED in asked.excuses:  # its end may never have come
            if state(seen) == "busy":
                restarted.add(seen.parent)
            elif state(seen) == "idle":
                restarted.discard(seen.parent)
                failing.pop(seen.parent, None)
            continue
        if state(seen) == "busy":
            if asked.outcome == "aborted" and seen.parent not in running:
                _check_abort(asked, failing.values())
            running[seen.parent] = asked
            if asked.is_cell:
                cells[seen.parent] = asked
        elif state(seen) == "idle":
            for each in (running, cells, failing):
                each.pop(seen.parent, None)
            aborted = asked.outcome == "aborted" or (not asked.replies and asked.has_reply)
            if cells and not aborted and at + 1 < len(messages):
                _check_still_busy(asked, running, restarted, messages[at + 1].seen)


def _check_abort(asked: Asked, failing: Iterable[Asked]) -> None:
    if asked.excuses & {DIED, DELETED, RESTARTED}:
        return
    culprits = [each for each in failing if each.shell == asked.shell and each.stops]
    if not culprits:
        raise Broken(f"{asked} was aborted, although nothing before it failed")


def _check_still_busy(
    asked: Asked, running: Mapping[str, Asked], restarted: Collection[str], after: Seen
) -> None:
    if any(each.excuses & {DELETED, DIED} for each in running.values()):
        return  # it is being ended, without other statuses in between
    if state(after) != "busy" or after.parent not in (*running, *restarted):
        cells = ", ".join(str(each) for each in running.values())
        raise Broken(f"{asked} left the kernel idle while {cells} ran: then came {after}")


def check_counts(
    messages: Sequence[Numbered],
    known: Mapping[str, Asked],
    counts: dict[tuple[str, str | None], int],
) -> None:
    """Hold that execution counts go up by one with each cell that counts.

    Args:
        messages: What was published.
        known: The requests, by id.
        counts: The last count of each shell; is brought up to date.

    Raises:
        Broken: A count is wrong.
    """
    for session, _, seen in messages:
        asked = known.get(seen.parent)
        if seen.msg_type != "execute_input" or asked is None:
            continue
        place = session, asked.shell
        count = seen.content["execution_count"]
        before = counts.get(place)
        if before is not None and count != before + asked.counts:
            raise Broken(f"{asked}: the count {count} after {before}")
        if seen.content["code"] != asked.code:
            raise Broken(f"{asked}: another code is shown: {seen.content['code'][:200]!r}")
        counts[place] = count
        for reply in asked.replies:
            if asked.outcome != "aborted" and reply.content["execution_count"] != count:
                raise Broken(f"{asked}: the reply's count is not {count}: {reply}")
