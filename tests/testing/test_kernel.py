"""Real kernels, by the kit's own client."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from support import processes

from polykernel.testing import Completeness, Kernel, NothingCame

if TYPE_CHECKING:
    from polykernel.testing.fixtures import StartKernel


def test_cells_are_run_and_what_they_show_is_recorded(kernel: StartKernel) -> None:
    calc = kernel("calc")
    outcome = calc.execute("x = 3\n2x\nx^2")
    assert outcome.status == "ok"
    assert outcome.stdout == "x = 3\n2x → 6\n"
    assert outcome.result == "9"
    assert set(outcome.data) == {"text/plain", "text/latex"}
    assert calc.execute("1/0").failure.ename == "MathError"
    assert calc.execute("x", user_expressions={"twice": "2x"}).user_expressions["twice"]["data"][
        "text/plain"
    ] == ("6")


def test_a_kernel_ends_with_the_tests_however_those_end(tmp_path: Path) -> None:
    code = (
        "from polykernel.testing import Kernel\n"
        "started = Kernel('echo')\n"
        "print(started.process.process.pid, flush=True)\n"
        "input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},  # the folder stays, since nobody removes it
        text=True,
    ) as tests:
        assert tests.stdout is not None
        host = psutil.Process(int(tests.stdout.readline()))
        evaluator = [each for each in host.children() if "bootstrap" in " ".join(each.cmdline())]
        tests.kill()
    processes.until(lambda: not processes.alive(host), "the end of the kernel")
    processes.until(lambda: not processes.alive(evaluator[0]), "the end of its evaluator")


def test_questions_are_answered(kernel: StartKernel) -> None:
    calc = kernel("calc", plugin="polykernel_calc.plugin")
    assert calc.complete("2sq")["matches"] == ["sqrt"]
    assert calc.complete("sq + 1", 2)["cursor_end"] == 2
    assert "square root" in calc.inspect("sqrt")["data"]["text/plain"]
    assert calc.is_complete("sqrt(") == Completeness("incomplete", "  ")
    assert calc.kernel_info()["language_info"]["name"] == "calc"


def test_output_can_be_watched_as_it_comes_and_the_cell_interrupted(kernel: StartKernel) -> None:
    python = kernel("python")
    python.execute("x = 5")
    cell = python.start("print('begun', flush=True)\nimport threading\nthreading.Event().wait()")
    cell.wait_for_text("begun")
    assert not cell.over
    assert cell.shown == "begun\n"
    python.interrupt()
    assert cell.outcome().failure.ename == "KeyboardInterrupt"
    assert python.execute("x").result == "5"


def test_input_is_answered(kernel: StartKernel) -> None:
    python = kernel("python")
    outcome = python.execute("input('a? ') + input('b? ')", inputs=["1", "\N{SNAKE}"])
    assert outcome.result == "'1\N{SNAKE}'"
    assert outcome.prompts == ["a? ", "b? "]
    assert python.execute("input()").status == "error"
    assert python.execute("1", inputs=["not asked for"]).result == "1"


def test_a_cell_that_asks_for_more_than_there_is_fails_the_test(kernel: StartKernel) -> None:
    python = kernel("python")
    with pytest.raises(NothingCame, match=r"asks 'b\? ', and there is no further input"):
        python.execute("input('a? ') + input('b? ')", inputs=["1"])


def test_a_restart_begins_anew_and_the_story_goes_on(kernel: StartKernel) -> None:
    calc = kernel("calc")
    calc.execute("x = 3")
    calc.restart()
    assert calc.execute("x").status == "error"
    codes = [seen.content["code"] for seen in calc.messages if seen.msg_type == "execute_request"]
    assert codes == ["x = 3", "x"]


def test_after_a_shutdown_nothing_is_left(kernel: StartKernel) -> None:
    calc = kernel("calc")
    calc.execute("1")
    started = calc.process.descendants()
    assert started
    calc.shutdown()
    assert calc.process.gone().startswith("the kernel's process has ended with status 0")
    assert not [each for each in started if each.is_running()]
    with pytest.raises(NothingCame, match="the reply to kernel_info_request did not come"):
        calc.kernel_info()


def test_what_does_not_come_in_time_is_told_with_the_messages_that_came(
    kernel: StartKernel,
) -> None:
    python = kernel("python")
    cell = python.start("print('begun', flush=True); import threading; threading.Event().wait()")
    cell.wait_for_text("begun")
    with pytest.raises(NothingCame) as raised:
        cell.wait_for_text("never", patience=0.2)
    told = str(raised.value).splitlines()
    assert told[0] == "the text 'never' did not come within 0.2 seconds"
    assert any("→ shell   execute_request" in line for line in told)
    assert any("← iopub   stream" in line and "begun" in line for line in told)
    python.interrupt()
    cell.outcome()


def test_a_kernel_that_does_not_start_is_told_with_its_log() -> None:
    with pytest.raises(NothingCame, match=r"does not start[\s\S]*unknown language 'cacl'"):
        Kernel("cacl")
    with pytest.raises(NothingCame, match=r"does not start[\s\S]*--nonsense"):
        Kernel("calc", arguments=["--nonsense"])


def test_a_kernel_without_a_folder_leaves_none() -> None:
    with Kernel("python") as python:
        folder = python.folder
        where = python.execute("import os; os.getcwd()").result
        assert where is not None
        assert folder.resolve() == type(folder)(where.strip("'")).resolve()
    assert not folder.exists()


def test_arguments_environment_and_folder_are_the_tests(
    kernel: StartKernel, tmp_path: Path
) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    python = kernel(
        "python", arguments=["--max-output", "1kB"], environment={"MINE": "yes"}, folder=folder
    )
    assert python.execute("import os; os.environ['MINE']").result == "'yes'"
    assert python.execute("os.path.basename(os.getcwd())").result == "'notebooks'"
    assert len(python.execute("print('x' * 100_000)").stdout) < 50_000


def test_no_history_is_written_for_test_cells(kernel: StartKernel) -> None:
    calc = kernel("calc")
    calc.execute("1 + 1")
    calc.shutdown()
    assert not (Path(os.environ["JUPYTER_DATA_DIR"]) / "polykernel").exists()
