"""The invariants have teeth: whatever a kernel does wrong is found."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from support.client import Seen

from soak.asked import DIED, INTERRUPTED, LEFT, RESTARTED, Asked, Broken, Output
from soak.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

WITNESS, OTHER = "kernel/1", "kernel/2"


class Kernel:
    """Says what a kernel does that is right, unless a test changes it."""

    def __init__(self) -> None:
        self.ledger = Ledger("kernel", {"manager"})
        self.ledger.watch_through(WITNESS)
        self._numbers = itertools.count(1)
        self._count = itertools.count(1)
        self.said: list[Seen] = []

    def cell(self, name: str, lines: int = 3, **more: Any) -> Asked:
        output = Output(name, {"m": lines})
        content = {"identity": "me", "output": output, "counts": True, "code": name, **more}
        return self.ledger.ask(Asked(name, "execute_request", name, **content))

    def say(self, channel: str, msg_type: str, parent: str, **content: Any) -> Seen:
        header = {"msg_id": f"session_1_{next(self._numbers)}", "session": "session"}
        message = {"header": header, "parent_header": {"session": "me"} if parent else {}}
        self.said.append(Seen(channel, msg_type, parent, content, message, ()))
        return self.said[-1]

    def status(self, parent: str, state: str) -> Seen:
        return self.say("iopub", "status", parent, execution_state=state)

    def run(self, name: str, lines: int = 3) -> None:
        """Run a cell as is right."""
        count = next(self._count)
        self.status(name, "busy")
        self.say("iopub", "execute_input", name, code=name, execution_count=count)
        text = "".join(f"{name}.m {n}\n" for n in range(lines))
        self.say("iopub", "stream", name, name="stdout", text=text)
        self.say("shell", "execute_reply", name, status="ok", execution_count=count)
        self.status(name, "idle")

    def hear(self, *, but: Seen | None = None) -> None:
        """Let both front ends see what was said; one of them not all of it."""
        for each in self.said:
            if each.channel != "iopub":
                self.ledger.take(WITNESS, "me", each)
                continue
            for view in (WITNESS, OTHER):
                if view == WITNESS or each is not but:
                    self.ledger.take(view, "me", each)

    def check(self) -> None:
        self.hear()
        self.ledger.check()


@pytest.fixture
def kernel() -> Kernel:
    kernel = Kernel()
    for name in ("q1", "q2"):
        kernel.cell(name)
        kernel.run(name)
    return kernel


def of(kernel: Kernel, msg_type: str, parent: str = "q1") -> Seen:
    return next(each for each in kernel.said if (each.msg_type, each.parent) == (msg_type, parent))


def drop(msg_type: str) -> Callable[[Kernel], None]:
    return lambda kernel: kernel.said.remove(of(kernel, msg_type))


def drop_idle(kernel: Kernel) -> None:
    kernel.said.remove([each for each in kernel.said if each.msg_type == "status"][1])


def second_idle(kernel: Kernel) -> None:
    kernel.status("q2", "idle")


def second_reply(kernel: Kernel) -> None:
    kernel.say("shell", "execute_reply", "q2", status="ok", execution_count=2)


def reply_after_idle(kernel: Kernel) -> None:
    reply = of(kernel, "execute_reply", "q2")
    reply.message["header"]["msg_id"] = "session_1_11"


def wrong_status(kernel: Kernel) -> None:
    reply = of(kernel, "execute_reply")
    reply.content.update(status="error", ename="EvaluatorDied")


def aborted(kernel: Kernel) -> None:
    of(kernel, "execute_reply").content["status"] = "aborted"


def wrong_count(kernel: Kernel) -> None:
    for msg_type in ("execute_input", "execute_reply"):
        of(kernel, msg_type, "q2").content["execution_count"] = 3


def other_count_in_reply(kernel: Kernel) -> None:
    of(kernel, "execute_reply", "q2").content["execution_count"] = 3


def swapped_lines(kernel: Kernel) -> None:
    of(kernel, "stream").content["text"] = "q1.m 1\nq1.m 0\nq1.m 2\n"


def lost_line(kernel: Kernel) -> None:
    of(kernel, "stream").content["text"] = "q1.m 0\nq1.m 1\n"


def doubled_line(kernel: Kernel) -> None:
    of(kernel, "stream").content["text"] += "q1.m 2\n"


def torn_line(kernel: Kernel) -> None:
    of(kernel, "stream").content["text"] = "q1.m 0\nq1.\nm 1\nq1.m 2\n"


def unknown_text(kernel: Kernel) -> None:
    of(kernel, "stream").content["text"] += "what nobody printed\n"


def others_text(kernel: Kernel) -> None:
    one, two = of(kernel, "stream", "q1"), of(kernel, "stream", "q2")
    one.content["text"], two.content["text"] = two.content["text"], one.content["text"]


def text_after_idle(kernel: Kernel) -> None:
    stream = of(kernel, "stream", "q2")
    stream.content["text"] = "q2.m 0\nq2.m 1\n"
    kernel.say("iopub", "stream", "q2", name="stdout", text="q2.m 2\n")


def unknown_parent(kernel: Kernel) -> None:
    kernel.status("nobody", "busy")


def out_of_order(kernel: Kernel) -> None:
    at = kernel.said.index(of(kernel, "stream"))
    kernel.said[at], kernel.said[at - 1] = kernel.said[at - 1], kernel.said[at]


def idle_while_a_cell_runs(kernel: Kernel) -> None:
    kernel.cell("q3", 0)
    kernel.ledger.ask(Asked("info", "kernel_info_request", "info", "me"))
    kernel.status("q3", "busy")
    kernel.say("iopub", "execute_input", "q3", code="q3", execution_count=3)
    kernel.status("info", "busy")
    kernel.say("shell", "kernel_info_reply", "info", status="ok")
    kernel.status("info", "idle")
    kernel.say("iopub", "stream", "q3", name="stderr", text="still running\n")
    kernel.say("shell", "execute_reply", "q3", status="ok", execution_count=3)
    kernel.status("q3", "idle")


def idle_beside_cells(kernel: Kernel, *, begun: bool) -> None:
    """An idle while two cells run: the busy behind it names the one that a restart ends."""
    for name in ("q3", "q4", "q5"):
        kernel.cell(name, 0)
    kernel.ledger.asked["q5"].excuses.add(RESTARTED)
    for name in ("q3", "q4", "q5") if begun else ("q3", "q4"):
        kernel.status(name, "busy")
    for number, name in enumerate(("q3", "q4"), 3):
        kernel.say("iopub", "execute_input", name, code=name, execution_count=number)
        kernel.say("shell", "execute_reply", name, status="ok", execution_count=number)
        kernel.status(name, "idle")
        kernel.status("q5", "busy")


def busy_of_what_has_not_begun(kernel: Kernel) -> None:
    idle_beside_cells(kernel, begun=False)


def answer_to_what_is_no_good(kernel: Kernel) -> None:
    kernel.ledger.ask(Asked("bad", "execute_request", "bad", "me", ignored=True))
    kernel.status("bad", "busy")


FAULTS = [
    drop("execute_reply"),
    drop("stream"),
    drop_idle,
    second_idle,
    second_reply,
    reply_after_idle,
    wrong_status,
    aborted,
    wrong_count,
    other_count_in_reply,
    swapped_lines,
    lost_line,
    doubled_line,
    torn_line,
    unknown_text,
    others_text,
    text_after_idle,
    unknown_parent,
    out_of_order,
    idle_while_a_cell_runs,
    busy_of_what_has_not_begun,
    answer_to_what_is_no_good,
]


def test_what_is_right_is_taken(kernel: Kernel) -> None:
    kernel.check()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__.strip("<>"))
def test_each_fault_is_found(kernel: Kernel, fault: Callable[[Kernel], None]) -> None:
    fault(kernel)
    with pytest.raises(Broken):
        kernel.check()


def test_a_message_that_one_front_end_has_not_seen_is_found(kernel: Kernel) -> None:
    kernel.hear(but=of(kernel, "stream"))
    with pytest.raises(Broken, match="has not seen"):
        kernel.ledger.check()


def test_a_reply_to_somebody_else_is_found(kernel: Kernel) -> None:
    with pytest.raises(Broken, match="not for it"):
        kernel.ledger.take(OTHER, "somebody else", of(kernel, "execute_reply"))


def test_excuses_excuse_what_they_say_and_no_more(kernel: Kernel) -> None:
    kernel.ledger.asked["q1"].excuses.add(INTERRUPTED)
    of(kernel, "execute_reply").content.update(status="error", ename="KeyboardInterrupt")
    of(kernel, "stream").content["text"] = "q1.m 0\n"
    kernel.check()


def test_a_cell_that_a_restart_ends_may_be_named_as_busy_until_then(kernel: Kernel) -> None:
    idle_beside_cells(kernel, begun=True)
    kernel.check()


def test_a_child_may_print_in_the_last_cell_of_the_round_before_and_in_no_other(
    kernel: Kernel,
) -> None:
    kernel.check()
    kernel.said.clear()
    kernel.say("iopub", "stream", "q2", name="stdout", text="q0.k 1\n")
    kernel.check()
    kernel.say("iopub", "stream", "q1", name="stdout", text="q0.k 2\n")
    with pytest.raises(Broken, match="nobody has asked"):
        kernel.hear()


@pytest.mark.parametrize("excuse", [INTERRUPTED, LEFT])
def test_another_excuse_does_not_excuse_a_death(kernel: Kernel, excuse: str) -> None:
    kernel.ledger.asked["q1"].excuses.add(excuse)
    wrong_status(kernel)
    with pytest.raises(Broken):
        kernel.check()


def test_a_crash_excuses_no_line_of_a_cell_that_ended_well(kernel: Kernel) -> None:
    kernel.ledger.asked["q1"].excuses.add(DIED)
    lost_line(kernel)
    with pytest.raises(Broken, match="2 of 3 lines"):
        kernel.check()
