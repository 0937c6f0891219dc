"""The calculator in a real kernel, and in the other interpreters that are on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from polykernel_calc.plugin import polykernel_languages
from support.client import Client
from support.kernels import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST, NEWEST = 8, 20
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def _shared_calc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel("polykernel-calc", tmp_path_factory.mktemp("calc"))
    yield kernel
    kernel.end()


@pytest.fixture
def calc(_shared_calc: Kernel) -> Kernel:
    """A calculator's kernel, which the tests of this module share."""
    client = _shared_calc.client
    client.seen.clear()
    Client.of_this_test.append(client)
    return _shared_calc


def test_a_result_has_plain_text_and_latex(calc: Kernel) -> None:
    outcome = calc.execute("1/3 + 1/6")
    [result] = outcome.contents("execute_result")
    assert result["data"] == {
        "text/plain": "1/2 = 0.5",
        "text/latex": r"$\frac{1}{2} = 0.5$",
    }


def test_earlier_lines_are_streams_and_the_last_is_the_result(calc: Kernel) -> None:
    outcome = calc.execute("x = 3\n2x\nx^2")
    assert outcome.text() == "x = 3\n2x → 6\n"
    assert outcome.result == "9"


def test_an_error_points_at_its_place_and_the_next_cell_works(calc: Kernel) -> None:
    outcome = calc.execute("1 + 1/0")
    assert outcome.status == "error"
    assert (outcome.reply["ename"], outcome.reply["evalue"]) == ("MathError", "division by zero")
    assert outcome.traceback == (
        "\x1b[31mMathError\x1b[39m: division by zero\n    1 + 1/0\n         \x1b[31m^\x1b[39m"
    )
    assert calc.execute("2 + 2").result == "4"


def test_too_much_is_an_error_at_once(calc: Kernel) -> None:
    outcome = calc.execute("9**9**9")
    assert outcome.reply["ename"] == "LimitError"


def test_completion_and_inspection_are_answered(calc: Kernel) -> None:
    reply = calc.client.request("complete_request", {"code": "2sq", "cursor_pos": 3}).reply
    assert (reply["matches"], reply["cursor_start"], reply["cursor_end"]) == (["sqrt"], 1, 3)
    assert reply["metadata"]["_jupyter_types_experimental"] == [
        {"text": "sqrt", "type": "function", "start": 1, "end": 3}
    ]
    reply = calc.client.request(
        "inspect_request", {"code": "sqrt(", "cursor_pos": 5, "detail_level": 0}
    ).reply
    assert reply["found"]
    assert reply["data"]["text/plain"].startswith("sqrt(x)\n")
    reply = calc.client.request("is_complete_request", {"code": "sqrt("}).reply
    assert (reply["status"], reply["indent"]) == ("incomplete", "  ")


def test_user_expressions_are_evaluated(calc: Kernel) -> None:
    outcome = calc.execute("x = 3;", user_expressions={"good": "x + 1", "bad": "1/0"})
    found = outcome.reply["user_expressions"]
    assert found["good"]["data"]["text/plain"] == "4"
    assert found["bad"]["ename"] == "MathError"


def test_kernel_info_tells_the_language(calc: Kernel) -> None:
    info = calc.client.request("kernel_info_request").reply["language_info"]
    [language] = polykernel_languages()
    assert info == language.language_info()


def test_an_endless_sum_is_interrupted(calc: Kernel) -> None:
    msg_id = calc.client.send_execute("x = 7\nsum(i, 1, 10^6, sum(j, 1, 10^6, 1))")
    calc.client.wait_for_text("x = 7", msg_id)
    calc.client.request("interrupt_request", channel="control")
    outcome = calc.client.outcome(msg_id)
    assert outcome.status == "error"
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert calc.execute("x").result == "7"


EXAMPLES = """
import sys
from polykernel_calc import topics
from polykernel_calc.registry import CONSTANTS, FUNCTIONS
from polykernel_calc.evaluator import Calc
class Cell:
    def write(self, text, stream="stdout"):
        assert stream == "stdout"
def calculate(code):
    result = Calc().execute(code, Cell())
    return result.data["text/plain"] if result else None
count = 0
for table in (FUNCTIONS, CONSTANTS, topics.OPERATORS):
    for each in table.values():
        for code, result in each.examples:
            assert calculate(code) == result, (code, calculate(code), result)
            count += 1
for code in ["f(n) = if(n <= 0, 0, 1 + f(n - 1)); f(600)", "10^49999 // 7", "1" * 5000]:
    assert calculate(code)
print(count)
"""


def interpreters() -> dict[str, str]:
    """One interpreter of each other version, on the PATH or among pyenv's."""
    candidates = [shutil.which(f"python3.{minor}") for minor in range(OLDEST, NEWEST)]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates += [str(path) for path in sorted(pyenv.glob("3.*/bin/python"))]
    found: dict[str, str] = {}
    for candidate in filter(None, candidates):
        asked = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        version = asked.stdout.strip()
        if asked.returncode == 0 and OLDEST <= int(version.split(".")[1]) < NEWEST:
            found.setdefault(version, str(candidate))
    found.pop(f"{sys.version_info[0]}.{sys.version_info[1]}", None)
    return found


FOUND = interpreters()


@pytest.mark.skipif(not FOUND, reason="no other Python is on this machine")
@pytest.mark.parametrize("version", list(FOUND))
def test_every_example_gives_the_same_in_every_python(version: str) -> None:
    path = os.pathsep.join(map(str, [ROOT, ROOT / "plugins"]))
    done = subprocess.run(
        [FOUND[version], "-W", "error", "-c", EXAMPLES],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 150
