"""What the recipes' pages claim of interrupts, threads, subshells and the end."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from support import processes

from documentation.recipes import (
    ENDLESS,
    interrupt,
    play,
)

if TYPE_CHECKING:
    from pathlib import Path

    from support.kernels import Kernel

    from documentation.recipes import Recipe


# interrupts


@pytest.mark.parametrize("module", ["evaluator", "evaluator_in_a_thread"])
def test_an_interrupt_stops_an_embedded_runtime_and_keeps_its_state(
    recipe: Recipe, module: str
) -> None:
    kernel = recipe("interrupts", module=module)
    evaluator = kernel.evaluator().pid
    play(kernel.client, "interrupts", meanwhile={ENDLESS: lambda: interrupt(kernel)})
    assert kernel.evaluator().pid == evaluator


@pytest.mark.parametrize("module", ["evaluator", "evaluator_in_a_thread"])
def test_an_interrupt_at_any_moment_means_that_statement_alone(recipe: Recipe, module: str) -> None:
    client = recipe("interrupts", module=module).client
    for _ in range(10):
        cell = client.send_execute(ENDLESS)
        client.wait_for("execute_input", cell)  # it is with the evaluator, begun or not
        client.send("interrupt_request", channel="control")
        assert client.outcome(cell).reply["ename"] == "KeyboardInterrupt"
        assert client.execute("SELECT 1").result == "[(1,)]"


@pytest.mark.parametrize("module", ["evaluator", "evaluator_in_a_thread"])
def test_an_error_of_the_embedded_runtime_is_the_users(recipe: Recipe, module: str) -> None:
    reply = recipe("interrupts", module=module).client.execute("SELECT nonsense").reply
    assert reply["ename"] == "OperationalError"
    assert reply["evalue"] == "no such column: nonsense"


# threads and tasks


def test_what_comes_later_appears_under_the_cell_that_began_it(recipe: Recipe) -> None:
    client = recipe("background").client
    thread = client.send_execute("thread tick")
    task = client.send_execute("task tock")
    for cell in (thread, task):
        assert client.outcome(cell).status == "ok"
    assert client.execute("go").text() == ""
    client.wait_for_text("tick\nand printed\n", thread)
    assert client.wait_for("display_data").parent == task
    assert client.wait_for("display_data").content["data"] == {"text/plain": "tock"}


# subshells


def test_a_subshell_ends_what_the_main_shell_waits_for(recipe: Recipe) -> None:
    kernel = recipe("subshells")
    client = kernel.client
    subshell = client.create_subshell()

    def put() -> None:
        client.wait_for_text("waiting for x")
        put = client.outcome(client.send_execute("put x ready", subshell=subshell))
        assert put.status == "ok"

    play(client, "subshells", meanwhile={"wait x": put})
    where = client.send_execute("where", subshell=subshell)
    assert client.outcome(where).result == subshell


def test_an_interrupt_reaches_both_shells(recipe: Recipe) -> None:
    client = recipe("subshells").client
    subshell = client.create_subshell()
    cells = [client.send_execute("wait x"), client.send_execute("wait y", subshell=subshell)]
    client.wait_for_text("waiting for x")
    client.wait_for_text("waiting for y")
    client.send("interrupt_request", channel="control")
    assert [client.outcome(cell).reply["ename"] for cell in cells] == ["KeyboardInterrupt"] * 2


# cleaning up


def log_of(kernel: Kernel) -> list[str]:
    with closing(sqlite3.connect(kernel.folder / "kept.db")) as database:
        return [text for (text,) in database.execute("SELECT text FROM log")]


def test_a_shutdown_writes_what_is_left_and_ends_the_helper(recipe: Recipe) -> None:
    kernel = recipe("shutdown")
    assert kernel.execute("one").status == "ok"
    watches = kernel.watch_all()
    assert len(watches) >= 3  # the host, the evaluator, and its helper
    kernel.client.request("shutdown_request", {"restart": False}, channel="control")
    assert kernel.exit_code() == 0
    assert all(watch.ended_within(20) for watch in watches)
    assert log_of(kernel) == ["one", "the end, restart=False"]


def test_a_restart_says_so(recipe: Recipe) -> None:
    kernel = recipe("shutdown")
    kernel.execute("one")
    kernel.restart()
    assert log_of(kernel) == ["one", "the end, restart=True"]


def test_after_a_crash_nothing_is_left_but_what_was_committed(
    recipe: Recipe, tmp_path: Path
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    kernel = recipe("shutdown", environment={"TMPDIR": str(folder)})
    kernel.execute("one")
    (scratch,) = folder.glob("*/scratch")
    assert scratch.read_text() == "one"
    helpers = [kernel.watch(each.pid) for each in kernel.evaluator().children()]
    assert helpers
    assert kernel.execute("crash").reply["ename"] == "EvaluatorDied"
    assert all(watch.ended_within(20) for watch in helpers)
    assert log_of(kernel) == []
    processes.until(lambda: not scratch.parent.exists(), "the end of the temporary folder")
