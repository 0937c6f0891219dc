"""The worked example of docs/channel.md: an evaluator in Perl, as a kernel."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from polykernel.launch import launch, release_guard

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "channel" / "perl"
PROGRAM = EXAMPLE / "polykernel_perl" / "evaluator.pl"


def _has_perl() -> bool:
    if shutil.which("perl") is None:
        return False
    tried = subprocess.run(["perl", "-MJSON::PP", "-e1"], capture_output=True, check=False)
    return tried.returncode == 0


needs_perl = pytest.mark.skipif(
    not _has_perl(),
    reason="perl with JSON::PP is not installed (Debian: apt install perl)",
)


def test_the_listing_of_the_page_is_the_file_and_is_under_a_hundred_lines() -> None:
    page = (ROOT / "docs" / "channel.md").read_text()
    pieces = re.findall(r"```perl\n(.*?)```", page, re.DOTALL)
    assert "\n".join(pieces) == PROGRAM.read_text()
    assert len(PROGRAM.read_text().splitlines()) < 100


@pytest.fixture
def perl(kernel: Callable[..., Kernel], monkeypatch: pytest.MonkeyPatch) -> Kernel:
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLE))
    return kernel("perl@polykernel_perl.plugin")


@needs_perl
def test_it_has_results_output_in_order_and_state(perl: Kernel) -> None:
    assert perl.execute("6 * 7").result == "42"
    outcome = perl.execute(
        'my $kept = "\N{SNAKE}"; print "out $kept\\n"; warn "err\\n"; length $kept'
    )
    assert outcome.result == "1"
    assert outcome.text() == "out \N{SNAKE}\n"
    assert outcome.text("stderr") == "err\n"
    assert perl.execute('"$kept!"').result == "\N{SNAKE}!"
    assert perl.execute("my %h = (b => [1], a => undef); \\%h").result == (
        "{\n  'a' => undef,\n  'b' => [\n    1\n  ]\n}"
    )
    assert perl.execute("1 .. 3").result == "1, 2, 3"
    assert perl.execute("$kept;").result is None
    assert perl.execute("").status == "ok"
    info = perl.client.request("kernel_info_request").reply["language_info"]
    assert info["version"].startswith("5.")


@needs_perl
def test_user_expressions_are_evaluated_each_by_itself(perl: Kernel) -> None:
    asked = {"good": "6 * 7", "bad": "die 'no'", "nothing": "undef"}
    outcome = perl.execute("1;", user_expressions=asked)
    found = outcome.reply["user_expressions"]
    assert found["good"] == {"status": "ok", "data": {"text/plain": "42"}, "metadata": {}}
    assert found["bad"]["evalue"] == "no at it line 1."
    assert found["nothing"]["data"] == {}


@needs_perl
@pytest.mark.skipif(
    importlib.util.find_spec("polykernel.cli_check") is None, reason="there is no check yet"
)
def test_check_accepts_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "polykernel", "check", "perl", "--plugin", "polykernel_perl.plugin"],
        env={**os.environ, "PYTHONPATH": str(EXAMPLE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@needs_perl
def test_an_error_names_its_line(perl: Kernel) -> None:
    outcome = perl.execute("1;\n\ndie 'no such thing'")
    assert outcome.reply["evalue"] == "no such thing at In [1] line 3."
    assert perl.execute("my $x = );").reply["evalue"].startswith("syntax error at In [2] line 1")
    assert perl.execute("die { code => 3 }").status == "error"
    assert perl.execute("die ''").status == "error"


@needs_perl
def test_output_comes_while_the_cell_runs(perl: Kernel) -> None:
    gate = perl.gate()
    cell = perl.client.send_execute(f"print 'first'; open my $f, '<', '{gate._path}'; <$f>; 2")
    perl.client.wait_for_text("first", cell)
    gate.open()
    assert perl.client.outcome(cell).result == "2"


@needs_perl
def test_it_asks_for_input(perl: Kernel) -> None:
    cell = perl.client.send_execute(
        'my $line = <STDIN>; chomp $line; "got $line"', allow_stdin=True
    )
    request = perl.client.wait_for("input_request", cell)
    perl.client.answer("\N{SNAKE} Ada", request.message["header"])
    assert perl.client.outcome(cell).result == "got \N{SNAKE} Ada"
    cell = perl.client.send_execute('defined <STDIN> ? "more" : "end"', allow_stdin=True)
    perl.client.wait_for("input_request", cell)
    perl.client.answer("\x04")
    assert perl.client.outcome(cell).result == "end"
    refused = perl.execute("<STDIN>", allow_stdin=False)
    assert "does not allow input" in refused.reply["evalue"]
    assert perl.execute("1 + 1").result == "2"


@needs_perl
@pytest.mark.parametrize("code", ["print 'on'; 1 while 1;", "print 'on'; sleep 1000;"])
def test_an_interrupt_is_acknowledged_and_ends_the_cell(perl: Kernel, code: str) -> None:
    perl.execute("my $kept = 1;")
    for _ in range(4):  # three that are not acknowledged would kill
        cell = perl.client.send_execute(code)
        perl.client.wait_for_text("on", cell)
        perl.client.request("interrupt_request", channel="control")
        outcome = perl.client.outcome(cell)
        assert outcome.reply["evalue"] == "interrupted"
        assert outcome.text("stderr") == ""
    assert perl.execute("$kept").result == "1"


@needs_perl
def test_an_interrupt_while_it_asks_ends_the_cell(perl: Kernel) -> None:
    cell = perl.client.send_execute("<STDIN>", allow_stdin=True)
    perl.client.wait_for("input_request", cell)
    perl.client.request("interrupt_request", channel="control")
    assert "interrupted" in perl.client.outcome(cell).reply["evalue"]
    assert perl.execute("1 + 1").result == "2"


@needs_perl
def test_an_interrupt_never_tears_a_result(perl: Kernel) -> None:
    perl.execute("my $much = 'x' x 20_000_000;")
    for _ in range(5):
        cell = perl.client.send_execute("$much")
        perl.client.wait_for("execute_input", cell)
        perl.client.request("interrupt_request", channel="control")
        outcome = perl.client.outcome(cell)
        assert outcome.reply.get("evalue", "interrupted") == "interrupted"
        assert outcome.text("stderr") == ""
    assert perl.execute("1 + 1").result == "2"


@needs_perl
def test_it_completes_and_says_what_is_complete(perl: Kernel) -> None:
    def matches(code: str) -> list[str]:
        content = {"code": code, "cursor_pos": len(code)}
        reply = perl.client.request("complete_request", content).reply
        return [code[: reply["cursor_start"]] + match for match in reply["matches"]]

    perl.execute("my $kept_here = 1; sub kept_sub { 2 }")
    perl.execute("my $kept_here = 1;")
    assert matches("'\N{SNAKE}'; $kept_h") == ["'\N{SNAKE}'; $kept_here"]
    assert matches("1 + kept_s") == ["1 + kept_sub"]
    assert "printf" in matches("prin")

    def status(code: str) -> str:
        return str(perl.client.request("is_complete_request", {"code": code}).reply["status"])

    assert [status(code) for code in ("1 + 1", "", "my $x = 1;")] == ["complete"] * 3
    assert [status(code) for code in ("sub x {", "1 +", '"open', "foo(")] == ["incomplete"] * 4
    assert [status(code) for code in ("my $x = );", "}")] == ["invalid"] * 2


@needs_perl
def test_what_a_cell_does_to_itself_harms_no_other(perl: Kernel) -> None:
    for code in (
        'local $| = 0; $/ = undef; $, = "-"; $\\ = "!"; 1',
        "close STDOUT; close STDERR;",
        "select STDERR; $_ = 3;",
        "fork; 1",
        "$SIG{__DIE__} = sub { die 'twice' };",
        "package Evaluator; our $busy = 5;",
    ):
        assert perl.execute(code).status == "ok", code
    assert perl.execute("6 * 7").result == "42"


@needs_perl
def test_a_cell_that_ends_the_process_is_an_error_and_the_next_one_runs(perl: Kernel) -> None:
    assert "SIGKILL" in perl.execute("kill KILL => $$;").reply["evalue"]
    assert "exit code 3" in perl.execute("exit 3").reply["evalue"]
    assert perl.execute("1").result == "1"


@needs_perl
def test_a_shutdown_ends_it_in_good_order(perl: Kernel) -> None:
    (perl.folder / "witness").touch()
    perl.execute("END { unlink 'witness' }")
    perl.client.request("shutdown_request", {"restart": False}, channel="control")
    assert perl.exit_code() == 0
    assert not (perl.folder / "witness").exists()


@needs_perl
def test_the_session_of_the_page_is_what_is_said() -> None:
    page = (ROOT / "docs" / "channel.md").read_text()
    session = page.partition("### A short session")[2].partition("```\n")[2].partition("```")[0]
    process = launch(["perl", str(PROGRAM)], os.environ)
    for descriptor in (process.pipes.requests, process.pipes.events):
        os.set_blocking(descriptor, True)
    try:
        with open(process.pipes.requests, "w") as to, open(process.pipes.events) as answers:
            for line in session.splitlines():
                who, _, message = line.partition(" ")
                if who == ">":
                    print(message, file=to, flush=True)
                else:
                    assert _comparable(answers.readline()) == _comparable(message)
            assert answers.read() == ""
    finally:  # the end of its requests is its end, too
        assert os.waitpid(process.pid, 0) == (process.pid, 0)
        release_guard(process)
        for descriptor in process.pipes[2:]:
            if descriptor >= 0:
                os.close(descriptor)


def _comparable(message: str) -> object:
    """Read a message; the version is that of another Perl."""
    content = json.loads(message)
    content.get("result", {}).pop("language_version", None)
    return content
