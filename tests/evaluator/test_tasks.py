"""Awaitable cells, and tasks that live on between cells."""

from __future__ import annotations

from .host import Host


def test_awaitable_cells_share_one_loop(host: Host) -> None:
    host.run("import asyncio; first = asyncio.get_running_loop(); await asyncio.sleep(0)")
    assert host.value("await asyncio.sleep(0); asyncio.get_running_loop() is first") == "True"


def test_a_task_lives_on_between_cells_and_prints_into_its_own(host: Host) -> None:
    cell = host.start(
        "import asyncio\n"
        "async def count():\n"
        "    for i in range(3): print(i); await asyncio.sleep(0.01)\n"
        "task = asyncio.create_task(count()); await asyncio.sleep(0)"
    )
    host.result(cell)
    host.read(lambda: "2" in host.streams("stdout", cell), "the task's last line")
    assert host.text() + host.streams("stdout", cell) == "0\n1\n2\n"
    assert host.value("await task; 'done'") == "done"


def test_create_task_works_in_a_cell_that_awaits_nothing(host: Host) -> None:
    cell = host.start(
        "import asyncio\n"
        "async def work(): print('worked')\n"
        "task = asyncio.create_task(work()); asyncio.get_event_loop().call_later(0, print, 'timer')"
    )
    host.result(cell)
    host.read(lambda: len(host.streams("stdout", cell).split()) == 2, "the task and the timer")
    assert host.value("task.done()") == "True"


def test_asyncio_runs_as_in_a_script(host: Host) -> None:
    code = (
        "import asyncio\n"
        "async def give(x): await asyncio.sleep(0); return x\n"
        "loop = asyncio.new_event_loop()\n"
        "found = [asyncio.run(give(1)), loop.run_until_complete(give(2))]\n"
        "loop.close()\n"
        "found.append(asyncio.get_event_loop().run_until_complete(give(3)))\n"
        "task = asyncio.create_task(give(4))\n"
        "found.append(asyncio.run(give(5)))\n"
        "found"
    )
    assert host.value(code) == "[1, 2, 3, 5]"
    assert host.value("await task") == "4"
    assert host.value(code) == "[1, 2, 3, 5]"


def test_asyncio_run_is_refused_where_a_loop_really_runs(host: Host) -> None:
    reply = host.run("import asyncio\nc = asyncio.sleep(0)\nawait c\nasyncio.run(c)")
    assert reply["ename"] == "RuntimeError"


def test_threads_have_loops_of_their_own(host: Host) -> None:
    code = (
        "import asyncio, threading\n"
        "found = []\n"
        "async def give(): return threading.current_thread().name\n"
        "thread = threading.Thread(target=lambda: found.append(asyncio.run(give())), name='own')\n"
        "thread.start(); thread.join()\n"
        "found"
    )
    assert host.value(code) == "['own']"


def test_an_exception_of_a_task_is_told_in_its_cell(host: Host) -> None:
    cell = host.start(
        "import asyncio\n"
        "async def fail():\n    await asyncio.sleep(0); raise ValueError('in the background')\n"
        "asyncio.create_task(fail()); None"
    )
    host.result(cell)
    host.run("import gc; gc.collect(); await asyncio.sleep(0.01); gc.collect()")
    host.read(lambda: "in the background" in host.streams("stderr"), "the report")
    report = host.streams("stderr", cell)
    assert "ValueError: in the background" in report
    assert 'File "<cell>", line 3, in fail' in report
    assert "polykernel" not in report


def test_an_exception_that_was_awaited_is_told_once(host: Host) -> None:
    reply = host.run("async def fail(): raise ValueError('seen')\nawait fail()")
    assert (reply["ename"], reply["evalue"]) == ("ValueError", "seen")
    host.run("import gc; gc.collect()")
    assert host.streams("stderr") == ""


def test_a_task_that_exits_does_not_end_the_process(host: Host) -> None:
    host.run(
        "import asyncio\n"
        "async def leave(): await asyncio.sleep(0); raise SystemExit(3)\n"
        "task = asyncio.create_task(leave()); await asyncio.sleep(0.01)"
    )
    host.run("task = asyncio.create_task(leave())")
    assert host.value("await asyncio.sleep(0.01, 'alive')") == "alive"
    assert "SystemExit" in host.streams("stderr")


def test_a_loop_that_user_code_closes_is_replaced(host: Host) -> None:
    host.run("import asyncio; asyncio.get_event_loop().close()")
    assert host.value("await asyncio.sleep(0, 'alive')") == "alive"


def test_a_loop_that_user_code_stops_goes_on(host: Host) -> None:
    host.run(
        "import asyncio\n"
        "async def stop(): await asyncio.sleep(0); asyncio.get_running_loop().stop()\n"
        "keep = asyncio.create_task(asyncio.sleep(1000)); stopping = asyncio.create_task(stop())"
    )
    assert host.value("'alive'") == "alive"


def test_a_cancelled_cell_is_an_error_and_no_interrupt(host: Host) -> None:
    reply = host.run("import asyncio; raise asyncio.CancelledError; await x")
    assert reply["ename"] == "CancelledError"


def test_a_server_answers_between_cells(host: Host) -> None:
    host.run(
        "import asyncio, threading\n"
        "async def serve(reader, writer): writer.write(b'hello'); writer.close()\n"
        "server = await asyncio.start_server(serve, '127.0.0.1', 0)\n"
        "address = server.sockets[0].getsockname()"
    )
    cell = host.start(
        "import socket\n"
        "def call(): print(socket.create_connection(address).recv(10))\n"
        "threading.Thread(target=call).start()"
    )
    host.result(cell)
    host.read(lambda: "hello" in host.text() + host.streams("stdout"), "the answer")


def test_what_a_thread_hands_to_the_loop_runs_between_cells(host: Host) -> None:
    cell = host.start(
        "import asyncio, threading\n"
        "async def work(): print('worked')\n"
        "loop = asyncio.get_event_loop(); go = threading.Event()\n"
        "def later(): go.wait(); asyncio.run_coroutine_threadsafe(work(), loop)\n"
        "threading.Thread(target=later).start()"
    )
    host.result(cell)
    # its response is the last thing that the main thread does before it waits for requests
    host.result(
        host.send("is_complete", code="threading.Timer(0.05, go.set).start() or 'complete'")
    )
    host.read(lambda: "worked" in host.streams("stdout", cell), "the coroutine")


def test_asyncio_is_not_loaded_for_cells_that_do_not_need_it(host: Host) -> None:
    assert host.value("import sys; 'asynci' 'o' in sys.modules") == "False"


INTERRUPTED_IMPORT = """
import sys
class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "async" "io.locks":
            sys.meta_path.remove(self)
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupts())
"""


def test_asyncio_can_be_loaded_after_its_import_was_interrupted(host: Host) -> None:
    host.run(INTERRUPTED_IMPORT)
    assert host.run("import asyncio\nawait asyncio.sleep(0)")["ename"] == "KeyboardInterrupt"
    assert host.value("import asyncio\nawait asyncio.sleep(0)\n'works'") == "works"


def test_no_warnings_come_from_the_runtime(python: str) -> None:
    with Host(python=python, env={"PYTHONWARNINGS": "error"}) as host:
        host.hello()
        host.run("import asyncio; task = asyncio.create_task(asyncio.sleep(0))")
        host.run("asyncio.run(asyncio.sleep(0))")
        assert host.value("await asyncio.sleep(0, 'fine')") == "fine"
        assert host.value("loop = asyncio.get_event_loop(); 'fine'") == "fine"
        assert host.shown("import os\nif os.fork() == 0: os._exit(0)\nos.wait(); print('fine')")
        assert host.streams("stderr") == ""
        assert host.printed[2] == b""


def test_an_interrupt_while_the_event_loop_is_made_leaves_no_half_of_one(python: str) -> None:
    code = (
        "import signal\n"
        "loops = __import__('async' + 'io')\n"
        "make, made = loops.new_event_loop, []\n"
        "def interrupted():\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    made.append(make())\n"
        "    return made[0]\n"
        "loops.new_event_loop = interrupted"
    )
    with Host(python=python) as host:
        host.hello()
        assert host.run(code)["status"] == "ok"
        reply = host.run("import asyncio; await asyncio.sleep(0)")
        assert reply["ename"] == "KeyboardInterrupt"
        value = "import asyncio; (len(made), await asyncio.sleep(0, 'works'))"
        assert host.value(value) == "(1, 'works')"
