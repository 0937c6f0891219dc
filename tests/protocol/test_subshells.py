"""Subshells (JEP 91): cells side by side, through a real kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from polykernel.output import REMEMBERED

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.client import Client
    from support.kernels import Kernel


def interrupt(client: Client) -> None:
    assert client.request("interrupt_request", channel="control").status == "ok"


def test_subshells_are_announced_created_listed_and_deleted(python: Kernel) -> None:
    client = python.client
    info = client.request("kernel_info_request").reply
    assert "kernel subshells" in info["supported_features"]
    first, second = client.create_subshell(), client.create_subshell()
    assert first != second

    def listed() -> list[str]:
        reply = client.request("list_subshell_request", channel="control").reply
        assert set(reply) == {"status", "subshell_id"}
        return list(reply["subshell_id"])

    assert listed() == [first, second]
    content = {"subshell_id": first}
    assert client.request("delete_subshell_request", content, channel="control").status == "ok"
    assert listed() == [second]
    assert client.request("delete_subshell_request", content, channel="control").status == "error"


@pytest.mark.parametrize("name", ["polykernel-calc", "polykernel-echo", "program"])
def test_a_language_without_subshells_neither_announces_them_nor_replies(
    kernel: Callable[..., Kernel], name: str
) -> None:
    started = kernel(name)
    client = started.client
    assert client.request("kernel_info_request").reply["supported_features"] == []
    sent = [
        client.send(f"{action}_subshell_request", {"subshell_id": "x"}, channel="control")
        for action in ("create", "delete", "list")
    ]
    client.request("kernel_info_request", channel="control")
    assert not client.replies(sent)
    started.wait_for_log("list_subshell_request: this language runs one cell at a time")
    for each in sent:
        caused = [seen for seen in client.seen if seen.parent == each]
        assert [seen.content["execution_state"] for seen in caused] == ["busy", "idle"]


def test_a_cell_in_a_subshell_runs_beside_that_of_the_main_shell_in_the_same_namespace(
    python: Kernel,
) -> None:
    client = python.client
    shell = client.create_subshell()
    assert client.execute("x = 1; print('main')").text() == "main\n"
    gate, main = python.start_at_gate("print(x)")
    beside = client.outcome(client.send_execute("print('beside'); x = 2; x", subshell=shell))
    assert (beside.text(), beside.result) == ("beside\n", "2")
    gate.open()
    outcome = client.outcome(main)
    assert outcome.text() == "at the gate\n2\n"


def test_the_last_status_is_busy_as_long_as_any_shell_runs_something(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    gate = python.gate()
    cell = client.send_execute(gate.code, subshell=shell)
    client.wait_for_text("at the gate", cell)
    assert client.execute("1").status == "ok"
    busy = client.wait_for("status", cell, since=len(client.seen) - 2)
    assert busy.content == {"execution_state": "busy"}
    gate.open()
    assert client.outcome(cell).sequence[-1] == "idle"


def test_each_shell_has_its_own_count_and_its_own_queue(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    for _ in range(3):
        client.execute("pass")
    first = client.outcome(client.send_execute("'sub'", subshell=shell))
    assert first.reply["execution_count"] == 1
    assert client.execute("'main'").reply["execution_count"] == 4
    assert client.execute("In[4], _").result == "(\"'main'\", 'main')"


def test_an_error_aborts_what_is_queued_in_its_own_shell_only(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    gate, main = python.start_at_gate()
    behind_main = client.send_execute("'main'")
    inner = python.gate()
    cells = [client.send_execute(inner.code + "1/0", subshell=shell)]
    cells += [client.send_execute("2", subshell=shell) for _ in range(2)]
    client.sync()
    client.wait_for_text("at the gate", cells[0])
    inner.open()
    assert [client.outcome(cell).status for cell in cells] == ["error", "aborted", "aborted"]
    gate.open()
    assert client.outcome(main).status == "ok"
    assert client.outcome(behind_main).result == "'main'"


WAITS = {
    "a loop": "while True: pass",
    "a sleep": "import time; time.sleep(1000)",
    "a coroutine": "import asyncio; await asyncio.sleep(1000)",
    "prints": "while True: print('x' * 50)",
    "an iterator in C": "sum(1 for _ in iter(int, 1))",
    "a child": (
        "def run():\n"
        "    import subprocess\n"
        "    child = subprocess.Popen(['sleep', '1000'])\n"
        "    print('it runs')\n"
        "    child.wait(); raise KeyboardInterrupt\n"
        "run()"
    ),
}


@pytest.mark.parametrize("code", WAITS.values(), ids=WAITS.keys())
def test_an_interrupt_reaches_the_main_shell_and_every_subshell(python: Kernel, code: str) -> None:
    client = python.client
    shells = [None, client.create_subshell(), client.create_subshell()]
    cells = [client.send_execute(f"print('begun')\n{code}", subshell=each) for each in shells]
    for cell in cells:
        client.wait_for_text("it runs" if "it runs" in code else "begun", cell)
    interrupt(client)
    for cell in cells:
        outcome = client.outcome(cell)
        assert outcome.reply["ename"] == "KeyboardInterrupt"
        lines = outcome.text().splitlines()[1:]
        assert set(lines[:-1]) <= {"x" * 50, "it runs"}
    for shell in shells:
        assert client.outcome(client.send_execute("1 + 1", subshell=shell)).result == "2"


def test_an_interrupt_ends_an_input_request_of_a_subshell(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    cell = client.send_execute("input('? ')", subshell=shell, allow_stdin=True)
    assert client.wait_for("input_request", cell).content["prompt"] == "? "
    interrupt(client)
    assert client.outcome(cell).reply["ename"] == "KeyboardInterrupt"


def test_an_interrupt_of_an_input_request_of_a_subshell_is_one(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    code = "try: input('? ')\nexcept KeyboardInterrupt: print('once')\nfor _ in range(10**6): pass"
    cell = client.send_execute(code, subshell=shell, allow_stdin=True)
    client.wait_for("input_request", cell)
    interrupt(client)
    outcome = client.outcome(cell)
    assert (outcome.status, outcome.text()) == ("ok", "once\n")


def test_input_works_in_a_subshell(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    cell = client.send_execute("input('? ')", subshell=shell, allow_stdin=True)
    client.wait_for("input_request", cell)
    client.answer("yes")
    assert client.outcome(cell).result == "'yes'"


def test_an_interrupt_of_a_cell_that_ends_just_then_harms_nothing(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    for n in range(30):
        cell = client.send_execute(f"for _ in range({n} * 500): pass\n{n}", subshell=shell)
        interrupt(client)
        outcome = client.outcome(cell)
        assert outcome.result == str(n) or outcome.reply["ename"] == "KeyboardInterrupt"
    assert client.outcome(client.send_execute("1 + 1", subshell=shell)).result == "2"


TRACED = """
import sys
from time import monotonic
def called(): return 'called'
sys.settrace(lambda frame, event, argument: None)
until = monotonic() + 0.5  # longer than it takes to interrupt anything
while monotonic() < until: value = called()
sys.settrace(None)
value
"""


def test_traced_code_runs_after_an_interrupt_of_a_subshell(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    cell = client.send_execute("print('begun')\nwhile True: pass", subshell=shell)
    client.wait_for_text("begun", cell)
    interrupt(client)
    assert client.outcome(cell).reply["ename"] == "KeyboardInterrupt"
    assert client.execute(TRACED).result == "'called'"


def test_traced_code_runs_beside_a_subshell_that_c_code_keeps_from_its_interrupt(
    python: Kernel,
) -> None:
    client = python.client
    shell = client.create_subshell()
    client.execute("import threading; lock = threading.Lock(); lock.acquire()")
    cell = client.send_execute("print('begun'); lock.acquire()\nwhile True: pass", subshell=shell)
    client.wait_for_text("begun", cell)
    interrupt(client)
    assert client.execute(TRACED).result == "'called'"
    assert client.execute("lock.release()").status == "ok"
    assert client.outcome(cell).reply["ename"] == "KeyboardInterrupt"


# each catches what interrupts it, and says how often it was
ONCE = {
    "a loop that tries again": """
import time
from threading import Lock
lock = Lock(); lock.acquire()
until, interrupts = None, 0
print('begun')
while until is None or time.monotonic() < until:
    try: lock.acquire(timeout=0.001)
    except KeyboardInterrupt:
        interrupts += 1
        until = time.monotonic() + 0.5
interrupts
""",
    "a handler that prints": """
from threading import Lock
lock = Lock(); lock.acquire()
interrupts = 0
print('begun')
try:
    lock.acquire(timeout=0.3)
    for _ in iter(int, 1): pass
except KeyboardInterrupt:
    interrupts += 1
    print('interrupted')
    for _ in range(10**6): pass
interrupts
""",
    "a child that is forked in the handler": """
import os
try:
    print('begun')
    for _ in iter(int, 1): pass
except KeyboardInterrupt:
    child = os.fork()
if child: os.waitpid(child, 0)
1
""",
    "argument types that somebody has declared": """
import ctypes
set_error = ctypes.pythonapi.PyThreadState_SetAsyncExc
set_error.argtypes = [ctypes.c_short, ctypes.py_object]
try:
    print('begun')
    for _ in iter(int, 1): pass
except KeyboardInterrupt: pass
1
""",
}


@pytest.mark.parametrize("code", ONCE.values(), ids=ONCE.keys())
def test_an_interrupt_of_a_subshell_comes_once(python: Kernel, code: str) -> None:
    client = python.client
    shell = client.create_subshell()
    cell = client.send_execute(code, subshell=shell)
    client.wait_for_text("begun", cell)
    interrupt(client)
    outcome = client.outcome(cell)
    assert (outcome.status, outcome.result) == ("ok", "1")
    assert client.outcome(client.send_execute("6 * 7", subshell=shell)).result == "42"


def test_completion_is_answered_while_the_cell_of_the_same_subshell_runs(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    gate = python.gate()
    cell = client.send_execute(gate.code, subshell=shell)
    client.wait_for_text("at the gate", cell)
    question = {"code": "imp", "cursor_pos": 3}
    assert client.request("complete_request", question, subshell=shell).reply["matches"] == [
        "import"
    ]
    gate.open()
    assert client.outcome(cell).status == "ok"


@pytest.mark.parametrize(
    ("msg_type", "content"),
    [
        ("execute_request", {"code": "1"}),
        ("complete_request", {"code": "a", "cursor_pos": 1}),
        ("kernel_info_request", {}),
    ],
)
def test_an_unknown_subshell_is_an_error_not_a_new_shell(
    python: Kernel, msg_type: str, content: dict[str, str]
) -> None:
    outcome = python.client.request(msg_type, content, subshell="nobody")
    assert (outcome.status, outcome.reply["ename"]) == ("error", "UnknownSubshell")
    published = ["error"] if msg_type == "execute_request" else []
    assert outcome.sequence == ["busy", *published, "idle"]
    reply = python.client.request("list_subshell_request", channel="control").reply
    assert reply["subshell_id"] == []


def test_deleting_a_subshell_ends_its_cell_and_aborts_its_queue(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    gate, main = python.start_at_gate("print('main goes on')")
    running = client.send_execute("print('begun')\nwhile True: pass", subshell=shell)
    queued = client.send_execute("1", subshell=shell)
    client.wait_for_text("begun", running)
    content = {"subshell_id": shell}
    assert client.request("delete_subshell_request", content, channel="control").status == "ok"
    assert client.outcome(queued).status == "aborted"
    assert client.outcome(running).reply["ename"] == "KeyboardInterrupt"
    assert client.outcome(client.send_execute("1", subshell=shell)).status == "error"
    gate.open()
    assert "main goes on" in client.outcome(main).text()


def test_an_evaluators_death_ends_the_cells_of_all_shells_which_then_work_again(
    python: Kernel,
) -> None:
    client = python.client
    shell = client.create_subshell()
    assert client.outcome(client.send_execute("1", subshell=shell)).result == "1"
    _, main = python.start_at_gate()
    queued = client.send_execute("'main'")
    client.sync()
    killer = client.send_execute("import os; os.kill(os.getpid(), 9)", subshell=shell)
    for cell in (main, killer):
        assert client.outcome(cell).reply["ename"] == "EvaluatorDied"
    assert client.outcome(queued).status == "aborted"
    again = client.outcome(client.send_execute("'again'", subshell=shell))
    assert (again.result, again.reply["execution_count"]) == ("'again'", 3)
    assert client.execute("'main'").result == "'main'"


def test_what_a_child_prints_belongs_to_the_only_cell_that_runs(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    client.execute("import subprocess")
    code = "print('a'); subprocess.run(['echo', 'b']); print('c')"
    outcome = client.outcome(client.send_execute(code + ";", subshell=shell))
    assert sorted(outcome.text().split()) == ["a", "b", "c"]


def test_what_a_child_prints_belongs_to_a_subshells_cell_again_when_the_main_shells_is_over(
    python: Kernel,
) -> None:
    client = python.client
    shell = client.create_subshell()
    client.execute("import os")
    gate, cell = python.start_at_gate("os.system('echo child');", subshell=shell)
    main = client.send_execute("os.system('echo main');")
    assert client.outcome(main).text() == "main\n"
    gate.open()
    assert client.outcome(cell).text() == "at the gate\nchild\n"


@pytest.mark.parametrize("silent", [False, True], ids=["shown", "silent"])
def test_what_a_subshells_cell_shows_is_its_own_however_many_cells_ended_meanwhile(
    python: Kernel, silent: bool
) -> None:
    client = python.client
    shell = client.create_subshell()
    gate = python.gate()
    code = gate.code + "print('mine'); display('mine, too')"
    cell = client.send_execute(code, subshell=shell, silent=silent)
    quick = [client.send_execute("1") for _ in range(REMEMBERED + 10)]
    assert {client.outcome(each).status for each in quick} == {"ok"}
    gate.open()
    outcome = client.outcome(cell)
    own = [] if silent else ["at the gate\nmine\n", "'mine, too'"]
    shown = outcome.contents("display_data")
    assert [each for each in [outcome.text()] if each] == own[:1]
    assert [each["data"]["text/plain"] for each in shown] == own[1:]
    client.sync()
    others = [seen for seen in client.seen if seen.parent in quick]
    assert not [seen for seen in others if seen.msg_type in ("stream", "display_data")]


def test_tracebacks_show_the_lines_of_the_subshells_cell(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    client.execute("'not this one'")
    outcome = client.outcome(client.send_execute("x = 0\n1 / x", subshell=shell))
    assert "Cell In[1], line 2" in outcome.traceback
    assert "1 / x" in outcome.traceback


def test_threads_and_tasks_of_a_subshells_cell_print_to_it(python: Kernel) -> None:
    client = python.client
    shell = client.create_subshell()
    code = (
        "import asyncio, threading\n"
        "thread = threading.Thread(target=print, args=('thread',))\n"
        "thread.start(); thread.join()\n"
        "async def task(): print('task')\n"
        "await asyncio.create_task(task())\n"
    )
    gate, main = python.start_at_gate()
    outcome = client.outcome(client.send_execute(code, subshell=shell))
    assert outcome.text() == "thread\ntask\n"
    gate.open()
    assert client.outcome(main).text() == "at the gate\n"


def test_the_loss_of_an_evaluator_is_told_in_the_cell_that_is_the_first_of_the_fresh_one(
    python: Kernel,
) -> None:
    client = python.client
    shell = client.create_subshell()
    assert python.execute("import os; os._exit(3)").status == "error"
    # while the main shell waits for the answer, what nobody claims is its last cell's
    client.send("complete_request", {"code": "pri", "cursor_pos": 3})
    cell = client.send_execute("'beside'", subshell=shell)
    outcome = client.outcome(cell)
    assert outcome.result == "'beside'"
    assert "This cell runs in a fresh evaluator" in outcome.text("stderr")
