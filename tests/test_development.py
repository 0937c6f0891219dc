"""``--dev``: when a plugin's files change, the next cell runs in a fresh evaluator."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from development import Project
from support import processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel

DOCS = Path(__file__).parent.parent / "docs"
FRESH = "this cell runs in a fresh evaluator"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(project.source))
    return project


@pytest.fixture
def dev(kernel: Callable[..., Kernel]) -> Callable[..., Kernel]:
    """Start a kernel of the project's language."""

    def start(*options: str) -> Kernel:
        return kernel("mine@mine.plugin", options=["--dev", *options])

    return start


def inputs(kernel: Kernel) -> list[tuple[int, str]]:
    """Give the count and the code of all that is in the history."""
    content = {"hist_access_type": "range", "session": 0, "start": 0, "raw": True, "output": False}
    reply = kernel.client.request("history_request", content).reply
    return [(line, code) for _, line, code in reply["history"]]


# what a change does


def test_after_a_change_the_next_cell_runs_the_new_code_and_the_kernel_stays(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev()
    host, session = kernel.pid, kernel.execute("result = 1").message["header"]["session"]
    evaluator = kernel.evaluator().pid
    project.write_evaluator("second")
    outcome = kernel.execute("result = 2")
    assert outcome.result == "second 2"
    assert outcome.reply["execution_count"] == 2
    assert outcome.sequence == ["busy", "execute_input", "stream", "execute_result", "idle"]
    told = outcome.text("stderr")
    assert told == (
        "polykernel: evaluator.py changed: this cell runs in a fresh evaluator; "
        "%replay brings back what earlier cells defined\n"
    )
    assert f"\n{told}Out[2]: " in (DOCS / "developing.md").read_text("utf-8")
    assert kernel.evaluator().pid != evaluator
    assert kernel.pid == host
    assert outcome.message["header"]["session"] == session
    assert inputs(kernel) == [(1, "result = 1"), (2, "result = 2")]


def test_without_a_change_the_evaluator_stays_and_nothing_is_told(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev()
    kernel.execute("kept = 1")
    (project.package / "__pycache__").mkdir(exist_ok=True)
    project.write(".evaluator.py.swp", "an editor's")
    project.write("evaluator.py~", "an editor's")
    outcome = kernel.execute("result = kept")
    assert outcome.result == "first 1"
    assert outcome.text("stderr") == ""


def test_two_changes_within_a_second_that_keep_the_size_are_two(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev()
    now = (project.package / "evaluator.py").stat().st_mtime_ns
    for number, says in enumerate(["other", "third", "fifth"], start=1):
        project.write_evaluator(says)
        at = now - now % 10**9 + number * 10**6  # all in one second
        os.utime(project.package / "evaluator.py", ns=(at, at))
        assert kernel.execute("result = 1").result == f"{says} 1"


def test_files_that_come_and_go_are_changes(project: Project, dev: Callable[..., Kernel]) -> None:
    optional = "try:\n    from mine.extra import NAME\nexcept ImportError:\n    NAME = 'nothing'\n"
    project.write_evaluator("{NAME}", optional)
    kernel = dev()
    assert kernel.execute("result = 1").result == "nothing 1"
    path = project.write("extra.py", "NAME = 'extra'")
    outcome = kernel.execute("result = 1")
    assert outcome.result == "extra 1"
    assert "extra.py changed" in outcome.text("stderr")
    path.unlink()
    outcome = kernel.execute("result = 1")
    assert outcome.result == "nothing 1"
    assert "extra.py changed" in outcome.text("stderr")


def test_kernel_info_tells_the_new_facts(project: Project, dev: Callable[..., Kernel]) -> None:
    kernel = dev()
    project.write_plugin("2", 'evaluator="mine.evaluator:Mine", banner="New!", options={"a": "b"}')
    assert kernel.execute("result = self.options").result == "first {'a': 'b'}"
    info = kernel.client.request("kernel_info_request").reply
    assert info["language_info"]["version"] == "2"
    assert info["banner"] == "New!"


def test_what_the_plugin_imports_and_reads_from_elsewhere_counts_too(
    project: Project, dev: Callable[..., Kernel], tmp_path: Path
) -> None:
    helper = project.source / "helper.py"
    helper.write_text("VERSION = '3'")
    facts = tmp_path / "facts.toml"
    facts.write_text("banner = 'old'")
    project.write_plugin(
        how=f"evaluator='mine.evaluator:Mine', **tomllib.loads(Path({str(facts)!r}).read_text())",
        before="import tomllib, helper\nfrom pathlib import Path",
    )
    kernel = dev()
    kernel.execute("result = 1")
    facts.write_text("banner = 'new'")
    assert "facts.toml changed" in kernel.execute("result = 1").text("stderr")
    assert kernel.client.request("kernel_info_request").reply["banner"] == "new"
    helper.write_text("VERSION = '4'")
    assert "helper.py changed" in kernel.execute("result = 1").text("stderr")
    assert kernel.execute("result = 1").text("stderr") == ""


def test_a_folder_that_the_plugin_lists_may_have_files_that_come(
    project: Project, dev: Callable[..., Kernel], tmp_path: Path
) -> None:
    facts = tmp_path / "facts"
    facts.mkdir()
    banner = f"' '.join(sorted(os.listdir({str(facts)!r}))) or 'none'"
    project.write_plugin(
        how=f"evaluator='mine.evaluator:Mine', banner={banner}", before="import os"
    )
    kernel = dev()
    kernel.execute("result = 1")
    (facts / "one.toml").touch()
    assert FRESH in kernel.execute("result = 1").text("stderr")
    assert kernel.client.request("kernel_info_request").reply["banner"] == "one.toml"


PROGRAM = """
import json, os, sys
for line in os.fdopen(3):
    message = json.loads(line)
    result = {{"protocol": 1}}
    if message["method"] == "execute":
        result = {{"status": "ok", "result": {{"data": {{"text/plain": {says!r}}}}}}}
    if "id" in message:
        answer = {{"jsonrpc": "2.0", "id": message["id"], "result": result}}
        os.write(4, json.dumps(answer).encode() + b"\\n")
    if message["method"] == "shutdown":
        break
"""


def test_the_script_of_a_command_counts_wherever_it_is(
    project: Project, dev: Callable[..., Kernel], tmp_path: Path
) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM.format(says="old"))
    project.write_plugin(how=f"command=({sys.executable!r}, {str(script)!r})")
    kernel = dev()
    assert kernel.execute("x").result == "old"
    script.write_text(PROGRAM.format(says="new"))
    assert kernel.execute("x").result == "new"


def test_the_old_evaluator_ends_in_good_order_and_its_comms_are_closed(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev()
    kernel.execute("cell.open_comm('widget', comm_id='c1')")
    project.write_evaluator("second")
    kernel.execute("result = 1")
    assert project.ended() == ["restart"]
    closed = [seen for seen in kernel.client.seen if seen.msg_type == "comm_close"]
    assert [seen.content["comm_id"] for seen in closed] == ["c1"]
    assert kernel.client.request("comm_info_request").reply["comms"] == {}


def test_an_evaluator_that_does_not_end_is_killed(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    project.write_evaluator(before="import atexit, signal\n")
    kernel = dev()
    kernel.execute(
        "import signal, time\nfor n in (2, 15): signal.signal(n, signal.SIG_IGN)\n"
        "self.shutdown = lambda restart: time.sleep(10**6)"
    )
    project.write_evaluator("second")
    assert kernel.execute("result = 1").result == "second 1"


def test_queued_cells_go_on_in_the_fresh_evaluator(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev()
    gate, first = kernel.start_at_gate("result = 1")
    others = [kernel.client.send_execute(code) for code in ("kept = 7", "result = kept")]
    project.write_evaluator("second")
    kernel.client.sync()
    gate.open()
    assert kernel.client.outcome(first).result == "first 1"
    assert kernel.client.outcome(others[0]).status == "ok"
    last = kernel.client.outcome(others[1])
    assert last.result == "second 7"
    assert last.reply["execution_count"] == 3
    assert last.text("stderr") == ""


def test_a_cell_that_shows_nothing_leaves_it_to_the_next_to_tell(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev()
    project.write_evaluator("second")
    silent = kernel.execute("kept = 5", silent=True)
    assert silent.sequence == ["busy", "idle"]
    outcome = kernel.execute("result = kept")
    assert outcome.result == "second 5"
    assert "evaluator.py changed" in outcome.text("stderr")


def test_a_change_waits_until_no_other_shell_runs_anything(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    how = 'evaluator="mine.evaluator:Mine", subshells=True'
    project.write_plugin(how=how)
    project.write_evaluator(subshells=True)
    kernel = dev()
    reply = kernel.client.request("create_subshell_request", channel="control").reply
    gate = kernel.gate()
    beside = kernel.client.send(
        "execute_request", {"code": gate.code + "result = 1"}, subshell=reply["subshell_id"]
    )
    kernel.client.wait_for_text("at the gate", beside)
    project.write_evaluator("second", subshells=True)
    assert kernel.execute("result = 2").result == "first 2"
    assert "%replay has to wait" in kernel.execute("%replay").traceback
    gate.open()
    assert kernel.client.outcome(beside).result == "first 1"
    assert kernel.execute("result = 3").result == "second 3"


# a plugin that is broken for a while


def test_a_syntax_error_in_the_plugin_shows_in_the_cell_and_nothing_is_lost(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev()
    kernel.execute("kept = 1")
    path = project.write("plugin.py", "import os\ndef broken(:\n")
    for _ in range(2):
        outcome = kernel.execute("result = kept")
        assert outcome.status == "error"
        assert f'File "{path}", line 2' in outcome.traceback
        assert "SyntaxError" in outcome.reply["evalue"]
        assert "Mend it, then run the cell again." in outcome.traceback
    project.write_plugin("3")
    assert kernel.execute("result = 2").result == "first 2"
    info = kernel.client.request("kernel_info_request").reply["language_info"]
    assert info["version"] == "3"


def test_a_syntax_error_in_the_evaluator_shows_in_the_cell(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev()
    path = project.write("evaluator.py", "import os\n\ndef broken(:\n")
    outcome = kernel.execute("result = 1")
    assert outcome.status == "error"
    assert f'File "{path}", line 3' in outcome.traceback
    project.write_evaluator("second")
    assert kernel.execute("result = 2").result == "second 2"


def test_a_plugin_that_is_broken_from_the_beginning_can_be_mended(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    project.write("plugin.py", "1 / 0")
    kernel = dev()
    assert "ZeroDivisionError" in kernel.execute("result = 1").reply["evalue"]
    project.write_plugin("7")
    assert kernel.execute("result = 1").result == "first 1"
    info = kernel.client.request("kernel_info_request").reply["language_info"]
    assert (info["name"], info["version"]) == ("mine", "7")


def test_a_program_that_is_not_there_is_looked_for_by_each_cell(
    project: Project, dev: Callable[..., Kernel], tmp_path: Path
) -> None:
    script = tmp_path / "program"
    project.write_plugin(how=f"command=({str(script)!r},)")
    kernel = dev()
    assert f"can't start {script}" in kernel.execute("x").traceback
    assert f"can't start {script}" in kernel.execute("x").traceback
    script.write_text(f"#!{sys.executable}\n{PROGRAM.format(says='there')}")
    script.chmod(0o755)
    assert kernel.execute("x").result == "there"


def test_an_evaluator_that_dies_at_its_start_is_tried_again_after_a_change(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    project.write("evaluator.py", "import os\nos._exit(9)\n")
    kernel = dev()
    outcome = kernel.execute("result = 1")
    assert outcome.status == "error"
    assert "exit code 9" in outcome.traceback
    project.write_evaluator()
    assert kernel.execute("result = 1").result == "first 1"


# a replay


def test_earlier_cells_can_be_replayed_after_each_change(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev("--replay")
    kernel.execute("print('loud'); total = 1; result = 5")
    kernel.execute("1 / 0")
    kernel.execute("total += self.names['cell'].execution_count")
    kernel.execute("total = 100", store_history=False)
    kernel.execute("total = 200", silent=True)
    project.write_evaluator("second")
    outcome = kernel.execute("result = total")
    assert outcome.result == "second 4"
    assert outcome.reply["execution_count"] == 4
    assert outcome.text() == ""
    assert outcome.text("stderr") == (
        "polykernel: evaluator.py changed: this cell runs in a fresh evaluator, "
        "after a replay of 2 cells\n"
    )
    assert outcome.sequence == ["busy", "execute_input", "stream", "execute_result", "idle"]
    assert [line for line, _ in inputs(kernel)] == [1, 2, 3, 4]


def test_a_cell_asks_for_a_replay_once(project: Project, dev: Callable[..., Kernel]) -> None:
    kernel = dev()
    kernel.execute("kept = 1")
    project.write_evaluator("second")
    assert kernel.execute("result = 'kept' in self.names").result == "second False"
    outcome = kernel.execute(" %replay\n")
    assert outcome.status == "ok"
    assert "after a replay of 2 cells" in outcome.text("stderr")
    assert outcome.reply["execution_count"] == 3
    assert kernel.execute("result = kept").result == "second 1"
    assert "replay of 3 cells" in kernel.execute("%replay").text("stderr"), "itself is not one"


def test_a_replay_of_nothing_is_a_fresh_evaluator(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev()
    before = kernel.evaluator().pid
    outcome = kernel.execute("%replay")
    assert outcome.status == "ok"
    assert outcome.text("stderr") == f"polykernel: {FRESH}\n"
    assert kernel.evaluator().pid != before


def test_a_cell_that_fails_in_the_replay_is_told_and_the_others_go_on(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev("--replay")
    kernel.execute("a = 1; assert not hasattr(self, 'strict')")
    kernel.execute("b = cell.input('?') if hasattr(self, 'strict') else 2; cell.display('shown')")
    kernel.execute("c = 3")
    project.write_evaluator("second", subshells=False)
    text = (project.package / "evaluator.py").read_text()
    project.write("evaluator.py", text.replace("subshells", "strict = True\n    subshells"))
    outcome = kernel.execute("result = a, c")
    assert outcome.result == "second (1, 3)"
    told = outcome.text("stderr").splitlines()
    assert told[1].startswith("polykernel: replaying [1] failed: AssertionError")
    assert told[2].startswith("polykernel: replaying [2] failed: ")
    assert "input" in told[2]
    assert len(told) == 3
    assert not [seen for seen in outcome.caused if seen.msg_type == "input_request"]


def test_a_replay_into_a_broken_evaluator_tells_of_that_once(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev("--replay")
    for number in range(3):
        kernel.execute(f"kept = {number}")
    project.write("evaluator.py", "1 / 0")
    outcome = kernel.execute("result = kept")
    assert outcome.reply["ename"] == "PluginError"
    assert len(outcome.text("stderr").splitlines()) == 1
    project.write_evaluator("second")
    assert kernel.execute("result = kept").result == "second 2"


def test_a_replay_that_is_asked_for_ends_with_what_is_wrong_with_the_evaluator(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev()
    kernel.execute("kept = 1")
    kernel.execute("kept += 1")
    project.write("evaluator.py", "import nosuchmodule")
    outcome = kernel.execute("%replay")
    assert outcome.reply["ename"] == "PluginError"
    assert "No module named 'nosuchmodule'" in outcome.traceback
    project.write_evaluator("second")
    assert kernel.execute("%replay").status == "ok"
    assert kernel.execute("result = kept").result == "second 2"


@pytest.mark.parametrize("code", ["%replay", "result = kept"])
def test_a_replay_ends_where_the_evaluators_program_can_not_be_started(
    project: Project, dev: Callable[..., Kernel], code: str
) -> None:
    kernel = dev("--replay")
    kernel.execute("kept = 1")
    project.write_plugin(how="command=('nosuchprogram',)")
    outcome = kernel.execute(code)
    assert outcome.reply["ename"] == "EvaluatorStartError"
    assert "nosuchprogram" in outcome.traceback
    project.write_plugin()
    assert kernel.execute("result = kept").result == "first 1"


def test_a_replay_of_nothing_tells_that_no_evaluator_can_be_started(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev()
    project.write_plugin(how="command=('nosuchprogram',)")
    assert kernel.execute("%replay").reply["ename"] == "EvaluatorStartError"


@pytest.mark.parametrize(
    ("protocol", "told"), [("0", "hello was refused"), ("os._exit(9)", "exit code 9")]
)
def test_a_replay_ends_where_the_evaluator_says_no_good_hello(
    project: Project, dev: Callable[..., Kernel], tmp_path: Path, protocol: str, told: str
) -> None:
    kernel = dev("--replay")
    kernel.execute("kept = 1")
    script = tmp_path / "program.py"
    source = PROGRAM.format(says="never").replace('"protocol": 1', f'"protocol": {protocol}')
    script.write_text(source)
    project.write_plugin(how=f"command=({sys.executable!r}, {str(script)!r})")
    outcome = kernel.execute("%replay")
    assert outcome.status == "error"
    assert told in outcome.traceback
    project.write_plugin()
    assert kernel.execute("result = kept").result == "first 1"


def test_an_interrupt_ends_the_replay_and_the_cell(
    project: Project, dev: Callable[..., Kernel], tmp_path: Path
) -> None:
    kernel = dev("--replay")
    there, begun = tmp_path / "there", tmp_path / "begun"
    kernel.execute(
        f"import os\nif os.path.exists({str(there)!r}):\n"
        f" open({str(begun)!r}, 'w').close()\n while True: pass"
    )
    kernel.execute("kept = 1")
    there.touch()
    project.write_evaluator("second")
    cell = kernel.client.send_execute("result = 'never'")
    processes.until(begun.exists, "the replay")
    kernel.client.request("interrupt_request", channel="control")
    outcome = kernel.client.outcome(cell)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert outcome.contents("error")[0]["ename"] == "KeyboardInterrupt"
    there.unlink()
    assert kernel.execute("result = 1").result == "second 1"
    assert kernel.execute("%replay").status == "ok"
    assert kernel.execute("result = kept").result == "second 1"


def test_an_interrupt_while_the_old_evaluator_ends_ends_the_cell(
    project: Project, dev: Callable[..., Kernel], tmp_path: Path
) -> None:
    kernel = dev()
    gate = kernel.gate()
    kernel.execute(f"def end(restart):\n {gate.code}\nself.shutdown = end")
    project.write_evaluator("second")
    cell = kernel.client.send_execute("result = 'never'")
    kernel.client.wait_for_text("at the gate", cell)
    kernel.client.request("interrupt_request", channel="control")
    gate.open()
    outcome = kernel.client.outcome(cell)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert kernel.execute("result = 1").result == "second 1"


def test_a_fresh_evaluator_that_never_comes_up_is_killed_by_the_third_interrupt(
    project: Project, dev: Callable[..., Kernel], tmp_path: Path
) -> None:
    kernel = dev("--replay")
    kernel.execute("kept = 1")
    begun = tmp_path / "begun"
    project.write("evaluator.py", f"open({str(begun)!r}, 'w').close()\nwhile True: pass")
    cell = kernel.client.send_execute("result = 'never'")
    processes.until(begun.exists, "the hanging evaluator")
    for _ in range(3):
        kernel.client.request("interrupt_request", channel="control")
    outcome = kernel.client.outcome(cell)
    assert outcome.reply["ename"] == "EvaluatorDied"
    assert "after 3 interrupts" in outcome.reply["evalue"]
    project.write_evaluator("second")
    assert kernel.execute("result = kept").result == "second 1"


def test_a_replay_that_ends_the_evaluator_is_told_in_the_cell(
    project: Project, dev: Callable[..., Kernel], tmp_path: Path
) -> None:
    kernel = dev("--replay")
    there = tmp_path / "there"
    kernel.execute(f"import os\nif os.path.exists({str(there)!r}): os._exit(7)")
    there.touch()
    project.write_evaluator("second")
    outcome = kernel.execute("result = 'never'")
    assert outcome.reply["ename"] == "EvaluatorDied"
    assert "exit code 7" in outcome.reply["evalue"]
    assert "while earlier cells were replayed" in outcome.text("stderr")
    there.unlink()
    assert kernel.execute("result = 1").result == "second 1"


def test_a_shutdown_while_the_old_evaluator_ends_answers_the_cell(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    kernel = dev()
    gate = kernel.gate()
    kernel.execute(f"def end(restart):\n {gate.code}\nself.shutdown = end")
    project.write_evaluator("second")
    cell = kernel.client.send_execute("result = 'never'")
    kernel.client.wait_for_text("at the gate", cell)
    kernel.client.send("shutdown_request", {"restart": False}, channel="control")
    gate.open()
    assert kernel.client.outcome(cell).reply["ename"] == "KernelShutdown"
    assert kernel.exit_code() == 0


def test_a_shutdown_while_earlier_cells_are_replayed_answers_the_cell(
    project: Project, dev: Callable[..., Kernel], tmp_path: Path
) -> None:
    kernel = dev("--replay")
    there, begun = tmp_path / "there", tmp_path / "begun"
    kernel.execute(
        f"import os, time\nif os.path.exists({str(there)!r}):\n"
        f" open({str(begun)!r}, 'w').close()\n time.sleep(1000)"
    )
    there.touch()
    project.write_evaluator("second")
    cell = kernel.client.send_execute("result = 'never'")
    processes.until(begun.exists, "the replay")
    kernel.client.send("shutdown_request", {"restart": False}, channel="control")
    assert kernel.client.outcome(cell).reply["ename"] == "KernelShutdown"
    assert kernel.exit_code() == 0


# elsewhere


def test_without_the_option_a_change_is_not_heeded(
    project: Project, kernel: Callable[..., Kernel]
) -> None:
    it = kernel("mine@mine.plugin")
    it.execute("kept = 1")
    project.write_evaluator("second")
    assert it.execute("result = kept").result == "first 1"


def test_a_folder_that_is_too_large_is_told_and_its_code_counts_all_the_same(
    project: Project, dev: Callable[..., Kernel]
) -> None:
    data = project.package / "data"
    data.mkdir()
    for number in range(2100):
        (data / f"{number}.txt").touch()
    kernel = dev()
    outcome = kernel.execute("result = 1")
    assert f"{project.package} has many files" in outcome.text("stderr")
    project.write_evaluator("second")
    outcome = kernel.execute("result = 1")
    assert outcome.result == "second 1"
    assert "many files" not in outcome.text("stderr")


def test_a_kernelspec_for_development_stands_beside_the_other(
    project: Project, tmp_path: Path
) -> None:
    from polykernel import kernelspecs, plugins
    from polykernel.kernelspec_content import Variant

    found = plugins.find("calc")
    kernelspecs.install(found, Variant(), tmp_path / "kernels")
    spec = kernelspecs.install(found, Variant(dev=True, replay=True), tmp_path / "kernels")
    assert spec.name == "polykernel-calc-dev"
    content: dict[str, Any] = json.loads((spec.directory / "kernel.json").read_text())
    assert content["display_name"].endswith(" (dev)")
    assert content["argv"][-4:] == ["--dev", "--replay", "-f", "{connection_file}"]
    assert len(kernelspecs.find_all([tmp_path / "kernels"])) == 2
