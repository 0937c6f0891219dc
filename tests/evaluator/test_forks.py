"""Forked children print, and can't answer for their parent."""

from __future__ import annotations

import pytest

from .host import Host


def test_a_forked_child_prints_and_has_no_channel(host: Host) -> None:
    cell = host.start(
        "import os, sys\n"
        "print('parent', end=' ')\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    print('child'); sys.stdout.write('begun'); print('wrong', file=sys.stderr)\n"
        "    cell.display('shown'); cell.clear_output()\n"
        "    try: cell.input()\n"
        "    except Exception as error: print(type(error).__name__)\n"
        "else: status = os.waitpid(pid, 0)[1]; print(status)"
    )
    assert host.result(cell)["status"] == "ok"
    assert host.text() == "parent child\nbegunshown\nInputRefused\n0\n"
    assert host.printed[2] == b"wrong\n"
    assert host.events("display_data") == []
    assert host.value("'alive'") == "alive"


@pytest.mark.parametrize(
    ("end", "status"),
    [("pass", 0), ("1/0", 1), ("raise SystemExit(3)", 3), ("raise SystemExit", 0)],
)
def test_a_child_that_comes_to_the_end_of_the_cell_ends(end: str, status: int) -> None:
    with Host() as host:
        code = f"import os\npid = os.fork()\nif pid == 0:\n    print('x', end='')\n    {end}\n"
        assert host.value(f"{code}os.waitpid(pid, 0)[1] >> 8 if pid else None") == str(status)
        assert host.text() == "x"
        assert (b"ZeroDivisionError" in host.printed[2]) == (end == "1/0")
        assert [m["id"] for m in host.messages if "id" in m] == [1]


@pytest.mark.parametrize("end", ["1 / 0", "print('never seen', end='')"])
def test_a_child_whose_output_nobody_reads_ends_too(host: Host, end: str) -> None:
    code = (
        "import os\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    reader, writer = os.pipe()\n"
        "    os.close(reader); os.dup2(writer, 1); os.dup2(writer, 2)\n"
        f"    {end}\n"
        "else:\n"
        "    status = os.waitpid(pid, 0)[1]\n"
        "status if pid else None"
    )
    assert host.value(code) in ("0", "256")
    assert host.value("6 * 7") == "42"


def test_a_child_of_an_awaitable_cell_ends_too(host: Host) -> None:
    code = (
        "import asyncio, os\n"
        "await asyncio.sleep(0)\n"
        "pid = os.fork()\n"
        "if pid == 0: raise SystemExit(4)\n"
        "os.waitpid(pid, 0)[1] >> 8"
    )
    assert host.value(code) == "4"


def test_a_childs_child_prints_too(host: Host) -> None:
    code = (
        "import os\n"
        "first = os.fork()\n"
        "if first == 0:\n"
        "    kept = os.open(os.devnull, os.O_RDONLY)\n"
        "    second = os.fork()\n"
        "    if second == 0: print('second', os.fstat(kept).st_nlink)\n"
        "    else: os.waitpid(second, 0); print('first')\n"
        "else: os.waitpid(first, 0); print('parent')"
    )
    assert host.shown(code) == "second 1\nfirst\nparent\n"
    assert host.printed[2] == b""


def test_a_signal_that_comes_at_once_ends_a_child(host: Host) -> None:
    code = (
        "import os, signal\n"
        "for i in range(200):\n"
        "    pid = os.fork()\n"
        "    if pid == 0: signal.pause()\n"
        "    os.kill(pid, signal.SIGTERM)\n"
        "    assert os.waitpid(pid, 0)[1] == signal.SIGTERM\n"
    )
    assert host.run(code)["status"] == "ok"


HOOKED = (
    "import os, signal\n"
    "def interrupt():\n"
    "    global on\n"
    "    if on: on = False; os.kill(os.getpid(), signal.SIGINT)\n"
    "on = False\n"
    "os.register_at_fork({when}=interrupt)\n"
)


@pytest.mark.parametrize("when", ["before", "after_in_parent"])
@pytest.mark.parametrize(
    "fork",
    [
        "os.fork() or os._exit(0)",
        "os.forkpty()[0] or os._exit(0)",
        "subprocess.run(['true'], preexec_fn=os.getpid)",
    ],
)
def test_an_interrupt_within_a_fork_stops_the_cell(host: Host, when: str, fork: str) -> None:
    """Python ignores what is raised in the hooks of a fork."""
    host.run(HOOKED.format(when=when) + "import subprocess, time")
    for _ in range(3):
        cell = host.start(f"on = True; {fork}; time.sleep(1000)")
        assert host.result(cell)["ename"] == "KeyboardInterrupt"
        assert host.events("interrupted")[-1] == {"cell": cell}
    assert host.value("'alive'") == "alive"
    assert "ignored" not in host.streams("stderr") + host.printed[2].decode()


def test_an_interrupt_within_a_fork_reaches_the_child(host: Host) -> None:
    host.run(HOOKED.format(when="after_in_child"))
    code = (
        "on = True; parent = os.getpid(); pid = 0\n"
        "try: pid = os.fork()\n"
        "except KeyboardInterrupt:\n"
        "    print('child' if os.getpid() != parent else 'parent', flush=True)\n"
        "    cell.display('no channel')\n"
        "    print([f for f in range(3, 200) if os.path.exists(f'/dev/fd/{f}')], flush=True)\n"
        "    os._exit(0)\n"
        "os.waitpid(pid, 0)[1]"
    )
    assert host.value(code) == "0"
    assert host.text() == "child\nno channel\n[]\n"
    assert host.events("display_data") == []
    assert host.printed[2] == b""


def test_no_interrupt_is_lost_in_many_forks(host: Host) -> None:
    cell = host.start(
        "import os, signal\n"
        "parent = os.getpid(); caught = 0\n"
        "while caught < 50:\n"
        "    try:\n"
        "        while True:\n"
        "            print('x', end='')\n"
        "            pid = os.fork()\n"
        "            if pid == 0: os._exit(0)\n"
        "            os.waitpid(pid, 0)\n"
        "    except KeyboardInterrupt:\n"
        "        if os.getpid() != parent: os._exit(0)\n"
        "        caught += 1\n"
        "        print(f'caught {caught}')\n"
    )
    for count in range(50):
        host.wait_for(f"caught {count}\nx" if count else "x")
        host.interrupt()
    assert host.result(cell)["status"] == "ok"
    assert host.events("interrupted") == [{"cell": cell}] * 50


def test_workers_of_multiprocessing_print_and_return(host: Host) -> None:
    code = (
        "import multiprocessing\n"
        "fork = multiprocessing.get_context('fork')\n"
        "def work(x): print('working'); return x * x\n"
        "with fork.Pool(2) as pool: found = pool.map(work, range(4))\n"
        "found"
    )
    assert host.value(code) == "[0, 1, 4, 9]"
    assert host.text().count("working\n") == 4


def test_a_child_keeps_no_descriptor_of_the_channel(host: Host) -> None:
    cell = host.start(
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    print([f for f in range(3, 200) if os.path.exists('/dev/fd/%d' % f)], flush=True)\n"
        "    os._exit(0)\n"
        "os.wait()"
    )
    host.result(cell)
    assert len(host.text().strip("[]\n").split(", ")) <= 1


def test_forks_of_a_process_that_prints_in_threads_do_not_hang(host: Host) -> None:
    code = (
        "import os, threading\n"
        "stop = threading.Event()\n"
        "def noise():\n"
        "    while not stop.is_set(): print('noise'); cell.display('noise')\n"
        "threads = [threading.Thread(target=noise) for _ in range(3)]\n"
        "for thread in threads: thread.start()\n"
        "for i in range(30):\n"
        "    pid = os.fork()\n"
        "    if pid == 0: print('child'); os._exit(0)\n"
        "    os.waitpid(pid, 0)\n"
        "stop.set()\n"
        "for thread in threads: thread.join()\n"
        "'done'"
    )
    assert host.value(code) == "done"
    assert host.text().count("child") == 30
