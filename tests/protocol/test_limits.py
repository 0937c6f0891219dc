"""Limits that a user has set: each is kept, and its cell says which it was and how to raise it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.client import Outcome
    from support.kernels import Kernel

    Start = Callable[..., Kernel]

ENDLESS_C = "import itertools; all(itertools.repeat(True))"
DEAF = (
    "import time\nwhile True:\n  try: time.sleep(1000)\n  except KeyboardInterrupt: print('no')\n"
)


def python(kernel: Start, *arguments: str, **environment: str) -> Kernel:
    return kernel("polykernel-python", arguments=arguments, environment=environment)


def send(python: Kernel, code: str, **limits: object) -> str:
    """Send a cell whose metadata has limits of its own."""
    content = {"code": code}
    metadata = {"cellId": "a", "polykernel": {"limits": limits}}
    return python.client.send("execute_request", content, metadata=metadata)


def execute(python: Kernel, code: str, **limits: object) -> Outcome:
    return python.client.outcome(send(python, code, **limits))


def exceeded(outcome: Outcome, *told: str, raised_by: str) -> None:
    """Check that a cell's error says which limit it was and how it is raised."""
    assert outcome.reply["ename"] == "LimitExceeded"
    assert outcome.contents("error")[0]["ename"] == "LimitExceeded"
    for each in told:
        assert each in outcome.traceback
    assert raised_by in outcome.traceback


# how long a cell may run


def test_a_cell_that_runs_for_too_long_is_interrupted_and_the_state_stays(kernel: Start) -> None:
    limited = python(kernel, "--cell-timeout", "0.5s")
    outcome = limited.execute("x = 6\nprint('before')\nwhile True: pass")
    raised_by = "polykernel install python --cell-timeout DURATION"
    exceeded(outcome, "0.5s, its cell timeout", "KeyboardInterrupt", raised_by=raised_by)
    assert outcome.text() == "before\n"
    assert limited.execute("x * 7").result == "42"


@pytest.mark.parametrize("code", [DEAF, ENDLESS_C])
def test_a_cell_that_goes_on_nevertheless_ends_with_its_evaluator(kernel: Start, code: str) -> None:
    limited = python(kernel, "--cell-timeout", "0.5s", "--interrupt-grace", "0.2s")
    queued = [limited.client.send_execute(each) for each in ("print('before')\n" + code, "1")]
    outcome = limited.client.outcome(queued[0])
    exceeded(outcome, "0.5s, its cell timeout", "is lost", raised_by="--cell-timeout")
    assert outcome.text().startswith("before\n")
    assert limited.client.outcome(queued[1]).status == "aborted"
    after = limited.execute("6 * 7")
    assert after.result == "42"
    assert "went on when its timeout of 0.5s had interrupted it" in after.text("stderr")


def test_each_cell_has_the_whole_time(kernel: Start) -> None:
    limited = python(kernel)
    assert execute(limited, "6 * 7", cell_timeout="300ms").result == "42"
    assert limited.execute("import time; time.sleep(0.6); 'slept'").result == "'slept'"


def test_a_cell_that_waits_for_an_answer_is_ended_too(kernel: Start) -> None:
    limited = python(kernel, "--cell-timeout", "0.5s")
    outcome = limited.execute("input('? ')", allow_stdin=True)
    exceeded(outcome, "its cell timeout", raised_by="--cell-timeout")
    assert limited.execute("6 * 7").result == "42"


def test_a_cell_in_a_subshell_ends_alone(kernel: Start) -> None:
    limited = python(kernel)
    gate, beside = limited.start_at_gate("print('went on')")
    subshell = limited.client.create_subshell()
    sent = limited.client.send(
        "execute_request",
        {"code": "while True: pass"},
        subshell=subshell,
        metadata={"polykernel": {"limits": {"cell_timeout": "0.3s"}}},
    )
    exceeded(limited.client.outcome(sent), "its cell timeout", raised_by="polykernel.limits")
    gate.open()
    outcome = limited.client.outcome(beside)
    assert outcome.status == "ok"
    assert "went on" in outcome.text()


def test_a_cell_that_has_ended_is_not_killed_because_nobody_reads_that(kernel: Start) -> None:
    limited = python(kernel, "-vv")
    assert limited.execute("x = 6").status == "ok"
    slow = limited.connect(slow=True)
    slow.ready()
    limited.client.iopub.unsubscribe(b"")
    code = "while True: print('x' * 1000)"
    sent = send(limited, code, cell_timeout="1s", interrupt_grace="0.2s")
    limited.wait_for_log("interrupt acknowledged")
    limited.client.pump(1)  # in which it would be killed
    slow.wait(
        lambda seen: seen.parent == sent and seen.content.get("execution_state") == "idle", "idle"
    )
    reply = limited.client.wait_for("execute_reply", sent)
    assert reply.content["ename"] == "LimitExceeded"
    assert "KeyboardInterrupt" in "".join(reply.content["traceback"])
    sent = slow.send_execute("x * 7")
    assert slow.outcome(sent).result == "42"


def test_an_evaluator_that_does_not_start_in_time_is_replaced(kernel: Start) -> None:
    hanging = kernel(
        "hangs-loading", arguments=["--cell-timeout", "0.3s", "--interrupt-grace", "0.1s"]
    )
    for _ in range(2):
        outcome = hanging.client.execute("1", store_history=False)
        assert outcome.status == "error"
        assert "--cell-timeout" in outcome.traceback


# a cell's own limits


def test_a_cell_may_tighten_a_limit_in_its_metadata(kernel: Start) -> None:
    limited = python(kernel, "--cell-timeout", "1h")
    outcome = execute(limited, "while True: pass", cell_timeout="0.3s")
    exceeded(outcome, "0.3s, its cell timeout", raised_by="polykernel.limits.cell_timeout")


def test_a_cell_can_not_loosen_a_limit(kernel: Start) -> None:
    limited = python(kernel, "--cell-timeout", "0.5s")
    outcome = execute(limited, "while True: pass", cell_timeout="1h")
    exceeded(outcome, "0.5s, its cell timeout", raised_by="polykernel install python")


def test_a_cell_with_a_limit_that_is_none_does_not_run(kernel: Start) -> None:
    limited = python(kernel)
    outcome = execute(limited, "x = 1", memory="plenty")
    assert outcome.reply["ename"] == "LimitError"
    assert "'plenty' is no size" in outcome.reply["evalue"]
    assert outcome.sequence == ["busy", "execute_input", "error", "idle"]
    assert limited.execute("'x' in globals()").result == "False"


# memory


def test_an_evaluator_that_uses_too_much_memory_ends_with_an_error_in_its_cell(
    kernel: Start,
) -> None:
    limited = python(kernel, "--memory", "200MiB")
    grows = "print('before', flush=True)\nx = []\nwhile True: x.append(bytearray(b'1' * 1_000_000))"
    queued = [limited.client.send_execute(each) for each in (grows, "1")]
    outcome = limited.client.outcome(queued[0])
    raised_by = "polykernel install python --memory SIZE"
    assert re.search(r"the evaluator used [\d.]+ [MG]iB of memory", outcome.reply["evalue"])
    exceeded(outcome, "its limit is 200MiB", "What its cells defined is lost", raised_by=raised_by)
    assert outcome.text() == "before\n"
    assert limited.client.outcome(queued[1]).status == "aborted"
    assert limited.execute("6 * 7").result == "42"


def test_the_memory_of_child_processes_counts(kernel: Start) -> None:
    limited = python(kernel)
    child = "import sys, time; x = bytearray(b'1' * 300_000_000); time.sleep(1000)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    sent = send(limited, code, memory="200MB")
    exceeded(limited.client.outcome(sent), "200MB", raised_by="polykernel.limits.memory")
    assert limited.execute("6 * 7").result == "42"


def test_memory_that_children_share_counts_once(kernel: Start) -> None:
    limited = python(kernel, "--memory", "300MiB")
    code = (
        "import os, time\n"
        "x = bytearray(b'1' * 100_000_000)\n"
        "children = []\n"
        "for _ in range(5):\n"
        "    pid = os.fork()\n"
        "    if not pid:\n"
        "        time.sleep(0.6)\n"
        "        os._exit(0)\n"
        "    children.append(pid)\n"
        "sum(os.waitpid(pid, 0)[1] for pid in children)\n"
    )
    assert limited.execute(code).result == "0"


def test_memory_that_grows_while_idle_is_told_by_the_next_cell(kernel: Start) -> None:
    limited = python(kernel, "--memory", "200MiB")
    evaluator = limited.evaluator()
    grow = (
        "import threading, time\n"
        "def grow():\n"
        "    global x\n"
        "    gate.wait()\n"
        "    x = bytearray(b'1' * 300_000_000)\n"
        "gate = threading.Event()\n"
        "threading.Thread(target=grow, daemon=True).start()\n"
        "threading.Timer(0.3, gate.set).start()"
    )
    assert limited.execute(grow).status == "ok"
    processes.until(lambda: not processes.alive(evaluator), "the evaluator's end")
    exceeded(limited.execute("1"), "its limit is 200MiB", raised_by="--memory SIZE")
    assert limited.execute("6 * 7").result == "42"


def test_an_evaluator_that_is_too_large_at_once_is_started_for_a_cell_only(kernel: Start) -> None:
    limited = python(kernel, "--memory", "1MB")
    for _ in range(3):
        processes.until(lambda: not limited.evaluators(), "the evaluator's end")
        assert limited.client.request("kernel_info_request").status == "ok"
        assert not limited.evaluators()
        outcome = limited.execute("import time; time.sleep(1000)")
        exceeded(outcome, "its limit is 1MB", raised_by="--memory SIZE")


# idleness


def test_an_idle_evaluator_is_ended_in_good_order_and_the_next_cell_tells(kernel: Start) -> None:
    limited = python(kernel, "--idle-timeout", "1s")
    left = limited.folder / "left"
    code = f"import atexit, pathlib; atexit.register(pathlib.Path({str(left)!r}).touch); x = 1"
    assert limited.execute(code).status == "ok"
    evaluator = limited.evaluator()
    processes.until(lambda: not processes.alive(evaluator), "the evaluator's end")
    assert left.exists()
    assert limited.client.request("kernel_info_request").status == "ok"
    assert [each for each in limited.processes() if each.pid == evaluator.pid] == []
    outcome = limited.execute("x")
    exceeded(outcome, "1s without a cell, its idle timeout", raised_by="--idle-timeout DURATION")
    assert limited.execute("6 * 7").result == "42"


def test_an_evaluator_is_not_idle_while_a_cell_runs_or_a_thread_prints(kernel: Start) -> None:
    limited = python(kernel, "--idle-timeout", "0.5s")
    assert limited.execute("import time; time.sleep(1.2); x = 6").status == "ok"
    prints = (
        "import threading\n"
        "def work():\n"
        "    for _ in range(10): print('working'); time.sleep(0.1)\n"
        "thread = threading.Thread(target=work); thread.start()"
    )
    assert limited.execute(prints).status == "ok"
    texts = limited.client.seen
    processes.until(
        lambda: (
            limited.client.pump(0.05)
            and "".join(each.content.get("text", "") for each in texts).count("working") == 10
        ),
        "all that the thread prints",
    )
    assert limited.execute("x * 7").result == "42"


# what a cell shows


def kept(outcome: Outcome) -> str:
    """Read the file that a cell names."""
    line = next(each for each in outcome.text("stderr").splitlines() if "is kept in" in each)
    with open(line.rpartition("is kept in ")[2], encoding="utf-8", newline="") as file:
        return file.read()


def test_what_a_cell_prints_beyond_its_limit_is_kept_in_a_file(kernel: Start) -> None:
    limited = python(kernel, "--max-output", "10kB")
    outcome = limited.execute("for n in range(2000): print(f'{n:08} ü')")
    whole = "".join(f"{n:08} ü\n" for n in range(2000))
    assert len(outcome.text().encode()) in (9_999, 10_000)
    assert outcome.text() + kept(outcome) == whole
    assert "polykernel install python --max-output SIZE" in outcome.text("stderr")
    assert "14.0 kB more than the limit are in" in outcome.text("stderr")
    assert outcome.status == "ok"
    (file,) = (limited.folder.parent / "jupyter" / "polykernel" / "output").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert limited.execute("print('x' * 9000)").text("stderr") == "", "each cell has its own"


def test_displays_and_results_count_and_are_kept_whole(kernel: Start) -> None:
    limited = python(kernel)
    code = (
        "from IPython.display import display\n"
        "display({'text/plain': 'small'}, raw=True)\n"
        "display({'text/plain': 'l' * 2000}, raw=True)\n"
        "print('after')\n"
        "'r' * 3000"
    )
    outcome = execute(limited, code, max_output="1kB")
    shown = [each["data"]["text/plain"] for each in outcome.contents("display_data")]
    assert shown == ["small"]
    assert outcome.text() == ""
    assert outcome.result is None
    assert outcome.status == "ok"
    display, after, result = kept(outcome).splitlines()
    assert json.loads(display)["content"]["data"]["text/plain"] == "l" * 2000
    assert after == "after"
    assert json.loads(result)["msg_type"] == "execute_result"
    assert json.loads(result)["content"]["data"]["text/plain"] == repr("r" * 3000)
    assert "polykernel.limits.max_output" in outcome.text("stderr")


def test_the_error_of_a_cell_that_has_printed_too_much_is_shown(kernel: Start) -> None:
    outcome = execute(python(kernel), "print('x' * 5000); 1 / 0", max_output="1kB")
    assert outcome.reply["ename"] == "ZeroDivisionError"
    assert outcome.contents("error")[0]["ename"] == "ZeroDivisionError"
    assert outcome.text() + kept(outcome) == "x" * 5000 + "\n"


def test_an_endless_print_does_not_fill_the_disk(kernel: Start) -> None:
    outcome = execute(python(kernel), "for n in range(30): print('x' * 999)", max_output="1kB")
    assert outcome.text() == "x" * 999 + "\n"
    assert 9_000 <= len(kept(outcome)) <= 10_000
    assert "were dropped: the file may grow to 10 times the limit" in outcome.text("stderr")


def test_where_no_file_can_be_written_the_cell_says_so(kernel: Start) -> None:
    limited = kernel("polykernel-python", environment={"JUPYTER_DATA_DIR": "/dev/null/nowhere"})
    outcome = execute(limited, "print('x' * 5000)", max_output="1kB")
    assert outcome.text() == "x" * 1000
    assert "What follows is dropped: /dev/null/nowhere" in outcome.text("stderr")
    assert "4.0 kB were dropped" in outcome.text("stderr")
    assert limited.execute("6 * 7").result == "42"


def test_a_folder_whose_name_is_no_utf_8_is_told_and_the_cell_ends(
    kernel: Start, tmp_path: Path
) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/d\xe9")
    limited = kernel("polykernel-python", environment={"JUPYTER_DATA_DIR": folder})
    outcome = execute(limited, "print('x' * 5000)", max_output="1kB")
    assert outcome.status == "ok"
    assert outcome.text() == "x" * 1000
    begin, end = re.findall(r"(?:kept in|limit are in) (.*)\n", outcome.text("stderr"))
    assert begin == end
    assert begin.startswith(f"{tmp_path}/d\\xe9/polykernel/output/")
    (file,) = Path(folder, "polykernel", "output").iterdir()
    assert file.name == Path(begin).name
    assert limited.execute("6 * 7").result == "42"


def test_comm_messages_do_not_count(kernel: Start) -> None:
    code = (
        "from polykernel.evaluator import current_cell\n"
        "comm = current_cell().open_comm('target', data={'a': 'x' * 5000})"
    )
    outcome = execute(python(kernel), code, max_output="1kB")
    assert outcome.text("stderr") == ""
    assert "comm_open" in outcome.sequence


# interrupts


def test_an_interrupt_that_is_not_heard_in_time_kills(kernel: Start) -> None:
    limited = python(kernel, "--interrupt-grace", "0.3s")
    sent = limited.client.send_execute(ENDLESS_C)
    limited.wait_until_it_computes()
    limited.client.send("interrupt_request", channel="control")
    told = "an interrupt was not heard within 0.3s, the interrupt grace"
    exceeded(limited.client.outcome(sent), told, raised_by="--interrupt-grace DURATION")
    assert limited.execute("6 * 7").result == "42"


def test_an_interrupt_that_is_heard_never_kills_whatever_the_grace(kernel: Start) -> None:
    limited = python(kernel)
    gate = limited.gate()
    code = (
        "import time\n"
        "try:\n    print('ready', flush=True); time.sleep(1000)\n"
        "except KeyboardInterrupt:\n    " + gate.code + "print('saved')"
    )
    sent = send(limited, code, interrupt_grace="0.2s")
    limited.client.wait_for_text("ready", sent)
    limited.client.send("interrupt_request", channel="control")
    limited.client.wait_for_text("at the gate", sent)
    limited.client.pump(0.5)
    gate.open()
    assert "saved" in limited.client.outcome(sent).text()


# the command line


@pytest.mark.parametrize("option", ["--memory", "--idle-timeout"])
def test_a_kernel_with_a_limit_that_is_none_does_not_start(
    kernel: Start, option: str, tmp_path: Any
) -> None:
    started = kernel("polykernel-python", arguments=[option, "plenty"], subscribe=False)
    assert started.exit_code() == 2
    assert f"polykernel: {option}: 'plenty' is no " in started.log
