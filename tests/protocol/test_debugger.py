"""Debugging cells of the language Python, from a front end, through real kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.debugger import Debugger, Failed, murmur2

if TYPE_CHECKING:
    from support.kernels import Kernel

CODE = "a = 20\nb = a + 1\nprint('b is', b)"


def test_a_breakpoint_stops_a_cell_and_its_variables_are_shown(
    python: Kernel, debugger: Debugger
) -> None:
    debugger.begin()
    path = debugger.break_at(CODE, 2)
    cell = python.client.send_execute(CODE)
    thread, frames = debugger.stopped()
    assert [(frame["source"]["path"], frame["line"]) for frame in frames] == [(path, 2)]
    assert debugger.variables(frames[0]) == {"a": "20"}
    debugger.ask("next", threadId=thread)
    thread, frames = debugger.stopped()
    assert frames[0]["line"] == 3
    assert debugger.variables(frames[0]) == {"a": "20", "b": "21"}
    debugger.ask("continue", threadId=thread)
    assert python.client.outcome(cell).text() == "b is 21\n"


@pytest.mark.parametrize("code", ["", "a", "ab = 1", "naïve = '€ 😀'", "x = 1\r\ny = 2\n" * 50])
def test_a_cell_has_the_name_that_jupyterlab_computes(debugger: Debugger, code: str) -> None:
    info = debugger.ask("debugInfo")
    assert info["hashMethod"] == "Murmur2"
    debugger.begin()
    hashed = murmur2(code.encode(), info["hashSeed"])
    path = debugger.ask("dumpCell", code=code)["sourcePath"]
    assert path == f"{info['tmpFilePrefix']}{hashed}{info['tmpFileSuffix']}"


def test_debug_info_tells_how_things_stand(python: Kernel, debugger: Debugger) -> None:
    before = debugger.ask("debugInfo")
    assert before["isStarted"] is False
    assert before["breakpoints"] == before["stoppedThreads"] == []
    assert before["richRendering"] is before["copyToGlobals"] is True
    assert before["exceptionPaths"] == ["Python Exceptions"]
    debugger.begin()
    path = debugger.break_at(CODE, 2, 3)
    cell = python.client.send_execute(CODE)
    thread, _ = debugger.stopped()
    during = debugger.ask("debugInfo")
    assert during["isStarted"] is True
    assert during["stoppedThreads"] == [thread]
    assert during["breakpoints"] == [{"source": path, "breakpoints": [{"line": 2}, {"line": 3}]}]
    debugger.end()
    assert python.client.outcome(cell).status == "ok"
    assert debugger.ask("debugInfo") == before


def test_debugging_can_be_ended_and_begun_again(python: Kernel, debugger: Debugger) -> None:
    for _ in range(2):
        debugger.begin()
        debugger.break_at(CODE, 2)
        cell = python.client.send_execute(CODE)
        thread, _ = debugger.stopped()
        debugger.ask("continue", threadId=thread)
        assert python.client.outcome(cell).text() == "b is 21\n"
        debugger.end()
        assert python.execute(CODE).text() == "b is 21\n"
        assert python.execute("import sys; sys.gettrace()").result is None


def test_stepping_goes_into_functions_and_out_of_them(python: Kernel, debugger: Debugger) -> None:
    code = "def double(x):\n    y = 2 * x\n    return y\nz = double(4)\nprint(z)"
    debugger.begin()
    debugger.break_at(code, 4)
    cell = python.client.send_execute(code)
    thread, _ = debugger.stopped()
    debugger.ask("stepIn", threadId=thread)
    thread, frames = debugger.stopped()
    assert [(frame["name"], frame["line"]) for frame in frames] == [("double", 2), ("<module>", 4)]
    assert debugger.variables(frames[0]) == {"x": "4"}
    debugger.ask("stepOut", threadId=thread)
    thread, frames = debugger.stopped()
    assert [(frame["name"], frame["line"]) for frame in frames] == [("<module>", 4)]
    debugger.ask("continue", threadId=thread)
    assert python.client.outcome(cell).text() == "8\n"


def test_a_step_out_of_a_cell_does_not_stop_the_next_one(
    python: Kernel, debugger: Debugger
) -> None:
    debugger.begin()
    debugger.break_at(CODE, 3)
    cell = python.client.send_execute(CODE)
    thread, _ = debugger.stopped()
    debugger.ask("next", threadId=thread)
    python.client.outcome(cell)
    assert python.execute("c = 1\nprint('next')").text() == "next\n"


def test_debugging_begins_at_once_also_after_very_many_cells(
    python: Kernel, debugger: Debugger
) -> None:
    # with 40 ms for each it would take longer than a front end waits for a reply
    sent = [python.client.send_execute(f"def f{n}():\n    return {n}") for n in range(1500)]
    assert python.client.outcome(sent[-1]).status == "ok"
    debugger.begin()
    debugger.break_at("def f1499():\n    return 1499", 2)
    cell = python.client.send_execute("f1499()")
    thread, frames = debugger.stopped()
    assert frames[0]["line"] == 2
    debugger.ask("continue", threadId=thread)
    assert python.client.outcome(cell).result == "1499"


def test_a_breakpoint_stops_in_what_a_cell_defined_before_debugging_began(
    python: Kernel, debugger: Debugger
) -> None:
    code = "def double(x):\n    y = 2 * x\n    return y"
    python.execute("1 + 1")
    python.execute(code)
    debugger.begin()
    path = debugger.break_at(code, 2)
    cell = python.client.send_execute("print(double(4))")
    thread, frames = debugger.stopped()
    assert (frames[0]["source"]["path"], frames[0]["line"]) == (path, 2)
    debugger.ask("continue", threadId=thread)
    assert python.client.outcome(cell).text() == "8\n"
    python.execute(code)  # now under another name
    cell = python.client.send_execute("print(double(5))")
    thread, frames = debugger.stopped()
    assert (frames[0]["source"]["path"], frames[0]["line"]) == (path, 2)
    debugger.ask("continue", threadId=thread)
    assert python.client.outcome(cell).text() == "10\n"


def test_variables_are_shown_and_copied_while_nothing_and_while_something_is_stopped(
    python: Kernel, debugger: Debugger
) -> None:
    python.execute(
        "class Shown:\n    def _repr_html_(self):\n        return '<b>hi</b>'\nshown = Shown()"
    )
    python.execute("numbers = {'one': [1, 11]}")
    variables = {each["name"]: each for each in debugger.ask("inspectVariables")["variables"]}
    assert set(variables) == {"Shown", "shown", "numbers"}
    reference = variables["numbers"]["variablesReference"]
    (one,) = debugger.ask("variables", variablesReference=reference)["variables"]
    assert (one["name"], one["value"], one["type"]) == ("'one'", "[1, 11]", "list")
    rich = debugger.ask("richInspectVariables", variableName="shown")
    assert rich["data"]["text/html"] == "<b>hi</b>"
    code = "def f(inner):\n    return inner\nf(shown)"
    debugger.begin()
    debugger.break_at(code, 2)
    cell = python.client.send_execute(code)
    thread, frames = debugger.stopped()
    frame = frames[0]["id"]
    rich = debugger.ask("richInspectVariables", variableName="inner", frameId=frame)
    assert rich["data"]["text/html"] == "<b>hi</b>"
    assert debugger.ask("evaluate", expression="6 * 7", frameId=frame)["result"] == "42"
    debugger.ask(
        "copyToGlobals", srcVariableName="inner", dstVariableName="copied", srcFrameId=frame
    )
    debugger.ask("continue", threadId=thread)
    python.client.outcome(cell)
    assert python.execute("copied is shown").result == "True"


def test_an_error_is_shown_with_the_cells_number_while_debugging(
    python: Kernel, debugger: Debugger
) -> None:
    debugger.begin()
    outcome = python.execute("1 / 0")
    assert "Cell In[1], line 1" in outcome.traceback
    assert "1 / 0" in outcome.traceback
    assert "polykernel" not in outcome.traceback


def test_what_is_not_supported_is_refused_as_the_debug_adapter_protocol_says(
    debugger: Debugger,
) -> None:
    with pytest.raises(Failed, match="debugging has not begun"):
        debugger.ask("threads")
    with pytest.raises(Failed, match="unheardOf is not supported"):
        debugger.ask("unheardOf")


def test_an_interrupt_ends_a_cell_that_is_stopped(python: Kernel, debugger: Debugger) -> None:
    debugger.begin()
    debugger.break_at(CODE, 2)
    cell = python.client.send_execute(CODE)
    debugger.stopped()
    python.client.request("interrupt_request", channel="control")
    outcome = python.client.outcome(cell)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert outcome.traceback.count("Cell In[1], line 2") == 1
    assert "pydevd" not in outcome.traceback
    assert debugger.wait_for("continued")["allThreadsContinued"] is True
    assert debugger.ask("debugInfo")["stoppedThreads"] == []
    cell = python.client.send_execute(CODE)
    thread, _ = debugger.stopped()
    debugger.ask("continue", threadId=thread)
    assert python.client.outcome(cell).text() == "b is 21\n"


def test_completion_works_while_a_cell_is_stopped(python: Kernel, debugger: Debugger) -> None:
    debugger.begin()
    debugger.break_at(CODE, 2)
    cell = python.client.send_execute("special_name = 1\n" + CODE)
    python.client.outcome(cell)
    cell = python.client.send_execute(CODE)
    debugger.stopped()
    outcome = python.client.request("complete_request", {"code": "special_", "cursor_pos": 8})
    assert outcome.reply["matches"] == ["special_name"]
    debugger.end()
    python.client.outcome(cell)


def test_the_last_status_of_a_stopped_kernel_is_the_cells_busy(
    python: Kernel, debugger: Debugger
) -> None:
    debugger.begin()
    debugger.break_at(CODE, 2)
    cell = python.client.send_execute(CODE)
    thread, _ = debugger.stopped()
    since = len(python.client.seen)
    debugger.ask("debugInfo")
    last = python.client.wait_for("status", cell, since=since)
    assert last.content["execution_state"] == "busy"
    debugger.ask("continue", threadId=thread)
    python.client.outcome(cell)


def test_the_end_of_the_evaluator_ends_debugging(python: Kernel, debugger: Debugger) -> None:
    debugger.begin()
    debugger.break_at(CODE, 2)
    cell = python.client.send_execute(CODE)
    debugger.stopped()
    python.evaluator().kill()
    debugger.wait_for("terminated")
    assert python.client.outcome(cell).reply["ename"] == "EvaluatorDied"
    assert debugger.ask("debugInfo")["isStarted"] is False
    debugger.begin()
    debugger.break_at(CODE, 2)
    cell = python.client.send_execute(CODE)
    thread, _ = debugger.stopped()
    debugger.ask("continue", threadId=thread)
    assert python.client.outcome(cell).text() == "b is 21\n"


def test_a_stopped_kernel_is_shut_down_in_good_order(python: Kernel, debugger: Debugger) -> None:
    python.execute("import atexit; atexit.register(lambda: open('ended', 'w').close())")
    debugger.begin()
    debugger.break_at(CODE, 2)
    python.client.send_execute(CODE)
    debugger.stopped()
    assert python.client.request("shutdown_request", channel="control").status == "ok"
    assert (python.folder / "ended").exists()


def test_what_debugpy_notes_about_itself_is_no_output_of_a_cell(
    python: Kernel, debugger: Debugger
) -> None:
    debugger.begin()
    code = "from _pydev_bundle import pydev_log\npydev_log.critical('thread._ident is None')\n1"
    outcome = python.execute(code)
    assert outcome.result == "1"
    assert outcome.text("stderr") == ""


def test_kernel_info_tells_of_the_debugger(python: Kernel) -> None:
    info = python.client.request("kernel_info_request").reply
    assert info["debugger"] is True
    assert "debugger" in info["supported_features"]


def test_a_language_without_a_debugger_says_so(program: Kernel) -> None:
    info = program.client.request("kernel_info_request").reply
    assert info["debugger"] is False
    assert "debugger" not in info["supported_features"]
    with pytest.raises(Failed, match="no debugger"):
        Debugger(program.client).ask("debugInfo")
