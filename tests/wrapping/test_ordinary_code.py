"""What only looks like a text or a bracket that is open is run in every wrapped language."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from polykernel_declared import declared
from polykernel_declared.plugin import SHIPPED
from polykernel_declared.repl.completeness import Completeness
from polykernel_declared.repl.settings import Settings

from wrapping.test_languages import Language

if TYPE_CHECKING:
    from collections.abc import Callable

#: Ordinary cells, and what they show.
COMPLETE = {
    "bc": [('/* " ( */ 1', "1"), ('# "\n2', "2"), ("/* a\nb */\n3", "3")],
    "gforth": [
        ("5 ' dup execute + .", "10"),
        (": t ['] dup execute ; 1 t + .", "2"),
        ("( it's ) 1 .", "1"),
        ("\\ don't", ""),
        ('char " emit', '"'),
        (': y [char] " emit ;\ny', '"'),
        ('." : "', ": "),
    ],
    "gnuplot": [
        ("# don't", ""),
        ("print 1 # it's", "1"),
        ("print 'it''s'", "it's"),
        ("$d << EOD\n1 2\nEOD\nprint $d", "1 2"),
    ],
    "gp": [('/* " ( */ 1', "1"), ("\\\\ don't \" (\n2", "2")],
    "guile": [
        ("(display #\\()", "("),
        ('(display #\\")', '"'),
        ('#| " |#', ""),
        ("(length (list 1 #;2 3))", "2"),
        ('(display "a\\\nb")', "ab"),
    ],
    "irb": [
        ('puts ?"', '"'),
        ("puts %q(it's)", "it's"),
        ("=begin\nit's (\n=end\n1", "1"),
        ("puts <<E\nit's (\nE", "it's ("),
        ("/[(]/ =~ 'a('", "1"),
        ('puts "a\\\nb"', "ab"),
    ],
    "lua5.4": [
        ("t = {2, 1}; table.sort(t, function(a,b) return a<b end)", ""),
        ("pcall(function() return 1 end)", "true"),
        ("-- nothing to do", ""),
        ("y = 1 -- what else", ""),
        ("print([[it's]])", "it's"),
        ("--[[ it's (\ndon't ]]\nprint(4)", "4"),
        ("--[==[ it's ]] ]==]\nprint(5)", "5"),
        ('print("a\\\nb")', "a\nb"),
    ],
    "maxima": [('/* " */ 1;', "1"), ("/* it's\n( */", ""), ("2; /* a */ /* b */\n3; /* c */", "3")],
    "r": [
        ("# don't (", ""),
        ("`it's` <- 3\n`it's`", "3"),
        ('cat(r"(a")")', 'a"'),
        ("cat('a\\\nb')", "a\nb"),
    ],
    "sbcl": [
        ("(princ #\\()", "("),
        ('(princ #\\")', '"'),
        ('#| " (\n|# (+ 1 2)', "3"),
        ("(princ '|a(b|)", "a(b"),
        ("; a\n(+ 1 2)", "3"),
        ("; only (\n#| comments |#", ""),
        ("(+ 1\n; it's\n2)", "3"),
    ],
    "sqlite3": [
        ("-- don't\nselect 1 + 1;", "2"),
        ("select 'C:\\';", "C:\\"),
        ("select 5; /* end */", "5"),
        ("-- only comment", ""),
        ("/* it's */ select 6;", "6"),
        ("select 'it''s';", "it's"),
    ],
    "swipl": [
        ("% don't\ntrue.", "true."),
        ("X = a. % it's", "X = a"),
        ("X = 0'a.", "X = 97"),
        ("X = 0'''.", "X = 39"),
        ("/* it's */ X = b.", "X = b"),
    ],
    "tclsh": [
        ("# don't\nputs 1", "1"),
        ("puts it's", "it's"),
        ("set z \\{", "{"),
        ("puts (", "("),
        ('puts a"b', 'a"b'),
        ('puts "a\\\nb"', "a b"),
        ("set y 1 ;# don't {", "1"),
    ],
}
#: Cells that want more; the program says so, or what is declared.
INCOMPLETE = {
    "bc": ["/* a", "define f(x) {"],
    "gforth": [": w 1 .", ": w ( ; ) 1"],
    "gnuplot": ["do for [i=1:2] {", "$d << EOD\n1 2"],
    "gp": ["{a = 1;"],
    "guile": ["#| a", "(f #\\)", '(display "a'],
    "irb": ["[1,", 'puts "a', "=begin\nx", "puts %q(it", "puts <<E\nit's", "def f"],
    "lua5.4": [
        "f = function(a)",
        "for i = 1, 3 do",
        "--[[ x",
        "x = [[ a",
        "x = [==[ a",
        "f(",
        "if x then -- it's",
    ],
    "maxima": ["1", "/* a", "f(", 'x: "a'],
    "r": ["f(", "cat('a", "x <-", "function(x) {"],
    "sbcl": ["(princ #\\)", "#| (", "(f", '(princ "a'],
    "sqlite3": [
        "select 1",
        "select 'a",
        'select "a',
        "select [a",
        "/* a",
        "select (1,",
        "create trigger t1 after insert on t begin select 1;",
    ],
    "swipl": ["X = 0'.", "X = a", "write(a", "write([a", "/* x", "write('a.", 'write("a.'],
    "tclsh": ["proc f x {", 'puts "a', "puts [list 1"],
}


@pytest.fixture(scope="module", params=sorted(COMPLETE))
def language(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> object:
    name = request.param
    (program,) = declared(Path(SHIPPED, f"{name}.toml")).programs
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    language = Language(name, tmp_path_factory.mktemp(name))
    language.ok(language.sample("state")[0])
    yield language
    language.kernel.end()


def test_ordinary_code_runs_and_is_complete(language: Language, alive: Callable[[], None]) -> None:
    for code, text in COMPLETE[language.name]:
        alive()
        assert text in language.ok(code), code
        if not text:
            assert language.execute(code).result is None
        reply = language.kernel.client.request("is_complete_request", {"code": code}).reply
        assert reply["status"] == "complete", code


def test_code_that_wants_more_is_refused_and_what_was_there_stays(
    language: Language, alive: Callable[[], None]
) -> None:
    for code in INCOMPLETE[language.name]:
        alive()
        outcome = language.execute(code)
        assert outcome.status == "error", code
        assert outcome.reply["ename"] == "Incomplete", (code, outcome.reply)
        assert outcome.text() == "", code
        language.is_well()


def test_a_comment_over_lines_is_left_out_whole_or_not_at_all() -> None:
    options = {"comment": "#", "block_comment": ["/\\*", "\\*/"], "quotes": '"'}
    lines = Completeness(Settings(options, "T", "")).comment_lines
    assert lines("# a\n1 # b\n  # c") == {0, 2}
    assert lines("/* a\nb */\n1") == {0, 1}
    assert lines("1 /* a\nb */\n2") == set()
    assert lines("/* a\nb */ 1\r\n# c") == {2}
    assert lines('"\n# a\n"') == set()
    assert lines("# a \\\nb\n# c") == {2}


def test_block_comments_at_the_end_of_a_line_can_be_left_out() -> None:
    options = {"comment": "#", "block_comment": ["/\\*", "\\*/"], "quotes": '"'}
    lines = Completeness(Settings(options, "T", "")).lines
    assert lines("1; /* a */ /* b */ \r\n2") == ["1;", "2"]
    assert lines("/* a */ 1 # b\n/* c\nd */") == ["/* a */ 1 # b", "/* c", "d */"]
    assert lines('"/* a */"\n') == ['"/* a */"', ""]
