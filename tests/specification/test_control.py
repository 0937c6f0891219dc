"""Messages on the control channel: shutdown, interrupt, debugging, subshells."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from support.debugger import Debugger, Failed, murmur2
from support.subjects import NEVER

from specification.rules import ALL, JEP_91, KERNELS, ONE_AT_A_TIME, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.subjects import Subject

SHUTDOWN = "Kernel shutdown"
INTERRUPT = "Kernel interrupt"
DEBUG = "Debug request"
ADDITIONS = "Additions to the DAP"
SUBSHELLS = "Kernel subshells"


def shut_down(kernel: Subject, channel: str = "control", *, restart: bool = False) -> Any:
    sent = kernel.client.send("shutdown_request", {"restart": restart}, channel=channel)
    return kernel.client.wait_for("shutdown_reply", sent)


@rule(
    "shutdown_reply",
    SHUTDOWN,
    "False if final shutdown, or True if shutdown precedes a restart",
    languages=ALL,
)
@pytest.mark.parametrize("restart", [False, True])
def test_a_shutdown_is_answered_with_what_it_is_for(kernel: Subject, restart: bool) -> None:
    other = kernel.fresh()
    reply = shut_down(other, restart=restart)
    assert reply.content == {"status": "ok", "restart": restart}
    assert reply.channel == "control"
    other.exit_code()


@rule(
    "shutdown_reply",
    SHUTDOWN,
    "once it receives the reply message (which is otherwise empty), it can assume that the kernel "
    "has completed shutdown safely",
)
def test_what_cells_have_registered_for_the_end_is_done_before_the_reply(kernel: Subject) -> None:
    other = kernel.fresh()
    path = other.folder / "at the end"
    code = (
        "import atexit, pathlib, time\n"
        f"def last():\n    time.sleep(0.3); pathlib.Path({str(path)!r}).touch()\n"
        "atexit.register(last)"
    )
    assert other.execute(code).status == "ok"
    shut_down(other)
    assert path.exists()


@rule(
    "shutdown_request",
    SHUTDOWN,
    "The clients can request the kernel to shut itself down",
    languages=ALL,
)
def test_a_kernel_that_is_shut_down_ends(kernel: Subject) -> None:
    other = kernel.fresh()
    watches = other.kernel.watch_all()
    shut_down(other)
    assert other.exit_code() == 0
    assert all(each.ended_within(5) for each in watches)


@rule(
    "shutdown_request",
    SHUTDOWN,
    "The request is sent on the ``control`` channel.",
    languages=ALL,
)
def test_a_shutdown_is_between_busy_and_idle(kernel: Subject) -> None:
    other = kernel.fresh()
    sent = other.client.send("shutdown_request", {"restart": False}, channel="control")
    assert other.client.outcome(sent).sequence == ["busy", "idle"]


@rule(
    "shutdown_request",
    SHUTDOWN,
    "Sending a ``shutdown_request`` message on the ``shell`` channel is deprecated.",
    languages=ALL,
)
def test_a_shutdown_on_shell_works_all_the_same(kernel: Subject) -> None:
    other = kernel.fresh()
    assert shut_down(other, "shell").channel == "shell"
    other.exit_code()


@rule(
    "interrupt_reply",
    INTERRUPT,
    "'ok' if the request succeeded or 'error', with error information as in all other replies",
    languages=ALL,
)
def test_an_interrupt_is_answered(kernel: Subject) -> None:
    reply = kernel.client.request("interrupt_request", channel="control").reply
    assert reply == {"status": "ok"}
    assert kernel.execute(kernel.words.value).result == kernel.words.shown


@rule(
    "interrupt_request",
    INTERRUPT,
    "An interruption will then result in the following message on the ``control`` channel",
)
@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(600)"])
def test_an_interrupt_ends_the_running_cell(kernel: Subject, code: str) -> None:
    client = kernel.client
    cell = client.send_execute(f"print('runs', flush=True)\n{code}")
    client.wait_for_text("runs", cell)
    assert client.request("interrupt_request", channel="control").status == "ok"
    outcome = client.outcome(cell)
    assert (outcome.status, outcome.reply["ename"]) == ("error", "KeyboardInterrupt")
    assert kernel.execute("6 * 7").result == "42"


@rule(
    "kernel.json",
    INTERRUPT,
    "For this to work, the kernels kernelspec must set ``interrupt_mode`` to ``message``.",
    languages=ALL,
)
def test_a_kernelspec_asks_for_interrupts_by_message(kernel: Subject) -> None:
    spec = kernel.kernel.manager.kernel_spec
    assert spec is not None
    assert spec.interrupt_mode == "message"


@pytest.fixture
def debugger(kernel: Subject) -> Iterator[Debugger]:
    yield from debugging(kernel)


def debugging(kernel: Subject) -> Iterator[Debugger]:
    debugger = Debugger(kernel.fresh().client)
    debugger.begin()
    yield debugger
    with contextlib.suppress(AssertionError, KeyError):
        debugger.end()


CODE = "a = 20\nb = a + 1\nprint('b is', b)"


@rule(
    "debug_reply",
    DEBUG,
    "follow the specification of the ``Request`` and ``Response`` messages from the Debug Adapter "
    "Protocol",
)
def test_debug_requests_are_answered_as_the_debug_adapter_protocol_says(kernel: Subject) -> None:
    client = kernel.fresh().client
    content = {
        "type": "request",
        "seq": 77,
        "command": "initialize",
        "arguments": {"clientID": "x", "adapterID": ""},
    }
    reply = client.request("debug_request", content, channel="control").reply
    assert (reply["type"], reply["request_seq"], reply["command"], reply["success"]) == (
        "response",
        77,
        "initialize",
        True,
    )
    assert isinstance(reply["seq"], int)


@rule(
    "debug_request",
    DEBUG,
    "Debug requests and replies are sent over the ``control`` channel to prevent queuing behind "
    "execution requests.",
)
def test_debugging_works_beside_a_running_cell(kernel: Subject) -> None:
    other = kernel.fresh()
    gate, cell = other.send_gate()
    assert Debugger(other.client).ask("debugInfo")["isStarted"] is False
    gate.open()
    other.client.outcome(cell)


@rule(
    "kernel_info_reply",
    DEBUG,
    "must include ``'debugger'`` in ``'supported_features'`` in :ref:`kernel info "
    "<msging_kernel_info>` reply messages",
)
def test_who_can_debug_says_so(kernel: Subject) -> None:
    features = kernel.client.request("kernel_info_request").reply["supported_features"]
    assert "debugger" in features


@rule(
    "kernel_info_reply",
    DEBUG,
    "Kernels supporting subshells must include ``'debugger'``",
    languages=ONE_AT_A_TIME,
    peers=False,
)
def test_who_can_not_debug_says_so_and_answers_with_a_failure(kernel: Subject) -> None:
    features = kernel.client.request("kernel_info_request").reply["supported_features"]
    assert "debugger" not in features
    content = {"type": "request", "seq": 1, "command": "initialize", "arguments": {}}
    reply = kernel.client.request("debug_request", content, channel="control").reply
    assert (reply["type"], reply["success"]) == ("response", False)
    assert reply["message"]


@rule(
    "debug_event",
    "Debug event",
    "The ``content`` dict follows the specification of the ``Event`` message from the Debug "
    "Adapter Protocol",
)
def test_a_breakpoint_stops_a_cell_and_is_told_on_iopub(debugger: Debugger) -> None:
    client = debugger.client
    path = debugger.break_at(CODE, 2)
    cell = client.send_execute(CODE)
    thread, frames = debugger.stopped()
    assert [(frame["source"]["path"], frame["line"]) for frame in frames] == [(path, 2)]
    event = next(seen for seen in client.seen if seen.content.get("event") == "stopped")
    assert (event.msg_type, event.channel) == ("debug_event", "iopub")
    assert (event.content["type"], event.content["body"]["threadId"]) == ("event", thread)
    debugger.ask("continue", threadId=thread)
    assert client.outcome(cell).text() == "b is 21\n"


@rule(
    "debug_reply",
    ADDITIONS,
    "we need a message to submit code to the debugger to which breakpoints can be added",
)
def test_a_dumped_cell_has_the_name_that_debug_info_tells_how_to_compute(
    debugger: Debugger,
) -> None:
    info = debugger.ask("debugInfo")
    path = debugger.ask("dumpCell", code=CODE)["sourcePath"]
    hashed = murmur2(CODE.encode(), info["hashSeed"])
    assert path == f"{info['tmpFilePrefix']}{hashed}{info['tmpFileSuffix']}"


@rule(
    "debug_reply",
    ADDITIONS,
    "Jupyter kernels must store the state of the debugger (such as breakpoints, whether the "
    "debugger is currently stopped)",
)
def test_debug_info_tells_a_late_front_end_how_things_stand(
    kernel: Subject, debugger: Debugger
) -> None:
    path = debugger.break_at(CODE, 2, 3)
    cell = debugger.client.send_execute(CODE)
    thread, _ = debugger.stopped()
    info = debugger.ask("debugInfo")
    assert info["isStarted"] is True
    assert thread in info["stoppedThreads"]
    (registered,) = info["breakpoints"]
    assert registered["source"] == path
    assert [each["line"] for each in registered["breakpoints"]] == [2, 3]
    debugger.ask("disconnect", restart=False, terminateDebuggee=False)
    assert debugger.client.outcome(cell).status == "ok"


@rule(
    "debug_reply",
    ADDITIONS,
    "'hashMethod' : str,  # the hash method for code cell. Default is 'Murmur2'",
)
def test_debug_info_has_all_its_fields(debugger: Debugger) -> None:
    info = debugger.ask("debugInfo")
    types = {
        "isStarted": bool,
        "hashMethod": str,
        "hashSeed": int,
        "tmpFilePrefix": str,
        "tmpFileSuffix": str,
        "breakpoints": list,
        "stoppedThreads": list,
        "richRendering": bool,
        "exceptionPaths": list,
        "copyToGlobals": bool,
    }
    assert {name: type(info.get(name)) for name in types} == types


@rule(
    "debug_reply",
    ADDITIONS,
    "meant to retrieve the values of all the variables that have been defined in the kernel",
)
def test_the_variables_of_the_notebook_are_shown(debugger: Debugger) -> None:
    assert debugger.client.execute("of_users = [1, 2]").status == "ok"
    variables = debugger.ask("inspectVariables")["variables"]
    (found,) = [each for each in variables if each["name"] == "of_users"]
    assert (found["value"], found["type"]) == ("[1, 2]", "list")
    assert isinstance(found["variablesReference"], int)


@rule(
    "debug_reply",
    ADDITIONS,
    "allows to get the rich representation of a variable that has been defined in the kernel",
)
def test_a_variable_is_shown_richly(debugger: Debugger) -> None:
    code = "class R:\n    def _repr_html_(self): return '<b>rich</b>'\nrich = R()"
    assert debugger.client.execute(code).status == "ok"
    body = debugger.ask("richInspectVariables", variableName="rich")
    assert body["data"]["text/html"] == "<b>rich</b>"
    assert isinstance(body["metadata"], dict)


@rule(
    "debug_reply",
    ADDITIONS,
    "allows to copy a variable from the local variable panel of the debugger to the ``global`` "
    "scope",
)
def test_a_local_variable_is_copied_to_the_globals(debugger: Debugger) -> None:
    client = debugger.client
    if not debugger.ask("debugInfo").get("copyToGlobals"):
        raise Failed("it does not offer that")
    code = "def inner():\n    local = 123\n    return local\ninner()"
    debugger.break_at(code, 3)
    cell = client.send_execute(code)
    thread, frames = debugger.stopped()
    names = {"srcVariableName": "local", "dstVariableName": "copied"}
    reply = debugger.outcome("copyToGlobals", srcFrameId=frames[0]["id"], **names).reply
    assert (reply["success"], reply["command"]) == (True, "setExpression")
    assert (reply["body"]["value"], reply["body"]["type"]) == ("123", "int")
    debugger.ask("continue", threadId=thread)
    assert client.outcome(cell).result == "123"
    assert client.execute("copied").result == "123"


def on_control(kernel: Subject, msg_type: str, **content: Any) -> Any:
    return kernel.client.request(msg_type, content, channel="control").reply


def listed(kernel: Subject) -> list[str]:
    reply = on_control(kernel, "list_subshell_request")
    assert reply["status"] == "ok"
    found: list[str] = reply["subshell_id"]
    return found


@rule(
    "kernel_info_reply",
    SUBSHELLS,
    "Kernels supporting subshells must include ``'kernel subshells'`` in ``'supported_features'``",
)
def test_who_has_subshells_says_so(kernel: Subject) -> None:
    features = kernel.client.request("kernel_info_request").reply["supported_features"]
    assert "kernel subshells" in features


@rule(
    "create_subshell_reply",
    SUBSHELLS,
    "this creates a new subshell (running in a separate thread) and returns its unique ID",
)
def test_subshells_have_ids_of_their_own(kernel: Subject) -> None:
    other = kernel.fresh()
    ids = [on_control(other, "create_subshell_request")["subshell_id"] for _ in range(3)]
    assert all(isinstance(each, str) and each for each in ids)
    assert len(set(ids)) == 3


@rule(
    "list_subshell_reply",
    SUBSHELLS,
    "this returns a list of the IDs of all subshells that exist in that kernel",
)
def test_subshells_are_listed(kernel: Subject) -> None:
    other = kernel.fresh()
    assert listed(other) == []
    ids = [on_control(other, "create_subshell_request")["subshell_id"] for _ in range(2)]
    assert sorted(listed(other)) == sorted(ids)


@rule(
    "delete_subshell_reply",
    SUBSHELLS,
    "this deletes a subshell identified by its unique ID",
)
def test_a_deleted_subshell_is_gone(kernel: Subject) -> None:
    other = kernel.fresh()
    one = on_control(other, "create_subshell_request")["subshell_id"]
    two = on_control(other, "create_subshell_request")["subshell_id"]
    assert on_control(other, "delete_subshell_request", subshell_id=one) == {"status": "ok"}
    assert listed(other) == [two]


@rule(
    "*_subshell_request",
    SUBSHELLS,
    "In a kernel that does not support subshells an error is logged and no reply is sent.",
    languages=ONE_AT_A_TIME,
    peers=False,
)
@pytest.mark.parametrize("action", ["create", "delete", "list"])
def test_a_kernel_without_subshells_logs_an_error_and_does_not_reply(
    kernel: Subject, action: str
) -> None:
    other = kernel.fresh()
    features = other.client.request("kernel_info_request").reply["supported_features"]
    assert "kernel subshells" not in features
    msg_type = f"{action}_subshell_request"
    sent = other.client.send(msg_type, {"subshell_id": "x"}, channel="control")
    other.client.request("kernel_info_request", channel="control")
    other.client.pump(NEVER)
    assert not other.client.replies([sent])
    other.kernel.wait_for_log(msg_type)


@rule(
    "execute_request",
    SUBSHELLS,
    "Kernel subshells are separate threads of execution within the same kernel process",
)
def test_a_cell_in_a_subshell_runs_beside_that_of_the_main_shell(kernel: Subject) -> None:
    other = kernel.fresh()
    subshell = other.client.create_subshell()
    assert other.execute("shared = 1").status == "ok"
    gate, cell = other.send_gate("print(shared)")
    beside = other.client.send_execute("shared += 1; shared", subshell=subshell)
    assert other.client.outcome(beside).result == "2"
    gate.open()
    assert other.client.outcome(cell).text() == "at the gate\n2\n"


@rule(
    "iopub",
    "IOPub messages",
    "IOPub messages do not need an extra optional `subshell_id` field as this information is "
    "available in the parent header.",
    page=JEP_91,
)
def test_what_cells_of_two_shells_print_at_once_goes_to_each_ones_own(kernel: Subject) -> None:
    other = kernel.fresh()
    client = other.client
    subshell = client.create_subshell()
    gate, main = other.send_gate("print('main')")
    there = client.send_execute("print('there')", subshell=subshell)
    outcome = client.outcome(there)
    assert outcome.text() == "there\n"
    parents = [seen.message["parent_header"] for seen in outcome.iopub]
    assert {parent["subshell_id"] for parent in parents} == {subshell}
    gate.open()
    assert client.outcome(main).text() == "at the gate\nmain\n"


@rule(
    "execute_reply",
    "Proposed enhancement: kernel subshells",
    "Each subshell will store its own execution count and history.",
    page=JEP_91,
)
def test_each_subshell_counts_for_itself(kernel: Subject) -> None:
    other = kernel.fresh()
    for _ in range(3):
        other.execute("1")
    subshell = other.client.create_subshell()
    sent = other.client.send_execute("1", subshell=subshell)
    assert other.client.outcome(sent).reply["execution_count"] == 1
    assert other.execute("1").reply["execution_count"] == 4


@rule(
    "*_request",
    "Proposed enhancement: kernel subshells",
    "Use of a `subshell_id` that is not recognised will raise an error.",
    page=JEP_91,
)
def test_a_request_for_a_subshell_that_is_not_there_is_an_error(kernel: Subject) -> None:
    sent = kernel.client.send_execute(kernel.words.value, subshell="nobody's")
    outcome = kernel.client.outcome(sent)
    assert outcome.status == "error"
    assert "execute_input" not in outcome.sequence
    assert kernel.execute(kernel.words.value).result == kernel.words.shown


@rule(
    "*_request",
    "Kernels not supporting subshells",
    "Any use of a `subshell_id` field in a message will be ignored.",
    page=JEP_91,
    languages=ONE_AT_A_TIME,
    peers=False,
)
def test_without_subshells_a_subshell_id_means_nothing(kernel: Subject) -> None:
    sent = kernel.client.send_execute(kernel.words.value, subshell="nobody's")
    assert kernel.client.outcome(sent).result == kernel.words.shown


@rule(
    "list_subshell_reply",
    "List subshells",
    "Note that the parent subshell (`subshell_id = None`) is not included in the returned list.",
    page=JEP_91,
)
def test_the_main_shell_is_not_listed(kernel: Subject) -> None:
    other = kernel.fresh()
    other.execute("1")
    assert listed(other) == []
    subshell = other.client.create_subshell()
    assert listed(other) == [subshell]


@rule(
    "execute_request",
    "Kernels supporting subshells",
    "Within a an individual subshell, requests are processed sequentially.",
    page=JEP_91,
)
def test_cells_of_one_subshell_run_one_after_the_other(kernel: Subject) -> None:
    other = kernel.fresh()
    client = other.client
    subshell = client.create_subshell()
    sent = [
        client.send_execute(f"import time; time.sleep({0.2 - n / 10}); {n}", subshell=subshell)
        for n in range(3)
    ]
    outcomes = [client.outcome(each) for each in sent]
    assert [outcome.reply["execution_count"] for outcome in outcomes] == [1, 2, 3]
    assert [seen.parent for seen in client.replies(sent)] == sent


@rule(
    "input_request",
    "Proposed enhancement: kernel subshells",
    "it is possible for a subshell to request and receive stdin",
    page=JEP_91,
)
def test_a_cell_of_a_subshell_may_ask_for_input(kernel: Subject) -> None:
    other = kernel.fresh()
    client = other.client
    subshell = client.create_subshell()
    gate, main = other.send_gate()
    sent = client.send_execute("input('there? ')", subshell=subshell, allow_stdin=True)
    request = client.wait_for("input_request", sent)
    client.answer("here", request.message["header"])
    assert client.outcome(sent).result == "'here'"
    gate.open()
    assert client.outcome(main).status == "ok"


@rule(
    "interrupt_request",
    "Kernels supporting subshells",
    "messages are handled at the kernel (process) rather than subshell (thread) level",
    page=JEP_91,
)
def test_an_interrupt_ends_the_cells_of_all_shells(kernel: Subject) -> None:
    other = kernel.fresh()
    client = other.client
    subshell = client.create_subshell()
    code = "print('runs', flush=True)\nwhile True: pass"
    cells = [client.send_execute(code), client.send_execute(code, subshell=subshell)]
    for cell in cells:
        client.wait_for_text("runs", cell)
    client.request("interrupt_request", channel="control")
    for cell in cells:
        assert client.outcome(cell).reply["ename"] == "KeyboardInterrupt"


@rule(
    "interrupt_request",
    "Kernel specs",
    "specifies how a client is supposed to interrupt cell execution on this kernel",
    page=KERNELS,
)
def test_a_front_ends_interrupt_ends_the_cell(kernel: Subject) -> None:
    client = kernel.client
    cell = client.send_execute("print('runs', flush=True)\nwhile True: pass")
    client.wait_for_text("runs", cell)
    kernel.kernel.manager.interrupt_kernel()
    assert client.outcome(cell).reply["ename"] == "KeyboardInterrupt"
