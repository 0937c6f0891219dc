"""What JupyterLab's panel of the debugger builds on, from a front end, through real kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.debugger import Debugger
    from support.kernels import Kernel

CODE = "a = 20\nb = a + 1"


def test_the_source_of_a_cell_from_before_debugging_began_is_shown(
    python: Kernel, debugger: Debugger
) -> None:
    code = "def double(x):\n    return 2 * x"
    python.execute(code)
    debugger.begin()
    debugger.break_at("double(4)", 1)
    cell = python.client.send_execute("double(4)")
    thread, _ = debugger.stopped()
    debugger.ask("stepIn", threadId=thread)
    thread, frames = debugger.stopped()
    assert debugger.ask("source", source=frames[0]["source"])["content"] == code + "\n"
    debugger.ask("continue", threadId=thread)
    assert python.client.outcome(cell).result == "8"


def test_breakpoints_in_files_that_are_gone_are_not_kept(debugger: Debugger) -> None:
    debugger.begin()
    path = debugger.ask("debugInfo")["tmpFilePrefix"] + "before/1.py"
    debugger.ask("setBreakpoints", source={"path": path}, breakpoints=[{"line": 1}])
    assert debugger.ask("debugInfo")["breakpoints"] == []


@pytest.mark.parametrize("command", ["continue", "next", "disconnect"])
def test_a_cell_that_goes_on_is_told_of_once_and_before_its_end(
    python: Kernel, debugger: Debugger, command: str
) -> None:
    debugger.begin()
    debugger.break_at(CODE, 2)
    cell = python.client.send_execute(CODE)
    thread, _ = debugger.stopped()
    debugger.ask(command, threadId=thread)
    end = python.client.outcome(cell).iopub[-1]
    debugger.ask("debugInfo")
    seen = python.client.seen
    told = [
        place
        for place, each in enumerate(seen)
        if each.msg_type == "debug_event" and each.content["event"] == "continued"
    ]
    assert len(told) == 1
    assert told[0] < seen.index(end)
