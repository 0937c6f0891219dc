"""Front ends that come and go in the middle of things, or stop reading."""

from __future__ import annotations

import contextlib
import os
import re
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from support import processes
from support.client import PATIENCE

from faults.checks import Check, answers, answers_on_control, check, leaves_nothing, printed
from faults.register import FRONT_END, fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.client import Client, Seen
    from support.subjects import Subject

FLOOD = 3000
MANY = 100_000
SILENT_FOR = 15.0  # seconds that nothing comes in the middle of them
TAKES_AT_MOST = 100.0  # seconds that a hundred thousand displays may take with any kernel


def idle(client: Client, cell: str) -> Seen:
    return client.wait(
        lambda seen: seen.parent == cell and seen.content.get("execution_state") == "idle", "idle"
    )


def text(client: Client, cell: str) -> str:
    return "".join(
        seen.content["text"]
        for seen in client.seen
        if seen.parent == cell and seen.msg_type == "stream"
    )


def joins_while_a_cell_runs(kernel: Subject, **options: Any) -> Client:
    """Connect a front end where others than ours answer nothing on shell."""
    if kernel.kind.ours:
        return kernel.connect(**options)
    client = kernel.kernel.connect(checked=False, patience=kernel.patience, **options)
    for _ in range(5):  # some publish nothing for this, but let it in meanwhile
        sent = client.send("kernel_info_request", channel="control")
        client.wait_for("kernel_info_reply", sent)
        with contextlib.suppress(AssertionError):
            client.wait(
                lambda seen, sent=sent: seen.parent == sent and seen.channel == "iopub",  # type: ignore[misc]
                "a status",
                0.2,
            )
            break
    return client


@fault(
    FRONT_END,
    "it is gone in the middle of a cell's output",
    told="another front end sees all of it, and the kernel goes on",
)
def test_a_front_end_that_is_gone_in_the_middle_of_output_loses_nothing_for_others(
    kernel: Subject,
) -> None:
    other = kernel.connect()
    after = "\nfor n in range(1000): print(n, flush=True)"
    gate, cell = kernel.send_gate(after)
    kernel.client.close()
    kernel.client = other
    gate.open()
    with check(Check.WHOLE):
        idle(other, cell)
        assert text(other, cell) == "at the gate\n" + "".join(f"{n}\n" for n in range(1000))
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    FRONT_END,
    "it is gone in the middle of an input request",
    told="another front end can interrupt the cell, and the next one runs, and may ask",
)
def test_a_cell_whose_front_end_is_gone_while_it_asks_can_be_interrupted(kernel: Subject) -> None:
    other = kernel.connect()
    cell = kernel.client.send_execute("print('asks', flush=True); input('?')", allow_stdin=True)
    kernel.client.wait_for("input_request", cell)
    kernel.client.close()
    kernel.client = other
    answers_on_control(kernel)
    with check(Check.OUT):
        kernel.interrupt()
        idle(other, cell)
        assert other.wait_for("error", cell).content["ename"] == "KeyboardInterrupt"
    with check(Check.WHOLE):
        assert text(other, cell) == "asks\n"
    answers(kernel)
    cell = other.send_execute("input('?')", allow_stdin=True)
    with check(Check.ANSWERS):
        other.wait_for("input_request", cell)
        other.answer("yes")
        assert other.outcome(cell).result == "'yes'"
    leaves_nothing(kernel)


@fault(
    FRONT_END,
    "two answer one input request",
    told="the answer of the front end that was asked counts; the other one is dropped",
)
def test_only_the_answer_of_the_front_end_that_was_asked_counts(kernel: Subject) -> None:
    other = kernel.connect()
    cell = kernel.client.send_execute("print(input('?'), flush=True)", allow_stdin=True)
    kernel.client.wait_for("input_request", cell)
    other.answer("of the other")
    # whoever takes it goes on with it
    other.wait_for("kernel_info_reply", other.send("kernel_info_request", channel="control"))
    if kernel.kind.ours:
        kernel.kernel.wait_for_log("a front end that was not asked")
    kernel.client.answer("mine")
    printed(kernel.client.outcome(cell), "mine\n")
    answers(kernel)
    leaves_nothing(kernel)


@pytest.mark.parametrize("old", ["closed", "hung"])
@fault(
    FRONT_END,
    "it reconnects under the same identity while its cell runs, the old connection open or not",
    told="the reply and the output that is still to come go to the new connection",
)
def test_the_reply_goes_to_the_front_end_that_is_back_under_its_identity(
    kernel: Subject, old: str
) -> None:
    gate, cell = kernel.send_gate("print('after', flush=True)\n")
    if old == "closed":
        kernel.client.close()
    back = joins_while_a_cell_runs(kernel, session=kernel.client.session.session)
    back.session.message_count = 1000  # its messages' ids must be new
    gate.open()
    with check(Check.ANSWERS):
        assert back.wait_for("execute_reply", cell).content["status"] == "ok"
        idle(back, cell)
    with check(Check.WHOLE):
        assert text(back, cell) == "after\n"
    kernel.client = back
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    FRONT_END,
    "it reconnects under another identity while its cell runs",
    told="it sees the output that is still to come; the reply, which was the old one's, is dropped",
)
def test_a_front_end_that_is_back_under_another_identity_sees_what_is_to_come(
    kernel: Subject,
) -> None:
    gate, cell = kernel.send_gate("print('after', flush=True)\n")
    kernel.client.close()
    kernel.client = back = joins_while_a_cell_runs(kernel)
    gate.open()
    with check(Check.ANSWERS):
        idle(back, cell)
    with check(Check.WHOLE):
        assert text(back, cell) == "after\n"
    answers(kernel)
    assert not back.replies([cell])
    leaves_nothing(kernel)


@fault(
    FRONT_END,
    "fifty at once, each with a cell of its own",
    told="each sees the output of all of them, and gets its own reply alone",
)
def test_fifty_front_ends_at_once_see_everything_and_get_their_own_replies(
    kernel: Subject,
) -> None:
    clients = [kernel.client, *(kernel.connect(checked=False) for _ in range(49))]
    cells = [client.send_execute(f"print({n}, flush=True)") for n, client in enumerate(clients)]
    with check(Check.ANSWERS):
        for client, cell in zip(clients, cells, strict=True):
            assert client.outcome(cell).status == "ok"
    with check(Check.WHOLE):
        for client in clients:
            for n, cell in enumerate(cells):
                idle(client, cell)
                assert text(client, cell) == f"{n}\n"
    for client, cell in zip(clients, cells, strict=True):
        assert [seen.parent for seen in client.replies(cells)] == [cell]
    answers(kernel)
    leaves_nothing(kernel)


#: A front end that counts the displays of one cell, in their order, until it is idle.
READER = """
import sys, zmq
subscriber = zmq.Context().socket(zmq.SUB)
subscriber.rcvhwm = 1
subscriber.connect(sys.argv[1])
subscriber.subscribe(b"")
count = 0
print("connected", flush=True)
while True:
    frames = subscriber.recv_multipart()
    header, parent, _, content = frames[frames.index(b"<IDS|MSG>") + 2 :][:4]
    if b'"iopub_welcome"' in header or b"kernel_info_request" in parent:
        print("reads", flush=True)
    elif b'"display_data"' in header:
        count += content.count(b"<%d>" % count)
    elif b'"idle"' in content and b'"execute_request"' in parent:
        print("counted", count, flush=True)
"""


class Reader:
    """A front end in a process of its own, which tells what it has read."""

    def __init__(self, address: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", READER, address], stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self._said = self._process.stdout.fileno()
        self._text = ""
        self.process = psutil.Process(self._process.pid)

    def said(self, pattern: str, patience: float) -> str:
        """Give what it has said that looks like this; nothing where it does not come."""
        deadline = time.monotonic() + patience
        while (found := re.search(pattern, self._text)) is None:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._said], [], [], left)[0]:
                return ""
            self._text += os.read(self._said, 1000).decode()
        return found.group()

    def end(self) -> None:
        with self._process:
            self._process.kill()


@pytest.fixture
def reader(kernel: Subject) -> Iterator[Reader]:
    """A front end in a process of its own, which reads."""
    reader = Reader(kernel.client.address("iopub"))
    try:
        assert reader.said("connected", PATIENCE)
        while not reader.said("reads", 0.1):  # what it hears of comes of our asking
            kernel.client.wait_for("kernel_info_reply", kernel.client.send("kernel_info_request"))
        yield reader
    finally:
        reader.end()


@fault(
    FRONT_END,
    "it is stopped (SIGSTOP) while a cell shows more than fits into any buffer, and goes on later",
    told="the cell waits for it, as a program for a stopped terminal; control is answered "
    "meanwhile; nothing is lost",
)
def test_a_front_end_that_was_stopped_gets_everything_when_it_goes_on(
    kernel: Subject, reader: Reader
) -> None:
    sender = kernel.connect(subscribe=False)
    kernel.client.close()
    kernel.client = sender
    reader.process.suspend()
    processes.until(lambda: reader.process.status() == psutil.STATUS_STOPPED, "a stop")
    cell = sender.send_execute(
        "from IPython.display import display\n"
        f"for n in range({FLOOD}): display({{'text/plain': f'<{{n}}>' + 'x' * 20000}}, raw=True)"
    )
    if kernel.kind.ours:
        kernel.kernel.wait_for_stall()
    else:
        sender.wait_for("execute_reply", cell, patience=TAKES_AT_MOST)
    answers_on_control(kernel)
    reader.process.resume()
    with check(Check.WHOLE):
        assert reader.said(r"counted \d+", 2 * sender.patience) == f"counted {FLOOD}"
    kernel.client = kernel.connect()
    answers(kernel)
    leaves_nothing(kernel)


DISPLAYS = f"""
from IPython.display import display
for n in range({MANY}): display({{'text/plain': f'<{{n}}>'}}, raw=True)
"""


@fault(
    FRONT_END,
    "a hundred thousand displays of one cell",
    told="all of them come, in their order; control is answered meanwhile",
)
def test_a_hundred_thousand_displays_come_whole_and_in_order(kernel: Subject) -> None:
    cell = kernel.client.send_execute(DISPLAYS)
    iopub, count = kernel.client.iopub, 0
    with check(Check.WHOLE):
        while True:
            assert iopub.poll(int(SILENT_FOR * 1000)), "the end of the cell did not come"
            *_, parent, _, content = iopub.recv_multipart()
            found = re.search(rb"<(\d+)>", content)
            if found is not None:
                assert int(found[1]) == count
                count += 1
                if count == MANY // 2:
                    _asks_control(kernel)
            elif b'"idle"' in content and cell.encode() in parent:
                break
        assert count == MANY
    kernel.client.wait_for("execute_reply", cell)
    answers(kernel)
    leaves_nothing(kernel)


def _asks_control(kernel: Subject) -> None:
    other = kernel.connect(subscribe=False)
    other.wait_for("kernel_info_reply", other.send("kernel_info_request", channel="control"))


@fault(
    FRONT_END,
    "a hundred thousand displays of one cell, and nobody there",
    told="the cell ends, and the host's memory does not grow",
)
def test_a_hundred_thousand_displays_that_nobody_subscribes_to_harm_nothing(
    kernel: Subject,
) -> None:
    sender = kernel.connect(subscribe=False)
    kernel.client.close()
    kernel.client = sender
    host = psutil.Process(kernel.kernel.pid)
    before = host.memory_info().rss
    with check(Check.ANSWERS):
        cell = sender.send_execute(DISPLAYS)
        sender.wait_for("execute_reply", cell, patience=TAKES_AT_MOST)
    if kernel.kind.ours:
        assert host.memory_info().rss - before < 60 << 20
    kernel.client = kernel.connect()
    answers(kernel)
    leaves_nothing(kernel)
