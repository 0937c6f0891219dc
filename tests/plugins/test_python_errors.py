"""What a cell shows when it fails."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest
from support.kernels import Kernel

if TYPE_CHECKING:
    from pathlib import Path

    from support.client import Outcome


def failed(kernel: Kernel, code: str) -> Outcome:
    outcome: Outcome = kernel.execute(code)
    assert outcome.status == "error"
    assert "polykernel" not in outcome.traceback.replace("polykernel_python.asking.", "")
    return outcome


def plain(outcome: Outcome) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", outcome.traceback)


def test_a_traceback_names_cells_and_lines_and_marks_the_place(python: Kernel) -> None:
    defined = python.execute("def divide(a):\n    return 1 / a").reply["execution_count"]
    outcome = failed(python, "x = 0\ndivide(x)")
    marks = "           ~~^~~\n" if sys.version_info >= (3, 11) else ""
    assert plain(outcome) == (
        "Traceback (most recent call last):\n"
        f"  Cell In[{defined + 1}], line 2\n"
        "    divide(x)\n"
        f"  Cell In[{defined}], line 2, in divide\n"
        "    return 1 / a\n"
        f"{marks}"
        "ZeroDivisionError: division by zero"
    )
    assert (outcome.reply["ename"], outcome.reply["evalue"]) == (
        "ZeroDivisionError",
        "division by zero",
    )
    assert "\x1b[31mZeroDivisionError\x1b[39m" in outcome.traceback


def test_frames_of_libraries_are_shown_with_their_files(python: Kernel) -> None:
    text = plain(failed(python, "import json\njson.loads('{')"))
    assert "json/decoder.py" in text
    assert "json.decoder.JSONDecodeError: Expecting property name" in text


def test_chained_exceptions_are_told_in_order(python: Kernel) -> None:
    code = """
try:
    try:
        1 / 0
    except Exception as e:
        raise ValueError('v') from e
except Exception:
    undefined
"""
    text = plain(failed(python, code))
    order = [
        "ZeroDivisionError: division by zero",
        "The above exception was the direct cause of the following exception:",
        "ValueError: v",
        "During handling of the above exception, another exception occurred:",
        "NameError: name 'undefined' is not defined",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_a_suppressed_context_is_not_told(python: Kernel) -> None:
    text = plain(
        failed(python, "try:\n    1 / 0\nexcept Exception:\n    raise ValueError from None")
    )
    assert "ZeroDivisionError" not in text


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups and notes are newer")
def test_exception_groups_and_notes_are_shown(python: Kernel) -> None:
    code = """
def fail():
    error = ValueError('first')
    error.add_note('a note')
    raise error
try:
    fail()
except ValueError as error:
    kept = error
raise ExceptionGroup('group', [kept, ExceptionGroup('inner', [KeyError('k')])])
"""
    text = plain(failed(python, code))
    assert "ExceptionGroup: group (2 sub-exceptions)" in text
    assert "  | ValueError: first\n  | a note\n" in text
    assert "  |   | KeyError: 'k'" in text
    assert re.search(r"  \|   Cell In\[\d+\], line 5, in fail", text)


@pytest.mark.parametrize(
    ("code", "line", "source"),
    [
        ("x = 1\ny = (1,\n", 2, "y = (1,"),
        ("x = 1\nreturn x", 2, "return x"),
        ("if True:\nx = 1", 2, "x = 1"),
        ("x = 1\n\n  y = 2", 3, "y = 2"),
        ("def f(a, a): pass", 1, "def f(a, a): pass"),
        ("x = 'abc", 1, "x = 'abc"),
    ],
)
def test_a_syntax_error_shows_its_line(python: Kernel, code: str, line: int, source: str) -> None:
    outcome = failed(python, code)
    assert outcome.reply["ename"] in ("SyntaxError", "IndentationError")
    assert re.search(rf"^  Cell In\[\d+\], line {line}\n    {re.escape(source)}\n", plain(outcome))
    # only a wrong indent, which is the whole line's, has no mark
    assert re.search(r"\n +\^", plain(outcome)) or "unexpected indent" in plain(outcome)
    assert "Traceback" not in plain(outcome)


def test_null_bytes_are_an_error_of_the_user(python: Kernel) -> None:
    assert "null bytes" in failed(python, "x = 1\0").reply["evalue"]


def test_endless_recursion_is_shortened(python: Kernel) -> None:
    text = plain(failed(python, "def f(n):\n    return f(n + 1)\nf(0)"))
    assert "Previous line repeated" in text
    assert len(text.split("\n")) < 20
    text = plain(failed(python, "def f(n):\n    return g(n)\ndef g(n):\n    return f(n)\nf(0)"))
    assert "frames left out" in text
    assert len(text.split("\n")) < 100


def test_an_exception_whose_text_fails_is_shown(python: Kernel) -> None:
    code = "class Mute(Exception):\n    def __str__(self): raise ValueError\nraise Mute"
    outcome = failed(python, code)
    assert outcome.reply["ename"] == "Mute"
    assert "Mute" in plain(outcome).split("\n")[-1]


def test_an_exception_that_cannot_be_rendered_is_still_shown(python: Kernel) -> None:
    # made where there is no __name__, a class has no module, which traceback does not expect
    code = """exec("raise type('Odd', (Exception,), {})('one')", {})"""
    outcome = failed(python, code)
    assert (outcome.reply["ename"], outcome.reply["evalue"]) == ("Odd", "one")
    assert "Odd: one" in plain(outcome)


def test_an_object_whose_text_fails_is_an_error_of_the_cell(python: Kernel) -> None:
    code = "class Mute:\n    def __repr__(self): raise ValueError('no text')\nMute()"
    text = plain(failed(python, code))
    assert ", line 2, in __repr__" in text
    assert text.endswith("ValueError: no text")


def test_errors_after_an_await_show_the_cell_alone(python: Kernel) -> None:
    text = plain(failed(python, "import asyncio\nawait asyncio.sleep(0)\n1 / 0"))
    assert re.match(
        r"Traceback \(most recent call last\):\n  Cell In\[\d+\], line 3\n    1 / 0", text
    )
    assert "File" not in text


def test_a_task_that_was_cancelled_is_no_interrupt(python: Kernel) -> None:
    code = (
        "import asyncio\ntask = asyncio.ensure_future(asyncio.sleep(60))\ntask.cancel()\nawait task"
    )
    assert failed(python, code).reply["ename"] == "CancelledError"


@pytest.mark.parametrize(
    ("code", "ename"),
    [
        ("asyncio.current_task().cancel(); await asyncio.sleep(60)", "CancelledError"),
        (
            (
                "own = asyncio.current_task(); asyncio.get_running_loop().call_soon(own.cancel)\n"
                "await asyncio.sleep(60)"
            ),
            "CancelledError",
        ),
        ("await asyncio.sleep(0); raise GeneratorExit", "GeneratorExit"),
        (
            (
                "import signal\ndef late(*_): raise TimeoutError('too late')\n"
                "_ = signal.signal(signal.SIGALRM, late)\n"
                "_ = signal.setitimer(signal.ITIMER_REAL, 0.01)\n"
                "await asyncio.sleep(60)"
            ),
            "TimeoutError",
        ),
    ],
)
def test_an_awaiting_cell_ends_with_what_has_ended_it(
    python: Kernel, code: str, ename: str
) -> None:
    outcome = failed(python, f"import asyncio\n{code}")
    assert outcome.reply["ename"] == ename
    assert "Cell In[" in outcome.traceback
    assert python.execute("await asyncio.sleep(0); 'alive'").result == "'alive'"


def test_a_thread_may_exit_without_a_word(python: Kernel) -> None:
    code = "import threading\nthread = threading.Thread(target=exit); thread.start(); thread.join()"
    assert python.execute(code).text("stderr") == ""


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("x = " + "1 + " * 2500 + "1\nx", None),
        ("1 + " * 2500 + "1", "2501"),
        ("if 0: pass\n" + "elif 0: pass\n" * 1500 + "else: deep = 7", None),
    ],
)
def test_code_runs_that_is_too_deep_for_a_tree(
    python: Kernel, code: str, result: str | None
) -> None:
    outcome = python.execute(code)
    assert outcome.status == "ok", outcome.traceback
    assert outcome.result == result


def test_the_error_is_shown_where_few_descriptors_are_allowed(tmp_path: Path) -> None:
    kernel = Kernel("polykernel-python", tmp_path)
    try:
        kernel.execute(
            "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\nfiles = []"
        )
        for _ in range(2):
            outcome = kernel.execute("while True: files.append(open('/dev/null'))")
            assert outcome.reply["ename"] == "OSError", outcome.traceback
            assert "can't be shown" not in outcome.traceback
    finally:
        kernel.end()


@pytest.mark.parametrize(
    ("code", "evalue"),
    [
        ("import sys; sys.exit()", ""),
        ("exit(3)", "3"),
        ("quit('why')", "why"),
        ("raise SystemExit(2)", "2"),
    ],
)
def test_leaving_ends_the_cell_and_not_the_kernel(python: Kernel, code: str, evalue: str) -> None:
    python.execute("kept = 'still here'")
    outcome = failed(python, code)
    assert (outcome.reply["ename"], outcome.reply["evalue"]) == ("SystemExit", evalue)
    assert "the kernel goes on" in plain(outcome)
    assert python.execute("kept").result == "'still here'"


def test_magics_and_commands_are_told_what_to_write(python: Kernel) -> None:
    outcome = failed(python, "x = 1\n!ls -l\n")
    assert outcome.reply["ename"] == "SyntaxError"
    assert 'subprocess.run("ls -l", shell=True)' in outcome.reply["evalue"]
    assert re.search(r"Cell In\[\d+\], line 2\n    !ls -l\n", plain(outcome))
    assert python.execute("a, b = 7, 4\na %b").result == "3"


def test_those_who_miss_ipython_are_told(python: Kernel) -> None:
    assert "no get_ipython()" in plain(failed(python, "get_ipython().run_line_magic('time', '')"))


def test_the_users_own_excepthook_shows_the_error(python: Kernel) -> None:
    code = """import sys
sys.excepthook = lambda kind, error, tb: print('mine:', kind.__name__, tb.tb_lineno)
1 / 0
"""
    outcome = failed(python, code)
    python.execute("sys.excepthook = sys.__excepthook__")
    assert outcome.text() == "mine: ZeroDivisionError 3\n"
    assert plain(outcome) == "ZeroDivisionError: division by zero"


def test_the_last_error_is_kept_for_the_post_mortem(python: Kernel) -> None:
    failed(python, "1 / 0")
    python.execute("import sys\nframe = sys.last_traceback.tb_frame")
    assert python.execute("sys.last_type.__name__").result == "'ZeroDivisionError'"
    assert python.execute("str(sys.last_value)").result == "'division by zero'"
    assert python.execute("frame.f_code.co_name").result == "'<module>'"


def test_an_error_inside_code_without_a_file_is_shown(python: Kernel) -> None:
    text = plain(failed(python, "exec('1 / 0')"))
    assert 'File "<string>", line 1' in text


def test_a_hook_that_a_library_sets_unasked_does_not_show_the_error(python: Kernel) -> None:
    code = """
import sys
def hook(*error): print("the library's")
hook.__module__ = "exceptiongroup._formatting"
sys.excepthook = hook
1 / 0
"""
    outcome = failed(python, code)
    python.execute("sys.excepthook = sys.__excepthook__")
    assert outcome.text() == ""
    assert "line 6" in plain(outcome)


def test_source_lines_are_shown_although_their_cache_was_emptied(python: Kernel) -> None:
    python.execute("import linecache\ndef f():\n    return 1 / 0\nlinecache.clearcache()")
    assert "    return 1 / 0\n" in plain(failed(python, "f()"))
