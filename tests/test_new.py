"""`polykernel new`, and what it writes: installed, untouched, into a fresh environment."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sample_environment
from sample_plugins import good_plugin
from support.terminal import CONTROL_C, CONTROL_D, ENTER, Terminal

from polykernel.scaffold import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sample_environment import Environment

ROOT = Path(__file__).parent.parent
# what runs a cell in a kernel that Jupyter has found by itself, and shows what came of it
CLIENT = """
import os, sys
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

spec = KernelSpecManager().get_kernel_spec(sys.argv[1])
print(spec.display_name, sorted(os.listdir(spec.resource_dir)))
manager = KernelManager(kernel_name=sys.argv[1])
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(60)

def show(message):
    content = message["content"]
    if message["msg_type"] == "execute_result":
        print(content["data"]["text/plain"])
    elif message["msg_type"] == "stream":
        print(content["text"], end="")

reply = client.execute_interactive(sys.argv[2], timeout=60, output_hook=show)
print(reply["content"]["status"])
client.stop_channels()
manager.shutdown_kernel()
"""
CELLS = {
    "class": ("2 3 + 4 *", "20\n"),
    "repl": ("echo hello", "hello\n"),
    "program": ("2 + 3 * 4", "14\n"),
}


@dataclass
class Fresh:
    """A virtual environment with nothing but polykernel and what authors test with."""

    folder: Path

    def run(self, program: str, *arguments: str, folder: str = "") -> str:
        """Run a program of it, and give what it prints; fails with that where it fails."""
        done = subprocess.run(
            [str(self.folder / "env" / "bin" / program), *arguments],
            cwd=self.folder / folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def pip(self, *arguments: str) -> None:
        self.run("python", "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check")

    @property
    def env(self) -> dict[str, str]:
        ours = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "JUPYTER_PATH"}
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        return {
            **kept,
            "PATH": f"{self.folder / 'env' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "JUPYTER_DATA_DIR": str(self.folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
        }


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """The wheel of this checkout, in an environment of its own."""
    made = Fresh(tmp_path_factory.mktemp("fresh"))
    venv.create(made.folder / "env", with_pip=True)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--wheel-dir", str(made.folder / "wheels"), str(ROOT)),
        ],
        check=True,
    )
    (wheel,) = (made.folder / "wheels").glob("polykernel-*.whl")
    made.pip("install", str(wheel), "jupyter_client", "ruff")
    return made


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def package(fresh: Fresh, kind: str) -> str:
    """A new package, installed as its README says; gives the name of language and folder."""
    name = f"new-{kind}"
    fresh.run("polykernel", "new", name, "--kind", kind, "--display-name", f'A "{kind}" Ж')
    fresh.pip("install", "-e", f"./{name}[test]")
    return name


def test_pip_alone_puts_it_into_the_launcher(fresh: Fresh, package: str, kind: str) -> None:
    code, shown = CELLS[kind]
    logos = "'logo-32x32.png', 'logo-64x64.png', 'logo-svg.svg'"
    assert fresh.run("python", "-c", CLIENT, f"polykernel-{package}", code) == (
        f"A \"{kind}\" Ж ['kernel.json', {logos}]\n{shown}ok\n"
    )


def test_its_checks_pass(fresh: Fresh, package: str) -> None:
    assert " failed" not in fresh.run("polykernel", "check", package).splitlines()[-1]


def test_its_tests_pass(fresh: Fresh, package: str) -> None:
    assert " passed in " in fresh.run("python", "-m", "pytest", "-q", folder=package)


def test_its_types_are_right(fresh: Fresh, package: str) -> None:
    assert "Success: no issues found" in fresh.run("mypy", "--strict", folder=package)


def test_linters_have_nothing_to_say(fresh: Fresh, package: str) -> None:
    assert "All checks passed" in fresh.run("ruff", "check", folder=package)
    assert "already formatted" in fresh.run("ruff", "format", "--check", folder=package)


def test_its_wheel_has_all_that_users_need(fresh: Fresh, package: str, kind: str) -> None:
    fresh.pip("wheel", "--no-deps", "--wheel-dir", f"{package}/dist", f"./{package}")
    (wheel,) = (fresh.folder / package / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    module = f"polykernel_new_{kind}"
    shared = f"{module}-0.1.0.data/data/share/jupyter/kernels/polykernel-{package}"
    assert {f"{module}/plugin.py", f"{module}/py.typed", f"{shared}/kernel.json"} <= set(names)
    assert {f"{shared}/logo-{form}" for form in ("svg.svg", "32x32.png", "64x64.png")} <= set(names)
    assert (f"{module}/{package}.toml" in names) == (kind == "repl")
    assert not [name for name in names if name.startswith("tests/")]


def test_a_long_and_odd_name_passes_all_linters_too(fresh: Fresh) -> None:
    name = "3x.very_long-name.of-24a"
    for kind in KINDS:
        folder = f"odd-{kind}"
        arguments = ["--display-name", 'it\'s "odd" \\ Ελληνικά ' + "x" * 30]
        arguments += ["--language-extension", ".it's", "--directory", folder, "--kind", kind]
        fresh.run("polykernel", "new", name, *arguments)
        assert "All checks passed" in fresh.run("ruff", "check", folder=folder)
        assert "already formatted" in fresh.run("ruff", "format", "--check", folder=folder)


# the command


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return sample_environment.make(tmp_path)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Hold that it ended as bad input does, and give the line that it told."""
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.startswith("polykernel: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("polykernel: ").rstrip("\n")


def test_without_a_terminal_nothing_is_asked_and_what_was_written_is_told(
    environment: Environment,
) -> None:
    done = environment.polykernel("new", "joy", input="program\n")
    assert (done.returncode, done.stderr) == (0, "")
    told = done.stdout.splitlines()
    assert told[: told.index("")] == sorted(
        path.relative_to(environment.home).as_posix()
        for path in (environment.home / "joy").rglob("*")
        if path.is_file()
    )
    assert "    pip install -e './joy[test]'    it is in JupyterLab's launcher then" in told
    assert "    polykernel check joy" in told
    assert (environment.home / "joy" / "src" / "polykernel_joy" / "evaluator.py").exists()


def test_a_folder_with_a_space_is_told_as_a_shell_takes_it(environment: Environment) -> None:
    folder = environment.home / "my languages"
    done = environment.polykernel("new", "joy", "--directory", str(folder))
    assert f"pip install -e '{folder}[test]' " in done.stdout
    assert f"cd '{folder}'; pytest" in done.stdout


def test_without_a_terminal_a_name_must_be_given(environment: Environment) -> None:
    assert refused(environment.polykernel("new")) == (
        "say what the language is called: polykernel new NAME"
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["Joy"], "perhaps 'joy', and the launcher's text is --display-name"),
        (["joy", "--kind", "module"], "the kind is one of class, repl, program, not 'module'"),
        (["joy", "--language-extension", "joy"], "an extension has a dot"),
        (["joy", "--mimetype", "joy"], "a mimetype looks like 'text/x-lua'"),
        (["joy", "--package", "json"], "there is a Python module json already"),
        (["calc"], "brings the language 'calc' already; choose another name"),
        (["good"], "sample-good 1.2 brings the language 'good' already; choose another name"),
    ],
)
def test_what_is_wrong_is_told_in_a_line_and_nothing_is_written(
    environment: Environment, arguments: list[str], reason: str
) -> None:
    good_plugin(environment.site, "good")
    assert reason in refused(environment.polykernel("new", *arguments))
    assert list(environment.home.iterdir()) == []


def test_a_folder_that_can_not_be_written_is_told(environment: Environment) -> None:
    (environment.home / "joy").write_text("mine")
    assert "is no folder" in refused(environment.polykernel("new", "joy"))


# in a terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path, "polykernel", "new")
    yield opened
    opened.close()


def test_a_terminal_is_asked_for_what_is_not_given(terminal: Terminal, tmp_path: Path) -> None:
    for question, answer in (
        ("Name of the language: ", "Joy"),
        ("perhaps 'joy'", ""),
        ("Name of the language: ", "joy"),
        ("[class]: ", "program"),
        ("What the launcher shows [Joy]: ", "Joy Ж"),
        ("Extension of its files [.joy]: ", ""),
        ("Mimetype of its code [text/x-joy]: ", "joy"),
        ("a mimetype looks like", ""),
        ("Mimetype of its code [text/x-joy]: ", ""),
        ("Name of the package [polykernel-joy]: ", ""),
    ):
        terminal.wait_for(question)
        if not question.endswith(": "):
            continue
        terminal.type(answer + ENTER)
    terminal.wait_for("polykernel check joy")
    assert terminal.exit_code() == 0
    plugin = (tmp_path / "joy" / "src" / "polykernel_joy" / "plugin.py").read_text("utf-8")
    assert 'display_name="Joy Ж"' in plugin
    assert "program.py" in plugin


@pytest.mark.parametrize(("key", "code"), [(CONTROL_C, 130), (CONTROL_D, 2)])
def test_who_gives_up_gets_nothing(terminal: Terminal, tmp_path: Path, key: str, code: int) -> None:
    terminal.wait_for("Name of the language: ")
    terminal.type("joy" + ENTER)
    terminal.wait_for("[class]: ")
    # one that comes between the question and the reading is not seen before the next one
    terminal.press_until(key, "nothing was written")
    assert terminal.exit_code() == code
    assert not (tmp_path / "joy").exists()


def test_a_terminal_is_not_asked_where_that_is_said(tmp_path: Path) -> None:
    opened = Terminal(tmp_path, "polykernel", "new", "joy", "--no-input")
    try:
        opened.wait_for("polykernel check joy")
        assert opened.exit_code() == 0
    finally:
        opened.close()
