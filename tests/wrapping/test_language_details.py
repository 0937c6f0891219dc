"""What single wrapped languages do of their own: errors, variables, figures, questions."""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from polykernel_declared import declared
from polykernel_declared.plugin import SHIPPED

from wrapping.test_languages import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Language]]:
    """Start kernels of shipped languages."""
    started: list[Language] = []

    def begin(name: str) -> Language:
        (program,) = declared(Path(SHIPPED, f"{name}.toml")).programs
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
        started.append(Language(name, tmp_path))
        return started[-1]

    yield begin
    for each in started:
        each.kernel.end()


def evalue(language: Language, code: str) -> str:
    """Run a cell that must fail; give what it says."""
    outcome = language.execute(code)
    assert outcome.status == "error", (code, outcome.text())
    return str(outcome.reply["evalue"])


def test_tcl_has_no_variable_of_ours_among_the_users(start: Callable[[str], Language]) -> None:
    tcl = start("tclsh")
    assert tcl.ok("lsearch -all -inline [info globals] line*") == ""
    tcl.ok("set line hello")
    assert tcl.ok("puts $line\nset line") == "hello\nhello"
    tcl.ok("foreach line {a b} {}")
    assert tcl.ok("set line") == "b"


def test_what_ends_no_loop_and_no_procedure_has_no_stale_error(
    start: Callable[[str], Language],
) -> None:
    tcl = start("tclsh")
    assert evalue(tcl, "error boom") == "boom"
    assert tcl.ok("return 5") == "5"
    assert evalue(tcl, "break") == '"break" or "continue" outside of a loop'
    assert evalue(tcl, "continue") == '"break" or "continue" outside of a loop'


def test_tcl_that_prints_the_word_error_makes_none(start: Callable[[str], Language]) -> None:
    assert start("tclsh").ok("puts {Error: none}") == "Error: none\n"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ('(error "boom" 1)', "boom 1"),
        ("(raise 'x)", "x"),
        ("(throw 'my-key 1)", "my-key"),
        ("(raise-exception 5)", "5"),
        ("(car 1)", "Wrong type argument in position 1 (expecting pair): 1"),
        ("nowhere", "Unbound variable: nowhere"),
        ('(begin (display "before") (error "boom"))', "boom"),
        ("(if)", "compiling expression"),
        (",time (car 1)", "executing meta-command"),
        (",nowhere", "nowhere"),
        ('(load "/nowhere")', "No such file"),
    ],
)
def test_all_errors_of_guile_are_errors(
    start: Callable[[str], Language], code: str, told: str
) -> None:
    guile = start("guile")
    outcome = guile.execute(f"{code}\n(display 'behind)")
    assert outcome.status == "error"
    assert told in f"{outcome.reply['ename']}: {outcome.reply['evalue']}"
    assert "behind" not in outcome.text()
    assert guile.ok('(display "Error: none\\n")') == "Error: none\n"


@pytest.mark.parametrize(
    ("terminal", "mimetype", "beginning"),
    [
        ("svg", "image/svg+xml", b"<?xml"),
        ("png", "image/png", b"\x89PNG"),
        ("jpeg", "image/jpeg", b"\xff\xd8\xff"),
        ("gif", "image/gif", b"GIF8"),
        ("pdfcairo", "application/pdf", b"%PDF-"),
        ("dumb", "text/plain", b""),
    ],
)
def test_a_plot_is_shown_as_what_gnuplot_draws(
    start: Callable[[str], Language], terminal: str, mimetype: str, beginning: bytes
) -> None:
    outcome = start("gnuplot").execute(f"set term {terminal}\nplot x")
    assert outcome.status == "ok", outcome.reply
    (display,) = outcome.contents("display_data")
    ((shown, content),) = display["data"].items()
    assert shown == mimetype
    textual = mimetype in ("image/svg+xml", "text/plain")
    data = content.encode() if textual else base64.b64decode(content)
    assert data.startswith(beginning)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("r", "browser()"),
        ("r", "f <- function() { browser(); 5 }\nf()"),
        ("r", "readline('word? ')"),
        ("swipl", "[user]."),
        ("swipl", "read(X)."),
    ],
)
def test_what_reads_lines_of_its_own_is_left_and_nothing_is_lost(
    start: Callable[[str], Language], name: str, code: str
) -> None:
    language = start(name)
    language.ok(language.sample("state")[0])
    outcome = language.execute(code)
    assert outcome.reply.get("ename") == "InputRefused"
    language.is_well()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("1 / 0", "divided by 0"),
        ("raise 'boo'", "boo"),
        ("x = ]", "(irb):1: syntax error, unexpected ']'"),
        ("nowhere", "undefined local variable or method `nowhere' for main:Object"),
    ],
)
def test_what_ruby_says_of_an_error_has_no_rest_of_colours(
    start: Callable[[str], Language], code: str, told: str
) -> None:
    said = evalue(start("irb"), code)
    # the number is of irb's own lines
    assert re.sub(r"\(irb\):\d+:", "(irb):1:", said) == told


def test_the_words_of_sqlite_are_completed_in_small_letters(
    start: Callable[[str], Language],
) -> None:
    sqlite = start("sqlite3")
    sqlite.ok("select 1;")
    content = {"code": "sel", "cursor_pos": 3}
    reply = sqlite.kernel.client.request("complete_request", content).reply
    assert reply["matches"] == ["SELECT"]


def test_the_first_error_of_maxima_comes_without_a_blank_line(
    start: Callable[[str], Language],
) -> None:
    maxima = start("maxima")
    outcome = maxima.execute("1 / 0;")
    assert (outcome.status, outcome.text()) == ("error", "")
