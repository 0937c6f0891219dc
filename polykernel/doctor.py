"""Looks for what keeps a kernel from starting, and says what to do about it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from polykernel import interpreters, kernelspecs, limits, plugins, reinstall, runtimes
from polykernel.doctor_report import Checked, Report, Trouble
from polykernel.errors import EvaluatorStartError, LimitError, PolykernelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from polykernel.kernelspecs import Kernelspec
    from polykernel.plugins import BrokenPlugin

_PYTHON = re.compile(r"python(3(\.\d+)?)?\Z")  # where Jupyter puts its own interpreter
_TIMEOUT = 60.0  # seconds; `jupyter` imports much, and disks may be slow

# run by the interpreter that a kernelspec names: does the kernel's host start there?
_HOST_QUESTION = """
import sys
answer = {"polykernel": ""}
try:
    import polykernel
except ImportError:
    pass
else:
    answer["polykernel"] = polykernel.__version__
    try:
        import polykernel.host
        from polykernel import doctor
        answer.update(doctor.look_inside(*sys.argv[1:]))
    except ImportError as error:
        answer["host"] = "%s: %s" % (type(error).__name__, error)
""" + interpreters.mark("answer")
_OLDEST_HOST = (3, 11)
_DECLARED = "polykernel_declared.plugin"  # whose languages are files, the user's own among them


def examine() -> Report:
    """Check all of polykernel's kernelspecs in the folders where Jupyter looks for them."""
    everyone = kernelspecs.find_all(kernelspecs.jupyter_folders())
    winners: dict[str, Kernelspec] = {}
    for kernelspec in everyone:
        winners.setdefault(kernelspec.name, kernelspec)
    beside = str(Path(sys.executable).with_name("jupyter"))
    jupyter = shutil.which("jupyter") or shutil.which(beside) or ""
    seen, general = _ask_jupyter(jupyter)
    if seen is None and not general:
        jupyter = ""
    checked = []
    for kernelspec in everyone:
        malformed = _malformed(kernelspec)
        if malformed and not _looks_like_ours(kernelspec):
            general.append(_nobodys(kernelspec, malformed))
        elif malformed or kernelspec.language:
            one = _check(kernelspec, malformed)
            position = _position(kernelspec, winners[kernelspec.name], seen, jupyter)
            checked.append(
                Checked(kernelspec, one.interpreter, one.version, (*one.troubles, *position))
            )
    general += _broken_plugins()
    if not checked:
        general.append(
            Trouble("no kernelspec of polykernel is installed", "run 'polykernel install --all'")
        )
    return Report(tuple(checked), tuple(general), jupyter)


def _malformed(kernelspec: Kernelspec) -> str:
    """Say why no program can start a kernel by it, or nothing."""
    if kernelspec.trouble or kernelspec.argv:
        return kernelspec.trouble
    # a kernel that is not started by a command, but by a provisioner of its own, needs no argv
    if kernelspec.content.get("argv") or _looks_like_ours(kernelspec):
        return "kernel.json is malformed: argv is not a list of strings"
    return ""


def _looks_like_ours(kernelspec: Kernelspec) -> bool:
    # what is malformed does not say whose it is
    return kernelspec.name.startswith("polykernel-") or bool(kernelspec.installed)


def _nobodys(kernelspec: Kernelspec, malformed: str) -> Trouble:
    return Trouble(
        f"{kernelspec.directory}: {malformed}; it does not say whether it is polykernel's",
        "mend or remove it; if it was polykernel's, 'polykernel install' it again",
    )


def _check(kernelspec: Kernelspec, malformed: str) -> Checked:
    if malformed:
        advice = f"remove {kernelspec.directory}, then {_again(kernelspec)}"
        return Checked(kernelspec, troubles=(Trouble(malformed, advice),))
    interpreter = _interpreter(kernelspec)
    try:
        answer = _ask_host(kernelspec, interpreter)
    except EvaluatorStartError as error:
        trouble = Trouble(str(error), _again(kernelspec))
        return Checked(kernelspec, interpreter, troubles=(trouble,))
    troubles = tuple(_host_troubles(kernelspec, interpreter, answer))
    return Checked(kernelspec, interpreter, answer["polykernel"], troubles)


def _again(kernelspec: Kernelspec, python: str | None = None) -> str:
    return f"write it again: {reinstall.command(kernelspec, python)}"


def _interpreter(kernelspec: Kernelspec) -> str:
    """Say which interpreter starts the host."""
    program = kernelspec.argv[0]
    if not _PYTHON.match(program):
        return program
    # Jupyter puts its own interpreter here; pip writes such a kernelspec into Jupyter's environment
    beside = kernelspec.directory.parents[3] / "bin" / "python"
    return str(beside) if beside.exists() else sys.executable


def _ask_host(kernelspec: Kernelspec, interpreter: str) -> dict[str, str]:
    arguments = [
        kernelspec.option("--plugin"),
        kernelspec.language,
        kernelspec.option("--python"),
    ]
    path = interpreters.absolute(interpreter)
    env = kernelspec.env
    try:
        return interpreters.ask_script(path, _HOST_QUESTION, arguments, env, options=["-P"])
    except EvaluatorStartError:
        version = interpreters.ask(path, env=env).version
        if tuple(map(int, version.split(".")[:2])) >= _OLDEST_HOST:
            raise
        oldest = ".".join(map(str, _OLDEST_HOST))
        raise EvaluatorStartError(
            f"{path} is Python {version}; Python {oldest} or newer is needed to run a kernel's host"
        ) from None


def look_inside(module: str, name: str, python: str) -> dict[str, str]:
    """Say whether a language can run; called in the interpreter that a kernelspec names.

    Args:
        module: The plugin's; empty where ``kernel.json`` names none.
        name: The language's.
        python: The interpreter that evaluates; empty where it is this one.

    Returns:
        What is wrong under ``plugin``, ``interpreter`` or ``runtime``, in one line, where something
        is; and ``version``, that of the interpreter that evaluates.
    """
    try:
        found = plugins.find(name, module)
    except PolykernelError as error:
        return {"plugin": str(error)}
    try:
        version = interpreters.ask(python).version if python else ""
    except EvaluatorStartError as error:
        return {"interpreter": str(error)}
    return {"version": version, "runtime": runtimes.trouble(found.language, python)}


def _limit_troubles(kernelspec: Kernelspec) -> Iterator[Trouble]:
    for name, (kind, _) in limits.OPTIONS.items():
        flag = limits.flag(name)
        if flag in kernelspec.argv:
            try:
                limits.parse({name: kernelspec.option(flag)}, kernelspec.language)
            except LimitError as error:
                right = f"polykernel install {kernelspec.language} {flag} {kind}"
                yield Trouble(str(error), f"{right} (and its other options) writes it again")


def _host_troubles(
    kernelspec: Kernelspec, interpreter: str, answer: Mapping[str, str]
) -> Iterator[Trouble]:
    if not answer["polykernel"]:
        yield Trouble(
            f"polykernel is not installed in {interpreter}",
            f"{interpreter} -m pip install polykernel",
        )
    if answer.get("host"):
        yield Trouble(
            f"what polykernel needs is not there in {interpreter}: {answer['host']}",
            f"{interpreter} -m pip install --force-reinstall polykernel",
        )
    if answer.get("plugin"):
        advice = "install its package again, update it, or remove it"
        if kernelspec.option("--plugin") == _DECLARED:
            advice = "mend the file that declares the language, or put it back"
        yield Trouble(answer["plugin"], advice)
    if answer.get("interpreter"):
        yield Trouble(answer["interpreter"], _again(kernelspec, "EXECUTABLE"))
    if answer.get("runtime"):
        yield Trouble(answer["runtime"], "install what is missing; the kernelspec can stay")
    yield from _limit_troubles(kernelspec)
    recorded, version = kernelspec.option("--language-version"), answer.get("version")
    if recorded and version and version != recorded:
        yield Trouble(
            f"{kernelspec.option('--python')} is now version {version}, "
            f"and front ends are told {recorded}",
            _again(kernelspec),
        )


def _position(
    kernelspec: Kernelspec, winner: Kernelspec, seen: Mapping[str, str] | None, jupyter: str
) -> Iterator[Trouble]:
    """Say whether Jupyter takes this kernelspec, or another one, or none of the name."""
    if winner is not kernelspec:
        yield Trouble(
            f"Jupyter takes the kernelspec of the same name in {winner.directory}",
            "remove one of the two, or install under another --kernel-name",
        )
    elif seen is not None and not kernelspec.trouble:
        directory = seen.get(kernelspec.name)
        if directory is None:
            yield Trouble(
                f"{jupyter} does not see it",
                "install with --user, or into that Jupyter's environment with --prefix DIR",
            )
        elif Path(directory).resolve() != kernelspec.directory.resolve():
            yield Trouble(
                f"{jupyter} takes the kernelspec of the same name in {directory}",
                "remove one of the two, or install under another --kernel-name",
            )


def _ask_jupyter(jupyter: str) -> tuple[dict[str, str] | None, list[Trouble]]:
    """Ask the ``jupyter`` on the PATH which kernelspecs it sees: their names and folders.

    Neither these nor a trouble come from the bare ``jupyter`` of jupyter_core, on which polykernel
    itself depends: it can't list kernelspecs, and Jupyter is not installed there.
    """
    if not jupyter:
        return None, []
    try:
        done = subprocess.run(
            [jupyter, "kernelspec", "list", "--json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
        if done.returncode:
            return None, _jupyter_failed(jupyter, done)
        listed = json.loads(done.stdout)["kernelspecs"]
        return {name: spec["resource_dir"] for name, spec in listed.items()}, []
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        return None, [_no_list(jupyter, " ".join(str(error).split()))]


def _jupyter_failed(jupyter: str, done: subprocess.CompletedProcess[bytes]) -> list[Trouble]:
    words = done.stderr.decode(errors="replace").strip()
    if words.endswith("`jupyter-kernelspec` not found."):
        return []
    last = words.splitlines()[-1][:200] if words else f"it ended with exit code {done.returncode}"
    return [_no_list(jupyter, last)]


def _no_list(jupyter: str, why: str) -> Trouble:
    return Trouble(
        f"{jupyter} can't list kernelspecs: {why}",
        f"run '{jupyter} kernelspec list' and see what it says",
    )


def _broken_plugins() -> list[Trouble]:
    return [Trouble(str(broken), _mending(broken)) for broken in plugins.load_all().broken]


def _mending(broken: BrokenPlugin) -> str:
    if broken.plugin.module == _DECLARED and broken.language:
        return "mend that file, or remove it"
    return "update or uninstall that package; 'polykernel list --json' has the traceback"
