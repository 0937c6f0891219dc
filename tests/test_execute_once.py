"""``polykernel exec``: code without a front end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

EXEC = [sys.executable, "-m", "polykernel", "exec"]


def run(language: str, code: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*EXEC, language, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **more,
    )


def test_the_result_is_on_stdout() -> None:
    done = run("calc", "6 * 7")
    assert (done.stdout, done.stderr, done.returncode) == ("42\n", "", 0)


def test_output_comes_before_the_result_and_each_on_its_stream() -> None:
    done = run("python", "import sys; print('out'); print('err', file=sys.stderr); 42")
    assert (done.stdout, done.stderr, done.returncode) == ("out\n42\n", "err\n", 0)


def test_an_error_is_on_stderr_without_colours_and_the_exit_code_is_one() -> None:
    done = run("python", "print('before'); 1/0")
    assert done.returncode == 1
    assert done.stdout == "before\n"
    assert "ZeroDivisionError" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_cell_that_kills_its_evaluator_is_an_error() -> None:
    done = run("python", "import os; os.kill(os.getpid(), 11)")
    assert done.returncode == 1
    assert "SIGSEGV" in done.stderr


def test_input_is_read_from_our_standard_input() -> None:
    done = run("python", "input('name? ') + '!'", input="Ada\n")
    assert done.returncode == 0
    assert "Ada!" in done.stdout


def test_what_atexit_has_is_done(tmp_path: Path) -> None:
    run("python", f"import atexit; atexit.register(lambda: open({str(tmp_path / 'bye')!r}, 'w'))")
    assert (tmp_path / "bye").exists()


def test_an_interrupt_ends_the_code(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*EXEC, "python", "-c", "print('begun', flush=True)\nwhile True: pass"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 1
        assert "KeyboardInterrupt" in process.stderr.read()


@pytest.mark.parametrize("code", ["print('x' * 1_000_000)", "for n in range(10_000): print(n)"])
def test_much_output_arrives_whole(code: str) -> None:
    expected = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run("python", code, env=dict(os.environ)).stdout == expected.stdout
