"""Large binary data of displays, through real kernels: in shared memory and through the channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.client import Outcome
    from support.kernels import Kernel

SHOW = """
import os, subprocess, threading
from polykernel.evaluator import current_cell
def show(number):
    small = b"%d" % number
    current_cell().display(str(number), buffers=[small, small * (1 << 20), b"", memoryview(small)])
"""
IN_ORDER = """
for number in range(4):
    print("before", number)
    show(number)
    os.write(1, b"written\\n")
    subprocess.run(["echo", "child"])
    if os.fork() == 0:
        show(9)
        os._exit(0)
    os.wait()
"""
NO_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
"""
BY_THREADS = """
threads = [threading.Thread(target=show, args=(number,)) for number in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def _large(outcome: Outcome) -> list[int]:
    """Check the buffers of large displays, and give their numbers."""
    numbers = []
    for shown in (seen.message for seen in outcome.iopub if seen.msg_type == "display_data"):
        text = shown["content"]["data"]["text/plain"]
        small = text.encode()
        buffers = [bytes(each) for each in shown["buffers"]]
        assert buffers == [small, small * (1 << 20), b"", small]
        numbers.append(int(text))
    return numbers


@pytest.mark.parametrize("limit", ["", NO_FILES], ids=["shared", "through the channel"])
def test_large_buffers_come_whole_and_in_order(python: Kernel, limit: str) -> None:
    outcome = python.client.execute(limit + SHOW + IN_ORDER)
    assert outcome.status == "ok"
    assert _large(outcome) == [0, 1, 2, 3]
    child = "9\n"  # has no channel: it prints
    assert "".join(outcome.pieces()) == "".join(
        f"before {n}\n<{n}>written\nchild\n{child}" for n in range(4)
    )


def test_large_buffers_of_many_threads_come_whole(python: Kernel) -> None:
    outcome = python.client.execute(SHOW + BY_THREADS)
    assert sorted(_large(outcome)) == list(range(6))


def test_what_was_shown_before_a_death_comes_with_its_buffers(python: Kernel) -> None:
    outcome = python.client.execute(SHOW + "show(1)\nshow(2)\nos._exit(3)")
    assert outcome.status == "error"
    assert _large(outcome) == [1, 2]


def test_an_interrupt_of_large_displays_leaves_the_channel_whole(python: Kernel) -> None:
    client = python.client
    cell = client.send_execute(SHOW + "while True: show(1)")
    client.wait_for("display_data", cell)
    client.send("interrupt_request", channel="control")
    outcome = client.outcome(cell)
    assert outcome.status == "error"
    assert set(_large(outcome)) == {1}
    assert _large(client.execute("show(2)")) == [2]
