"""Compiled languages, the parts: items of a cell, what stays of them, and what compilers say."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from polykernel_declared.compiler import diagnostics
from polykernel_declared.compiler.completion import Words
from polykernel_declared.compiler.definitions import Definitions, Naming, Part
from polykernel_declared.compiler.diagnostics import Place
from polykernel_declared.compiler.displays import Displays
from polykernel_declared.compiler.fields import FIELDS
from polykernel_declared.compiler.relays import Marks, Relay
from polykernel_declared.compiler.source import Template, whole
from polykernel_declared.compiler.syntax import Syntax
from polykernel_declared.declaration import declared as make
from support import compiled

from polykernel import LanguageError

if TYPE_CHECKING:
    from polykernel.testing.fixtures import MakeEvaluator

ROOT = Path(__file__).parent.parent.parent


def options(name: str) -> dict[str, Any]:
    return dict(compiled.declared(name).options)


def texts(name: str, code: str) -> list[str]:
    return [piece.text for piece in Syntax(options(name)).split(code)]


# items


def test_c_is_cut_at_semicolons_and_closing_braces() -> None:
    code = "int x = 1; int y;\nint f(void) {\n  return 1; }\nfor (;;) { g(); }\nx"
    assert texts("c", code) == [
        "int x = 1;",
        "int y;",
        "int f(void) {\n  return 1; }",
        "for (;;) { g(); }",
        "x",
    ]


def test_what_follows_a_closing_brace_belongs_to_it() -> None:
    code = "struct p { int x; } p = {1};\nint a[] = {1,\n 2};\n"
    assert texts("c", code) == ["struct p { int x; } p = {1};", "int a[] = {1,\n 2};"]


@pytest.mark.parametrize(
    ("code", "items"),
    [
        ("int f(int a) { return a; } f(1)", ["int f(int a) { return a; }", "f(1)"]),
        ("struct p *f(int a[2])\n{ g(); } int b;", ["struct p *f(int a[2])\n{ g(); }", "int b;"]),
        ("int f(void) { } ; int b;", ["int f(void) { } ;", "int b;"]),
        ("[[noreturn]] void f(void) { } 3", ["[[noreturn]] void f(void) { }", "3"]),
        ("EACH(x, list) { g(x); } y", ["EACH(x, list) { g(x); }", "y"]),
        ("for (;;) { g(); } y", ["for (;;) { g(); }", "y"]),
        ("if (x) { } else { g(); } y", ["if (x) { }", "else { g(); }", "y"]),
        ("do { g(); } while (x); y", ["do { g(); } while (x);", "y"]),
        ("struct p q = (struct p){1}; q", ["struct p q = (struct p){1};", "q"]),
        ("sizeof (int[]){1, 2} / 4", ["sizeof (int[]){1, 2} / 4"]),
        ("return (struct p){1}; q", ["return (struct p){1};", "q"]),
        ("typedef struct { int x; } p; p q", ["typedef struct { int x; } p;", "p q"]),
        (
            "struct __attribute__((packed)) { int x; } p;",
            ["struct __attribute__((packed)) { int x; } p;"],
        ),
        ("struct PACKED(1) { int x; } p;", ["struct PACKED(1) { int x; } p;"]),
        ("x = ({ int y = 1; y; }); z", ["x = ({ int y = 1; y; });", "z"]),
    ],
)
def test_the_body_of_a_function_or_a_loop_ends_its_item_within_a_line(
    code: str, items: list[str]
) -> None:
    assert texts("c", code) == items


def test_brackets_in_strings_and_comments_do_not_count() -> None:
    code = 'char *s = "};\\"{"; // { ;\nchar c = \'}\'; /* ;{ */ int z;'
    assert texts("c", code) == ['char *s = "};\\"{";', "char c = '}';", "int z;"]


def test_a_comment_that_does_not_end_is_code() -> None:
    assert texts("c", "int x; /* a */ /* open {\n ;") == ["int x;", "/*"]
    assert texts("c", "int x; // closed") == ["int x;"]
    assert texts("pascal", "(* open") == ["(*"]


def test_directives_are_lines_of_their_own() -> None:
    code = "#define A(x) \\\n  (x)\n#if A(1)\nint x;\n#else\nint y;\n#endif\nint z;"
    assert texts("c", code) == [
        "#define A(x) \\\n  (x)",
        "#if A(1)\nint x;\n#else\nint y;\n#endif",
        "int z;",
    ]


def test_an_item_knows_its_line_and_column() -> None:
    first, second = Syntax(options("c")).split("\n  int é; int b;\n")
    assert (first.line, first.column, first.last_line) == (2, 2, 2)
    assert (second.line, second.column, second.offset, second.ended) == (2, 9, 10, True)


def test_ten_megabytes_are_cut_item_by_item() -> None:
    code = 'x = "{;"; // }\n' * 700_000
    syntax = Syntax(options("c"))
    assert len(syntax.split(code)) == 700_000
    assert syntax.open_at_end(code + "{").depth == 1


def test_fortran_is_cut_at_lines_but_for_blocks_and_continued_lines() -> None:
    code = (
        "x = 1 + &\n  2\nouter: do i = 1, 2\n  if (x > 1) stop\n  if (x > 2) then\n"
        "    print *, 'end do'\n  end if\nend do outer\nmodule m\ncontains\nsubroutine s()\n"
        "end subroutine\nend module\ntype(t) :: v\nwhere (a > 0) a = 1\ny = 2"
    )
    assert [text.split("\n")[0] for text in texts("fortran", code)] == [
        "x = 1 + &",
        "outer: do i = 1, 2",
        "module m",
        "type(t) :: v",
        "where (a > 0) a = 1",
        "y = 2",
    ]


def test_a_pascal_function_ends_with_its_body() -> None:
    code = (
        "function f(n: integer): integer;\nvar m: integer;\nbegin\n  begin m := 1; end;\nend;\n"
        "type r = record a, b: integer; end;\nf(1); { end; } f(2);"
    )
    assert [text.split("\n")[-1] for text in texts("pascal", code)] == [
        "end;",
        "type r = record a, b: integer; end;",
        "f(1);",
        "f(2);",
    ]


@pytest.mark.parametrize("code", ["", "\n\n", "}", ";", '"', "'''", "/*", "#", "é\x00😀", "((("])
@pytest.mark.parametrize("name", compiled.COMPILED)
def test_any_text_is_cut_without_loss(name: str, code: str) -> None:
    syntax = Syntax(options(name))
    assert len(syntax.bare(code)) == len(code)
    for piece in syntax.split(code):
        assert piece.text in code
    syntax.open_at_end(code)


@pytest.mark.parametrize(
    ("name", "code", "expected"),
    [
        ("c", "int main(void) {}", True),
        ("c", "int main(int argc,\n  char **argv)\n{}", True),
        ("c", "// int main(void) {}", False),
        ("c", "main();", False),
        ("fortran", "! of it\n  PROGRAM it\nend", True),
        ("fortran", "print *, 'program it'", False),
        ("pascal", "program it;\nbegin\nend.", True),
        ("pascal", "begin writeln(1) end.", True),
        ("pascal", "writeln('end.');", False),
    ],
)
def test_a_whole_program_is_told_from_a_cell(name: str, code: str, expected: bool) -> None:
    assert Syntax(options(name)).is_program(code) is expected


# names


def named(name: str, code: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    syntax = Syntax(options(name))
    naming = Naming(options(name), syntax)
    parts = [naming.part("definitions", each.text, each, "In[1]") for each in syntax.split(code)]
    return [(part.names, part.variables) for part in parts]


def test_names_of_c_stand_outside_of_brackets_and_first_values() -> None:
    assert named("c", "int f(int a, int b) { int c = a; return c; }") == [(("f",), ())]
    assert named("c", "int x = y, *z, a[3] = {b, 2};") == [((), ("x", "z", "a"))]
    assert named("c", "struct p { int q; } r;") == [(("p",), ("r",))]
    assert named("c", "typedef struct { int q; } t;") == [(("t",), ())]
    assert named("c", "#define N 1") == [(("N",), ())]
    assert named("c", "int f(int a);") == [((), ())]


def test_names_of_fortran_stand_outside_of_blocks_and_have_no_case() -> None:
    assert named("fortran", "MODULE Geo\n integer :: x\nend module") == [(("geo",), ())]
    assert named("fortran", "real function Norm(p)\n real :: q\nend function") == [(("norm",), ())]
    assert named("fortran", "integer :: a = 1, B(3)") == [((), ("a", "b"))]


# what stays


def part(text: str, names: str = "", variables: str = "", file: str = "In[1]") -> Part:
    return Part(
        "definitions",
        text,
        file,
        1,
        0,
        1,
        tuple(names.split()),
        tuple(variables.split()),
        frozenset(re.findall(r"\w+", text)),
    )


def test_a_new_definition_stands_where_the_old_one_stood() -> None:
    first, caller = part("f() 1", "f"), part("g() f", "g")
    before = Definitions().with_new([first, caller])
    after = before.with_new([part("f() 2", "f", file="In[2]")])
    assert [each.text for each in after.parts] == ["f() 2", "g() f"]
    assert after.versions == {"f": 2, "g": 2}, "the caller is made anew, too"


def test_a_new_definition_stands_behind_what_it_needs() -> None:
    before = Definitions().with_new([part("f() 1", "f"), part("g() f", "g"), part("type t", "t")])
    after = before.with_new([part("f() t", "f", file="In[2]")])
    assert [each.text for each in after.parts] == ["type t", "f() t", "g() f"]


def test_a_definition_that_stays_the_same_renews_nothing_but_variables() -> None:
    before = Definitions().with_new([part("type t", "t"), part("t v", "", "v")])
    assert before.with_new([part("type t", "t", file="In[2]")]).versions == {"t": 1, "v": 1}
    assert before.with_new([part("t v", "", "v", file="In[2]")]).versions == {"t": 1, "v": 2}


def test_a_changed_type_renews_the_variables_of_it_and_no_others() -> None:
    parts = [part("type t", "t"), part("t v", "", "v"), part("int w", "", "w")]
    after = Definitions().with_new(parts).with_new([part("type t 2", "t", file="In[2]")])
    assert after.versions == {"t": 2, "v": 2, "w": 1}


def test_definitions_are_not_changed_by_those_made_of_them() -> None:
    before = Definitions().with_new([part("f() 1", "f")])
    before.with_new([part("f() 2", "f")])
    assert [each.text for each in before.parts] == ["f() 1"]
    assert before.versions == {"f": 1}


# sources and messages


def test_each_line_of_a_source_is_found_in_its_cell() -> None:
    template = Template("begin\n{definitions}\nend", "")
    item = Part("definitions", "a\nb", "In[3]", 7, 2, 8)
    source = template.fill([item], {})
    assert source.text == "begin\n  a\nb\nend\n"
    assert [source.locate(line) for line in range(1, 6)] == [
        None,
        Place("In[3]", 7),
        Place("In[3]", 8),
        Place("In[3]", 8),
        Place("In[3]", 8),
    ]


def test_a_language_that_can_names_file_and_line_itself() -> None:
    assert whole("a\nb", "In[2]", '#line {line} "{file}"').text == '#line 1 "In[2]"\na\nb\n'


def said(output: str, pattern: str = diagnostics.GNU) -> list[diagnostics.Diagnostic]:
    return diagnostics.parse(
        output,
        re.compile(pattern, re.MULTILINE | re.IGNORECASE),
        lambda file, line: Place(file, line) if file.startswith("In[") else None,
        lambda file, line: "é = missing;",
    )


def test_columns_are_told_in_characters() -> None:
    [found] = said("In[1]:1:6: error: 'missing' undeclared\n")
    assert (found.line, found.column, found.severity) == (1, 5, "error")
    assert found.message == "'missing' undeclared"


def test_colours_of_the_compiler_are_left_out_and_ours_are_shown() -> None:
    found = said("\x1b[01m\x1b[KIn[1]:1:6:\x1b[m\x1b[K \x1b[01;35mwarning: \x1b[mhm\n")
    lines = diagnostics.render(found, lambda file, line: "\té = missing;")
    assert lines == [
        "\x1b[1mIn[1]:1:5:\x1b[0m \x1b[1;35mwarning:\x1b[0m hm",
        "    1 | \té = missing;",
        "      | \t   \x1b[1;35m^\x1b[0m",
    ]


def test_a_message_of_the_linker_is_an_error() -> None:
    [found] = said("In[1]:2: undefined reference to `f'\n")
    assert (found.line, found.column, found.is_error) == (2, 0, True)


def test_a_message_of_free_pascal_is_read() -> None:
    output = (
        "c.pas(4,3) Error: Identifier not found\n"
        "c.pas(7) Fatal: There were 1 errors compiling module, stopping\n"
    )
    [found] = said(output, options("pascal")["diagnostic"])
    assert (found.file, found.line, found.column) == ("c.pas", 4, 3)


# the rest


def test_nothing_before_the_mark_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()
    relay = Relay(read, 1, Marks("<mark>"))
    for data in (b"unseen <ma", b"rk>se", b"en"):
        os.write(write, data)
        assert relay.pass_on()
    os.close(write)
    assert not relay.pass_on()
    relay.close()
    assert capfd.readouterr().out == "seen"


def test_only_the_mark_of_the_end_is_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()
    relay = Relay(read, 1, Marks("", "<end>"))
    shown = []
    for data in (b"a<", b"b<en", b"c<e", b"nd>d<", b"<end>"):
        os.write(write, data)
        assert relay.pass_on()
        shown.append(capfd.readouterr().out)
    assert shown == ["a", "<b", "<enc", "d<", "<end>"]
    assert relay.reached_end
    os.close(write)
    relay.close()


def test_half_a_mark_is_shown_where_nothing_follows(capfd: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()
    relay = Relay(read, 1, Marks("<begin>", "<end>"))
    for data in (b"hidden<begin>a<en", b"d<en"):
        os.write(write, data)
        assert relay.pass_on()
    assert capfd.readouterr().out == "a<end"
    relay.release()
    assert capfd.readouterr().out == "<en"
    assert not relay.reached_end
    os.close(write)
    relay.close()


def test_words_of_cells_and_keywords_are_completed() -> None:
    words = Words(["return"])
    words.learn("int result_of_it = 1;")
    found = words.complete("x = re", 6)
    assert (list(found.matches), found.start, found.end) == (["result_of_it", "return"], 4, 6)
    assert list(found.types) == ["text", "keyword"]
    assert list(words.complete("x = ", 4).matches) == []


def test_only_known_kinds_of_files_are_shown(tmp_path: Path) -> None:
    shown: list[str] = []

    class Cell:
        def write(self, text: str, stream: str) -> None:
            shown.append(f"{stream}: {text}")

        def display(self, bundle: Any) -> None:
            shown.append(str(bundle.data))

    displays = Displays(str(tmp_path / "display"))
    (tmp_path / "display" / "a.png").write_bytes(b"\x89PNG")
    (tmp_path / "display" / "b.unknown").write_text("?")
    (tmp_path / "display" / "result.txt").write_text("42")
    result = displays.show(Cell())  # type: ignore[arg-type]
    assert result is not None
    assert result.data == {"text/plain": "42"}
    assert sorted(shown) == [
        "stderr: b.unknown can't be shown: unknown kind\n",
        "{'image/png': 'iVBORw=='}",
    ]
    assert list((tmp_path / "display").iterdir()) == []


# declarations


def test_the_docs_have_the_table_of_all_keys() -> None:
    rows = "".join(f"| `{each.name}` | {each.kind} | {each.meaning} |\n" for each in FIELDS)
    assert rows in (ROOT / "docs" / "compiled.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "[compiler] program is missing"),
        ({"program": "gcc"}, "[compiler] program must be a list of strings"),
        ({"program": ["x"], "object": ["x"]}, "[compiler] object and library go together"),
        ({"program": ["x"], "blocks": ["a"]}, "[compiler] blocks must have 2 strings"),
        ({"program": ["x"], "names": ["("]}, "[compiler] names: '(' is no regular expression"),
        ({"program": ["x"], "replay": "print"}, "[compiler] replay must print {mark}"),
        ({"program": ["x"], "template": "x"}, "[compiler] template has no line {statements}"),
        ({"program": ["x"], "progam": ["x"]}, "did you mean 'program'?"),
    ],
)
def test_a_wrong_declaration_says_what_is_wrong(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(LanguageError, match=re.escape(message)):
        make({"name": "wrong", "compiler": wrong})


@pytest.mark.parametrize("name", compiled.COMPILED)
def test_a_cell_without_its_compiler_says_what_to_install(
    name: str, evaluator: MakeEvaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    language = compiled.declared(name)
    monkeypatch.setenv("PATH", "/nowhere")
    session = evaluator(language.evaluator, options=language.options)
    failure = session.execute("1").failure
    assert failure.ename == "ProgramNotFound"
    assert failure.evalue.endswith(f"is not installed; {language.install_hint}")


@pytest.mark.parametrize("name", compiled.COMPILED)
def test_a_shipped_language_names_its_programs_and_what_to_install(name: str) -> None:
    language = compiled.declared(name)
    assert language.programs
    assert "apt install" in language.install_hint
