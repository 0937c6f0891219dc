"""The environments that the kernels run in: made here, installed here, bytecode and all.

Two of them in ``.venv-bench``: ``peers`` has every kernel, as a user's environment would;
``alone`` has polykernel and what it needs, to see what other packages cost.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".venv-bench"
PEERS = (
    "ipykernel",
    "ipymini",
    "kernmini",
    "metakernel",
    "xeus-python",
    "async-kernel",
    "bash_kernel",
)
INSTALLING = 600.0  # seconds that pip may take for one package
STANDARD_LIBRARY = ("encodings", "importlib.metadata", "json", "asyncio.events", "logging", "re")


class EnvironmentTrouble(Exception):
    """Without this there is nothing to measure."""


@dataclass(frozen=True)
class Environment:
    """Where the kernels run.

    Attributes:
        python: The interpreter of the environment that has everything.
        alone: That of the environment with nothing but polykernel.
        versions: Of the installed packages, by their names.
        troubles: Why a package could not be installed, by its name.
    """

    python: Path
    alone: Path
    versions: dict[str, str] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)


def this_one() -> Environment:
    """Take the environment that we run in, with whatever peers it happens to have."""
    python = Path(sys.executable)
    return Environment(python, python, _versions(python))


def build() -> Environment:
    """Make or update both environments, from the checkout.

    Raises:
        EnvironmentTrouble: Polykernel can't be installed, or bytecode is missing.
    """
    peers, alone = _venv(FOLDER / "peers"), _venv(FOLDER / "alone")
    for python in (alone, peers):
        _install_checkout(python)
    troubles: dict[str, str] = {}
    have = _versions(peers)
    for package in PEERS:
        if package not in have and (trouble := _pip(peers, package)):
            troubles[package] = trouble
    for python in (alone, peers):
        compile_all(python)
    return Environment(peers, alone, _versions(peers), troubles)


def _venv(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not python.exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return python


def _install_checkout(python: Path) -> None:
    """Install what users get, a built wheel; what it needs stays as it is where it is there."""
    for options in ([], ["--no-deps", "--force-reinstall"]):
        if trouble := _pip(python, *options, str(ROOT)):
            raise EnvironmentTrouble(f"polykernel can't be installed: {trouble}")


def _pip(python: Path, *arguments: str) -> str:
    """Install, and say in a line why that failed; nothing where it did not."""
    command = [str(python), "-m", "pip", "install", "--quiet", *arguments]
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=INSTALLING
        )
    except subprocess.TimeoutExpired:
        return f"pip took more than {INSTALLING:.0f} seconds"
    if done.returncode == 0:
        return ""
    errors: list[str] = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return (errors or ["pip failed"])[-1].removeprefix("ERROR: ")


def _versions(python: Path) -> dict[str, str]:
    code = (
        "import importlib.metadata as m, json; "
        "print(json.dumps({d.metadata['Name']: d.version for d in m.distributions()}))"
    )
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    versions: dict[str, str] = json.loads(found.stdout)
    return versions


# bytecode


def kernel_environment(folder: Path, parent: int) -> dict[str, str]:
    """Give what every kernel gets as its environment: nothing of the user's Python settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {
        **kept,
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter"),
        "JPY_PARENT_PID": str(parent),
    }


def compile_all(python: Path) -> None:
    """Compile every module, and check that it has been done.

    Without bytecode, as where ``PYTHONDONTWRITEBYTECODE`` is set, every start takes two to three
    times as long.

    Raises:
        EnvironmentTrouble: A module that can be compiled has no bytecode.
    """
    site = _site_packages(python)
    command = [str(python), "-m", "compileall", "-q", "-j", "0", str(site)]
    subprocess.run(
        command, check=False, capture_output=True, env=kernel_environment(FOLDER, os.getpid())
    )
    missing = [str(path.relative_to(site)) for path in without_bytecode(site)]
    if missing:
        raise EnvironmentTrouble(f"no bytecode for {len(missing)} modules, as {missing[0]}")
    for name in STANDARD_LIBRARY:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.cached and not Path(spec.cached).exists():
            raise EnvironmentTrouble(
                f"Python's standard library has no bytecode ({name}): "
                "run `python -m compileall` on it, as whoever owns it"
            )


def _site_packages(python: Path) -> Path:
    return next((python.parent.parent / "lib").glob("python*/site-packages"))


def without_bytecode(site: Path) -> list[Path]:
    """List the modules without compiled bytecode, those apart that can't be compiled."""
    return [
        path
        for path in sorted(site.rglob("*.py"))
        if not Path(importlib.util.cache_from_source(str(path))).exists() and _compiles(path)
    ]


def _compiles(path: Path) -> bool:
    try:
        compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True
