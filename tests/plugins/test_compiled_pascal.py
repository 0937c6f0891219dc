"""Pascal in a real kernel: earlier statements run again, unseen, since nothing keeps variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import compiled
from support.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.kernels import Kernel


@pytest.fixture(scope="module")
def _shared_pascal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = compiled.start("pascal", tmp_path_factory.mktemp("pascal"))
    yield kernel
    kernel.end()


@pytest.fixture
def pascal(_shared_pascal: Kernel) -> Kernel:
    """A Pascal kernel, which the tests of this module share."""
    client = _shared_pascal.client
    client.seen.clear()
    Client.of_this_test.append(client)
    return _shared_pascal


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A Pascal kernel of this test's own."""
    kernel = compiled.start("pascal", tmp_path_factory.mktemp("own"))
    yield kernel
    kernel.end()


def test_earlier_statements_run_again_and_only_the_new_ones_are_seen(pascal: Kernel) -> None:
    pascal.execute("var kept: integer = 5;")
    first = pascal.execute("kept := kept + 1; writeln(kept); writeln(stderr, 'loud')")
    assert (first.text(), first.text("stderr")) == ("6\n", "loud\n")
    second = pascal.execute("kept := kept * 2;\nwriteln(kept)")
    assert (second.text(), second.text("stderr")) == ("12\n", "")


def test_what_was_read_is_read_again_without_asking(pascal: Kernel) -> None:
    pascal.execute("var given: string;")
    msg_id = pascal.client.send_execute("write('name? ');\nreadln(given);", allow_stdin=True)
    pascal.client.wait_for("input_request", msg_id)
    pascal.client.wait_for_text("name? ", msg_id)
    pascal.client.answer("é𝒳")
    assert pascal.client.outcome(msg_id).status == "ok"
    assert pascal.execute("writeln(given);", allow_stdin=False).text() == "é𝒳\n"


def test_a_cell_that_fails_is_not_run_again(pascal: Kernel) -> None:
    pascal.execute("var whole: integer;")
    failed = pascal.execute("whole := 9;\nraise exception.create('bad');")
    assert failed.reply["ename"] == "ExitCode"
    assert "Exception: bad" in failed.text("stderr")
    assert pascal.execute("writeln(whole);").text() == "0\n"


@pytest.mark.parametrize("end", ["exit;", "halt;", "halt(0);"])
def test_a_cell_that_ends_its_program_is_told_and_not_run_again(pascal: Kernel, end: str) -> None:
    pascal.execute("var before: integer;")
    pascal.execute("before := 3;")
    ended = pascal.execute(f"writeln('[in it'); before := 4; {end} writeln('never');")
    assert (ended.status, ended.text()) == ("ok", "[in it\n")
    assert ended.text("stderr") == (
        "The program has ended before its last statement: this cell's statements are not kept.\n"
    )
    outcome = pascal.execute("writeln(before);")
    assert (outcome.text(), outcome.text("stderr")) == ("3\n", "")


def test_a_cell_that_is_not_reached_by_its_program_is_an_error(own: Kernel, tmp_path: Path) -> None:
    there = tmp_path / "there"
    own.execute(f"if fileexists('{there}') then exit;")
    assert own.execute("writeln('reached');").text() == "reached\n"
    there.touch()
    outcome = own.execute("writeln('not reached');")
    assert outcome.text() == ""
    assert outcome.reply["evalue"].endswith("exit code 0, while earlier cells ran again")
    there.unlink()
    assert own.execute("writeln('again');").text() == "again\n"


def test_a_question_is_shown_whole_that_begins_as_what_is_hidden_does(pascal: Kernel) -> None:
    pascal.execute("var asked: string;")
    msg_id = pascal.client.send_execute("write('['); readln(asked);", allow_stdin=True)
    pascal.client.wait_for("input_request", msg_id)
    pascal.client.wait_for_text("[", msg_id)
    pascal.client.answer("x")
    assert pascal.client.outcome(msg_id).text() == "["


def test_a_comment_that_does_not_end_is_the_compilers_error(pascal: Kernel) -> None:
    outcome = pascal.execute("writeln('seen');\n{ open")
    assert (outcome.reply["ename"], outcome.text()) == ("CompileError", "")
    assert f"In[{outcome.reply['execution_count']}]:2" in outcome.traceback


def test_an_error_at_the_end_of_a_cell_names_its_last_line(pascal: Kernel) -> None:
    outcome = pascal.execute("writeln('a');\nwriteln('b',")
    assert f"In[{outcome.reply['execution_count']}]:2" in outcome.traceback.split("\n")[0]


def test_statements_that_no_longer_compile_are_left_out(pascal: Kernel) -> None:
    pascal.execute("var turns: integer;")
    pascal.execute("turns := 3;")
    pascal.execute("var turns: string = 'text';")
    assert pascal.execute("writeln(turns);").text() == "text\n"


def test_a_function_may_be_defined_again(pascal: Kernel) -> None:
    code = "function many(n: integer): integer;\nvar\n  m: integer;\nbegin\n  m := 2 * n;\n"
    pascal.execute(f"{code}  many := m;\nend;")
    assert pascal.execute("writeln(many(4));").text() == "8\n"
    pascal.execute(f"{code}  many := 100 * m;\nend;")
    assert pascal.execute("writeln(many(4));").text() == "800\n"


def test_units_are_used(pascal: Kernel) -> None:
    assert pascal.execute("uses math;\nwriteln(power(2, 10):0:1);").text() == "1024.0\n"
    assert pascal.execute("writeln(power(2, 3):0:1);").text() == "8.0\n"


def test_a_section_has_many_definitions_and_each_may_be_defined_again(pascal: Kernel) -> None:
    types = "type\n  pair = record\n    x, y: integer;\n  end;\n  pairs = array[1..2] of pair;\n"
    variables = "var\n  all: pairs;\n  label1, label2: string;\nconst three = 3; four = 4;\n"
    code = "all[1].y := three; label2 := 'x';\nwriteln(all[1].y, label2, four);"
    assert pascal.execute(types + variables + code).text() == "3x4\n"
    pascal.execute("const four = 44;")
    assert pascal.execute("writeln(all[1].y, label2, four);").text() == "3x44\n"
    wrong = pascal.execute("var\n  good: integer;\n  bad: missing;")
    assert f"In[{wrong.reply['execution_count']}]:3:8:" in wrong.traceback


def test_a_class_and_its_methods_are_definitions(pascal: Kernel) -> None:
    declared = "type counter = class\n  n, m: integer;\n  s: string;\n  procedure step;\nend;\n"
    code = f"{declared}procedure counter.step;\nbegin\n  n := n + 2;\nend;\nvar c: counter;\n"
    assert pascal.execute(f"{code}c := counter.create;\nc.step; writeln(c.n);").text() == "2\n"
    assert pascal.execute("c.step; writeln(c.n);").text() == "4\n"


def test_a_label_is_no_variable(pascal: Kernel) -> None:
    code = "label past;\ngoto past; writeln('never'); past: writeln('here');"
    assert pascal.execute(code).text() == "here\n"


def test_a_unit_may_be_used_again_also_one_that_is_always_used(pascal: Kernel) -> None:
    assert pascal.execute("uses sysutils;\nwriteln(inttostr(5));").text() == "5\n"
    assert pascal.execute("uses SysUtils, Math;\nwriteln(power(2, 4):0:1);").text() == "16.0\n"
    code = "Uses\n  math, { and }\n  sysutils, strutils;\nwriteln(reversestring('ab'));"
    assert pascal.execute(code).text() == "ba\n"
    missing = pascal.execute("uses math,\n  nosuchunit;")
    assert "nosuchunit" in missing.reply["evalue"]
    assert f"In[{missing.reply['execution_count']}]:" in missing.traceback
    assert pascal.execute("writeln(power(2, 5):0:1);").text() == "32.0\n"


def test_a_whole_program_asks_before_it_reads(pascal: Kernel) -> None:
    code = (
        "program asks;\nvar name: string;\nbegin\n  write('name? ');\n  readln(name);\n"
        "  writeln(name);\n  halt(3);\nend."
    )
    msg_id = pascal.client.send_execute(code, allow_stdin=True)
    pascal.client.wait_for("input_request", msg_id)
    pascal.client.wait_for_text("name? ", msg_id)
    pascal.client.answer("me")
    outcome = pascal.client.outcome(msg_id)
    assert outcome.text() == "name? me\n"
    assert outcome.reply["evalue"] == "the program ended with exit code 3"


def test_an_error_names_line_and_column_of_the_cell(pascal: Kernel) -> None:
    outcome = pascal.execute("var fine: integer;\n\nfine := missing;")
    assert outcome.reply["evalue"] == 'Identifier not found "missing"'
    lines = outcome.traceback.split("\n")
    assert f"In[{outcome.reply['execution_count']}]:3:9:" in lines[0]
    assert lines[1] == "    3 | fine := missing;"
    assert len(lines) == 3


def test_an_interrupt_stops_a_program(pascal: Kernel) -> None:
    msg_id = pascal.client.send_execute("writeln('begun');\nwhile true do;")
    pascal.client.wait_for_text("begun", msg_id)
    pascal.client.request("interrupt_request", channel="control")
    assert pascal.client.outcome(msg_id).reply["ename"] == "KeyboardInterrupt"
    assert pascal.execute("writeln('on');").text() == "on\n"


def test_much_output_comes_whole(pascal: Kernel) -> None:
    pascal.execute("var line: integer;")
    outcome = pascal.execute("for line := 1 to 100000 do writeln('line ', line);")
    assert outcome.text() == "".join(f"line {n}\n" for n in range(1, 100001))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("begin", "incomplete"),
        ("{ begun", "incomplete"),
        ("writeln('begin');", "complete"),
        ("BEGIN END;", "complete"),
        ("end;", "invalid"),
    ],
)
def test_open_blocks_ask_for_more(pascal: Kernel, code: str, status: str) -> None:
    assert pascal.client.request("is_complete_request", {"code": code}).reply["status"] == status
