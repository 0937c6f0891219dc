"""The end: in good order when asked, at once when the host is gone."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from support.processes import until

from .host import Host

if TYPE_CHECKING:
    from pathlib import Path

REGISTER = "import atexit; atexit.register(print, 'bye')"


@pytest.mark.parametrize("restart", [True, False])
def test_shutdown_cleans_up_and_answers(python: str, restart: bool) -> None:
    with Host(python=python) as host:
        host.hello()
        host.run(REGISTER)
        assert host.result(host.send("shutdown", restart=restart)) == {}
        assert host.wait_for_end() == 0
        assert host.text() == f"shutdown {restart}\nbye\n"


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.sleep(1000)",
        "while True: pass",
        "cell.input()",
        "import asyncio; await asyncio.sleep(1000)",
        "import time\nwhile True:\n    try: time.sleep(1000)\n    except SystemExit: break",
        "import time\nwhile True:\n    try: time.sleep(1000)\n    except KeyboardInterrupt: pass",
    ],
)
def test_shutdown_leaves_the_running_cell(host: Host, code: str) -> None:
    host.run(REGISTER)
    host.start(f"print('running')\n{code}")
    host.wait_for("running")
    number = host.send("shutdown", restart=False)
    assert host.wait_for_end() == 0
    assert host.result(number) == {}
    assert host.text() == "running\nshutdown False\nbye\n"


def test_the_end_is_asked_for_again_where_the_signal_woke_nobody(host: Host) -> None:
    host.run(
        f"{REGISTER}\n"
        "from polykernel.evaluator import interrupts\n"
        "send, lost = interrupts._signal_main_thread, []\n"
        "interrupts._signal_main_thread = lambda number: send(number) if lost else lost.append(1)"
    )
    host.start("import time; print('running'); time.sleep(1000)")
    host.wait_for("running")
    host.send("shutdown", restart=False)
    assert host.wait_for_end() == 0
    assert host.text() == "running\nshutdown False\nbye\n"


def test_threads_of_the_user_do_not_hold_up_the_end(host: Host) -> None:
    host.run(REGISTER)
    host.run("import threading, time; threading.Thread(target=time.sleep, args=[1000]).start()")
    host.send("shutdown", restart=False)
    assert host.wait_for_end() == 0
    assert "bye" in host.text()


def test_a_second_signal_does_not_disturb_the_end(host: Host) -> None:
    host.run(
        "import atexit, os, signal\n"
        "def end():\n"
        "    os.kill(os.getpid(), signal.SIGTERM); os.kill(os.getpid(), signal.SIGINT)\n"
        "    print('to the end')\n"
        "atexit.register(end)"
    )
    host.send("shutdown", restart=False)
    assert host.wait_for_end() == 0
    assert "to the end" in host.text()


def test_what_fails_at_the_end_is_told_and_does_not_stop_the_rest(host: Host) -> None:
    host.run(
        f"{REGISTER}\ndef fail(restart): raise RuntimeError('not clean')\nevaluator.shutdown = fail"
    )
    assert host.result(host.send("shutdown", restart=False)) == {}
    assert host.wait_for_end() == 0
    assert "RuntimeError: not clean" in host.streams("stderr") + host.printed[2].decode()
    assert "bye" in host.text()


@pytest.mark.parametrize(
    "code",
    [
        "print('running', flush=True)\nwhile True: pass",
        "import itertools; print('running', flush=True); import time; time.sleep(1000)",
        "import os; os.system('echo running; sleep 1000')",
    ],
)
def test_nothing_is_left_when_the_host_is_gone(host: Host, code: str) -> None:
    host.start(code)
    host.wait_for("running")
    host.close()
    assert host.wait_for_end() == -signal.SIGKILL


def test_a_fault_is_reported_on_descriptor_2(host: Host) -> None:
    host.start("import ctypes; print('here'); ctypes.string_at(0)")
    assert host.wait_for_end() in (-signal.SIGSEGV, -signal.SIGBUS)
    assert host.text() == "here\n"
    assert b"Segmentation fault" in host.printed[2]


def test_what_is_in_the_buffers_of_open_files_is_written(host: Host, tmp_path: Path) -> None:
    text, binary, held = (str(tmp_path / name) for name in ("text", "binary", "held"))
    host.run(
        f"a = open({text!r}, 'w'); a.write('one'); b = open({binary!r}, 'wb'); b.write(b'two')\n"
        f"import types; c = types.SimpleNamespace(); c.me = c; c.file = open({held!r}, 'w')\n"
        "c.file.write('three'); import sys; sys.kept = c"
    )
    host.send("shutdown", restart=False)
    assert host.wait_for_end() == 0
    assert [(tmp_path / name).read_text() for name in ("text", "binary", "held")] == [
        "one",
        "two",
        "three",
    ]


def test_what_nobody_reads_of_a_pipe_does_not_hold_up_the_end(host: Host) -> None:
    host.run(
        f"{REGISTER}\nimport os, sys\nreading, writing = os.pipe()\n"
        "os.set_blocking(writing, False)\n"
        "try:\n    while True: os.write(writing, b'x')\nexcept BlockingIOError: pass\n"
        "os.set_blocking(writing, True)\nsys.kept = os.fdopen(writing, 'wb'); sys.kept.write(b'x')"
    )
    host.send("shutdown", restart=False)
    assert host.wait_for_end() == 0
    assert "bye" in host.text()


def test_what_c_code_has_printed_and_kept_is_shown_at_the_end(host: Host) -> None:
    host.run("import ctypes; ctypes.CDLL(None).printf(b'%s', b'from C')")
    host.send("shutdown", restart=False)
    assert host.wait_for_end() == 0
    assert "from C" in host.text()


def test_files_are_written_also_where_a_finalizer_hangs(host: Host, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    host.run(
        "import threading, types\n"
        "class Hangs:\n    def __del__(self, wait=threading.Event().wait): wait()\n"
        f"hangs, log = Hangs(), types.SimpleNamespace(file=open({str(kept)!r}, 'w'))\n"
        "log.me = log; _ = log.file.write('text')"
    )
    host.send("shutdown", restart=False)
    until(lambda: kept.read_text() == "text", "what is written")
    os.killpg(host.process.pid, signal.SIGKILL)  # as the host does


def test_a_stream_of_c_that_a_thread_reads_does_not_hold_up_the_end(host: Host) -> None:
    host.run(
        f"{REGISTER}\nimport ctypes, os, threading; reading, writing = os.pipe()\n"
        "libc = ctypes.CDLL(None); libc.fdopen.restype = ctypes.c_void_p\n"
        "stream = ctypes.c_void_p(libc.fdopen(reading, b'r')); begun = threading.Event()\n"
        "def read(): begun.set(); libc.fgetc(stream)\n"
        "threading.Thread(target=read, daemon=True).start(); begun.wait()"
    )
    host.send("shutdown", restart=False)
    assert host.wait_for_end() == 0
    assert "bye" in host.text()


def test_a_cell_in_a_subshell_has_no_error_when_its_globals_go(host: Host) -> None:
    host.run("import __main__ as main; main.n = 0")
    cell = host.start("while True: main.n += 1", subshell="other")
    host.run("while main.n < 1000: pass")
    host.send("shutdown", restart=False)
    assert host.wait_for_end() == 0
    assert cell not in [message.get("id") for message in host.messages]


def test_files_are_written_where_no_thread_can_be_started(host: Host, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    host.run(
        f"import sys, threading; sys.kept = open({str(kept)!r}, 'w'); sys.kept.write('text')\n"
        "threading.stack_size(1 << 46)"  # more than there is
    )
    host.send("shutdown", restart=False)
    assert host.wait_for_end() == 0
    assert kept.read_text() == "text"
    assert "start new thread" not in host.seen()
