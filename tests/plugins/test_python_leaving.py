"""``exit()`` and ``quit()``: what asks a console to end, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.client import Outcome
    from support.kernels import Kernel


def execute(kernel: Kernel, code: str, cell_id: str | None = None, **content: Any) -> Outcome:
    client = kernel.client
    metadata = {"cellId": cell_id} if cell_id else {}
    message = client.session.msg(
        "execute_request", {"code": code, "allow_stdin": True, **content}, metadata=metadata
    )
    client.session.send(client.sockets["shell"], message)
    return client.outcome(message["header"]["msg_id"])


def asked(keep: bool = False) -> list[dict[str, object]]:
    return [{"source": "ask_exit", "keepkernel": keep}]


@pytest.mark.parametrize(
    "code", ["exit", "quit", "exit()", "quit()", "exit(0)", "def f(): quit()\nf()"]
)
def test_a_console_is_asked_to_end(python: Kernel, code: str) -> None:
    outcome = execute(python, code)
    assert outcome.status == "ok"
    assert outcome.reply["payload"] == asked()
    assert outcome.contents("execute_result") == []


def test_nothing_behind_it_runs(python: Kernel) -> None:
    outcome = execute(python, "print('before')\nexit()\nprint('after')")
    assert outcome.text() == "before\n"
    assert outcome.reply["payload"] == asked()


def test_the_kernel_can_be_kept(python: Kernel) -> None:
    assert execute(python, "exit(keep_kernel=True)").reply["payload"] == asked(keep=True)


def test_an_awaiting_cell_can_leave(python: Kernel) -> None:
    outcome = execute(python, "import asyncio\nawait asyncio.sleep(0)\nexit()")
    assert (outcome.status, outcome.reply["payload"]) == ("ok", asked())


def test_code_that_catches_it_goes_on(python: Kernel) -> None:
    outcome = execute(
        python, "try: exit(2)\nexcept SystemExit as leaving: kept = leaving.code\nkept"
    )
    assert (outcome.result, outcome.reply["payload"]) == ("2", [])


@pytest.mark.parametrize("code", ["exit()", "quit(3)", "import sys; sys.exit()"])
def test_in_a_notebook_it_ends_the_cell_with_an_error(python: Kernel, code: str) -> None:
    outcome = execute(python, code, cell_id="abc")
    assert (outcome.status, outcome.reply["ename"]) == ("error", "SystemExit")
    assert "payload" not in outcome.reply


def test_sys_exit_is_of_programs_and_ends_no_console(python: Kernel) -> None:
    assert execute(python, "import sys; sys.exit()").reply["ename"] == "SystemExit"


def test_who_only_runs_a_notebook_is_told_of_an_error(python: Kernel) -> None:
    assert execute(python, "exit()", allow_stdin=False).reply["ename"] == "SystemExit"


def test_in_a_notebook_its_name_alone_tells_what_it_does(python: Kernel) -> None:
    assert "Use exit() to end the cell" in execute(python, "exit", cell_id="abc").result
