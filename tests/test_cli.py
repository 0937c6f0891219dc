from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import sample_environment
from hypothesis import strategies
from sample_plugins import good_plugin, plugin

from polykernel import __version__, cli, cli_arguments, cli_commands, cli_start
from polykernel.errors import PolykernelError

if TYPE_CHECKING:
    from sample_environment import Environment

FULL = Path("/dev/full")  # Linux only
COMMANDS = ("list", "install", "uninstall", "run", "exec", "repl", "dev", "check", "doctor", "new")


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return sample_environment.make(tmp_path)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Hold that it ended as bad input does, and give the line that it told."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("polykernel: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("polykernel: ").rstrip("\n")


# help, and what is wrong with the arguments


def test_the_version_is_told(environment: Environment) -> None:
    assert environment.polykernel("--version").stdout == f"polykernel {__version__}\n"


def test_help_shows_every_command_with_examples(environment: Environment) -> None:
    done = environment.polykernel("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"\n    {command} " in done.stdout or f"\n    {command}\n" in done.stdout
    assert "examples:" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_of_its_own(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "polykernel", command, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"usage: polykernel {command}")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "the following arguments are required: COMMAND; see 'polykernel --help'"),
        (["lisst"], "invalid choice: 'lisst'"),
        (["list", "--jso"], "unrecognized arguments: --jso"),
        (["run"], "required: LANGUAGE; see 'polykernel run --help'"),
        (["run", "echo", "-f"], "expected one argument"),
        (["run", "echo", "--transport", "udp"], "invalid choice: 'udp'"),
        (["exec", "echo"], "say what to run: -c CODE, a FILE, or - for standard input"),
        (["exec", "echo", "file", "-c", "1"], "not allowed with argument"),
        (["exec", "nolang", "-c", "1"], "unknown language 'nolang'"),
        (["exec", "ehco", "-c", "1"], "did you mean 'echo'?"),
        (["exec", "echo", "no-such-file"], "can't read no-such-file: No such file or directory"),
        (["exec", "echo", "."], "can't read .: Is a directory"),
        (["exec", "python", "-c", "1", "--python", "no-python"], "no interpreter no-python"),
        (["run", "ehco"], "unknown language 'ehco'; known: "),
        (["run", "echo", "--replay"], "--replay says what comes after a change: it needs --dev"),
        (["install", "echo", "--replay"], "it needs --dev"),
        (["repl", "ehco"], "did you mean 'echo'?"),
        (["repl", "echo", "--python", "no-python"], "no interpreter no-python"),
        (["dev", "ehco"], "did you mean 'echo'?"),
        (["install"], "say which languages to install, or --all"),
        (["install", "--all", "echo"], "say which languages to install, or --all"),
        (["install", "ehco"], "did you mean 'echo'?"),
        (["install", "echo", "python", "--kernel-name", "x"], "for one language at a time"),
        (["install", "echo", "--kernel-name", "a/b"], "a kernel's name is made of"),
        (["install", "echo", "--env", "A"], "--env takes KEY=VALUE, not 'A'"),
        (["install", "echo", "--env", "=A"], "--env takes KEY=VALUE"),
        (["install", "echo", "--python", ""], "the interpreter's name is empty"),
        (["install", "echo", "--memory", "much"], "--memory: 'much' is no size; write it like 500"),
        (["install", "echo", "--idle-timeout", "0"], "--idle-timeout: '0' is no duration; write"),
        (["run", "echo", "--cell-timeout", "soon"], "--cell-timeout: 'soon' is no duration"),
        (["install", "echo", "--python", "/dev/null"], "/dev/null is not executable"),
        (["install", "echo", "--prefix", "/dev/null"], "can't write /dev/null"),
        (["install", "echo", "--prefix", ""], "the prefix is empty"),
        (["install", "echo", "--user", "--sys-prefix"], "not allowed with argument"),
        (["uninstall"], "say which kernelspecs to remove, or --all"),
        (["uninstall", "nothing"], "there is no kernelspec nothing in"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    environment: Environment, arguments: list[str], text: str
) -> None:
    assert text in refused(environment.polykernel(*arguments))


def test_code_that_is_no_text_is_refused(environment: Environment) -> None:
    (environment.home / "code").write_bytes(b"abc\xff")
    assert refused(environment.polykernel("exec", "echo", "code")) == (
        "code is not UTF-8 text (byte 3)"
    )
    done = subprocess.run(
        [environment.python, "-m", "polykernel", "exec", "echo", "-"],
        input=b"\xff",
        env=environment.env,
        capture_output=True,
        check=False,
    )
    assert done.stderr == b"polykernel: standard input is not UTF-8 text (byte 0)\n"


def test_a_standard_input_that_is_closed_is_told(environment: Environment) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"'{environment.python}' -P -m polykernel exec echo - <&-"],
        env=environment.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused(done) == "can't read -: Bad file descriptor"


def test_a_reader_that_goes_away_ends_it_quietly(environment: Environment) -> None:
    process = subprocess.Popen(
        [environment.python, "-P", "-m", "polykernel", "list", "--json"],
        env=environment.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate()
    assert errors == ""
    assert process.returncode == 1


@pytest.mark.skipif(not FULL.exists(), reason="there is no disk that is full")
@pytest.mark.parametrize("command", ["list", "doctor", "--help"])
def test_a_full_disk_is_told_in_one_line(environment: Environment, command: str) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [environment.python, "-P", "-m", "polykernel", command],
            env=environment.env,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "polykernel: can't write: No space left on device\n"


def test_windows_is_refused_clearly() -> None:
    with pytest.raises(PolykernelError, match="Windows is not supported yet"):
        cli_start.refuse_windows("win32")
    cli_start.refuse_windows("linux")
    cli_start.refuse_windows("darwin")


# a kernel's start


def as_argparse(arguments: list[str]) -> dict[str, Any]:
    return cli_commands.run_values(cli_arguments.parse(arguments))


def test_a_kernel_ignores_what_a_front_end_hands_on_of_its_own_arguments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert given(as_argparse([*START, "script.py", "--simple-prompt"])) == given(as_argparse(START))
    assert "ignored, not for a kernel: script.py --simple-prompt" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        as_argparse(["run", "echo", "script.py"])


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is as :func:`polykernel.run.run` has it by default."""
    defaults = {"verbosity": 0, "transport": "tcp", "ip": "127.0.0.1", "encrypt": False}
    defaults |= {"dev": False, "replay": False}
    return {
        name: value
        for name, value in values.items()
        if value is not None and value != defaults.get(name)
    }


FLAGS = ["-f", "--plugin", "--python", "--language-version", "--transport", "-v", "--memory"]
LIMITS = ["--memory", "2GiB", "--cell-timeout", "1h 30min", "--interrupt-grace", "5s"]
VALUES = strategies.sampled_from([*FLAGS, "echo", "--", "-", "-1", "x=y"]) | strategies.text()
START = ["run", "echo", "--plugin", "polykernel_echo.plugin", "-f", "/run/kernel-1.json"]
PYTHON = ["--python", "/a b/python", "--language-version", "3.9.1"]


@pytest.mark.parametrize(
    "arguments",
    [
        START,
        ["run", "echo", "-f", "/run/kernel-1.json"],
        ["run", "python", "--plugin", "p", *PYTHON, "-f", "x y.json"],
        ["run", "python", "-f", "é.json", *PYTHON],
        ["run", "echo", "-f", "a=b"],
        ["run", "echo", "-f", "@file"],
        [*START, *LIMITS, "--idle-timeout", "2h", "--max-output", "100MB"],
        ["run", "python", *LIMITS, "-f", "x"],
    ],
)
def test_what_kernelspecs_write_is_read_as_argparse_reads_it(arguments: list[str]) -> None:
    assert cli.as_kernelspecs_write(arguments) == given(as_argparse(arguments))


@hypothesis.given(VALUES, strategies.dictionaries(strategies.sampled_from(FLAGS), VALUES))
def test_whatever_is_read_without_argparse_is_read_as_argparse_reads_it(
    language: str, options: dict[str, str]
) -> None:
    arguments = ["run", language, *(word for option in options.items() for word in option)]
    quick = cli.as_kernelspecs_write(arguments)
    if quick is not None:
        assert quick == given(as_argparse(arguments))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["run"],
        ["run", "echo"],
        ["list", "echo", "-f", "x"],
        ["run", "-f", "x", "echo"],
        ["run", "echo", "-f"],
        ["run", "echo", "-fx", "y"],
        ["run", "echo", "-f", "x", "-v"],
        ["run", "echo", "-f", "x", "--transport", "ipc"],
        ["run", "echo", "-f", "x", "--encrypt"],
        ["run", "echo", "-f", "x", "-f", "y"],
        ["run", "echo", "-f", ""],
        ["run", "", "-f", "x"],
        ["run", "echo", "-f", "-x"],
        ["run", "echo", "-f", "--plugin"],
        ["run", "echo", "--", "-f"],
        ["run", "echo", "-f", "x", "--help", "y"],
        ["run", "echo", "-f", "x", "--memory", ""],
        ["run", "echo", "-f", "x", "--dev"],
        ["run", "echo", "-f", "x", "--dev", "--replay"],
        ["run", "echo", "-f", "x", "--memory", "1GB", "--memory", "2GB"],
        ["run", "echo", "-f", "x", "--memory", "-1"],
    ],
)
def test_anything_else_is_left_to_argparse(arguments: list[str]) -> None:
    assert cli.as_kernelspecs_write(arguments) is None


def test_what_install_writes_is_read_without_argparse(environment: Environment) -> None:
    arguments = ["--python", environment.python, "--env", "A=b", "--kernel-name", "other", *LIMITS]
    assert environment.polykernel("install", "python", *arguments).returncode == 0
    argv = environment.content("other")["argv"]
    assert cli.as_kernelspecs_write(argv[argv.index("polykernel") + 1 :]) == {
        "language": "python",
        "plugin": "polykernel_python.plugin",
        "python": environment.python,
        "language_version": sys.version.split()[0],
        "limits": {"memory": "2GiB", "cell_timeout": "1h 30min", "interrupt_grace": "5s"},
        "connection_file": "{connection_file}",
    }


def test_a_kernels_start_imports_nothing_that_it_does_not_need() -> None:
    # the host's own module is replaced: what counts is what was imported before it ran
    code = """
import runpy, sys, types
def run(**options):
    heavy = {"argparse", "importlib.metadata", "json", "pluggy", "zmq", "tornado", "jupyter_core"}
    print(options["language"], options["connection_file"], sorted(heavy & set(sys.modules)))
    return 0
sys.modules["polykernel.run"] = types.SimpleNamespace(run=run)
sys.argv[:] = ["polykernel", "run", "echo", "--plugin", "p", "-f", "x"]
runpy.run_module("polykernel", run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "echo x []\n"


def test_the_module_loses_nothing_although_it_ends_at_once() -> None:
    code = """
import atexit, runpy, sys, types
class Late:
    def __del__(self): print("taken apart")
def run(**options):
    print("ended")
    return 3
atexit.register(print, "bye", end="")
sys.late = Late()
sys.modules["polykernel.run"] = types.SimpleNamespace(run=run)
sys.argv[:] = ["polykernel", "run", "echo", "--plugin", "p", "-f", "x"]
runpy.run_module("polykernel", run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "ended\nbye", "")


def test_the_installed_script_and_the_module_do_the_same() -> None:
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="polykernel")
    assert script.load() is cli.main


# list


def test_list_shows_languages_plugins_runtimes_and_kernelspecs(environment: Environment) -> None:
    good_plugin(environment.site, "lua", "language('lua', programs=('no-such-lua',))")
    plugin(environment.site, "lost", "import not_there_at_all")
    environment.polykernel("install", "echo", "--sys-prefix")
    environment.polykernel("install", "echo", "--user", "--kernel-name", "mine")
    listed = environment.json("list")
    by_name = {language["name"]: language for language in listed["languages"]}
    assert {"echo", "python", "calc", "lua"} <= set(by_name)
    echo, lua = by_name["echo"], by_name["lua"]
    assert (echo["plugin"], echo["plugin_version"]) == ("polykernel", __version__)
    assert (echo["available"], echo["trouble"]) == (True, "")
    assert set(echo["kernelspecs"]) >= {
        str(environment.kernels / "polykernel-echo"),
        str(environment.user_kernels / "mine"),
    }
    assert lua["module"] == "sample_lua.plugin"
    assert not lua["available"]
    assert lua["trouble"] == "Lua needs the program no-such-lua on the PATH"
    (lost,) = [broken for broken in listed["broken"] if broken["plugin"] == "sample-lost"]
    assert lost["entry_point"] == "lost"
    assert lost["reason"] == "ModuleNotFoundError: No module named 'not_there_at_all'"
    assert "sample_lost/plugin.py" in lost["traceback"]


def test_list_can_be_read_by_a_person(environment: Environment) -> None:
    good_plugin(environment.site, "lua", "language('lua', programs=('no-such-lua',))")
    plugin(environment.site, "lost", "import not_there_at_all")
    lines = environment.polykernel("list").stdout.splitlines()
    at = lines.index("lua: Lua 1.0")
    assert lines[at + 1 : at + 4] == [
        "    plugin      sample-lua 1.2",
        "    runtime     Lua needs the program no-such-lua on the PATH",
        "    kernelspec  none; 'polykernel install lua' writes one",
    ]
    at = lines.index("lost: sample-lost 1.2")
    assert lines[at + 1] == "    ModuleNotFoundError: No module named 'not_there_at_all'"


def test_what_plugins_print_does_not_spoil_what_programs_read(environment: Environment) -> None:
    good_plugin(environment.site, "lua", "print('hello') or language('lua')")
    assert "lua" in [language["name"] for language in environment.json("list")["languages"]]


def test_a_terminal_that_knows_only_ascii_gets_all_of_the_list(environment: Environment) -> None:
    good_plugin(environment.site, "lua", "language('lua', programs=('där',))")
    environment.env["PYTHONIOENCODING"] = "ascii"
    done = environment.polykernel("list")
    assert done.returncode == 0, done.stderr
    assert "the program d\\xe4r" in done.stdout


# install and uninstall


def test_inside_a_virtual_environment_it_is_installed_there(environment: Environment) -> None:
    done = environment.polykernel("install", "echo")
    assert done.returncode == 0, done.stderr
    directory = environment.kernels / "polykernel-echo"
    assert done.stdout == f"Echo (polykernel): polykernel-echo in {directory}\n"
    assert environment.content("polykernel-echo")["argv"][0] == environment.python


def test_outside_of_one_it_is_installed_for_the_user(environment: Environment) -> None:
    # Jupyter's own way to say that the user's folder comes first
    environment.env["JUPYTER_PREFER_ENV_PATH"] = "0"
    assert environment.polykernel("install", "echo").returncode == 0
    assert (environment.user_kernels / "polykernel-echo" / "kernel.json").exists()
    assert not environment.kernels.exists()


def test_a_prefix_that_jupyter_does_not_look_in_is_told(environment: Environment) -> None:
    prefix = environment.root / "elsewhere"
    done = environment.polykernel("install", "echo", "--prefix", str(prefix))
    assert (prefix / "share/jupyter/kernels/polykernel-echo/kernel.json").exists()
    assert f"if JUPYTER_PATH holds {prefix}/share/jupyter" in done.stdout


def test_all_installs_what_can_run_and_says_what_is_left_out(environment: Environment) -> None:
    good_plugin(environment.site, "lua")
    good_plugin(environment.site, "no", "language('no', modules=('not_there',))")
    done = environment.polykernel("install", "--all")
    assert done.returncode == 0, done.stderr
    assert {"polykernel-echo", "polykernel-lua"} <= {
        path.name for path in environment.kernels.iterdir()
    }
    assert not (environment.kernels / "polykernel-no").exists()
    assert "no is left out: No needs the Python module not_there" in done.stderr


def test_a_runtime_is_looked_for_in_the_interpreter_that_evaluates(
    environment: Environment,
) -> None:
    good_plugin(environment.site, "lua", "language('lua', modules=('zmq',), install_hint='do x')")
    assert environment.polykernel("install", "lua").returncode == 0
    bare = environment.root / "bare"
    environment.run("-m", "venv", "--without-pip", str(bare))
    python = f"{bare}/bin/python"
    told = refused(environment.polykernel("install", "lua", "--python", python))
    assert told == f"Lua needs the Python module zmq in {python}; do x"


def test_uninstall_removes_what_install_wrote_and_nothing_else(environment: Environment) -> None:
    (environment.kernels / "other").mkdir(parents=True)
    (environment.kernels / "other" / "kernel.json").write_text('{"argv": ["other"]}')
    environment.polykernel("install", "echo", "python")
    environment.polykernel("install", "echo", "--kernel-name", "mine")
    done = environment.polykernel("uninstall", "echo", "mine")
    assert done.stdout == (
        f"removed polykernel-echo from {environment.kernels}\n"
        f"removed mine from {environment.kernels}\n"
    )
    assert refused(environment.polykernel("uninstall", "other")).endswith("it is left as it is")
    assert environment.polykernel("uninstall", "--all").returncode == 0
    assert [path.name for path in environment.kernels.iterdir()] == ["other"]
    assert "has written nothing in" in environment.polykernel("uninstall", "--all").stdout


def test_uninstall_removes_all_that_it_can(environment: Environment) -> None:
    environment.polykernel("install", "echo", "calc", "--sys-prefix")
    environment.polykernel("install", "echo", "--sys-prefix", "--kernel-name", "mine")
    kernels = environment.kernels
    (kernels / "mine").rename(kernels / "Mine")
    (kernels / "polykernel-calc").rename(kernels / "a b")  # Jupyter takes no such name
    elsewhere = environment.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kernel.json").write_text((kernels / "Mine" / "kernel.json").read_text())
    (kernels / "link").symlink_to(elsewhere)
    done = environment.polykernel("uninstall", "--all", "--sys-prefix")
    assert done.returncode == 2
    assert done.stderr.startswith("polykernel: a kernel's name is made of letters")
    assert done.stderr.count("\n") == 1
    assert done.stdout == f"removed mine from {kernels}\nremoved polykernel-echo from {kernels}\n"
    assert sorted(path.name for path in kernels.iterdir()) == ["a b", "link"]
    assert (elsewhere / "kernel.json").exists()


def test_another_place_is_named_only_where_it_is_another(environment: Environment) -> None:
    environment.user_kernels.parent.mkdir(parents=True)
    environment.user_kernels.write_text("a file")
    told = refused(environment.polykernel("install", "echo", "--user"))
    assert told.endswith("; choose another place with --prefix DIR")


def test_a_name_of_another_language_is_refused_in_one_line(environment: Environment) -> None:
    environment.polykernel("install", "calc")
    told = refused(environment.polykernel("install", "echo", "--kernel-name", "polykernel-calc"))
    assert told == (
        f"{environment.kernels / 'polykernel-calc'} is the kernelspec of calc, not of echo; "
        "choose another --kernel-name, or first: polykernel uninstall polykernel-calc"
    )
    assert environment.polykernel("install", "calc").returncode == 0


def test_uninstall_works_where_the_plugin_is_gone(environment: Environment) -> None:
    good_plugin(environment.site, "lua")
    environment.polykernel("install", "lua")
    plugin(environment.site, "lua", "import not_there_at_all")
    assert environment.polykernel("uninstall", "lua").returncode == 0
    assert list(environment.kernels.iterdir()) == []


# exec


def test_exec_runs_code_from_the_command_line_a_file_or_standard_input(
    environment: Environment,
) -> None:
    good_plugin(environment.site, "up")
    (environment.home / "file").write_text("from a file", encoding="utf-8-sig")
    done = environment.polykernel("exec", "up", "-c", "-x = 1")
    assert (done.returncode, done.stdout) == (0, "-X = 1\n"), done.stderr
    assert environment.polykernel("exec", "up", "file").stdout == "FROM A FILE\n"
    assert environment.polykernel("exec", "up", "-", input="ß é").stdout == "SS É\n"


def test_exec_runs_code_in_another_interpreter(environment: Environment) -> None:
    bare = environment.root / "bare"
    environment.run("-m", "venv", "--without-pip", str(bare))
    arguments = ["--python", f"{bare}/bin/python", "-c", "import sys; print(sys.prefix)"]
    done = environment.polykernel("exec", "python", *arguments)
    assert (done.returncode, done.stdout) == (0, f"{bare}\n"), done.stderr


def test_exec_ends_with_1_where_the_code_ends_with_an_error(environment: Environment) -> None:
    done = environment.polykernel("exec", "python", "-c", "1 / 0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "ZeroDivisionError" in done.stderr


def test_what_is_installed_starts_as_a_kernel(environment: Environment) -> None:
    good_plugin(environment.site, "up")
    environment.polykernel("install", "up", "--env", "PYTHONPATH=" + str(environment.site))
    code = """
import json, sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="polykernel-up")
reply = client.execute_interactive("hello", timeout=60, output_hook=lambda message:
    print(json.dumps(message["content"].get("data", {}))))
manager.shutdown_kernel()
"""
    done = environment.run("-c", code)
    assert json.loads(done.stdout.splitlines()[-2]) == {"text/plain": "HELLO"}, done.stderr
