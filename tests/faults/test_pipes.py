"""The pipes between the host and the process that runs the cells are closed, or misused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
from support import processes

from faults.checks import Check, answers, check, evaluator, leaves_nothing, printed, told_in
from faults.register import EVALUATOR, fault

if TYPE_CHECKING:
    from support.client import Outcome
    from support.subjects import Subject

CHANNEL = 101  # where the runtime keeps its end
LARGEST = 1 << 30  # docs/channel.md
MAY_GROW_BY = LARGEST + (256 << 20)


@fault(
    EVALUATOR,
    "a cell closes descriptors 0 to 6, one by one",
    told="printing raises Python's OSError where 1 is closed; results and errors come as ever",
)
def test_cells_that_close_the_low_descriptors_harm_only_their_own_output(kernel: Subject) -> None:
    closing = (
        "import os, contextlib\nfor n in {}:\n  with contextlib.suppress(OSError): os.close(n)"
    )
    outcome = kernel.execute(closing.format("(0, *range(2, 7))"))
    with check(Check.TOLD):
        assert outcome.status == "ok"
        assert kernel.execute("print('shown', flush=True)").text() == "shown\n"
        assert kernel.execute("import sys; print('err', file=sys.stderr)").text("stderr") == "err\n"
    assert kernel.execute(closing.format("(1,)")).status == "ok"
    with check(Check.TOLD):
        assert kernel.execute("1 / 0").reply["ename"] == "ZeroDivisionError"
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "a cell closes all descriptors above 2, the channel among them",
    told="the cell's error says that what ran it ended; the next one runs in a fresh evaluator",
)
def test_a_cell_that_closes_the_channel_ends_with_an_error(kernel: Subject) -> None:
    cell = kernel.client.send_execute(
        "print('before', flush=True); import os; os.closerange(3, 1000)"
    )
    printed(told_in(kernel, cell, "exit code 70"), "before\n")
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "a cell closes `sys.stdout` and `sys.stderr`",
    told="printing raises Python's ValueError; results and errors come as ever",
)
def test_closed_standard_streams_harm_only_their_own_output(kernel: Subject) -> None:
    kernel.execute("import sys; sys.stdout.close(); sys.stderr.close()")
    with check(Check.TOLD):
        assert kernel.execute("1 / 0").reply["ename"] == "ZeroDivisionError"
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "a cell makes descriptors 0, 1 and 2 something else: an empty file, a full device",
    told="what is printed raises Python's OSError; results and errors come as ever",
)
def test_standard_descriptors_that_are_something_else_harm_only_their_output(
    kernel: Subject,
) -> None:
    code = "import os\nfull = os.open('/dev/full', os.O_RDWR)\nfor n in range(3): os.dup2(full, n)"
    assert kernel.execute(code).status == "ok"
    kernel.execute("print('lost', flush=True)")
    with check(Check.TOLD):
        assert kernel.execute("1 / 0").reply["ename"] == "ZeroDivisionError"
    answers(kernel)
    leaves_nothing(kernel)


def writes(kernel: Subject, data: str) -> str:
    """Send a cell that writes to the channel, past the runtime."""
    code = f"import os; os.write({CHANNEL}, {data}); print('goes on'); display('shown')\n6 * 7"
    return kernel.client.send_execute(code)


def goes_on(outcome: Outcome) -> None:
    """Check that a cell tells of what was refused, and that nothing else of it is lost."""
    with check(Check.TOLD):
        assert "was refused" in outcome.text("stderr")
    printed(outcome, "goes on\n")
    assert outcome.contents("display_data")
    assert outcome.result == "42"


@fault(
    EVALUATOR,
    "garbage on the channel: a whole line",
    told="the cell's stderr says that something was refused, with its beginning",
    peers=False,
)
def test_garbage_on_the_channel_harms_nothing(kernel: Subject) -> None:
    goes_on(kernel.client.outcome(writes(kernel, "bytes(range(1, 256)) + b'\\n'")))
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "half a line on the channel, before a message",
    told="the cell's stderr says that something was refused; the message is taken all the same",
    peers=False,
)
def test_half_a_line_on_the_channel_swallows_nothing(kernel: Subject) -> None:
    for half in ('{"method": "str', '{"jsonrpc":"2.0","id":4711,"res', '{"id": 1, "error": {"me'):
        goes_on(kernel.client.outcome(writes(kernel, repr(half.encode()))))
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "a hundred thousand lines of garbage on the channel",
    told="the cell's stderr tells of the first ones, and then ever more seldom",
    peers=False,
)
def test_a_flood_of_garbage_on_the_channel_is_told_seldom(kernel: Subject) -> None:
    outcome = kernel.execute(
        f"import os; data = b'x\\n' * 1000\nfor _ in range(100): os.write({CHANNEL}, data)"
    )
    assert outcome.status == "ok"
    with check(Check.TOLD):
        assert 32 <= outcome.text("stderr").count("was refused") < 100
        assert "further ones are told seldom" in outcome.text("stderr")
    assert kernel.kernel.log.count("was refused") < 100, "somebody may not read it"
    outcome = kernel.client.outcome(writes(kernel, "b'x\\n'"))
    with check(Check.TOLD):
        assert "was refused" in outcome.text("stderr"), "the next cell's is told again"
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "more than a gigabyte on the channel without an end of line",
    told="the cell's stderr says that a message of more than 1 GiB was refused; the host's memory "
    "stays below that",
    peers=False,
)
def test_a_line_of_more_than_a_gigabyte_is_refused_and_memory_is_bounded(kernel: Subject) -> None:
    host = psutil.Process(kernel.kernel.pid)
    gate = kernel.kernel.gate()
    cell = kernel.client.send_execute(
        "import os; data = b'x' * (1 << 20)\n"
        f"for _ in range(1400):\n  left = data\n"
        f"  while left: left = left[os.write({CHANNEL}, left):]\n"
        f"{gate.code}os.write({CHANNEL}, b'\\n'); print('goes on')"
    )
    kernel.client.wait_for_text("at the gate", cell)
    assert host.memory_info().rss < MAY_GROW_BY
    gate.open()
    outcome = kernel.client.outcome(cell)
    printed(outcome, "at the gate\ngoes on\n")
    with check(Check.TOLD):
        assert "a message of more than 1024 MiB" in outcome.text("stderr")
    processes.until(lambda: host.memory_info().rss < LARGEST / 2, "memory that is given back")
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "buffers are announced on the channel that never come",
    told="the cell waits; the third interrupt kills, and the cell's error says so",
    peers=False,
)
def test_buffers_that_never_come_are_ended_by_the_third_interrupt(kernel: Subject) -> None:
    line = (
        '{"jsonrpc":"2.0","method":"display_data","params":{"buffers":[1000000],"content":{}}}\\n'
    )
    cell = kernel.client.send_execute(f"import os; os.write({CHANNEL}, b'{line}'); print('begun')")
    kernel.client.wait_for_text("begun", cell)
    with check(Check.OUT):
        for _ in range(3):
            kernel.interrupt()
        told_in(kernel, cell, "3 interrupts that it did not hear")
    answers(kernel)
    leaves_nothing(kernel)


@fault(
    EVALUATOR,
    "the host's requests are read by somebody else: a cell empties the channel",
    told="the third interrupt kills, and the cell's error says so",
    peers=False,
)
def test_a_cell_that_reads_the_hosts_requests_is_ended_by_the_third_interrupt(
    kernel: Subject,
) -> None:
    before = evaluator(kernel)
    code = "import os, signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    cell = kernel.client.send_execute(
        f"{code}print('begun', flush=True)\nwhile True: os.read(100, 1)"
    )
    kernel.client.wait_for_text("begun", cell)
    with check(Check.OUT):
        for _ in range(3):
            kernel.interrupt()
        told_in(kernel, cell, "3 interrupts that it did not hear")
    answers(kernel)
    assert evaluator(kernel) != before
    leaves_nothing(kernel)
