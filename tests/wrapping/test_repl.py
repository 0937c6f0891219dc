"""Wrapping a REPL, by declarations in a folder of the user's: no package, a file is a language."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from polykernel_declared import declared
from support import commands
from support.kernels import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.client import Outcome

#: Python's own prompt: it is there, and prints what it is told to, byte by byte.
PYTHON = f"""
display_name = "Wrapped"
[repl]
command = [{sys.executable!r}, "-q", "-i", "-S", "-E"]
setup = "import sys, os, time; sys.ps1 = '{{token}}> '; sys.ps2 = '{{token}}+ '"
prompt = "{{token}}> "
continuation = '{{token}}\\+ '
end = ""
error = '^Traceback|^  File "<stdin>"|^(?P<ename>\\w*(?:Error|Interrupt)\\w*)(?:: (?P<evalue>.*))?$'
help = "print({{word}}.__doc__)"
term = "xterm-256color"
rows = 33
columns = 111
quit = "sys.exit()"
"""
MEGABYTE = 1 << 20


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """One of Jupyter's configuration folders."""
    folder = tmp_path / "config" / "polykernel" / "languages"
    folder.mkdir(parents=True)
    return folder


def environment(config: Path) -> dict[str, str]:
    return {"JUPYTER_CONFIG_PATH": str(config.parent.parent)}


class Wrapped:
    """A kernel of one declaration."""

    def __init__(self, folder: Path, config: Path, text: str = PYTHON) -> None:
        (config / "wrapped.toml").write_text(text)
        self.kernel = Kernel(
            "wrapped@polykernel_declared.plugin", folder, environment=environment(config)
        )

    def execute(self, code: str, **content: Any) -> Outcome:
        outcome: Outcome = self.kernel.execute(code, **content)
        return outcome

    def text(self, code: str) -> str:
        outcome = self.execute(code)
        assert outcome.status == "ok", outcome.reply
        return outcome.text()


@pytest.fixture
def wrapped(tmp_path: Path, config: Path) -> Iterator[Wrapped]:
    wrapped = Wrapped(tmp_path, config)
    yield wrapped
    wrapped.kernel.end()


@pytest.fixture
def start(tmp_path: Path, config: Path) -> Iterator[Any]:
    """Start kernels of other declarations."""
    started: list[Wrapped] = []

    def wrap(text: str) -> Wrapped:
        started.append(Wrapped(tmp_path, config, text))
        return started[-1]

    yield wrap
    for each in started:
        each.kernel.end()


#: Waits for keys only for a while each time, as what has timers does.
TIMED = """
import os, select, sys

prompt = "own> "
while True:
    os.write(1, prompt.encode())
    select.select([0], [], [], 3600)
    line = os.read(0, 9999).decode().strip()
    if line.startswith("prompt "):
        prompt = line[7:] + "> "
    else:
        os.write(1, line.upper().encode() + b"\\n")
"""


def test_a_program_with_timers_gets_its_prompt_though_its_own_is_another(
    start: Any, tmp_path: Path
) -> None:
    (tmp_path / "timed.py").write_text(TIMED)
    command = [sys.executable, str(tmp_path / "timed.py")]
    repl = f"command = {command!r}\nsetup = 'prompt {{token}}'\nprompt = '{{token}}> '"
    assert start(f"[repl]\n{repl}\n").text("hello") == "HELLO\n"


def test_colours_and_carriage_returns_are_kept(wrapped: Wrapped) -> None:
    code = r"_ = sys.stdout.write('\x1b[31mred\x1b[0m\r10 %\r100 %\n')"
    assert wrapped.text(code) == "\x1b[31mred\x1b[0m\r10 %\r100 %\n"


def test_the_terminals_line_ends_are_undone(wrapped: Wrapped) -> None:
    code = r"_ = os.write(1, b'one\r\ntwo\r\r\nthree\n')"
    assert wrapped.text(code) == "one\ntwo\nthree\n"


def test_an_unfinished_line_is_shown_while_the_program_works_on(wrapped: Wrapped) -> None:
    gate = wrapped.kernel.gate()
    client = wrapped.kernel.client
    path = re.search(r"open\('(.*?)'\)", gate.code)
    assert path
    sent = client.send_execute(f"print('10 %', end='', flush=True); _ = open({path.group(1)!r})")
    client.wait_for_text("10 %", sent)
    gate.open()
    assert client.outcome(sent).text() == "10 %"


def test_a_character_that_comes_in_pieces_is_whole(wrapped: Wrapped) -> None:
    snake = "\N{SNAKE}".encode()
    pieces = "; ".join(f"_ = os.write(1, {bytes([each])!r})" for each in snake)
    assert wrapped.text(pieces) == "\N{SNAKE}"


def test_bytes_that_are_no_utf_8_are_shown_as_such(wrapped: Wrapped) -> None:
    assert wrapped.text(r"_ = os.write(1, b'a\xffb\n')") == "a\ufffdb\n"


def test_a_huge_output_comes_whole_and_in_order(wrapped: Wrapped) -> None:
    lines = 200_000
    text = wrapped.text(f"for i in range({lines}): print(i)")
    assert text == "".join(f"{i}\n" for i in range(lines))


def test_a_huge_line_comes_whole(wrapped: Wrapped) -> None:
    assert wrapped.text(f"print('x' * {MEGABYTE})") == "x" * MEGABYTE + "\n"


def test_a_line_of_code_may_be_longer_than_a_terminals_line(wrapped: Wrapped) -> None:
    long = "x" * 20_000
    assert wrapped.text(f"print(len('{long}'))") == "20000\n"


def test_code_of_many_lines_runs(wrapped: Wrapped) -> None:
    code = "n = 0\n" + "n += 1\n" * 1000 + "print(n)"
    assert wrapped.text(code) == "1000\n"


def test_a_block_that_an_empty_line_ends_needs_none_at_the_end_of_a_cell(wrapped: Wrapped) -> None:
    assert wrapped.text("for i in (1, 2):\n    print(i)") == "1\n2\n"
    assert wrapped.text("for i in (1, 2):\n    print(i)\n\nprint(3)\n\n") == "1\n2\n3\n"


def test_a_tab_is_a_tab_and_no_key(wrapped: Wrapped) -> None:
    assert wrapped.text("if True:\n\tprint('a\tb')") == "a\tb\n"


def test_text_that_looks_like_a_prompt_is_printed(wrapped: Wrapped) -> None:
    assert wrapped.text("print('>>> ', '... ', '> ')") == ">>>  ...  > \n"


def test_the_window_and_the_terminal_are_those_that_are_declared(wrapped: Wrapped) -> None:
    code = "print(*os.get_terminal_size(), os.environ['TERM'], sys.stdin.isatty())"
    assert wrapped.text(code) == "111 33 xterm-256color True\n"


def test_nothing_waits_for_a_key_of_its_own(wrapped: Wrapped) -> None:
    assert wrapped.text("print(os.environ['PAGER'], os.environ['LC_ALL'])") == "cat C.UTF-8\n"


def test_an_error_has_the_name_and_the_text_that_the_program_gives(wrapped: Wrapped) -> None:
    outcome = wrapped.execute("print('before'); 1 / 0")
    assert outcome.reply["ename"] == "ZeroDivisionError"
    assert outcome.reply["evalue"] == "division by zero"
    assert "Traceback (most recent call last):" in outcome.traceback
    assert outcome.text() == "before\n"


def test_questions_have_the_programs_prompt_and_several_may_come(wrapped: Wrapped) -> None:
    client = wrapped.kernel.client
    code = "print(input('name? '), input('age? '))"
    sent = client.send_execute(code, allow_stdin=True)
    first = client.wait_for("input_request", sent)
    assert first.content["prompt"] == "name? "
    client.answer("Zoë \N{SNAKE}")
    second = client.wait(
        lambda seen: seen.msg_type == "input_request" and seen.content["prompt"] == "age? ",
        "the second question",
    )
    assert second.parent == sent
    client.answer("7")
    assert client.outcome(sent).text() == "Zoë \N{SNAKE} 7\n"


def test_an_end_of_file_reaches_a_program_that_reads(wrapped: Wrapped) -> None:
    client = wrapped.kernel.client
    code = "import subprocess; _ = subprocess.run(['cat']); print('over')"
    sent = client.send_execute(code, allow_stdin=True)
    client.wait_for("input_request", sent)
    client.answer("\x04")
    assert client.outcome(sent).text() == "over\n"
    assert wrapped.text("print(6 * 7)") == "42\n"


def test_a_child_that_reads_the_terminal_asks_too(wrapped: Wrapped) -> None:
    client = wrapped.kernel.client
    code = "_ = os.system('printf \"word? \"; read x; echo got $x')"
    sent = client.send_execute(code, allow_stdin=True)
    asked = client.wait_for("input_request", sent)
    assert asked.content["prompt"] == "word? "
    client.answer("abc")
    assert client.outcome(sent).text() == "got abc\n"


def test_a_child_hears_an_interrupt_too(wrapped: Wrapped) -> None:
    client = wrapped.kernel.client
    # the child says it: until it is there, system() has the signal ignored, and it would be lost
    sent = client.send_execute("_ = os.system('echo on; exec sleep 1000000')")
    client.wait_for_text("on\n", sent)
    client.request("interrupt_request", channel="control")
    assert client.outcome(sent).reply["ename"] == "KeyboardInterrupt"
    assert wrapped.text("print(6 * 7)") == "42\n"


def test_what_is_printed_before_an_interrupt_is_not_lost(wrapped: Wrapped) -> None:
    client = wrapped.kernel.client
    sent = client.send_execute("for i in range(10**9): print(i)")
    client.wait_for_text("99\n", sent)
    client.request("interrupt_request", channel="control")
    outcome = client.outcome(sent)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    numbers = outcome.text().split("\n")
    whole = [int(each) for each in numbers[:-2]]
    assert whole == list(range(len(whole)))


def test_a_program_that_does_not_hear_interrupts_is_still_there(wrapped: Wrapped) -> None:
    client = wrapped.kernel.client
    code = (
        "import signal; _ = signal.signal(2, lambda *a: os.write(1, b'heard\\n')); "
        "print('on'); stop = lambda: os.path.exists('stop'); "
        "_ = [time.sleep(0.01) for each in iter(stop, True)]; print('end')"
    )
    sent = client.send_execute(code)
    client.wait_for_text("on\n", sent)
    client.request("interrupt_request", channel="control")
    client.wait_for_text("heard", sent)
    (wrapped.kernel.folder / "stop").touch()
    outcome = client.outcome(sent)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert "end\n" in outcome.text()


def test_the_third_interrupt_of_a_cell_ends_a_program_that_goes_on(wrapped: Wrapped) -> None:
    client = wrapped.kernel.client
    code = (
        "import signal; _ = signal.signal(2, lambda *a: os.write(1, b'heard\\n')); "
        "print('on'); _ = [time.sleep(0.01) for each in iter(int, 1)]"
    )
    sent = client.send_execute(code)
    client.wait_for_text("on\n", sent)
    for times in (1, 2):
        client.request("interrupt_request", channel="control")
        client.wait_for_text("heard\n" * times, sent)
    client.request("interrupt_request", channel="control")
    assert client.outcome(sent).reply["ename"] == "SIGKILL"
    assert wrapped.text("print(6 * 7)") == "42\n"


def test_the_program_is_gone_with_its_kernel(wrapped: Wrapped) -> None:
    (program,) = wrapped.kernel.evaluator().children()
    watch = wrapped.kernel.watch(program.pid)
    wrapped.kernel.process.kill()
    assert watch.ended_within(10)


def test_a_shut_down_lets_the_program_quit_by_itself(wrapped: Wrapped) -> None:
    mark = wrapped.kernel.folder / "left"
    wrapped.text(f"import atexit; _ = atexit.register(lambda: open({str(mark)!r}, 'w'))")
    wrapped.kernel.client.request("shutdown_request", {"restart": False}, channel="control")
    wrapped.kernel.exit_code()
    assert mark.exists()


def test_a_restart_gives_a_fresh_program(wrapped: Wrapped) -> None:
    wrapped.text("x = 1")
    wrapped.kernel.restart()
    wrapped.kernel.client = wrapped.kernel.connect()
    wrapped.kernel.client.ready()
    assert wrapped.execute("print(x)").status == "error"


def test_a_program_without_a_prompt_of_its_own_is_known_by_where_it_reads(start: Any) -> None:
    wrapped = start('[repl]\ncommand = ["cat"]\n')
    assert wrapped.text("one\ntwo \N{SNAKE}") == "one\ntwo \N{SNAKE}\n"


def test_a_fixed_prompt_is_not_in_the_output(start: Any) -> None:
    wrapped = start(
        f"[repl]\ncommand = [{sys.executable!r}, '-q', '-i', '-S', '-E']\n"
        "prompt = '^>>> '\ncontinuation = '^\\.\\.\\. '\n"
    )
    assert wrapped.text("for i in (1, 2):\n    print(i)\n\nprint('x')") == "1\n2\nx\n"


#: How a cell may leave the folder for displays, and what is said of it.
ODD = {
    "a folder": ("os.mkdir(shown + '/x')", ""),
    "a link to nothing": ("os.symlink('/nowhere', shown + '/x.txt')", ""),
    "a pipe": ("os.mkfifo(shown + '/x.txt')", ""),
    "no folder": ("os.rmdir(shown)", ""),
    "a file in its place": (
        "os.rmdir(shown); open(shown, 'w').close()",
        "the folder for displays can't be looked into: File exists\n",
    ),
    "memory of a process": (
        "os.symlink('/proc/self/mem', shown + '/x.txt')",
        "x.txt can't be shown: Input/output error\n",
    ),
}


@pytest.mark.parametrize("what", ODD)
def test_whatever_a_cell_leaves_to_be_shown_the_next_one_runs(start: Any, what: str) -> None:
    code, told = ODD[what]
    wrapped = start(PYTHON.replace("import sys, os,", "shown = '{display}'; import sys, os,"))
    outcome = wrapped.execute(code)
    assert (outcome.status, outcome.text("stderr")) == ("ok", told)
    if what == "a file in its place":
        wrapped.text("os.unlink(shown)")
    outcome = wrapped.execute("_ = open(shown + '/a.txt', 'w').write('hello')")
    assert (outcome.status, outcome.text("stderr")) == ("ok", "")
    (display,) = outcome.contents("display_data")
    assert display["data"] == {"text/plain": "hello"}


def inspected(wrapped: Wrapped, code: str) -> Any:
    content = {"code": code, "cursor_pos": len(code), "detail_level": 0}
    return wrapped.kernel.client.request("inspect_request", content).reply


def completed(wrapped: Wrapped, code: str) -> Any:
    content = {"code": code, "cursor_pos": len(code)}
    return wrapped.kernel.client.request("complete_request", content).reply["matches"]


def test_help_that_is_an_error_is_no_help(wrapped: Wrapped) -> None:
    reply = inspected(wrapped, "nowhere")
    assert (reply["status"], reply["found"]) == ("ok", False)
    wrapped.text("def here():\n    'Says:\\nValueError: of itself'")
    reply = inspected(wrapped, "here")
    assert reply["data"]["text/plain"] == "Says:\nValueError: of itself"


def test_completions_may_differ_in_case_where_none_is_the_same(start: Any) -> None:
    wrapped = start(f"""{PYTHON}completion = "print('SELECT select_one Sense')"\n""")
    wrapped.text("1")
    assert completed(wrapped, "se") == ["select_one"]
    assert completed(wrapped, "SE") == ["SELECT"]
    assert completed(wrapped, "sens") == ["Sense"]


def test_a_program_that_is_missing_is_told_with_what_to_install(start: Any) -> None:
    wrapped = start(
        'install_hint = "on Debian: apt install nowhere"\n[repl]\ncommand = ["no-such-program"]\n'
    )
    for _ in range(2):
        outcome = wrapped.execute("1")
        assert outcome.status == "error"
        assert "no-such-program can't be started: No such file" in outcome.reply["evalue"]
        assert "apt install nowhere" in outcome.reply["evalue"]


def test_a_prompt_that_does_not_come_is_told_with_what_came(start: Any) -> None:
    wrapped = start(
        f"[repl]\ncommand = [{sys.executable!r}, '-q', '-i', '-S', '-E']\nprompt = '^ok> '\n"
    )
    outcome = wrapped.execute("1")
    assert outcome.status == "error"
    assert "does not show the prompt that is declared" in outcome.reply["evalue"]
    assert "'>>>'" in outcome.reply["evalue"]


def test_a_program_that_ends_at_its_start_is_told_with_what_it_said(start: Any) -> None:
    wrapped = start('[repl]\ncommand = ["sh", "-c", "echo broken; exit 3"]\nprompt = "x"\n')
    outcome = wrapped.execute("1")
    assert "has ended with exit code 3" in outcome.reply["evalue"]
    assert "broken" in outcome.reply["evalue"]


def test_a_file_in_jupyters_folder_is_a_language_that_can_be_installed(
    tmp_path: Path, config: Path
) -> None:
    (config / "wrapped.toml").write_text(PYTHON)
    prefix = tmp_path / "prefix"
    code, text = commands.run(tmp_path, "polykernel", "install", "wrapped", "--prefix", str(prefix))
    assert code == 0, text
    spec = prefix / "share" / "jupyter" / "kernels" / "polykernel-wrapped"
    content = json.loads((spec / "kernel.json").read_text())
    assert content["display_name"] == "Wrapped"
    assert "polykernel_declared.plugin" in content["argv"]
    assert {path.name for path in spec.iterdir()} > {"kernel.json", "logo-svg.svg"}
    _, listed = commands.run(tmp_path, "polykernel", "list")
    assert "wrapped: Wrapped" in listed


def test_installing_a_language_without_its_program_says_what_to_install(
    tmp_path: Path, config: Path
) -> None:
    (config / "wrapped.toml").write_text(
        'install_hint = "on Debian: apt install nowhere"\n[repl]\ncommand = ["no-such-program"]\n'
    )
    code, text = commands.run(tmp_path, "polykernel", "install", "wrapped")
    assert code != 0
    assert "no-such-program on the PATH; on Debian: apt install nowhere" in text


def test_a_language_whose_file_is_wrong_says_so_where_it_is_asked_for(
    tmp_path: Path, config: Path
) -> None:
    (config / "wrapped.toml").write_text('[repl]\ncommand = "cat"\n')
    code, text = commands.run(tmp_path, "polykernel", "exec", "wrapped", "-c", "1")
    assert code != 0
    assert "wrapped.toml: [repl] command must be a list of strings, not 'cat'" in text
    assert ".py" not in text
    _, listed = commands.run(tmp_path, "polykernel", "list")
    _, _, told = listed.partition("plugins that can't be loaded")
    assert "wrapped.toml: [repl] command must be" in told
    assert ".py" not in told


def test_a_users_file_goes_before_a_shipped_one(tmp_path: Path, config: Path) -> None:
    (config / "bc.toml").write_text('display_name = "My bc"\n[repl]\ncommand = ["cat"]\n')
    _, listed = commands.run(tmp_path, "polykernel", "list")
    assert "bc: My bc" in listed
    assert "bc (polykernel)" not in listed


def test_a_file_that_is_wrong_hides_no_other(tmp_path: Path, config: Path) -> None:
    (config / "wrong.toml").write_text('[repl]\ncommand = ["cat"]\npromt = "x"\n')
    (config / "right.toml").write_text('[repl]\ncommand = ["cat"]\n')
    _, listed = commands.run(tmp_path, "polykernel", "list")
    assert "right: right" in listed
    assert f"{config}/wrong.toml: [repl] promt: there is no such key; did you mean 'prompt'?" in (
        " ".join(listed.split())
    )


def test_the_same_in_python_is_a_language() -> None:
    language = declared({"name": "words", "repl": {"command": ["cat"]}})
    assert language.evaluator == "polykernel_declared.repl.evaluator:Repl"
    assert language.options == {"command": ["cat"], "name": "words"}
    assert language.programs == ("cat",)
