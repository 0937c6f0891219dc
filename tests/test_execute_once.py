"""``polykernel exec``: code without a front end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXEC = [sys.executable, "-m", "polykernel", "exec"]
FULL = Path("/dev/full")  # Linux only


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


ASK = ["input()", "__import__('getpass').getpass()"]


@pytest.mark.parametrize("ask", ASK)
def test_the_end_of_standard_input_is_an_end_of_file(ask: str) -> None:
    # in a session of its own there is no terminal that getpass could read from instead
    code = f"lines = []\ntry:\n    while True: lines.append({ask})\nexcept EOFError: print(lines)"
    done = run("python", code, input="one\n\ntwo", start_new_session=True)
    assert done.stdout.splitlines()[-1] == "['one', '', 'two']"
    assert done.returncode == 0


@pytest.mark.parametrize("ask", ASK)
def test_nobody_can_be_asked_where_standard_input_is_closed(ask: str) -> None:
    command = [*EXEC, "python", "-c", f"try: {ask}\nexcept OSError as error: print(error)"]
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "the front end does not allow input requests\n"
    assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["utf-8:strict", "utf-8:surrogateescape"])
def test_input_in_another_encoding_ends_the_code_with_one_line(encoding: str) -> None:
    done = subprocess.run(
        [*EXEC, "python", "-c", "input()"],
        input=b"caf\xe9\n",
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert done.returncode == 1
    assert done.stderr.startswith(b"polykernel: can't read or write: 'utf-8' codec can't ")
    assert done.stderr.count(b"\n") == 1


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


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("code", ["for n in range(10**5)", "while True"])
def test_a_reader_that_goes_away_ends_the_code_quietly(stream: str, code: str) -> None:
    code = f"import sys\nn = 1\n{code}: print(n, file=sys.{stream})"
    with subprocess.Popen(
        [*EXEC, "python", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        closed, other = process.stdout, process.stderr
        if stream == "stderr":
            closed, other = other, closed
        assert closed is not None
        assert other is not None
        closed.readline()
        closed.close()
        assert process.wait(20) == 1
        assert other.read() == b""


@pytest.mark.parametrize(
    ("stream", "code", "exit_code"), [(1, "6 * 7", 0), (1, "1 / 0", 1), (2, "1 / 0", 1)]
)
def test_a_stream_that_is_closed_shows_nothing_and_ends_nothing(
    stream: int, code: str, exit_code: int
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {stream}>&-', "sh", *EXEC, "calc", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == exit_code
    assert done.stdout == ""
    assert ("MathError" in done.stderr) is (stream == 1 and exit_code == 1)


def test_a_terminal_that_fails_in_any_way_ends_the_code() -> None:
    # `input` can't ask without a stdout
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *EXEC, "python", "-c", "input()"],
        input="one\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "polykernel: can't read or write: input(): lost sys.stdout\n"


@pytest.mark.skipif(not FULL.exists(), reason="there is no disk that is full")
def test_a_full_disk_is_told_in_one_line() -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [*EXEC, "calc", "-c", "1 + 1"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "polykernel: can't read or write: No space left on device\n"


@pytest.mark.parametrize("code", ["print('x' * 1_000_000)", "for n in range(10_000): print(n)"])
def test_much_output_arrives_whole(code: str) -> None:
    expected = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run("python", code, env=dict(os.environ)).stdout == expected.stdout
