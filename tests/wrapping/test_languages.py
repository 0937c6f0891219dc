"""Every wrapped REPL that is shipped, through real kernels: what a user of its notebook sees."""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from polykernel_declared import declared
from polykernel_declared.plugin import SHIPPED
from polykernel_declared.processes import call
from polykernel_declared.repl.waiting import find_reader
from support import processes
from support.kernels import Kernel

from polykernel import Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.client import Outcome

LANGUAGES = sorted(
    path.stem
    for path in Path(SHIPPED).glob("*.toml")
    if not path.name.endswith(".samples.toml") and "repl" in tomllib.loads(path.read_text())
)
CELLS = 200


class Language:
    """One language, in a kernel that its tests share."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.samples = Samples.of(tomllib.loads(Path(SHIPPED, f"{name}.samples.toml").read_text()))
        self.kernel = Kernel(f"{name}@polykernel_declared.plugin", folder)

    def sample(self, name: str) -> Any:
        found = getattr(self.samples, name)
        if found is None:
            pytest.skip(f"{self.name} has no sample {name}")
        return found

    def execute(self, code: str, **content: Any) -> Outcome:
        outcome: Outcome = self.kernel.execute(code, **content)
        assert_clean(outcome)
        return outcome

    def ok(self, code: str, **content: Any) -> str:
        """Run a cell that must succeed; give all that it shows."""
        outcome = self.execute(code, **content)
        assert outcome.status == "ok", outcome.reply
        return shown(outcome)

    def is_well(self) -> None:
        """See that it runs cells, and that what earlier ones have set is there."""
        _, showing, wanted = self.sample("state")
        assert wanted in self.ok(showing)

    def program(self) -> int:
        """The process of the REPL."""
        (evaluator,) = self.kernel.evaluators()
        return int(evaluator.children()[0].pid)


def wait_until_it_computes(pid: int) -> None:
    """Wait until the program has had a processor for a while."""
    process = psutil.Process(pid)
    before = process.cpu_times().user
    processes.until(lambda: process.cpu_times().user > before + 0.1, "a computing program")


def wait_until_it_waits(pid: int) -> None:
    """Wait until the program waits for something else than its next line.

    What interrupts it before is lost where a program, as SQLite does, only then makes ready for it.
    """

    def waits() -> bool:
        reader = find_reader(pid, str(Path(f"/proc/{pid}/fd/0").readlink()))
        return reader.timed if reader else bool(call(pid, str(pid)))

    processes.until(waits, "a program that waits")


def shown(outcome: Outcome) -> str:
    return outcome.text() + (outcome.result or "")


def assert_clean(outcome: Outcome) -> None:
    """Nothing of the conversation with the program is in what the user sees."""
    seen = outcome.text() + outcome.text("stderr") + str(outcome.reply)
    assert "{token}" not in seen
    assert "_prompt" not in seen.lower()
    for text in (outcome.text(), outcome.text("stderr"), outcome.result or ""):
        assert "\r\n" not in text
        assert "gnuplot> " not in text
        assert "\x1b_" not in text


@pytest.fixture(scope="module", params=LANGUAGES)
def language(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Language]:
    name = request.param
    (program,) = declared(Path(SHIPPED, f"{name}.toml")).programs
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    language = Language(name, tmp_path_factory.mktemp(name))
    language.ok(language.sample("state")[0])
    yield language
    language.kernel.end()


def test_a_value_is_the_cells_result(language: Language) -> None:
    code, text = language.sample("value")
    outcome = language.execute(code)
    assert outcome.result == text
    assert outcome.text() == ""


def test_what_a_cell_prints_is_there_and_nothing_else(language: Language) -> None:
    code, text = language.sample("prints")
    outcome = language.execute(code)
    assert outcome.status == "ok"
    assert text in outcome.text()
    # what follows is what the REPL itself says of a value, such as `true.`
    assert code not in outcome.text()
    assert len(outcome.text()) <= len(text) + 12


def test_characters_of_all_planes_go_both_ways(language: Language) -> None:
    code, text = language.sample("unicode")
    assert text in language.ok(code)


def test_a_cell_of_several_lines_runs(language: Language) -> None:
    code, text = language.sample("multiline")
    shown_text = language.ok(code)
    assert text in shown_text
    assert not any(line.strip() and line in shown_text for line in code.splitlines())


def test_line_ends_of_other_systems_are_line_ends(language: Language) -> None:
    code, text = language.sample("multiline")
    assert text in language.ok(code.replace("\n", "\r\n"))


@pytest.mark.parametrize("code", ["", " ", "\n", "\n \n\t\n"])
def test_a_blank_cell_does_nothing(language: Language, code: str) -> None:
    outcome = language.execute(code)
    assert outcome.status == "ok"
    assert shown(outcome) == ""


def test_state_is_kept_from_cell_to_cell(language: Language) -> None:
    setting, showing, text = language.sample("state")
    language.ok(setting)
    assert text in language.ok(showing)


def test_an_error_ends_the_cell_and_the_next_one_runs(language: Language) -> None:
    outcome = language.execute(language.sample("error"))
    assert outcome.status == "error"
    assert outcome.reply["evalue"]
    assert outcome.text() == ""
    language.is_well()


def test_lines_behind_an_error_do_not_run(language: Language) -> None:
    code, text = language.sample("prints")
    outcome = language.execute(f"{language.sample('error')}\n{code}")
    assert outcome.status == "error"
    assert text not in outcome.text()


def test_what_stands_before_an_error_is_printed(language: Language) -> None:
    code, text = language.sample("prints")
    outcome = language.execute(f"{code}\n{language.sample('error')}")
    assert outcome.status == "error"
    assert text in outcome.text()


def test_incomplete_code_is_told_from_complete_code(language: Language) -> None:
    def status(code: str) -> str:
        reply = language.kernel.client.request("is_complete_request", {"code": code}).reply
        return str(reply["status"])

    assert status(language.sample("complete")) == "complete"
    assert status(language.sample("incomplete")) == "incomplete"
    if language.samples.invalid:
        assert status(language.samples.invalid) == "invalid"


def test_a_cell_that_is_not_complete_is_refused_and_leaves_nothing(language: Language) -> None:
    outcome = language.execute(language.sample("incomplete"))
    assert outcome.status == "error"
    assert outcome.reply["ename"] == "Incomplete"
    language.is_well()


def test_output_comes_while_the_cell_runs(language: Language) -> None:
    client = language.kernel.client
    sent = client.send_execute(language.sample("slow"))
    client.wait_for_text("first\n", sent)
    assert not [seen for seen in client.seen if seen.parent == sent and "reply" in seen.msg_type]
    outcome = client.outcome(sent)
    assert outcome.status == "ok"
    assert "second" in outcome.text()
    assert outcome.text().index("first") < outcome.text().index("second")


def test_a_busy_loop_can_be_interrupted_and_state_stays(language: Language) -> None:
    language.ok(language.sample("state")[0])
    pid = language.program()
    sent = language.kernel.client.send_execute(language.sample("busy_loop"))
    wait_until_it_computes(pid)
    language.kernel.client.request("interrupt_request", channel="control")
    outcome = language.kernel.client.outcome(sent)
    assert outcome.status == "error"
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    language.is_well()
    assert language.program() == pid


def test_a_wait_can_be_interrupted_and_state_stays(language: Language) -> None:
    language.ok(language.sample("state")[0])
    pid = language.program()
    client = language.kernel.client
    sent = client.send_execute(language.sample("waits"))
    wait_until_it_waits(pid)
    client.request("interrupt_request", channel="control")
    outcome = client.outcome(sent)
    assert outcome.status == "error"
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    language.is_well()
    assert language.program() == pid


def test_a_program_that_reads_asks_the_user(language: Language) -> None:
    client = language.kernel.client
    sent = client.send_execute(language.sample("asks"), allow_stdin=True)
    client.wait_for("input_request", sent)
    client.answer("12345")
    outcome = client.outcome(sent)
    assert outcome.status == "ok", outcome.reply
    assert "12345" in shown(outcome)
    language.is_well()


def test_input_that_is_not_allowed_ends_the_cell(language: Language) -> None:
    outcome = language.execute(language.sample("asks"))
    assert outcome.status == "error"
    assert outcome.reply["ename"] == "InputRefused"
    language.is_well()


def test_an_interrupt_while_it_asks_ends_the_cell(language: Language) -> None:
    client = language.kernel.client
    language.ok(language.sample("state")[0])
    sent = client.send_execute(language.sample("asks"), allow_stdin=True)
    client.wait_for("input_request", sent)
    client.request("interrupt_request", channel="control")
    outcome = client.outcome(sent)
    assert outcome.status == "error"
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    language.is_well()


def test_what_it_draws_is_shown(language: Language) -> None:
    code, mimetype = language.sample("display")
    outcome = language.execute(code)
    assert outcome.status == "ok"
    (display,) = outcome.contents("display_data")
    assert mimetype in display["data"]
    twice = language.execute(f"{code}\n{code}")
    assert len(twice.contents("display_data")) == 2


def test_completions_come_from_the_program(language: Language) -> None:
    code, match = language.sample("completion")
    content = {"code": code, "cursor_pos": len(code)}
    reply = language.kernel.client.request("complete_request", content).reply
    assert match in reply["matches"]
    assert code[reply["cursor_start"] : reply["cursor_end"]] == code


def test_help_comes_from_the_program(language: Language) -> None:
    code, text = language.sample("inspection")
    content = {"code": code, "cursor_pos": len(code), "detail_level": 0}
    reply = language.kernel.client.request("inspect_request", content).reply
    assert reply["found"]
    assert text in reply["data"]["text/plain"]


def test_a_control_character_is_no_key(language: Language) -> None:
    outcome = language.execute(f"{language.sample('complete')}\x04")
    assert outcome.status == "error"
    assert "U+0004" in outcome.reply["evalue"]
    setting, showing, text = language.sample("state")
    language.ok(setting)
    assert text in language.ok(showing)


def test_two_hundred_cells_give_two_hundred_answers(
    language: Language, alive: Callable[[], None]
) -> None:
    code, text = language.sample("prints")
    for _ in range(CELLS):
        assert text in language.ok(code)
        alive()


def test_a_big_output_is_whole(language: Language) -> None:
    code, text = language.sample("prints")
    many = "\n".join([code] * 200)
    assert language.ok(many).count(text.strip()) == 200


def test_when_the_program_ends_the_cell_says_how_and_the_next_one_has_a_fresh_one(
    language: Language,
) -> None:
    pid = language.program()
    outcome = language.execute(language.sample("crash"))
    assert outcome.status == "error"
    assert "has ended with exit code" in outcome.reply["evalue"]
    setting, showing, text = language.sample("state")
    fresh = language.execute(setting)
    assert fresh.status == "ok"
    assert "fresh" in fresh.text("stderr")
    assert text in language.ok(showing)
    assert language.program() != pid


def test_a_killed_program_is_told_by_its_signal(language: Language) -> None:
    client = language.kernel.client
    sent = client.send_execute(language.sample("busy_loop"))
    pid = language.program()
    wait_until_it_computes(pid)
    os.kill(pid, 9)
    outcome = client.outcome(sent)
    assert outcome.status == "error"
    assert outcome.reply["ename"] == "SIGKILL"
    language.ok(language.sample("state")[0])
    language.is_well()
