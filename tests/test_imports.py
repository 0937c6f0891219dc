"""Holds the table "The house" of docs/design.md: who may import what."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import polykernel
import polykernel.evaluator

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "polykernel"
#: Packages within, each with one line of the table.
FOLDERS = ("testing",)
EVALUATOR = sorted((PACKAGE / "evaluator").glob("*.py"))
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))
#: What debugpy brings.
DEBUGGER = {"debugpy", "_pydev_bundle", "_pydevd_bundle", "_pydevd_sys_monitoring"}
#: What cells of the language Python may use where it is installed; never needed.
OPTIONAL = {"IPython", "matplotlib", "matplotlib_inline", *DEBUGGER}
#: What comes with polykernel, into the host's interpreter.
BROUGHT = {"jupyter_core"}
NOTHING = "\N{EN DASH}"


class Import(NamedTuple):
    """One import: the module, and the name that is taken from it, if any."""

    module: str
    name: str
    line: int

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


def imports_of(path: Path) -> list[Import]:
    """Find all imports of a file, those inside functions and under TYPE_CHECKING too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, "", node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: imports are absolute here"
            assert node.module is not None
            found += [Import(node.module, alias.name, node.lineno) for alias in node.names]
    return found


class Room(NamedTuple):
    """One line of the table."""

    module: str
    job: str
    imports: frozenset[str]
    others: frozenset[str]


def table() -> list[Room]:
    text = (ROOT / "docs" / "design.md").read_text()
    section = text.partition("## The house")[2].partition("\n## ")[0]
    rooms = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and re.fullmatch(r"`\w+`", cells[0]):
            imports, others = (
                frozenset() if cell == NOTHING else frozenset(re.split(r",\s*", cell))
                for cell in cells[2:]
            )
            rooms.append(Room(cells[0].strip("`"), cells[1], imports, others))
    return rooms


HOUSE = {room.module: room for room in table()}


def files_of(module: str) -> list[Path]:
    return sorted((PACKAGE / module).rglob("*.py")) or [PACKAGE / f"{module}.py"]


def imports_of_module(module: str) -> list[Import]:
    """Find what a line of the table stands for; what is in a folder may import itself."""
    found = [each for path in files_of(module) for each in imports_of(path)]
    own = f"polykernel.{module}"
    return [each for each in found if not f"{each.module}.".startswith(f"{own}.")]


def inside(each: Import) -> str:
    """Name what of polykernel is imported, as the table does."""
    if each.module != "polykernel":
        return each.module.split(".")[1]
    return each.name if (PACKAGE / f"{each.name}.py").exists() else "polykernel"


def test_the_table_names_every_module_once_and_no_other() -> None:
    assert [room.module for room in table()] == list(HOUSE)
    assert set(HOUSE) == {path.stem for path in PACKAGE.glob("*.py")} | set(FOLDERS)
    assert all(room.job for room in HOUSE.values())


@pytest.mark.parametrize("module", HOUSE)
def test_a_module_imports_only_what_the_table_allows(module: str) -> None:
    room = HOUSE[module]
    for each in imports_of_module(module):
        if each.top == "polykernel":
            assert inside(each) in room.imports, each
        elif each.top not in sys.stdlib_module_names:
            assert each.top in room.others, each


@pytest.mark.parametrize("module", HOUSE)
def test_the_table_allows_nothing_that_is_not_used(module: str) -> None:
    found = imports_of_module(module)
    ours = {inside(each) for each in found if each.top == "polykernel"}
    others = {each.top for each in found} - {"polykernel"} - set(sys.stdlib_module_names)
    assert HOUSE[module].imports <= ours
    assert HOUSE[module].others <= others


@pytest.mark.parametrize("module", HOUSE)
def test_a_module_imports_only_what_stands_above_it(module: str) -> None:
    order = ["polykernel" if each == "__init__" else each for each in HOUSE]
    # the author's API stands beside the house: it imports nothing of it
    above = {"evaluator", *order[: list(HOUSE).index(module)]}
    assert HOUSE[module].imports <= above


def test_only_the_modules_that_own_sockets_import_zmq() -> None:
    for path in PACKAGE.rglob("*.py"):
        # of a front end, not of a kernel
        if path.parent.name == "testing":
            continue
        if path.stem not in {"curve", "registration", "sockets", "transport"}:
            assert not [each for each in imports_of(path) if each.top == "zmq"], path


@pytest.mark.parametrize("path", EVALUATOR, ids=lambda path: path.stem)
def test_the_evaluators_runtime_imports_itself_and_the_standard_library_only(path: Path) -> None:
    for each in imports_of(path):
        allowed = each.module.startswith("polykernel.evaluator") or (
            each.top in sys.stdlib_module_names
        )
        assert allowed, each


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: str(path.relative_to(ROOT / "plugins")))
def test_a_plugin_imports_what_a_strangers_could(path: Path) -> None:
    package = path.relative_to(ROOT / "plugins").parts[0]
    for each in imports_of(path):
        if each.module == "polykernel":
            assert each.name in polykernel.__all__, each
        elif each.module == "polykernel.evaluator":
            assert each.name in ("", *polykernel.evaluator.__all__), each
        else:
            assert each.top in {package, *BROUGHT, *OPTIONAL, *sys.stdlib_module_names}, each


LOOK = PACKAGE / "testing" / "conformance" / "look.py"  # in whatever interpreter evaluates


@pytest.mark.parametrize("path", [*EVALUATOR, *PLUGINS, LOOK], ids=lambda path: path.stem)
def test_what_runs_in_an_evaluator_is_written_in_python_3_8(path: Path) -> None:
    ast.parse(path.read_text(), str(path), feature_version=(3, 8))


def test_importing_the_evaluators_api_loads_nothing_of_the_host() -> None:
    code = "import sys, polykernel.evaluator; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"pluggy", "zmq", "tornado", "msgspec", "asyncio", "jupyter_core"} & set(loaded)


def test_a_kernel_that_does_not_register_loads_nothing_of_the_handshake() -> None:
    code = "import sys, polykernel.run, polykernel.front_ends, polykernel.host; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "polykernel.transport" in loaded
    assert "polykernel.registration" not in loaded
