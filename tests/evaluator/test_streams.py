"""What is printed reaches the notebook: all of it, in order, in the right cell."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .host import Host


def test_lines_and_begun_lines_reach_descriptor_1(host: Host) -> None:
    assert host.shown("print('one'); print('two', end=''); print('\\nthree', end='')") == (
        "one\ntwo\nthree"
    )


def test_a_begun_line_is_shown_while_the_cell_goes_on(host: Host) -> None:
    cell = host.start("import time\nprint('.', end='')\nwhile True: time.sleep(0.001)")
    host.wait_for(".")
    host.interrupt()
    assert host.result(cell)["ename"] == "KeyboardInterrupt"


def test_a_thousand_begun_parts_are_put_together(host: Host) -> None:
    assert host.shown("for i in range(5000): print(i % 10, end='')") == "0123456789" * 500


def test_every_way_to_stdout_is_in_order(host: Host) -> None:
    shown = host.shown(
        "import os, sys\n"
        "print('print', end=' ')\n"
        "sys.__stdout__.write('original ')\n"
        "sys.stdout.buffer.write(b'bytes ')\n"
        "sys.stdout.writelines(['lines ', 'lines '])\n"
        "os.system('printf child\\\\ ')\n"
        "print('again', end=' ', flush=True)\n"
        "os.write(1, b'raw ')\n"
        "cell.write('cell ')\n"
        "print('end')"
    )
    assert shown == "print original bytes lines lines child again raw cell end\n"


@pytest.mark.parametrize(
    "start",
    [
        "import subprocess; subprocess.run(['echo', 'child'])",
        "import subprocess; subprocess.run(['echo', 'child'], preexec_fn=lambda: None)",
        "import os; os.system('echo child')",
        "import os; os.waitpid(os.posix_spawn('/bin/echo', ['echo', 'child'], {}), 0)",
        "import os\nif os.fork() == 0: os.execv('/bin/echo', ['echo', 'child'])\nos.wait()",
        "import asyncio\nawait (await asyncio.create_subprocess_shell('echo child')).wait()",
    ],
)
def test_what_was_printed_comes_before_what_a_child_prints(host: Host, start: str) -> None:
    assert host.shown(f"print('before', end=' ')\n{start}\nprint('after')") == (
        "before child\nafter\n"
    )


def test_handlers_that_raise_within_prints_leave_no_lock_behind(host: Host) -> None:
    shown = host.shown(
        "import signal, threading\n"
        "class Out(Exception): pass\n"
        "def leave(*_): raise Out\n"
        "signal.signal(signal.SIGALRM, leave)\n"
        "for _ in range(200):\n"
        "    try:\n"
        "        signal.setitimer(signal.ITIMER_REAL, 0.0003)\n"
        "        while True: print('x')\n"
        "    except Out: pass\n"
        "thread = threading.Thread(target=print, args=('another thread',))\n"
        "thread.start()\n"
        "thread.join()\n"
        "print('end')"
    )
    assert "another thread\n" in shown
    assert shown.endswith("end\n")  # perhaps of the line that the last handler has cut


def test_stderr_goes_as_events_of_the_cell(host: Host) -> None:
    cell = host.start("import sys; print('wrong', file=sys.stderr); sys.stderr.write('begun')")
    host.result(cell)
    assert host.streams("stderr", cell) == "wrong\nbegun"
    assert host.printed[2] == b""


def test_the_streams_are_what_programs_expect_of_them(host: Host) -> None:
    assert host.value("import sys; sys.stdout.fileno(), sys.stderr.fileno()") == "(1, 2)"
    assert host.value("sys.stdout.encoding, sys.stdout.isatty()") == "('utf-8', False)"
    assert host.value("sys.stdout.writable(), sys.stdout.readable(), sys.stdout.closed") == (
        "(True, False, False)"
    )
    assert host.value("import io; isinstance(sys.stdout, io.TextIOBase)") == "True"
    assert host.value("sys.stdout.write('four')") == "4"
    assert host.value("sys.stdout.buffer.write(b'four')") == "4"
    assert host.run("sys.stdout.reconfigure(line_buffering=True)")["status"] == "ok"
    assert host.run("import faulthandler; faulthandler.enable(sys.stderr)")["status"] == "ok"
    for wrong in ("sys.stdout.write(b'bytes')", "sys.stdout.write(3)", "cell.write(3)"):
        assert host.run(wrong)["ename"] == "TypeError"
    assert host.run("sys.stdout.buffer.write('text')")["ename"] == "TypeError"
    assert host.run("cell.write('x', 'stdin')")["ename"] == "ValueError"


def test_a_closed_stream_refuses_and_the_runtime_lives(host: Host) -> None:
    assert host.run("import sys; sys.stdout.close(); print('x')")["ename"] == "ValueError"
    assert host.run("sys.stdout.closed")["result"]["data"] == {"text/plain": "True"}
    assert host.value("'alive'") == "alive"


def test_a_closed_descriptor_does_not_end_the_runtime(host: Host) -> None:
    assert host.run("import os; os.close(1); print('x')")["ename"] == "OSError"
    assert host.value("'alive'") == "alive"
    host.run("cell.display('shown')")
    assert host.events("display_data")


def test_lone_surrogates_are_shown_escaped(host: Host) -> None:
    assert host.shown("print('a\\ud800b'); cell.write('\\udcff')") == "a\\ud800b\n\\udcff"
    host.run("import sys; print('a\\ud800b', file=sys.stderr)")
    assert host.streams("stderr") == "a�b\n"


def test_text_of_many_threads_is_whole(host: Host) -> None:
    shown = host.shown(
        "import threading\n"
        "def work(n):\n"
        "    for i in range(2000): print(n, i, 'x' * n)\n"
        "threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]\n"
        "for t in threads: t.start()\n"
        "for t in threads: t.join()"
    )
    expected = sorted(f"{n} {i} {'x' * n}" for n in range(8) for i in range(2000))
    assert sorted(shown.splitlines()) == expected


def test_a_pipe_that_a_child_made_non_blocking_loses_nothing(host: Host) -> None:
    shown = host.shown(
        "import os\nos.set_blocking(1, False)\n"
        "for i in range(20000): print('line', i)\n"
        "print('y' * 1000000)\nos.set_blocking(1, True)"
    )
    expected = "".join(f"line {i}\n" for i in range(20000)) + "y" * 1000000 + "\n"
    assert shown == expected


def test_text_and_displays_appear_in_the_order_in_which_they_were_made(host: Host) -> None:
    host.run(
        "import os, sys\n"
        "print('a', end='')\n"
        "cell.display('b')\n"
        "os.write(1, b'c')\n"
        "print('d', file=sys.stderr)\n"
        "os.system('printf e')\n"
        "cell.clear_output(wait=True)\n"
        "print('f', end='')"
    )
    assert host.order() == [
        "a",
        "<display_data {'text/plain': 'b'}>",
        "c",
        "<stream d\n>",
        "e",
        "<clear_output None>",
        "f",
    ]


def test_marks_survive_a_user_who_redirects_descriptor_1(host: Host) -> None:
    host.run(
        "import os\n"
        "kept = os.dup(1); null = os.open(os.devnull, os.O_WRONLY); os.dup2(null, 1)\n"
        "print('nowhere'); cell.display('seen')\n"
        "os.dup2(kept, 1)\n"
        "print('back')"
    )
    assert host.order() == ["<display_data {'text/plain': 'seen'}>", "back\n"]


def test_a_thread_prints_into_the_cell_that_started_it(host: Host) -> None:
    first = host.start(
        "import sys, threading\n"
        "go, gone = threading.Event(), threading.Event()\n"
        "def nested(): print('nested')\n"
        "def work():\n"
        "    print('during')\n"
        "    go.wait()\n"
        "    print('late'); print('wrong', file=sys.stderr); owner.display('shown')\n"
        "    inner = threading.Thread(target=nested); inner.start(); inner.join()\n"
        "    print('begun', end='')\n"
        "    gone.set()\n"
        "owner = cell\n"
        "threading.Thread(target=work).start()"
    )
    host.result(first)
    assert host.text() == "during\n"
    second = host.start("print('second'); go.set(); gone.wait(); print('still')")
    host.result(second)
    host.read(lambda: "begun" in host.streams("stdout"), "the begun line")
    assert host.text() == "during\nsecond\nstill\n"
    assert host.streams("stdout", first) == "late\nnested\nbegun"
    assert host.streams("stderr", first) == "wrong\n"
    assert host.events("display_data")[0]["cell"] == first


def test_what_a_thread_prints_between_cells_is_its_cells(host: Host) -> None:
    cell = host.start(
        "import os, threading, time\n"
        "r, w = os.pipe()\n"
        "threading.Thread(target=lambda: (os.read(r, 1), print('between'))).start()"
    )
    host.result(cell)
    host.result(host.send("is_complete", code="os.write(w, b'x') and 'complete'"))
    host.read(lambda: bool(host.streams("stdout", cell)), "the thread's text")
    assert host.streams("stdout", cell) == "between\n"


def test_the_current_cell_is_known_in_threads_and_tasks(host: Host) -> None:
    cell = host.start(
        "import asyncio, threading\n"
        "from polykernel.evaluator import current_cell\n"
        "found = [current_cell()]\n"
        "async def task(): found.append(current_cell())\n"
        "await asyncio.create_task(task())\n"
        "thread = threading.Thread(target=lambda: found.append(current_cell()))\n"
        "thread.start(); thread.join()\n"
        "[c is cell for c in found]"
    )
    assert host.result(cell)["result"]["data"] == {"text/plain": "[True, True, True]"}


def test_where_nobody_knows_the_current_cell_is_the_last_that_has_begun(host: Host) -> None:
    host.run("from polykernel.evaluator import current_cell\nfirst = cell")
    code = (
        "import _thread, contextvars, threading\n"
        "found, over = [contextvars.Context().run(current_cell)], threading.Event()\n"
        "_thread.start_new_thread(lambda: (found.append(current_cell()), over.set()), ())\n"
        "over.wait(); [each is cell for each in found], first is cell"
    )
    assert host.value(code) == "([True, True], False)"


def test_displays_are_updated_by_their_id(host: Host) -> None:
    host.run(
        "cell.display(1, display_id='d', metadata={'m': 2}, transient={'t': 3})\n"
        "cell.display(2, display_id='d', update=True)"
    )
    assert host.events("display_data")[0]["content"] == {
        "data": {"text/plain": "1"},
        "metadata": {"m": 2},
        "transient": {"t": 3, "display_id": "d"},
    }
    assert host.events("update_display_data")[0]["content"]["transient"] == {"display_id": "d"}
    assert host.run("cell.display(1, update=True)")["ename"] == "ValueError"


def test_progress_is_one_bar_that_moves(host: Host) -> None:
    host.run("for i in range(5): cell.progress(i, 4, 'a < b')")
    first, updates = host.events("display_data"), host.events("update_display_data")
    assert (len(first), len(updates)) == (1, 4)
    names = {e["content"]["transient"]["display_id"] for e in first + updates}
    assert len(names) == 1
    assert "100% a < b" in updates[-1]["content"]["data"]["text/plain"]
    assert "a &lt; b" in updates[-1]["content"]["data"]["text/html"]
    host.run("for i in range(100000): cell.progress(i, 10**9)")
    assert len(host.events("display_data")) == 2
    assert len(host.events("update_display_data")) == 4


def test_output_that_nobody_reads_makes_the_cell_wait_and_loses_nothing(host: Host) -> None:
    cell = host.start("import sys\nprint('z' * 5_000_000); print('end', file=sys.stderr)")
    assert host.result(cell)["status"] == "ok"
    assert host.text() == "z" * 5_000_000 + "\n"


def test_a_finalizer_or_handler_that_prints_within_a_write_tears_nothing(host: Host) -> None:
    code = (
        "import signal, sys\n"
        "ticks = []\n"
        "def tick(*_):\n"
        "    ticks.append(1)\n"
        "    print('tick'); print('tick', file=sys.stderr); cell.display('tick')\n"
        # from here on, or on a busy machine the cell would do nothing but tick
        "    signal.setitimer(signal.ITIMER_REAL, 0.0005)\n"
        "signal.signal(signal.SIGALRM, tick)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.0005)\n"
        "for i in range(20000):\n"
        "    print('line', i)\n"
        "    if i % 100 == 0: print('problem', i, file=sys.stderr); cell.display(i)\n"
        "signal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
        "len(ticks)"
    )
    count = int(host.value(code))
    assert count > 0
    assert host.streams("stderr").count("tick") == count
    assert host.text().count("tick") == count
    assert host.text().count("line") == 20000
    assert len(host.events("display_data")) == count + 200
    assert host.streams("stderr").count("problem") == 200


def test_random_mixtures_keep_their_order(host: Host) -> None:
    host.run("import os, sys")
    actions = [
        "print({n})",
        "print({n}, end='|')",
        "cell.display({n})",
        "sys.stderr.write('{n}|')",
        "print({n}, file=sys.stderr)",
        "sys.stdout.buffer.write(b'{n};')",
        "sys.stdout.flush(); os.write(1, b'{n}~')",  # raw text can't wait for an unfinished line
    ]
    chance = random.Random(5)
    for _ in range(20):
        chosen = [chance.choice(actions).format(n=n) for n in range(100)]
        before = len("".join(host.order()))
        host.run("\n".join(chosen))
        shown = "".join(host.order())[before:]
        assert re.findall(r"\d+", shown) == [str(n) for n in range(100)], "\n".join(chosen)
