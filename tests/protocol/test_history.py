"""The history of real kernels: kept across sessions and kernels."""

from __future__ import annotations

import signal
import sqlite3
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from support import processes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.kernels import Kernel


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file in the data folder of this test's kernels."""
    return tmp_path / "jupyter" / "polykernel" / "history.sqlite"


def ask(kernel: Kernel, channel: str = "shell", **content: Any) -> Any:
    outcome = kernel.client.request(
        "history_request", {"hist_access_type": "tail", "n": 10, **content}, channel=channel
    )
    assert outcome.sequence == ["busy", "idle"]
    return outcome.reply["history"]


def shut_down(kernel: Kernel) -> None:
    kernel.client.request("shutdown_request", channel="control")
    assert kernel.exit_code() == 0


def inputs(path: Path) -> list[str]:
    """Read the file as nobody's kernel."""
    with sqlite3.connect(path) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
        query = "SELECT input FROM cells ORDER BY id"
        found = connection.execute(query).fetchall() if ("cells",) in tables else []
    connection.close()
    return [code for (code,) in found]


def test_two_kernels_share_the_history_of_their_language(kernel: Callable[..., Kernel]) -> None:
    one, other, calc = (
        kernel("polykernel-echo"),
        kernel("polykernel-echo"),
        kernel("polykernel-calc"),
    )
    one.execute("first")
    assert ask(one) == [[1, 1, "first"]]
    other.execute("second")
    calc.execute("1 + 1")
    assert ask(other, output=True) == [[1, 1, ["first", "first"]], [2, 1, ["second", "second"]]]
    assert ask(one, channel="control") == [[1, 1, "first"], [2, 1, "second"]]
    assert ask(calc, output=True) == [[1, 1, ["1 + 1", "2"]]]


def test_a_restart_begins_a_new_session(program: Kernel) -> None:
    program.execute("'before'")
    program.restart()
    program.client = program.connect()
    program.client.ready()
    assert ask(program, hist_access_type="range", session=-1) == [[1, 1, "'before'"]]
    program.execute("'after'")
    assert ask(program) == [[1, 1, "'before'"], [2, 1, "'after'"]]
    assert ask(program, hist_access_type="range", session=0) == [[2, 1, "'after'"]]


def test_a_shutdown_right_after_cells_keeps_them(program: Kernel, path: Path) -> None:
    cells = [f"'cell {number}'" for number in range(20)]
    sent = [program.client.send_execute(code) for code in cells]
    program.client.wait_for("execute_reply", sent[-1])
    shut_down(program)
    assert inputs(path) == cells
    assert [each.name for each in path.parent.iterdir()] == [path.name], "it is in one piece"


def test_requests_that_are_on_their_way_at_shutdown_are_answered_before_it(
    program: Kernel,
) -> None:
    client = program.client
    client.execute("'cell'")
    sent = [client.send("history_request") for _ in range(3)]
    shut_down(program)
    assert [client.outcome(each).reply["history"] for each in sent] == [[[1, 1, "'cell'"]]] * 3


def test_a_host_that_is_killed_has_written_what_was_not_its_last_moment(
    program: Kernel, path: Path
) -> None:
    program.execute("'cell'")
    processes.until(lambda: path.exists() and inputs(path) != [], "a cell in the file")
    program.process.send_signal(signal.SIGKILL)
    program.exit_code()
    assert inputs(path) == ["'cell'"]


def test_a_cell_that_kills_its_evaluator_is_in_the_history(program: Kernel) -> None:
    program.execute("os._exit(1)")
    assert ask(program, output=True) == [[1, 1, ["os._exit(1)", None]]]


def test_history_is_answered_while_a_cell_runs_and_the_kernel_stays_busy(program: Kernel) -> None:
    gate, cell = program.start_at_gate()
    asked = program.client.send("history_request", channel="control")
    assert len(program.client.outcome(asked).reply["history"]) == 1
    idle = program.client.wait(
        lambda seen: seen.parent == asked and seen.content.get("execution_state") == "idle", "idle"
    )
    program.client.wait(
        lambda seen: seen.parent == cell and seen.content.get("execution_state") == "busy",
        "busy once more",
        since=program.client.seen.index(idle),
    )
    gate.open()
    program.client.outcome(cell)


def test_switched_off_nothing_is_written(kernel: Callable[..., Kernel], path: Path) -> None:
    program = kernel(environment={"POLYKERNEL_HISTORY": "off"})
    program.execute("'cell'")
    assert ask(program) == [[1, 1, "'cell'"]]
    shut_down(program)
    assert not path.parent.exists()


def test_an_absolute_path_names_another_file(
    kernel: Callable[..., Kernel], path: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.sqlite"
    program = kernel(environment={"POLYKERNEL_HISTORY": str(other)})
    program.execute("'cell'")
    shut_down(program)
    assert inputs(other) == ["'cell'"]
    assert not path.parent.exists()


def test_a_file_that_cant_be_used_is_told_in_the_log_and_in_no_cell(
    kernel: Callable[..., Kernel], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    program = kernel(environment={"POLYKERNEL_HISTORY": str(tmp_path / "file" / "history.sqlite")})
    for number in range(2):
        outcome = program.execute(f"'{number}'")
        assert outcome.status == "ok"
        assert outcome.text("stderr") == ""
        assert len(ask(program)) == number + 1
    shut_down(program)
    assert program.log.count("the history is only in memory for now") == 1
    assert "Traceback" not in program.log


def test_a_kernel_that_was_not_used_has_not_loaded_sqlite(program: Kernel, path: Path) -> None:
    def loaded() -> bool:
        maps = psutil.Process(program.pid).memory_maps()
        return any("sqlite" in each.path for each in maps)

    assert not loaded()
    program.execute("'cell'")
    ask(program)
    assert loaded(), "else this test sees nothing"
