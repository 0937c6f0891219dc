"""What front ends do, and what happens to kernels: one function for each kind.

All randomness comes from the dice, and none of it depends on what has come from the kernel.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from soak import cells
from soak.asked import DELETED, DIED, LEFT, RESTARTED, Asked
from soak.cells import Recipe

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from soak.driver import Driver
    from soak.subject import FrontEnd, Subject

SMALL = b"<IDS|MSG>\n\0\xff"


class Turn:
    """What an action may use.

    Attributes:
        dice: What is drawn from.
        driver: Waits for what must come.
        subject: The kernel.
        front_end: One of its front ends.
    """

    def __init__(
        self, dice: random.Random, driver: Driver, subject: Subject, front_end: FrontEnd
    ) -> None:
        self.dice = dice
        self.driver = driver
        self.subject = subject
        self.front_end = front_end

    def ask(self, msg_type: str, content: dict[str, Any] | None = None, **more: Any) -> Asked:
        return self.subject.ask(self.front_end, msg_type, content, **more)

    def run(self, recipe: Recipe, subshell: str | None = None) -> Asked:
        return self.subject.run(self.front_end, recipe, subshell)

    def shell(self) -> str | None:
        """Draw a shell."""
        subshells = self.subject.subshells
        use = self.dice.random() < 0.3
        return self.dice.choice(subshells) if subshells and use else None


# cells


def cell(turn: Turn) -> str:
    shell = turn.shell()
    recipe = turn.subject.recipe(turn.dice, subshell=shell is not None)
    turn.run(recipe, shell)
    return f"{recipe.kind}{' in a subshell' if shell else ''}"


def burst(turn: Turn) -> str:
    """Queue many cells at once, from several front ends."""
    kinds = []
    for _ in range(turn.dice.randrange(3, 12)):
        front_end = turn.dice.choice(turn.subject.front_ends)
        recipe = turn.subject.recipe(turn.dice)
        turn.subject.run(front_end, recipe)
        kinds.append(recipe.kind)
    return f"burst of {', '.join(kinds)}"


def open_gates(turn: Turn) -> str:
    return f"opens {turn.subject.open_gates()} gates"


# questions


def question(turn: Turn) -> str:
    """Ask something that changes nothing."""
    dice = turn.dice
    code = dice.choice(["pri", "import o", "def f(", "x = 1", "os.pat", "", "1 + 1", "é\U0001f600"])
    cursor = dice.randrange(len(code) + 1)
    kinds: list[tuple[str, str, dict[str, Any], set[str]]] = [
        ("shell", "complete_request", {"code": code, "cursor_pos": cursor}, {"ok"}),
        (
            "shell",
            "inspect_request",
            {"code": code, "cursor_pos": cursor, "detail_level": dice.randrange(2)},
            {"ok"},
        ),
        (
            "shell",
            "is_complete_request",
            {"code": code},
            {"complete", "incomplete", "invalid", "unknown"},
        ),
        ("shell", "kernel_info_request", {}, {"ok"}),
        ("control", "kernel_info_request", {}, {"ok"}),
        ("shell", "connect_request", {}, {"ok"}),
        ("shell", "comm_info_request", {}, {"ok"}),
        ("control", "usage_request", {}, {"ok"}),
        ("shell", "history_request", _history(dice), {"ok"}),
        ("control", "history_request", _history(dice), {"ok"}),
    ]
    channel, msg_type, content, right = dice.choice(kinds)
    shell = turn.shell() if channel == "shell" else None
    turn.ask(msg_type, content, channel=channel, subshell=shell, right=frozenset(right))
    return f"{msg_type} on {channel}"


def _history(dice: random.Random) -> dict[str, Any]:
    kind = dice.choice(["tail", "range", "search"])
    more = {"n": dice.randrange(20), "session": -dice.randrange(3), "start": 0, "stop": 10}
    return {"hist_access_type": kind, "output": True, "raw": True, "pattern": "*o*", **more}


def heartbeat(turn: Turn) -> str:
    word = turn.dice.randbytes(turn.dice.randrange(1, 100))
    if turn.front_end.client.beats(word) != word:
        raise turn.driver.broken(f"another echo on the heartbeat of {turn.subject.name}")
    return "heartbeat"


# what is no good


def bad_message(turn: Turn) -> str:
    """Send what is dropped."""
    client = turn.front_end.client
    kind = turn.dice.choice(["unknown type", "signature", "cut", "replay", "noise", "no answer"])
    channel = turn.dice.choice(["shell", "control"])
    message = client.session.msg("kernel_info_request", {})
    frames = [bytes(each) for each in client.session.serialize(message)]
    if kind == "unknown type":
        turn.ask("no_such_request", {}, channel=channel, ignored=True)
        return "unknown type"
    if kind == "no answer" and _may_be_asked(turn):
        kind = "noise"  # an answer that names no request answers whatever is asked just then
    if kind == "no answer":
        client.answer("nobody has asked")
        return "input reply to nothing"
    msg_id = message["header"]["msg_id"]
    turn.subject.note(
        turn.front_end, msg_id, "kernel_info_request", what=kind, ignored=kind != "replay"
    )
    if kind == "replay":
        client.send_frames(frames, channel)  # it counts once
    elif kind == "signature":
        frames[1] = bytes(reversed(frames[1]))
    elif kind == "cut":
        frames = frames[: turn.dice.randrange(1, len(frames))]
    else:
        frames = [turn.dice.randbytes(turn.dice.randrange(100)) for _ in range(5)]
    client.send_frames(frames, channel)
    return f"bad message ({kind})"


def _may_be_asked(turn: Turn) -> bool:
    waiting = turn.subject.ledger.waiting()
    return any(each.plan and each.identity == turn.front_end.identity for each in waiting)


def no_subshells(turn: Turn) -> str:
    """Ask for what this language has not."""
    msg_type = turn.dice.choice(["create_subshell_request", "list_subshell_request"])
    turn.ask(msg_type, channel="control", has_reply=False)
    return msg_type


# interrupts and ends


def interrupt(turn: Turn) -> str:
    subject = turn.subject
    way = turn.dice.choice(["control", "shell", "signal"])
    if way == "signal":
        os.kill(subject.kernel.pid, signal.SIGINT)
        subject.interrupted()
    else:
        # the request first: what it interrupts does not include itself
        asked = turn.ask("interrupt_request", channel=way)
        own = set(asked.excuses)
        subject.interrupted(lambda: bool(asked.replies))
        asked.excuses = own
    return f"interrupt by {way}"


def kill(turn: Turn) -> str:
    """Kill the evaluator from outside; once in a round, or it might be given up."""
    subject = turn.subject
    if subject.killed or subject.restarted:
        return "kills nothing: that was done"
    subject.killed = True
    evaluator = subject.evaluator()
    if evaluator is None:
        return "kills nothing: there is none"
    deaths = subject.ledger.deaths
    evaluator.kill()
    subject.endanger(DIED, lambda: subject.ledger.deaths > deaths)
    turn.driver.count("crashes")
    return "kill -9"


def crash(turn: Turn) -> str:
    subject = turn.subject
    if subject.killed or subject.restarted:
        return "crashes nothing: that was done"
    subject.killed = True
    turn.run(cells.crash(subject.cook(turn.dice), turn.dice))
    turn.driver.count("crashes")
    return "crash"


def restart(turn: Turn) -> str:
    """Let the kernel's manager restart it, in the middle of anything."""
    subject = turn.subject
    if subject.restarted:
        return "restarts nothing: that was done"
    subject.restarted = True
    subject.ledger.excuse(RESTARTED)
    subject.open_gates()
    subject.kernel.restart()
    subject.subshells.clear()
    turn.driver.count("restarts")
    turn.driver.come_back(subject)
    return "restart"


# front ends


def arrive(turn: Turn) -> str:
    if len(turn.subject.front_ends) > 4:
        return "nobody arrives"
    turn.driver.welcome(turn.subject, turn.subject.connect())
    return "a front end arrives"


def leave(turn: Turn) -> str:
    """Let a front end go in the middle of anything; sometimes it comes back as it was."""
    subject, front_end = turn.subject, turn.front_end
    if front_end is subject.witness:
        return "the witness stays"
    subject.leave(front_end)
    for asked in subject.ledger.waiting():
        if asked.identity == front_end.identity:
            asked.excuses.add(LEFT)
    if turn.dice.random() < 0.5:
        turn.driver.welcome(subject, subject.connect(front_end))
        return f"{front_end.name} comes again"
    return f"{front_end.name} leaves"


# subshells


def create_subshell(turn: Turn) -> str:
    subject = turn.subject
    if len(subject.subshells) > 2:
        return "no more subshells"
    asked = turn.ask("create_subshell_request", channel="control")
    turn.driver.wait_for(lambda: bool(asked.replies), "the reply to create_subshell_request")
    subject.subshells.append(asked.replies[0].content["subshell_id"])
    return "creates a subshell"


def delete_subshell(turn: Turn) -> str:
    subject = turn.subject
    if not subject.subshells:
        return "no subshell to delete"
    name = subject.subshells.pop(turn.dice.randrange(len(subject.subshells)))
    turn.ask("delete_subshell_request", {"subshell_id": name}, channel="control")
    subject.ledger.excuse(DELETED, shell=name, everything=False)
    subject.gone_subshells.append(name)
    return "deletes a subshell"


def use_a_gone_subshell(turn: Turn) -> str:
    if not turn.subject.gone_subshells:
        return "no subshell is gone"
    name = turn.subject.gone_subshells[-1]
    right = frozenset({"error UnknownSubshell"})
    asked = turn.ask("kernel_info_request", subshell=name, right=right)
    asked.excuses.add(DELETED)
    return "uses a subshell that is gone"


# comms


def comm(turn: Turn) -> str:
    """Open a comm, let it echo, and close it."""
    dice = turn.dice
    opened = turn.run(Recipe("comm target", cells._TARGET))
    name = f"comm{dice.randrange(10**9)}"
    content = {"comm_id": name, "target_name": "soak", "data": {}}
    no_reply: dict[str, Any] = {"has_reply": False}
    followed = [turn.ask("comm_open", content, **no_reply)]
    for _ in range(dice.randrange(1, 5)):
        data = {"n": dice.randrange(10**6)}
        sizes = [dice.choice([0, 1, 5000, 2_000_000]) for _ in range(dice.randrange(3))]
        buffers = [
            SMALL[:size] if size < 2 else dice.randbytes(100) * (size // 100) for size in sizes
        ]
        check = _echo_check(opened, followed[0], name, data, buffers)
        message = {"comm_id": name, "data": data}
        asked = turn.ask("comm_msg", message, buffers=buffers, check=check, **no_reply)
        followed.append(asked)
    turn.ask("comm_close", {"comm_id": name, "data": {}}, **no_reply)
    return f"comm with {len(followed) - 1} messages"


def _echo_check(
    target: Asked, opened: Asked, name: str, data: dict[str, Any], buffers: list[bytes]
) -> Callable[[Asked], str]:
    def check(asked: Asked) -> str:
        if target.outcome != "ok" or target.excuses or opened.excuses:
            return ""
        echoes = [each for each in asked.caused if each.msg_type == "comm_msg"]
        if len(echoes) != 1 or echoes[0].content != {"comm_id": name, "data": data}:
            return f"the echoes of {data} are {[each.content for each in echoes]}"
        came = [bytes(each) for each in echoes[0].message["buffers"]]
        return "" if came == buffers else "other buffers came back"

    return check


# the debugger


def debug(turn: Turn) -> str:
    """Begin and end debugging, in one go; the requests are answered one after the other."""
    front_end = turn.front_end
    commands: list[tuple[str, dict[str, Any]]] = [
        ("debugInfo", {}),
        ("initialize", {"clientID": "soak", "adapterID": ""}),
        ("attach", {}),
        ("dumpCell", {"code": "1 + 1"}),
        ("configurationDone", {}),
        ("threads", {}),
        ("disconnect", {"restart": False, "terminateDebuggee": False}),
    ]
    right = frozenset({"ok", "failed"})
    for number, (command, arguments) in enumerate(commands, start=1):
        content = {"type": "request", "seq": number, "command": command, "arguments": arguments}
        what = f"debug request {command}"
        turn.subject.ask(
            front_end, "debug_request", content, channel="control", what=what, right=right
        )
    return "debugs"


EVERYWHERE: dict[Callable[[Turn], str], float] = {
    cell: 30,
    burst: 3,
    open_gates: 4,
    question: 10,
    heartbeat: 0.5,
    bad_message: 2,
    arrive: 1.5,
    leave: 2,
    kill: 0.6,
    crash: 0.6,
}
INTERRUPTIBLE: dict[Callable[[Turn], str], float] = {interrupt: 2}
FULL: dict[Callable[[Turn], str], float] = {
    create_subshell: 2,
    delete_subshell: 1,
    use_a_gone_subshell: 0.3,
    comm: 2,
    debug: 0.7,
}
RESTARTABLE: dict[Callable[[Turn], str], float] = {restart: 0.7}


def table(subject: Subject) -> dict[Callable[[Turn], str], float]:
    """Give what can be done with a kernel, and how often."""
    kind = subject.kind
    found = dict(EVERYWHERE)
    if kind.language in ("echo", "calc"):
        del found[crash]
    if kind.interrupts:
        found.update(INTERRUPTIBLE)
    found.update(FULL if kind.full else {no_subshells: 0.5})
    if not kind.lasts:
        found.update(RESTARTABLE)
    return found
