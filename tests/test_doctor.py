from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sample_environment
from sample_plugins import good_plugin, plugin

from polykernel import __version__

if TYPE_CHECKING:
    from sample_environment import Environment

DECLARED = "polykernel_declared.plugin"
JUPYTER = Path(sys.executable).with_name("jupyter")


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment with one kernelspec, of echo, that is well, and without Jupyter."""
    environment = sample_environment.make(tmp_path)
    environment.env["PATH"] = "/usr/bin:/bin"
    done = environment.polykernel("install", "echo", "--sys-prefix")
    assert done.returncode == 0, done.stderr
    return environment


def change(environment: Environment, name: str = "polykernel-echo", **fields: Any) -> None:
    """Change a kernelspec as someone might by hand."""
    content = {**environment.content(name), **fields}
    (environment.kernels / name / "kernel.json").write_text(json.dumps(content))


def troubles(environment: Environment, name: str = "polykernel-echo") -> list[dict[str, str]]:
    report = environment.json("doctor")
    found = [one["troubles"] for one in report["kernelspecs"] if one["name"] == name]
    return [trouble for one in found for trouble in one]


def the_trouble(environment: Environment, name: str = "polykernel-echo") -> dict[str, str]:
    (trouble,) = troubles(environment, name)
    return trouble


def program(path: Path, python: str, code: str) -> None:
    path.write_text(f"#!{python}\n{code}\n")
    path.chmod(0o755)


def jupyter(environment: Environment, code: str) -> None:
    """Put a ``jupyter`` on the PATH."""
    folder = environment.root / "jupyter-bin"
    folder.mkdir()
    program(folder / "jupyter", sys.executable, code)
    environment.env["PATH"] = f"{folder}:{environment.env['PATH']}"


def real_jupyter(environment: Environment) -> None:
    """Put the tests' own ``jupyter`` on the PATH: it sees its own environment and the home's."""
    jupyter(environment, "from jupyter_core.command import main; main()")
    # it is found by its interpreter's side, not on the PATH
    link = environment.root / "jupyter-bin" / "jupyter-kernelspec"
    link.symlink_to(JUPYTER.with_name("jupyter-kernelspec"))


def test_all_is_well_where_all_is_well(environment: Environment) -> None:
    done = environment.polykernel("doctor")
    assert done.returncode == 0, done.stdout
    assert "polykernel-echo: well" in done.stdout
    assert done.stdout.endswith("all is well\n")
    (one,) = environment.json("doctor")["kernelspecs"]
    assert one == {
        "name": "polykernel-echo",
        "directory": str(environment.kernels / "polykernel-echo"),
        "language": "echo",
        "interpreter": environment.python,
        "polykernel": __version__,
        "troubles": [],
    }


def test_no_kernelspec_at_all_is_a_trouble(environment: Environment) -> None:
    environment.polykernel("uninstall", "echo")
    done = environment.polykernel("doctor")
    assert done.returncode == 1
    assert "no kernelspec of polykernel is installed" in done.stdout
    assert "run 'polykernel install --all'" in done.stdout


def kernelspec(environment: Environment, name: str, text: str) -> Path:
    """Write a kernelspec as another program might, or a careless hand."""
    directory = environment.kernels / name
    directory.mkdir()
    (directory / "kernel.json").write_text(text)
    return directory


def test_other_programs_kernelspecs_are_no_concern(environment: Environment) -> None:
    kernelspec(environment, "other", '{"argv": ["gone"]}')
    kernelspec(environment, "provisioned", '{"metadata": {"kernel_provisioner": {}}}')
    assert environment.polykernel("doctor").returncode == 0


@pytest.mark.parametrize("text", ["{", "[]", '{"argv": "python"}', '{"argv": ["python", 1]}'])
def test_a_malformed_kernelspec_is_told_even_if_nobody_knows_whose_it_is(
    environment: Environment, text: str
) -> None:
    directory = kernelspec(environment, "whose", text)
    report = environment.json("doctor")
    assert [one["name"] for one in report["kernelspecs"]] == ["polykernel-echo"]
    (trouble,) = report["troubles"]
    assert trouble["problem"].startswith(f"{directory}: kernel.json is malformed: ")
    assert "mend or remove it" in trouble["advice"]


@pytest.mark.parametrize("text", ["{}", '{"argv": "python -m polykernel"}', '{"argv": []}'])
def test_a_malformed_kernelspec_that_looks_like_ours_is_told_as_ours(
    environment: Environment, text: str
) -> None:
    kernelspec(environment, "polykernel-calc", text)
    trouble = the_trouble(environment, "polykernel-calc")
    assert trouble["problem"] == "kernel.json is malformed: argv is not a list of strings"
    assert trouble["advice"].endswith("polykernel install calc --sys-prefix")


def test_a_trouble_is_told_with_what_to_do_and_exit_code_1(environment: Environment) -> None:
    (environment.kernels / "polykernel-echo" / "kernel.json").write_text("{")
    done = environment.polykernel("doctor")
    assert done.returncode == 1
    assert "polykernel-echo: trouble" in done.stdout
    assert "trouble: kernel.json is malformed" in done.stdout
    folder = environment.kernels / "polykernel-echo"
    assert f"to do:   remove {folder}, then write it again: " in done.stdout
    assert "polykernel install echo --sys-prefix" in done.stdout
    assert done.stdout.endswith("1 trouble\n")


def test_an_interpreter_that_is_gone_is_told(environment: Environment) -> None:
    argv = environment.content("polykernel-echo")["argv"]
    change(environment, argv=["/gone/bin/python", *argv[1:]])
    trouble = the_trouble(environment)
    assert trouble["problem"] == "there is no interpreter /gone/bin/python"
    assert trouble["advice"] == "write it again: polykernel install echo --sys-prefix"


def test_an_environment_whose_python_was_removed_is_told(environment: Environment) -> None:
    link = environment.root / "python"
    link.symlink_to("/gone/python")
    argv = environment.content("polykernel-echo")["argv"]
    change(environment, argv=[str(link), *argv[1:]])
    assert "is a link to /gone/python, which is gone" in the_trouble(environment)["problem"]


def test_an_interpreter_without_polykernel_is_told(environment: Environment) -> None:
    bare = environment.root / "bare"
    environment.run("-m", "venv", "--without-pip", str(bare))
    argv = environment.content("polykernel-echo")["argv"]
    change(environment, argv=[str(bare / "bin" / "python"), *argv[1:]])
    trouble = the_trouble(environment)
    assert trouble["problem"] == f"polykernel is not installed in {bare}/bin/python"
    assert trouble["advice"] == f"{bare}/bin/python -m pip install polykernel"


def test_an_interpreter_that_lacks_what_the_host_needs_is_told(environment: Environment) -> None:
    (environment.site / "tornado.py").write_text("raise ImportError('tornado is broken')")
    trouble = the_trouble(environment)
    assert trouble["problem"].endswith("ImportError: tornado is broken")
    assert "pip install --force-reinstall polykernel" in trouble["advice"]


def test_a_name_of_python_is_the_interpreter_beside_the_kernelspec(
    environment: Environment,
) -> None:
    argv = environment.content("polykernel-echo")["argv"]
    change(environment, argv=["python3", *argv[1:]])
    (one,) = environment.json("doctor")["kernelspecs"]
    assert one["interpreter"] == environment.python
    assert one["troubles"] == []


def test_a_plugin_that_can_not_be_loaded_is_told(environment: Environment) -> None:
    good_plugin(environment.site, "lua")
    environment.polykernel("install", "lua")
    plugin(environment.site, "lua", "import not_there_at_all")
    trouble = the_trouble(environment, "polykernel-lua")
    place = environment.site / "sample_lua" / "plugin.py"
    assert f"(sample_lua.plugin, {place}:1): ModuleNotFoundError" in trouble["problem"]
    assert trouble["advice"] == "install its package again, update it, or remove it"


def test_a_language_that_its_plugin_no_longer_brings_is_told(environment: Environment) -> None:
    good_plugin(environment.site, "lua")
    environment.polykernel("install", "lua")
    good_plugin(environment.site, "lua", "language('luau')")
    problem = the_trouble(environment, "polykernel-lua")["problem"]
    assert problem == "unknown language 'lua'; known: luau; did you mean 'luau'?"


def test_a_kernelspec_without_a_plugin_is_checked_with_all_of_them(
    environment: Environment,
) -> None:
    argv = environment.content("polykernel-echo")["argv"]
    change(environment, argv=[part for part in argv if "plugin" not in part])
    assert troubles(environment) == []


def test_a_runtime_that_is_gone_is_told(environment: Environment) -> None:
    good_plugin(environment.site, "lua")
    environment.polykernel("install", "lua")
    hint = "install_hint='install Lua'"
    good_plugin(environment.site, "lua", f"language('lua', programs=('no-lua',), {hint})")
    problem = the_trouble(environment, "polykernel-lua")["problem"]
    assert problem == "Lua needs the program no-lua on the PATH; install Lua"


def test_an_evaluating_interpreter_that_is_gone_or_changed_is_told(
    environment: Environment,
) -> None:
    other = environment.root / "other"
    environment.run("-m", "venv", "--without-pip", str(other))
    python = str(other / "bin" / "python")
    arguments = ["--python", python, "--kernel-name", "other"]
    done = environment.polykernel("install", "python", "--sys-prefix", *arguments)
    assert done.returncode == 0, done.stderr
    assert troubles(environment, "other") == []

    argv = environment.content("other")["argv"]
    now = argv[argv.index("--language-version") + 1]
    change(environment, "other", argv=["3.9.0" if part == now else part for part in argv])
    trouble = the_trouble(environment, "other")
    assert trouble["problem"] == f"{python} is now version {now}, and front ends are told 3.9.0"
    again = "write it again: polykernel install python --sys-prefix --kernel-name other --python "
    assert trouble["advice"] == again + python

    (other / "bin" / "python").unlink()
    trouble = the_trouble(environment, "other")
    assert trouble["problem"] == f"there is no interpreter {python}"
    assert trouble["advice"] == again + "EXECUTABLE"


def test_the_environment_of_a_kernelspec_counts(environment: Environment) -> None:
    change(environment, env={"PYTHONPATH": "/nowhere", "POLYKERNEL_SAMPLE": "1"})
    good_plugin(environment.site, "lua")
    content = environment.content("polykernel-echo")
    argv = [part.replace("echo", "lua") for part in content["argv"]]
    change(environment, argv=argv)
    assert "No module named 'sample_lua'" not in the_trouble(environment)["problem"]
    assert "No module named 'polykernel_lua'" in the_trouble(environment)["problem"]
    argv[argv.index("polykernel_lua.plugin")] = "sample_lua.plugin"
    change(environment, argv=argv)
    assert "No module named 'sample_lua'" in the_trouble(environment)["problem"]
    change(environment, env={})
    assert troubles(environment) == []


def test_a_limit_that_is_none_is_told(environment: Environment) -> None:
    environment.polykernel("install", "echo", "--sys-prefix", "--memory", "1GiB")
    argv = environment.content("polykernel-echo")["argv"]
    assert troubles(environment) == []
    change(environment, argv=["much" if part == "1GiB" else part for part in argv])
    trouble = the_trouble(environment)
    assert trouble["problem"].startswith("--memory: 'much' is no size")
    assert "--memory SIZE" in trouble["advice"]


def test_the_limits_of_a_kernelspec_are_in_the_command_that_writes_it_again(
    environment: Environment,
) -> None:
    environment.polykernel("install", "echo", "--sys-prefix", "--cell-timeout", "1h 30min")
    argv = environment.content("polykernel-echo")["argv"]
    change(environment, argv=["/gone/bin/python", *argv[1:]])
    assert the_trouble(environment)["advice"].endswith("--cell-timeout '1h 30min'")


def test_all_options_of_a_kernelspec_are_in_the_command_that_writes_it_again(
    environment: Environment,
) -> None:
    options = [
        "--kernel-name",
        "mine",
        "--display-name",
        "My Echo",
        "--env",
        "A=b c",
        "--env",
        "D=",
    ]
    options += ["--memory", "1GiB", "--dev", "--replay"]
    done = environment.polykernel("install", "echo", "--sys-prefix", *options)
    assert done.returncode == 0, done.stderr
    before = environment.content("mine")
    change(environment, "mine", argv=["/gone/bin/python", *before["argv"][1:]])
    advice = the_trouble(environment, "mine")["advice"]
    command = shlex.split(advice.removeprefix("write it again: "))
    assert command == ["polykernel", "install", "echo", "--sys-prefix", *options]
    assert environment.polykernel(*command[1:]).returncode == 0
    after = environment.content("mine")
    assert {**after, "metadata": before["metadata"]} == before


def test_what_is_as_it_is_by_default_is_not_in_that_command(environment: Environment) -> None:
    environment.polykernel("install", "echo", "--sys-prefix", "--dev")
    argv = environment.content("polykernel-echo-dev")["argv"]
    change(environment, "polykernel-echo-dev", argv=["/gone/bin/python", *argv[1:]])
    advice = the_trouble(environment, "polykernel-echo-dev")["advice"]
    assert advice == "write it again: polykernel install echo --sys-prefix --dev"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ('{"argv": [], "language": "echo"}', "echo"),
        ('{"metadata": {"polykernel": {"language": "echo"}}}', "echo"),
        ("{", "LANGUAGE"),
    ],
)
def test_the_name_of_a_malformed_kernelspec_is_not_taken_for_a_language(
    environment: Environment, text: str, language: str
) -> None:
    kernelspec(environment, "polykernel-proj2", text)
    advice = the_trouble(environment, "polykernel-proj2")["advice"]
    command = f"polykernel install {language} --sys-prefix --kernel-name polykernel-proj2"
    assert advice.endswith(f"write it again: {command}")


def test_a_file_of_the_users_own_that_is_wrong_is_to_be_mended(environment: Environment) -> None:
    folder = environment.root / "config" / "polykernel" / "languages"
    folder.mkdir(parents=True)
    environment.env["JUPYTER_CONFIG_DIR"] = str(environment.root / "config")
    (folder / "words.toml").write_text("[")
    done = environment.polykernel("doctor", "--json")
    (trouble,) = json.loads(done.stdout)["troubles"]
    assert str(folder / "words.toml") in trouble["problem"]
    assert trouble["advice"] == "mend that file, or remove it"

    argv = environment.content("polykernel-echo")["argv"]
    argv = [{"echo": "words", "polykernel_echo.plugin": DECLARED}.get(part, part) for part in argv]
    change(environment, argv=argv)
    trouble = the_trouble(environment)
    assert str(folder / "words.toml") in trouble["problem"]
    assert trouble["advice"] == "mend the file that declares the language, or put it back"


def test_of_two_kernelspecs_with_one_name_the_hidden_one_is_told(environment: Environment) -> None:
    environment.polykernel("install", "echo", "--user")
    report = environment.json("doctor")
    by_folder = {one["directory"]: one["troubles"] for one in report["kernelspecs"]}
    hidden = [directory for directory, troubles in by_folder.items() if troubles]
    shown = [directory for directory, troubles in by_folder.items() if not troubles]
    assert len(hidden) == len(shown) == 1
    (trouble,) = by_folder[hidden[0]]
    assert trouble["problem"] == f"Jupyter takes the kernelspec of the same name in {shown[0]}"


def test_another_programs_kernelspec_hides_one_too(environment: Environment) -> None:
    environment.env["JUPYTER_PATH"] = str(environment.root / "first")
    other = environment.root / "first" / "kernels" / "Polykernel-Echo"
    other.mkdir(parents=True)
    (other / "kernel.json").write_text('{"argv": ["other"]}')
    problem = the_trouble(environment)["problem"]
    assert problem == f"Jupyter takes the kernelspec of the same name in {other}"


def test_a_jupyter_that_does_not_see_a_kernelspec_is_named(environment: Environment) -> None:
    real_jupyter(environment)
    folder = environment.root / "jupyter-bin" / "jupyter"
    assert environment.json("doctor")["jupyter"] == str(folder)
    # of another environment: it has an echo of its own, or none
    trouble = the_trouble(environment)
    assert trouble["problem"].startswith(str(folder))
    environment.polykernel("uninstall", "echo")
    environment.polykernel("install", "echo", "--user", "--kernel-name", "my-echo")
    assert troubles(environment, "my-echo") == []


def test_a_jupyter_that_takes_another_folder_is_told(environment: Environment) -> None:
    listed = {"kernelspecs": {"polykernel-echo": {"resource_dir": "/other/place"}}}
    jupyter(environment, f"print({json.dumps(json.dumps(listed))})")
    problem = the_trouble(environment)["problem"]
    assert problem.endswith("takes the kernelspec of the same name in /other/place")


def test_a_jupyter_that_is_not_on_the_path_is_found_beside_the_interpreter(
    environment: Environment,
) -> None:
    beside = Path(environment.python).with_name("jupyter")
    program(beside, sys.executable, """print('{"kernelspecs": {}}')""")
    assert environment.json("doctor")["jupyter"] == str(beside)
    assert the_trouble(environment)["problem"] == f"{beside} does not see it"


def test_the_bare_jupyter_that_polykernel_depends_on_is_no_trouble(
    environment: Environment,
) -> None:
    beside = Path(environment.python).with_name("jupyter")
    program(beside, environment.python, "from jupyter_core.command import main; main()")
    done = environment.polykernel("doctor")
    assert done.returncode == 0, done.stdout
    assert "Jupyter: none found\n" in done.stdout
    assert environment.json("doctor")["jupyter"] is None


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise SystemExit(3)", "it ended with exit code 3"),
        ("print('well')\nraise SystemExit('it is\\nbroken')", "broken"),
        ("print('well')", "Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_a_jupyter_that_does_not_answer_is_a_trouble_of_its_own(
    environment: Environment, code: str, why: str
) -> None:
    jupyter(environment, code)
    report = environment.json("doctor")
    assert [one["troubles"] for one in report["kernelspecs"]] == [[]]
    (trouble,) = report["troubles"]
    assert trouble["problem"] == f"{report['jupyter']} can't list kernelspecs: {why}"
    assert "kernelspec list" in trouble["advice"]


def test_plugins_that_can_not_be_loaded_are_told_beside(environment: Environment) -> None:
    plugin(environment.site, "lost", "import not_there_at_all")
    done = environment.polykernel("doctor")
    assert done.returncode == 1
    assert "besides:\n    trouble: plugin sample-lost 1.2 (sample_lost.plugin, " in done.stdout
