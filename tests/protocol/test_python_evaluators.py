"""Evaluators in Python, through the whole kernel: the runtime and the host together."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest
from support import processes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.kernels import Kernel


@pytest.fixture
def sample(kernel: Callable[..., Kernel]) -> Kernel:
    """A kernel whose evaluator is a class in Python that runs what the cell says."""
    return kernel("sample")


def mixed(seed: int, steps: int) -> tuple[str, str]:
    """Make a cell of prints, writes, children and displays in random order; and what it shows."""
    choose = random.Random(seed)
    code = ["import os, subprocess, sys, ctypes", "libc = ctypes.CDLL(None)"]
    expected = []
    for n in range(steps):
        kind = choose.choices("pwcdxl", [6, 4, 1, 6, 2, 2])[0]
        if kind == "p":
            code.append(f"print('print {n}')")
            expected.append(f"print {n}\n")
        elif kind == "w":
            code.append(f"os.write(1, b'write {n}\\n')")
            expected.append(f"write {n}\n")
        elif kind == "c":
            code.append(f"subprocess.run(['echo', 'child {n}'])")
            expected.append(f"child {n}\n")
        elif kind == "d":
            code.append(f"cell.display('{n}')")
            expected.append(f"<{n}>")
        elif kind == "x":
            code.append(f"cell.write('partial {n} '); cell.display('{n}')")
            expected.append(f"partial {n} <{n}>")
        else:
            code.append(f"libc.write(1, b'library {n}\\n', {len(f'library {n}') + 1})")
            expected.append(f"library {n}\n")
    return "\n".join(code), "".join(expected)


@pytest.mark.parametrize("seed", range(6))
def test_prints_writes_children_and_displays_appear_in_the_order_of_making(
    sample: Kernel, seed: int
) -> None:
    for part in range(5):
        code, expected = mixed(seed * 100 + part, 40)
        assert "".join(sample.execute(code).pieces()) == expected


def test_completion_inspection_and_completeness_are_answered(sample: Kernel) -> None:
    client = sample.client
    completion = client.request("complete_request", {"code": "x = alp", "cursor_pos": 7}).reply
    assert completion["matches"] == ["alpha", "alphabet"]
    assert (completion["cursor_start"], completion["cursor_end"]) == (4, 7)
    request = {"code": "x", "cursor_pos": 1, "detail_level": 1}
    inspection = client.request("inspect_request", request).reply
    assert inspection["found"] is True
    assert inspection["data"]["text/plain"] == "x at 1, detail 1"
    assert client.request("inspect_request", {"code": "", "cursor_pos": 0}).reply["found"] is False
    assert client.request("is_complete_request", {"code": "if x:"}).reply == {
        "status": "incomplete",
        "indent": "    ",
    }
    assert client.request("is_complete_request", {"code": "1"}).reply == {"status": "complete"}


@pytest.mark.parametrize(("cursor", "clamped"), [(-3, 0), (99, 1), (None, 1)])
def test_a_cursor_outside_of_the_code_is_put_into_it(
    sample: Kernel, cursor: int | None, clamped: int
) -> None:
    request = {"code": "x", "cursor_pos": cursor}
    data = sample.client.request("inspect_request", request).reply["data"]
    assert data["text/plain"] == f"x at {clamped}, detail 0"


def test_shutdown_calls_the_evaluators_own_and_runs_atexit(sample: Kernel) -> None:
    sample.execute(
        "import atexit\natexit.register(lambda: open('bye', 'w').close())\n"
        "type(self).shutdown = lambda self, restart: open(f'restart {restart}', 'w').close()"
    )
    outcome = sample.client.request("shutdown_request", {"restart": True}, channel="control")
    assert outcome.reply == {"status": "ok", "restart": True}
    assert sample.exit_code() == 0
    assert (sample.folder / "restart True").exists()
    assert (sample.folder / "bye").exists()


def test_a_running_python_cell_ends_in_good_order_at_shutdown(sample: Kernel) -> None:
    cell = sample.client.send_execute(
        "import atexit, time\natexit.register(lambda: open('bye', 'w').close())\n"
        "print('begun')\nwhile True: time.sleep(0.01)"
    )
    sample.client.wait_for_text("begun", cell)
    sample.client.request("shutdown_request", {"restart": False}, channel="control")
    assert sample.exit_code() == 0
    assert (sample.folder / "bye").exists()


def test_a_crash_in_c_code_is_an_error_with_the_place_in_the_cell(sample: Kernel) -> None:
    outcome = sample.execute("import ctypes\nprint('before')\nctypes.string_at(0)")
    assert outcome.text() == "before\n"
    assert "SIGSEGV" in outcome.reply["evalue"]
    assert "<cell>" in outcome.traceback
    assert sample.execute("result = 'works'").result == "works"


TERMINATED = "the evaluator ended with signal SIGTERM (Terminated)"


@pytest.mark.parametrize(
    "code",
    [
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM); print('gone on')",
        (
            "import asyncio, os, signal\n"
            "async def end(): os.kill(os.getpid(), signal.SIGTERM)\n"
            "task = asyncio.create_task(end())\nawait asyncio.sleep(1000)"
        ),
        "import subprocess; subprocess.run('kill $PPID; sleep 1000', shell=True)",
    ],
    ids=["plain", "task", "child"],
)
def test_a_cell_in_which_sigterm_comes_tells_it_and_the_next_one_runs(
    kernel: Callable[..., Kernel], code: str
) -> None:
    python = kernel("polykernel-python")
    farewell = "import atexit\natexit.register(lambda: open('bye', 'w').close())\n"
    outcome = python.execute(f"{farewell}print('before')\n{code}")
    assert (outcome.reply["ename"], outcome.reply["evalue"]) == ("EvaluatorDied", TERMINATED)
    assert outcome.text() == "before\n"
    assert (python.folder / "bye").exists()
    after = python.execute("6 * 7")
    assert after.result == "42"
    assert TERMINATED.partition(" ended ")[2] in after.text("stderr")


def test_sigterm_between_cells_is_told_by_the_next_one(sample: Kernel) -> None:
    sample.execute("import atexit\natexit.register(lambda: open('bye', 'w').close())")
    evaluator = sample.evaluator()
    evaluator.terminate()
    processes.until(lambda: not processes.alive(evaluator), "the evaluator's end")
    assert sample.execute("print('ran')").reply["evalue"] == TERMINATED
    assert (sample.folder / "bye").exists()


def test_a_python_cell_that_a_shutdown_ends_says_so(kernel: Callable[..., Kernel]) -> None:
    python = kernel("polykernel-python")
    cell = python.client.send_execute(
        "import atexit\natexit.register(lambda: open('bye', 'w').close())\n"
        "print('begun')\nwhile True: pass"
    )
    python.client.wait_for_text("begun", cell)
    python.client.request("shutdown_request", {"restart": False}, channel="control")
    assert python.client.outcome(cell).reply["ename"] == "KernelShutdown"
    assert python.exit_code() == 0
    assert (python.folder / "bye").exists()


def test_an_endless_loop_in_c_code_ends_with_the_third_interrupt(sample: Kernel) -> None:
    cell = sample.client.send_execute(
        "import itertools\nprint('begun')\nall(itertools.repeat(True))"
    )
    sample.client.wait_for_text("begun", cell)
    sample.wait_until_it_computes()  # it is in C code then, and not on its way there
    for _ in range(3):
        sample.client.request("interrupt_request", channel="control")
    assert sample.client.outcome(cell).reply["ename"] == "EvaluatorDied"
    assert sample.execute("result = 'works'").result == "works"


def test_an_interrupt_of_a_sleeping_cell_is_an_error_in_it(sample: Kernel) -> None:
    cell = sample.client.send_execute("import time\nprint('begun')\ntime.sleep(1000)")
    sample.client.wait_for_text("begun", cell)
    sample.client.request("interrupt_request", channel="control")
    assert sample.client.outcome(cell).reply["ename"] == "KeyboardInterrupt"


def test_an_interrupt_that_comes_before_the_cell_has_begun_is_not_lost(sample: Kernel) -> None:
    # the first cell also waits for the evaluator to start
    for _ in range(5):
        cell = sample.client.send_execute("while True: pass")
        sample.client.wait_for("execute_input", cell)
        sample.client.request("interrupt_request", channel="control")
        assert sample.client.outcome(cell).reply["ename"] == "KeyboardInterrupt"


def test_a_cell_asks_for_input_and_gets_it(sample: Kernel) -> None:
    cell = sample.client.send_execute("result = cell.input('name? ')", allow_stdin=True)
    assert sample.client.wait_for("input_request", cell).content["prompt"] == "name? "
    sample.client.answer("Ada")
    assert sample.client.outcome(cell).result == "Ada"


def test_a_flood_of_prints_and_displays_arrives_whole_and_in_order(sample: Kernel) -> None:
    outcome = sample.execute("for n in range(3000): print(n); cell.display(str(n))")
    assert "".join(outcome.pieces()) == "".join(f"{n}\n<{n}>" for n in range(3000))


def test_the_evaluator_dies_in_its_cell_and_its_text_is_not_lost(sample: Kernel) -> None:
    outcome = sample.execute("import os\nprint('last', end='')\ncell.display('shown')\nos._exit(9)")
    assert outcome.pieces() == ["last", "<shown>"]
    assert "exit code 9" in outcome.reply["evalue"]


@pytest.mark.parametrize("name", ["echo", "calc", "python"])
def test_every_language_of_ours_runs_a_cell_from_its_installed_kernelspec(
    kernel: Callable[..., Kernel], name: str
) -> None:
    ours = kernel(f"polykernel-{name}")
    assert ours.client.request("kernel_info_request").reply["language_info"]["name"] == name
    assert ours.execute("6 * 7").result == ("6 * 7" if name == "echo" else "42")


def test_what_is_printed_while_a_plugin_loads_is_shown_in_the_order_of_making_and_nothing_else(
    kernel: Callable[..., Kernel], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    noisy = kernel("noisy", environment={"SAMPLE_GATE": str(gate)})
    cell = noisy.client.send_execute("print('cell')")
    noisy.client.wait_for("execute_input", cell)
    gate.open("w").close()
    loading = "".join(f"out {n}\nerr {n}\n" for n in range(20))
    assert noisy.client.outcome(cell).pieces() == [f"{loading}starting\nstarted\ncell\n"]


def test_an_evaluator_finds_its_languages_options_also_in_a_fresh_process(
    kernel: Callable[..., Kernel],
) -> None:
    options = kernel("options")
    ask = "result = repr((self.options, self.options['é'][1]['deep']))"
    expected = "({'é': [1, {'deep': None}]}, None)"
    assert options.execute(ask).result == expected
    assert options.execute("import os; os._exit(1)").status == "error"
    assert options.execute(ask).result == expected


def test_without_options_there_are_none(sample: Kernel) -> None:
    assert sample.execute("result = repr(dict(self.options))").result == "{}"
