"""Python asks the user: input, passwords, the debugger; and is interrupted."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.client import Outcome
    from support.kernels import Kernel


def converse(kernel: Kernel, code: str, *answers: str) -> tuple[Outcome, list[str]]:
    """Run a cell that asks, and answer; give what came of it and the prompts."""
    client = kernel.client
    msg_id = client.send_execute(code, allow_stdin=True)
    prompts: list[str] = []
    at = 0
    for answer in answers:
        request = client.wait_for("input_request", msg_id, since=at)
        at = client.seen.index(request) + 1
        prompts.append(request.content["prompt"])
        client.answer(answer)
    return client.outcome(msg_id), prompts


def plain(outcome: Outcome) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", outcome.traceback)


def test_input_asks_with_its_prompt(python: Kernel) -> None:
    outcome, prompts = converse(python, "name = input('Name? ')\nname * 2", "ab")
    assert prompts == ["Name? "]
    assert outcome.result == "'abab'"


def test_a_password_is_asked_for_as_one(python: Kernel) -> None:
    client = python.client
    msg_id = client.send_execute("import getpass\ngetpass.getpass('Secret: ')", allow_stdin=True)
    request = client.wait_for("input_request", msg_id)
    assert request.content == {"prompt": "Secret: ", "password": True}
    client.answer("hidden")
    assert client.outcome(msg_id).result == "'hidden'"


def test_an_end_of_file_is_one(python: Kernel) -> None:
    outcome, _ = converse(python, "input()", "\x04")
    assert outcome.reply["ename"] == "EOFError"


def test_input_that_is_not_allowed_says_so(python: Kernel) -> None:
    outcome = python.execute("input('Name? ')", allow_stdin=False)
    assert outcome.reply["ename"] == "StdinNotImplementedError"
    assert outcome.reply["evalue"]
    caught = python.execute("try:\n    input()\nexcept OSError:\n    print('caught')")
    assert caught.text() == "caught\n"


def test_standard_input_is_at_its_end(python: Kernel) -> None:
    assert python.execute("import sys\nsys.stdin.readline()").result == "''"


def test_help_can_be_asked_interactively(python: Kernel) -> None:
    outcome, prompts = converse(python, "help()", "len", "q")
    assert prompts == ["help> ", "help> "]
    assert "number of items" in outcome.text()


def test_a_breakpoint_asks_through_the_front_end(python: Kernel) -> None:
    code = "def f(x):\n    y = x + 1\n    breakpoint()\n    return y\nf(41)"
    outcome, prompts = converse(python, code, "p y", "w", "c")
    assert set(prompts) == {"(Pdb) "}
    assert "\n42\n" in outcome.text()
    assert "-> f(41)" in outcome.text()
    assert "polykernel" not in outcome.text()
    assert outcome.result == "42"


def step_through(kernel: Kernel, code: str) -> Outcome:
    """Run a cell that calls the debugger, and answer ``n`` until it ends."""
    client = kernel.client
    msg_id = client.send_execute(code, allow_stdin=True)
    at = 0
    while True:
        seen = client.wait(
            lambda seen: seen.msg_type in ("input_request", "execute_reply"),
            "a prompt or the end",
            since=at,
        )
        at = client.seen.index(seen) + 1
        if seen.msg_type == "execute_reply":
            return client.outcome(msg_id)
        client.answer("n")


def test_stepping_ends_with_the_cell(python: Kernel) -> None:
    outcome = step_through(python, "a = 1\nbreakpoint()\nb = 2\nc = 3\nc")
    assert "-> c = 3" in outcome.text()
    assert "polykernel" not in outcome.text()
    assert outcome.result == "3"
    assert python.execute("import sys; sys.gettrace() is None").result == "True"


def test_stepping_over_an_await_stays_in_the_cell(python: Kernel) -> None:
    code = "import asyncio\nbreakpoint()\nawait asyncio.sleep(0.01)\nx = 3\nx"
    outcome = step_through(python, code)
    assert outcome.result == "3"
    assert "-> await asyncio.sleep(0.01)" in outcome.text()
    assert "-> x = 3" in outcome.text()
    assert "polykernel" not in outcome.text()
    assert "asyncio/" not in outcome.text()


def test_quitting_the_debugger_ends_the_cell_in_one_line(python: Kernel) -> None:
    outcome, _ = converse(python, "breakpoint()\nx = 1\ny = 2", "q")
    assert plain(outcome) == "BdbQuit: the debugger was quit"
    assert python.execute("1 + 1").result == "2"


def test_the_post_mortem_debugger_looks_at_the_last_error(python: Kernel) -> None:
    python.execute("def fail():\n    reason = 'this'\n    1 / 0\nfail()")
    outcome, _ = converse(python, "import pdb\npdb.pm()", "p reason", "q")
    assert "'this'" in outcome.text()
    assert outcome.status == "ok"


def test_readline_does_not_disturb(python: Kernel) -> None:
    outcome, prompts = converse(python, "import readline\nbreakpoint()\nx = 1", "c")
    assert prompts == ["(Pdb) "]
    assert "\x1b" not in outcome.text()


def test_the_debugger_leaves_interrupts_to_the_kernel(python: Kernel) -> None:
    client = python.client
    msg_id = client.send_execute(
        "breakpoint()\nprint('begun', flush=True)\nwhile True: pass", allow_stdin=True
    )
    client.wait_for("input_request", msg_id)
    client.answer("c")
    client.wait_for_text("begun", msg_id)
    python.process.send_signal(signal.SIGINT)
    assert client.outcome(msg_id).reply["ename"] == "KeyboardInterrupt"


def test_a_breakpoint_that_is_left_behind_does_not_trace_later_cells(python: Kernel) -> None:
    code = "def f(stop):\n    breakpoint()\n    if stop:\n        x = 1\n    return 2\nf(False)"
    outcome, _ = converse(python, code, "b 4", "c")
    assert outcome.result == "2"
    assert python.execute("import sys; sys.gettrace() is None").result == "True"


def interrupted(kernel: Kernel, code: str) -> Outcome:
    """Run an endless cell until it has begun, and interrupt it."""
    client = kernel.client
    msg_id = client.send_execute(f"print('begun', flush=True)\n{code}", allow_stdin=True)
    client.wait_for_text("begun", msg_id)
    kernel.process.send_signal(signal.SIGINT)
    outcome = client.outcome(msg_id)
    assert outcome.reply["ename"] == "KeyboardInterrupt", outcome.traceback
    assert "polykernel" not in outcome.traceback
    return outcome


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time\ntime.sleep(60)",
        "import asyncio\nawait asyncio.sleep(60)",
        "import asyncio\nasync def f():\n    while True: await asyncio.sleep(0.01)\nawait f()",
        "import asyncio\nawait asyncio.sleep(0)\nwhile True: pass",
        "import asyncio\nasyncio.run(asyncio.sleep(60))",
        "import threading\nthreading.Event().wait()",
        "import subprocess\nsubprocess.run(['sleep', '60'])",
    ],
)
def test_an_endless_cell_is_interrupted(python: Kernel, code: str) -> None:
    outcome = interrupted(python, code)
    assert plain(outcome).endswith("KeyboardInterrupt")
    assert re.search(r"Cell In\[\d+\], line \d", plain(outcome))
    assert len(plain(outcome).split("\n")) < 15
    assert python.execute("'alive'").result == "'alive'"


def test_a_context_of_its_own_may_ask_and_show(python: Kernel) -> None:
    code = "import contextvars\ncontextvars.Context().run(lambda: display(input('name? ')))"
    outcome, prompts = converse(python, code, "Ada")
    assert prompts == ["name? "]
    assert outcome.contents("display_data")[0]["data"]["text/plain"] == "'Ada'"


def test_an_interrupt_ends_a_wait_that_its_signal_does_not(python: Kernel) -> None:
    """As where it comes just before a thread begins to wait, when Python has looked for signals."""
    code = (
        "import signal, threading, time\n"
        "signals, over = {signal.SIGINT}, threading.Event()\n"
        "threading.Thread(target=over.wait).start()\n"  # which gets the signal
        "signal.pthread_sigmask(signal.SIG_BLOCK, signals)\n"
        "try: print('begun', flush=True); time.sleep(1000)\n"
        "finally: over.set(); signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)"
    )
    client = python.client
    msg_id = client.send_execute(code)
    client.wait_for_text("begun", msg_id)
    python.process.send_signal(signal.SIGINT)
    assert client.outcome(msg_id).reply["ename"] == "KeyboardInterrupt"


def test_the_post_mortem_of_an_interrupt_begins_where_the_users_code_was(python: Kernel) -> None:
    client = python.client
    code = "def spin():\n    print('begun', flush=True)\n    while True: pass\nspin()"
    msg_id = client.send_execute(code)
    client.wait_for_text("begun", msg_id)
    python.process.send_signal(signal.SIGINT)
    assert client.outcome(msg_id).reply["ename"] == "KeyboardInterrupt"
    code = "import sys, traceback\n[frame.f_code.co_name for frame, _ in traceback.walk_tb("
    assert python.execute(f"{code}sys.last_traceback)]").result == "['<module>', 'spin']"


def test_an_interrupt_at_the_debuggers_prompt_ends_the_cell(python: Kernel) -> None:
    client = python.client
    msg_id = client.send_execute("breakpoint()\nx = 1", allow_stdin=True)
    client.wait_for("input_request", msg_id)
    python.process.send_signal(signal.SIGINT)
    outcome = client.outcome(msg_id)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert python.execute("1 + 1").result == "2"


def test_the_user_may_catch_an_interrupt(python: Kernel) -> None:
    client = python.client
    code = """
import time
try:
    print('begun', flush=True); time.sleep(60)
except KeyboardInterrupt:
    print('caught')
"""
    msg_id = client.send_execute(code)
    client.wait_for_text("begun", msg_id)
    python.process.send_signal(signal.SIGINT)
    outcome = client.outcome(msg_id)
    assert outcome.status == "ok"
    assert outcome.text() == "begun\ncaught\n"


def test_threads_ask_one_after_the_other(python: Kernel) -> None:
    client = python.client
    code = """
import threading
found = []
threads = [threading.Thread(target=lambda: found.append(input('? '))) for _ in range(3)]
for each in threads: each.start()
for each in threads: each.join()
sorted(found)
"""
    cell = client.send_execute(code, allow_stdin=True)
    at = 0
    for number in range(3):
        seen = client.wait_for("input_request", cell, since=at)
        at = client.seen.index(seen) + 1
        client.answer(str(number))
    assert client.outcome(cell).result == "['0', '1', '2']"


def test_a_thread_that_asks_when_its_cell_ends_is_told_and_holds_up_no_other(
    python: Kernel,
) -> None:
    client = python.client
    code = """
import threading
def ask():
    try: input('first? ')
    except OSError as error: told.append(str(error))
told = []
thread = threading.Thread(target=ask)
thread.start()
"""
    first = client.send_execute(code, allow_stdin=True)
    client.outcome(first)
    second = client.send_execute("thread.join(); print(told); input('second? ')", allow_stdin=True)
    assert client.wait_for("input_request", second).content["prompt"] == "second? "
    client.answer("yes")
    outcome = client.outcome(second)
    assert outcome.result == "'yes'"
    assert "the cell is over" in outcome.text()
