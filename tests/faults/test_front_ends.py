"""Front ends that come and go in the middle of things, or stop reading."""

from __future__ import annotations

import re
import select
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest
from support import processes

from faults.checks import Check, answers, answers_on_control, check, leaves_nothing, printed
from faults.register import FRONT_END, fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.client import Client, Seen
    from support.subjects import Subject

FLOOD = 3000
MANY = 100_000
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
    back = kernel.connect(session=kernel.client.session.session)
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
    kernel.client = back = kernel.connect()
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
        print(count, flush=True)
"""


@pytest.fixture
def reader(kernel: Subject) -> Iterator[subprocess.Popen[str]]:
    """A front end in a process of its own, which reads."""
    address = kernel.client.address("iopub")
    process = subprocess.Popen(
        [sys.executable, "-c", READER, address], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "connected\n"
        joined = False
        while not joined:  # what it hears of comes of our asking
            kernel.client.wait_for("kernel_info_reply", kernel.client.send("kernel_info_request"))
            joined = bool(_readable(process))
        assert process.stdout.readline() == "reads\n"
        yield process
        process.kill()


def _readable(process: subprocess.Popen[str]) -> bool:
    assert process.stdout is not None
    return bool(select.select([process.stdout], [], [], 0.1)[0])


@fault(
    FRONT_END,
    "it is stopped (SIGSTOP) while a cell shows more than fits into any buffer, and goes on later",
    told="the cell waits for it, as a program for a stopped terminal; control is answered "
    "meanwhile; nothing is lost",
)
def test_a_front_end_that_was_stopped_gets_everything_when_it_goes_on(
    kernel: Subject, reader: subprocess.Popen[str]
) -> None:
    sender = kernel.connect(subscribe=False)
    kernel.client.close()
    kernel.client = sender
    process = psutil.Process(reader.pid)
    process.suspend()
    processes.until(lambda: process.status() == psutil.STATUS_STOPPED, "a stop")
    cell = sender.send_execute(
        "from IPython.display import display\n"
        f"for n in range({FLOOD}): display({{'text/plain': f'<{{n}}>' + 'x' * 20000}}, raw=True)"
    )
    if kernel.kind.ours:
        kernel.kernel.wait_for_stall()
    else:
        sender.wait_for("execute_reply", cell, patience=TAKES_AT_MOST)
    answers_on_control(kernel)
    process.resume()
    assert reader.stdout is not None
    with check(Check.WHOLE):
        line = reader.stdout.readline()
        while line == "reads\n":
            line = reader.stdout.readline()
        assert int(line) == FLOOD
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
            assert iopub.poll(int(TAKES_AT_MOST * 1000)), "the end of the cell did not come"
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
