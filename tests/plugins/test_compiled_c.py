"""C in a real kernel: what becomes of definitions, variables, errors, crashes and input."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import compiled, processes
from support.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.kernels import Kernel


@pytest.fixture(scope="module")
def _shared_c(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = compiled.start("c", tmp_path_factory.mktemp("c"))
    yield kernel
    kernel.end()


@pytest.fixture
def c(_shared_c: Kernel) -> Kernel:
    """A C kernel, which the tests of this module share."""
    client = _shared_c.client
    client.seen.clear()
    Client.of_this_test.append(client)
    return _shared_c


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A C kernel of this test's own."""
    kernel = compiled.start("c", tmp_path_factory.mktemp("own"))
    yield kernel
    kernel.end()


def test_variables_keep_their_values_from_cell_to_cell(c: Kernel) -> None:
    assert c.execute("int kept = 5;").status == "ok"
    assert c.execute('kept++; printf("%d\\n", kept);').text() == "6\n"
    assert c.execute('kept++; printf("%d\\n", kept);').text() == "7\n"


def test_the_value_of_a_last_expression_is_the_result(c: Kernel) -> None:
    assert c.execute("int six = 6;\nsix * 7").result == "42"
    assert c.execute("1.0 / 4").result == "0.25"
    assert c.execute('"text"').result == "text"
    assert c.execute("#include <complex.h>\n1.5 - 2 * I").result == "1.5-2i"
    assert c.execute("#include <complex.h>\n(double complex)3 * I").result == "0+3i"


@pytest.mark.parametrize(
    ("code", "column"), [("/* open", 1), ("int unfinished = 3; /* open {\n1", 21)]
)
def test_a_comment_that_does_not_end_is_the_compilers_error(
    c: Kernel, code: str, column: int
) -> None:
    outcome = c.execute(code)
    told = f":1:{column}:\x1b[0m \x1b[1;31merror:\x1b[0m unterminated comment\n"
    assert outcome.reply["ename"] == "CompileError"
    assert told in outcome.traceback


def test_a_function_and_what_follows_it_in_its_line_are_two_items(c: Kernel) -> None:
    assert c.execute("int squared(int n) { return n * n; } squared(3)").result == "9"
    assert c.execute("squared(4)").result == "16"
    assert c.execute("int sum = 0; for (int n = 0; n < 4; n++) { sum += n; } sum").result == "6"


def test_a_condition_with_two_branches_stays_whole_in_one_line(c: Kernel) -> None:
    code = 'if (%d) { printf("yes\\n"); } else { printf("no\\n"); }'
    assert c.execute(code % 0).text() == "no\n"
    assert c.execute(code % 1 + ' printf("on\\n")').text() == "yes\non\n"
    failed = c.execute("if (0) { missing_here; } else { }")
    assert "missing_here" in failed.reply["evalue"]


def test_an_expression_without_a_value_that_can_be_shown_is_run(c: Kernel) -> None:
    c.execute('struct two { int a, b; } two = {1, 2};\nvoid prints(void) { printf("ran\\n"); }')
    assert c.execute("prints()").text() == "ran\n"
    outcome = c.execute("two")
    assert (outcome.status, outcome.result) == ("ok", None)
    assert c.execute("two.b").result == "2"
    assert c.execute("int forgotten = 4").status == "ok"
    assert c.execute("forgotten").result == "4"


def test_an_error_in_a_last_expression_names_its_column(c: Kernel) -> None:
    outcome = c.execute("int é = 1;\né + missing_here")
    assert ":2:5:" in outcome.traceback
    assert "polykernel" not in outcome.traceback


def test_a_forked_child_ends_where_the_cell_ends(c: Kernel) -> None:
    code = (
        "#include <unistd.h>\n#include <sys/wait.h>\n"
        'if (fork() == 0) printf("child\\n");\nelse { wait(0); printf("parent\\n"); }'
    )
    assert c.execute(code).text() == "child\nparent\n"
    assert c.execute("3").result == "3"


def test_a_function_pointer_may_be_defined_again(c: Kernel) -> None:
    c.execute("#include <stdlib.h>\nint (*operation)(int) = abs;")
    c.execute("int negative(int n) { return -n; }\nint (*operation)(int) = negative;")
    assert c.execute("operation(3)").result == "-3"


def test_a_division_by_zero_is_told_where_it_stands(c: Kernel) -> None:
    outcome = c.execute("int zero = 0;\n\n10 / zero")
    count = outcome.reply["execution_count"]
    assert outcome.reply["ename"] == "SIGFPE"
    assert outcome.reply["evalue"].endswith(f", in In[{count}], line 3")


def test_a_variable_that_begins_with_a_computed_value_stays(c: Kernel) -> None:
    c.execute("#include <stdlib.h>\nint *block = malloc(3 * sizeof(int));\nblock[2] = 9;")
    assert c.execute("block[2]").result == "9"


def test_a_cell_that_defines_a_variable_again_gives_it_its_first_value(c: Kernel) -> None:
    c.execute("int again = 1;")
    c.execute("again = 50;")
    c.execute("int again = 1;")
    assert c.execute("again").result == "1"


def test_a_variable_may_get_another_type(c: Kernel) -> None:
    c.execute("int changes = 1;")
    c.execute("changes = 2;")
    c.execute("double changes = 0.5;")
    assert c.execute("changes").result == "0.5"


def test_a_function_that_is_defined_again_is_called_by_those_defined_before(c: Kernel) -> None:
    c.execute("int inner(void) { return 1; }")
    c.execute("int outer(void) { return 10 * inner(); }")
    assert c.execute("outer()").result == "10"
    c.execute("int inner(void) { return 2; }")
    assert c.execute("outer()").result == "20"


def test_what_a_new_type_does_not_concern_keeps_its_value(c: Kernel) -> None:
    c.execute("struct pair { int a, b; };\nstruct pair pair = {1, 2};\nint apart = 3;")
    c.execute("pair.a = 10; apart = 30;")
    c.execute("struct pair { double a, b, c; };")
    assert c.execute("pair.a + apart").result == "31"


def test_static_variables_of_functions_stay(c: Kernel) -> None:
    c.execute("static int counter(void) { static int n; return ++n; }")
    assert c.execute("counter()").result == "1"
    assert c.execute("counter()").result == "2"


def test_a_name_of_the_c_library_is_the_users_own(c: Kernel) -> None:
    c.execute("int time = 3, y1 = 4;")
    assert c.execute("time + y1").result == "7"


def test_definitions_and_statements_may_be_mixed(c: Kernel) -> None:
    outcome = c.execute(
        "int mixed = 1;\n"
        'printf("%d ", mixed);\n'
        "int twice(int n) { return 2 * n; }\n"
        "for (int i = 0; i < 2; i++) {\n  mixed = twice(mixed);\n}\n"
        'printf("%d\\n", mixed);'
    )
    assert outcome.text() == "1 4\n"


def test_a_whole_program_runs_by_itself(c: Kernel) -> None:
    code = '#include <stdio.h>\nint main(void) {\n  printf("whole\\n");\n  return 0;\n}\n'
    assert c.execute(code).text() == "whole\n"
    assert c.execute("main").status == "error"


def test_an_exit_code_is_an_error(c: Kernel) -> None:
    outcome = c.execute("int main(void) { return 3; }")
    assert outcome.reply["ename"] == "ExitCode"
    assert outcome.reply["evalue"] == "the program ended with exit code 3"


def test_a_signal_of_a_whole_program_is_named(c: Kernel) -> None:
    outcome = c.execute("#include <stdlib.h>\nint main(void) { abort(); }")
    assert outcome.reply["ename"] == "SIGABRT"


def test_an_error_names_line_and_column_of_the_cell(c: Kernel) -> None:
    outcome = c.execute('int fine = 1;\n\nprintf("%d\\n", "é", missing);')
    assert outcome.reply["ename"] == "CompileError"
    assert "missing" in outcome.reply["evalue"]
    lines = outcome.traceback.split("\n")
    count = outcome.reply["execution_count"]
    assert lines[0].startswith(f"\x1b[1mIn[{count}]:3:21:\x1b[0m \x1b[1;31merror:\x1b[0m ")
    assert lines[1] == '    3 | printf("%d\\n", "é", missing);'
    assert lines[2].index("^") - len("\x1b[1;31m") == lines[1].index("missing")


def test_an_error_within_a_function_is_told_as_that_of_a_function(c: Kernel) -> None:
    outcome = c.execute("int unfinished(void) {\n  return 1\n}")
    assert re.match("expected .;. before", outcome.reply["evalue"])
    assert c.execute("1 + 1").result == "2"


def test_a_cell_that_fails_leaves_the_definitions_as_they_were(c: Kernel) -> None:
    c.execute("int safe(void) { return 1; }")
    assert c.execute("int safe(void) { return nothing; }").status == "error"
    assert c.execute("safe()").result == "1"


def test_a_missing_function_is_told_where_it_is_called(c: Kernel) -> None:
    outcome = c.execute("int absent(int);\nabsent(3);")
    assert outcome.reply["ename"] == "LinkError"
    assert "undefined reference to `absent'" in outcome.reply["evalue"]
    assert ":2:" in outcome.traceback
    assert c.execute("1").result == "1"


def test_warnings_come_on_stderr_while_the_cell_runs(c: Kernel) -> None:
    outcome = c.execute('int *odd = 1;\nprintf("ran\\n");')
    assert outcome.status == "ok"
    assert "warning:" in outcome.text("stderr")
    assert "makes pointer from integer" in outcome.text("stderr")
    assert outcome.text() == "ran\n"
    assert c.execute("1").text("stderr") == "", "earlier cells' warnings are not told again"


def test_a_crash_is_named_with_its_line_and_the_next_cell_runs(c: Kernel) -> None:
    c.execute("int crashes(int *p) {\n  return *p;\n}\nint lost = 1;")
    c.execute("lost = 2;")
    outcome = c.execute('printf("before ");\ncrashes(0);')
    assert outcome.text() == "before "
    assert outcome.reply["ename"] == "SIGSEGV"
    assert outcome.reply["evalue"].startswith("segmentation fault, in crashes, In[")
    assert outcome.reply["evalue"].endswith("], line 2")
    assert "called from In[" in outcome.traceback
    assert "begin anew" in outcome.traceback
    assert c.execute("lost").result == "1"


def test_a_stack_overflow_is_a_crash_like_others(c: Kernel) -> None:
    c.execute("int deep(int n) { volatile char all[1000]; all[0] = n; return deep(n + 1) + *all; }")
    assert c.execute("deep(0)").reply["ename"] == "SIGSEGV"


def test_exit_ends_the_process_and_says_so(c: Kernel) -> None:
    outcome = c.execute("#include <stdlib.h>\nexit(0);")
    assert outcome.status == "ok"
    assert "begin anew" in outcome.text("stderr")
    assert c.execute("exit(4);").reply["evalue"] == "the program ended with exit code 4"


def test_output_comes_while_the_cell_runs(c: Kernel) -> None:
    gate = c.gate()
    path = gate._path
    msg_id = c.client.send_execute(
        f'printf("first\\n");\nfclose(fopen("{path}", "r"));\nprintf("second\\n");'
    )
    c.client.wait_for_text("first\n", msg_id)
    gate.open()
    assert c.client.outcome(msg_id).text() == "first\nsecond\n"


def test_output_of_a_whole_program_comes_while_it_runs(c: Kernel) -> None:
    gate = c.gate()
    path = gate._path
    msg_id = c.client.send_execute(
        "#include <stdio.h>\nint main(void) {\n"
        f'  printf("first\\n");\n  fclose(fopen("{path}", "r"));\n  printf("second\\n");\n}}'
    )
    c.client.wait_for_text("first\n", msg_id)
    gate.open()
    assert c.client.outcome(msg_id).text() == "first\nsecond\n"


def test_stderr_and_children_are_seen(c: Kernel) -> None:
    outcome = c.execute(
        '#include <stdlib.h>\nfprintf(stderr, "to stderr\\n");\nsystem("echo from a child");'
    )
    assert outcome.text("stderr") == "to stderr\n"
    assert outcome.text() == "from a child\n"


@pytest.mark.parametrize("whole", [False, True], ids=["cell", "program"])
def test_a_program_that_reads_asks_the_user(c: Kernel, whole: bool) -> None:
    body = 'char name[50];\nprintf("name? ");\nscanf("%49s", name);\nprintf("[%s]\\n", name);'
    code = f"#include <stdio.h>\nint main(void) {{\n{body}\n}}" if whole else body
    msg_id = c.client.send_execute(code, allow_stdin=True)
    c.client.wait_for("input_request", msg_id)
    c.client.wait_for_text("name? ", msg_id)
    c.client.answer("é𝒳")
    assert c.client.outcome(msg_id).text() == "name? [é𝒳]\n"


def test_a_child_that_reads_asks_the_user(c: Kernel) -> None:
    code = '#include <stdlib.h>\nsystem("read line; echo got $line");'
    msg_id = c.client.send_execute(code, allow_stdin=True)
    c.client.wait_for("input_request", msg_id)
    c.client.answer("it")
    assert c.client.outcome(msg_id).text() == "got it\n"


def test_an_end_of_file_ends_the_input_of_that_cell_only(c: Kernel) -> None:
    code = "int letters = 0;\nwhile (getchar() != EOF) letters++;\nletters"
    for _ in range(2):
        msg_id = c.client.send_execute(code, allow_stdin=True)
        first = c.client.wait_for("input_request", msg_id)
        c.client.answer("abc")
        seen = c.client.seen.index(first) + 1
        c.client.wait_for("input_request", msg_id, since=seen)
        c.client.answer("\x04")
        assert c.client.outcome(msg_id).result == "4"


def test_input_that_is_refused_is_an_error_and_the_variables_stay(c: Kernel) -> None:
    c.execute("int stays = 1;")
    c.execute("stays = 2;")
    outcome = c.execute("getchar();", allow_stdin=False)
    assert outcome.reply["ename"] == "InputRefused"
    assert c.execute("stays").result == "2"


INTERRUPTED = {
    "a loop": "for (volatile long i = 0;; i++) { }",
    "a wait": "#include <unistd.h>\nfor (;;) { sleep(1000); }",
    "a child": '#include <stdlib.h>\nwhile (1) { system("sleep 1000"); }',
    "printing": 'for (;;) { printf("more\\n"); }',
    "memory": "#include <stdlib.h>\nfor (;;) { free(malloc(100000)); }",
}


@pytest.mark.parametrize("code", INTERRUPTED.values(), ids=INTERRUPTED)
def test_an_interrupt_stops_a_cell_and_the_variables_stay(c: Kernel, code: str) -> None:
    c.execute("int survives = 1;")
    c.execute("survives = 2;")
    msg_id = c.client.send_execute(f'printf("begun\\n");\n{code}')
    c.client.wait_for_text("begun\n", msg_id)
    c.client.request("interrupt_request", channel="control")
    outcome = c.client.outcome(msg_id)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert outcome.text("stderr") == ""
    assert c.execute("survives").result == "2"


def test_an_interrupt_reaches_a_program_that_waits_for_input(c: Kernel) -> None:
    msg_id = c.client.send_execute("getchar();", allow_stdin=True)
    c.client.wait_for("input_request", msg_id)
    c.client.request("interrupt_request", channel="control")
    assert c.client.outcome(msg_id).reply["ename"] == "KeyboardInterrupt"
    assert c.execute("1 + 2").result == "3"


def test_a_program_that_hears_no_interrupt_is_ended_with_its_children(own: Kernel) -> None:
    code = (
        "#include <signal.h>\n#include <stdio.h>\n#include <unistd.h>\nint main(void) {\n"
        "  signal(SIGINT, SIG_IGN);\n  fork();\n"
        '  printf("%d\\n", getpid());\n  for (;;) pause();\n}'
    )
    msg_id = own.client.send_execute(code)
    own.client.wait(
        lambda _: len(_printed(own, msg_id).split()) == 2, "the numbers of two processes"
    )
    watches = [own.watch(int(pid)) for pid in _printed(own, msg_id).split()]
    own.client.request("interrupt_request", channel="control")
    assert own.client.outcome(msg_id).reply["ename"] == "KeyboardInterrupt"
    assert all(watch.ended_within(20) for watch in watches)


def _printed(kernel: Kernel, msg_id: str) -> str:
    return "".join(
        seen.content["text"]
        for seen in kernel.client.seen
        if seen.msg_type == "stream" and seen.parent == msg_id
    )


def test_an_interrupt_stops_the_compiler(c: Kernel) -> None:
    # seconds of work for the preprocessor, and no errors
    nest = "#define A0 1\n" + "".join(
        f"#define A{n + 1} A{n} + A{n} + A{n} + A{n} + A{n} + A{n} + A{n} + A{n}\n"
        for n in range(9)
    )
    msg_id = c.client.send_execute(f"{nest}int huge(void) {{ return A9; }}")
    processes.until(
        lambda: any("/cc1 " in processes.describe(each) for each in c.processes()),
        "a running compiler",
    )
    c.client.request("interrupt_request", channel="control")
    assert c.client.outcome(msg_id).reply["ename"] == "KeyboardInterrupt"
    assert c.execute("2 + 2").result == "4"


def test_much_output_comes_whole(c: Kernel) -> None:
    outcome = c.execute('for (int i = 0; i < 200000; i++) printf("line %d\\n", i);')
    assert outcome.text() == "".join(f"line {i}\n" for i in range(200000))


@pytest.mark.parametrize("code", ["", " \n\t\n", "// only a comment\n", "/* é𝒳 */"])
def test_a_cell_without_code_does_nothing(c: Kernel, code: str) -> None:
    outcome = c.execute(code)
    assert outcome.status == "ok"
    assert outcome.text() == outcome.text("stderr") == ""


def test_lines_may_end_as_in_windows(c: Kernel) -> None:
    outcome = c.execute('int dos = 3;\r\nprintf("%d\\n",\r\n  dos);\r\n')
    assert outcome.text() == "3\n"
    assert ":2:" in c.execute("int x1 = 1;\r\nmissing_one;\r\n").traceback


def test_a_file_that_the_program_leaves_is_shown(c: Kernel) -> None:
    code = (
        "#include <stdlib.h>\n#include <string.h>\nchar path[500];\n"
        'strcat(strcpy(path, getenv("POLYKERNEL_DISPLAY")), "/a.svg");\n'
        'FILE *file = fopen(path, "w");\nfputs("<svg/>", file);\nfclose(file);'
    )
    [shown] = c.execute(code).contents("display_data")
    assert shown["data"] == {"image/svg+xml": "<svg/>"}
    assert c.execute("1").contents("display_data") == []


def test_headers_beside_the_notebook_are_found(c: Kernel) -> None:
    (c.folder / "beside.h").write_text("#define BESIDE 12\n")
    assert c.execute('#include "beside.h"\nBESIDE').result == "12"


def test_words_are_completed(c: Kernel) -> None:
    c.execute("int a_long_name_of_mine = 1;")
    reply = c.client.request("complete_request", {"code": "1 + a_lo", "cursor_pos": 8}).reply
    assert reply["matches"] == ["a_long_name_of_mine"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (4, 8)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("int f(void) {", "incomplete"),
        ("f(1,", "incomplete"),
        ("/* begun", "incomplete"),
        ("#if X", "incomplete"),
        ("int x = 1;", "complete"),
        ('"(" "{"', "complete"),
        ("}", "invalid"),
    ],
)
def test_open_brackets_ask_for_more(c: Kernel, code: str, status: str) -> None:
    assert c.client.request("is_complete_request", {"code": code}).reply["status"] == status


def test_nothing_is_left_when_the_kernel_ends(own: Kernel) -> None:
    own.execute("int x = 1;\nx;")
    watches = own.watch_all()
    assert len(watches) >= 3, "host, evaluator, and the process that has the variables"
    own.client.request("shutdown_request", {"restart": False}, channel="control")
    own.exit_code()
    assert all(watch.ended_within(20) for watch in watches)


def test_the_process_ends_with_an_evaluator_that_is_killed(own: Kernel) -> None:
    own.execute("int x = 1;\nx;")
    residents = [own.watch(each.pid) for each in own.processes() if each.name() == "resident"]
    assert residents
    own.evaluator().kill()
    assert all(watch.ended_within(20) for watch in residents)


def test_a_declaration_in_a_configuration_folder_is_a_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: Callable[[str], Kernel]
) -> None:
    compiled.need("c")
    folder = tmp_path / "polykernel" / "languages"
    folder.mkdir(parents=True)
    [declaration] = _blocks("toml")
    declaration = declaration.replace('"g++"', '"gcc"').replace(".cpp", ".c")
    (folder / "mine.toml").write_text(declaration)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    mine = kernel("mine@polykernel_declared.plugin")
    assert mine.execute("int main() { return 2; }").reply["evalue"] == (
        "the program ended with exit code 2"
    )
    assert mine.execute("int x;").reply["ename"] == "CompileError"


def test_the_cell_that_the_docs_show_has_the_value_that_they_say(own: Kernel) -> None:
    [cell] = _blocks("c")
    assert own.execute(cell).result == "5"


def test_the_commands_that_the_docs_show_are_run(tmp_path: Path) -> None:
    compiled.need("c")
    [console] = _blocks("console")
    install, execute, shown = console.splitlines()
    for line in (f"{install.partition('#')[0]} --prefix {shlex.quote(str(tmp_path))}", execute):
        command = shlex.split(line.removeprefix("$ polykernel "))
        done = subprocess.run(
            [sys.executable, "-P", "-m", "polykernel", *command],
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout == f"{shown}\n"
    assert list(tmp_path.glob("share/jupyter/kernels/polykernel-c/kernel.json"))


def _blocks(language: str) -> list[str]:
    """Find the blocks of a language in docs/compiled.md."""
    page = Path(__file__).parent.parent.parent / "docs" / "compiled.md"
    return re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
