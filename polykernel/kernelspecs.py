"""Writes, finds and removes kernelspecs, where Jupyter looks for them."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core import paths

from polykernel import runtimes
from polykernel.errors import KernelspecError
from polykernel.kernelspec_content import Variant, kernel_json, logos

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polykernel.plugins import FoundLanguage

_NAME = re.compile(r"[a-z0-9._-]+\Z")


@dataclass(frozen=True, slots=True)
class Kernelspec:
    """A kernelspec as it stands in one of Jupyter's folders.

    Args:
        name: The name that Jupyter knows it by.
        directory: Where it is.
        content: What ``kernel.json`` says; empty where it can't be read.
        trouble: Why it can't be read, in one line; empty where all is well.
    """

    name: str
    directory: Path
    content: dict[str, Any]
    trouble: str = ""

    @property
    def argv(self) -> list[str]:
        """The command that starts the kernel; empty where it is not a list of strings."""
        argv = self.content.get("argv")
        if isinstance(argv, list) and all(isinstance(part, str) for part in argv):
            return argv
        return []

    @property
    def language(self) -> str:
        """The language that polykernel runs by it; empty where it is not polykernel's."""
        argv = self.argv
        for index in range(len(argv) - 2):
            program = Path(argv[index]).name
            if program == "polykernel" and argv[index + 1] == "run":
                return argv[index + 2]
        return ""

    @property
    def installed(self) -> dict[str, Any]:
        """What ``polykernel install`` recorded; empty where something else wrote it."""
        metadata = self.content.get("metadata")
        recorded = metadata.get("polykernel") if isinstance(metadata, dict) else None
        return recorded if isinstance(recorded, dict) else {}

    @property
    def env(self) -> dict[str, str]:
        """The variables that the kernel's environment gets."""
        env = self.content.get("env")
        return {str(key): str(value) for key, value in env.items()} if isinstance(env, dict) else {}

    @property
    def files(self) -> list[str]:
        """The files beside ``kernel.json`` that ``polykernel install`` has added."""
        files = self.installed.get("files")
        return [Path(str(file)).name for file in files] if isinstance(files, list) else []

    @property
    def replaced(self) -> str | None:
        """The text of a package's ``kernel.json`` that ``polykernel install`` has replaced."""
        replaced = self.installed.get("replaced")
        return replaced if isinstance(replaced, str) else None

    def option(self, flag: str) -> str:
        """Give the value of an option of ``polykernel run`` in ``argv``, or an empty string."""
        argv = self.argv
        return argv[argv.index(flag) + 1] if flag in argv[:-1] else ""


def kernels_folder(
    *, sys_prefix: bool = False, user: bool = False, prefix: str | None = None
) -> Path:
    """Give the folder for kernelspecs: of this environment, of the user, or below a prefix.

    Where none is asked for, it is this environment's inside a virtual environment that the user
    owns, and the user's otherwise, as Jupyter itself decides.

    Raises:
        KernelspecError: The prefix is empty.
    """
    if prefix is not None:
        if not prefix:
            raise KernelspecError("the prefix is empty")
        return Path(prefix).expanduser().absolute() / "share" / "jupyter" / "kernels"
    if sys_prefix or (not user and paths.prefer_environment_over_user()):
        return Path(sys.prefix) / "share" / "jupyter" / "kernels"
    return Path(paths.jupyter_data_dir()) / "kernels"


def jupyter_folders() -> list[Path]:
    """List the folders in which Jupyter looks for kernelspecs, the first one winning."""
    return [Path(folder) for folder in dict.fromkeys(paths.jupyter_path("kernels"))]


def read(directory: Path) -> Kernelspec:
    """Read one kernelspec; what is wrong with it is recorded, not raised."""
    name = directory.name.lower()
    try:
        content = json.loads((directory / "kernel.json").read_text("utf-8"))
    except OSError as error:
        return Kernelspec(name, directory, {}, f"kernel.json can't be read: {error.strerror}")
    except ValueError as error:  # bad JSON, bad UTF-8
        return Kernelspec(name, directory, {}, f"kernel.json is malformed: {error}")
    if not isinstance(content, dict):
        return Kernelspec(name, directory, {}, "kernel.json is malformed: not an object")
    return Kernelspec(name, directory, content)


def find_all(folders: Sequence[Path]) -> list[Kernelspec]:
    """Read all kernelspecs of some folders, polykernel's and others."""
    return [read(directory) for folder in folders for directory in _directories(folder)]


def _directories(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if (path / "kernel.json").is_file())
    except OSError:  # not there, or not ours to read: Jupyter sees nothing there either
        return []


def install(
    found: FoundLanguage, variant: Variant, folder: Path, kernel_name: str = ""
) -> Kernelspec:
    """Write a kernelspec, and give it as it stands then.

    Where one of the same language is there already, it is replaced; a package's own is kept, for
    :func:`uninstall` to put back. Another language's, or another program's, never is.

    Args:
        found: The language, and the plugin that brings it.
        variant: Its display name, environment and interpreter.
        folder: As :func:`kernels_folder` gives it.
        kernel_name: ``polykernel-`` and the language's name where empty, and ``-dev`` where its
            plugin is developed.

    Raises:
        KernelspecError: The name is not allowed or belongs to the kernelspec of another language or
            program, the language's runtime is not there, or the folder can't be written.
        EvaluatorStartError: The interpreter does not run.
    """
    name = valid_name(kernel_name or default_name(found.language.name) + "-dev" * variant.dev)
    if variant.interpreter and found.language.command:
        raise KernelspecError(
            f"{found.language.name} is run by the program {found.language.command[0]}, "
            "not by a Python interpreter: --python is not for it"
        )
    python = variant.interpreter.executable if variant.interpreter else ""
    missing = runtimes.trouble(found.language, python, variant.env)
    if missing:
        raise KernelspecError(missing)
    directory = folder / name
    content = kernel_json(found, variant)
    record = content["metadata"]["polykernel"]
    previous = _replaceable(directory, found.language.name)
    if previous:
        record["replaced"] = previous.replaced if previous.installed else _text(previous)
    files = logos(found)
    new = {file for file in files if not (directory / file).exists()}
    record["files"] = sorted(new.union(previous.files if previous else ()))
    elsewhere = "" if folder == kernels_folder(user=True) else "--user or "
    with _writing(directory, f"; choose another place with {elsewhere}--prefix DIR"):
        _write(directory, {**files, "kernel.json": _dump(content)})
    return read(directory)


def default_name(language: str) -> str:
    """Give the name of a language's kernelspec where none was asked for."""
    return f"polykernel-{language}"


def valid_name(kernel_name: str) -> str:
    """Give the name as Jupyter knows it: in lower case.

    Raises:
        KernelspecError: Jupyter does not allow it.
    """
    name = kernel_name.lower()
    if not _NAME.match(name) or set(name) == {"."}:
        raise KernelspecError(
            f"a kernel's name is made of letters, digits, '.', '_' and '-', not {kernel_name!r}"
        )
    return name


def uninstall(name: str, folder: Path) -> Kernelspec:
    """Remove a kernelspec that :func:`install` wrote, and give it as it stood.

    Files that something else put beside it stay; so does a package's own kernelspec that it had
    replaced.

    Raises:
        KernelspecError: There is none, something else wrote it, or it can't be removed.
    """
    valid = valid_name(name)
    directory = folder / name  # a folder may have capital letters: Jupyter knows it in lower case
    if not directory.exists():
        directory = folder / valid
    kernelspec = read(directory)
    if not directory.exists():
        raise KernelspecError(f"there is no kernelspec {name} in {folder}")
    if not kernelspec.installed or directory.is_symlink():
        raise KernelspecError(_not_ours(kernelspec))
    with _writing(directory):
        if kernelspec.replaced is not None:
            _replace_file(directory / "kernel.json", kernelspec.replaced.encode())
        else:
            (directory / "kernel.json").unlink()
        for file in kernelspec.files:
            (directory / file).unlink(missing_ok=True)
        if not any(directory.iterdir()):
            directory.rmdir()
    return kernelspec


def _text(kernelspec: Kernelspec) -> str:
    return (kernelspec.directory / "kernel.json").read_bytes().decode()


def _not_ours(kernelspec: Kernelspec) -> str:
    where = kernelspec.directory
    if kernelspec.language and not where.is_symlink():
        return (
            f"{where} was not written by 'polykernel install'; if a package brought it, "
            "'pip uninstall' of that package removes it"
        )
    return f"{where} was not written by 'polykernel install'; it is left as it is"


def _replaceable(directory: Path, language: str) -> Kernelspec | None:
    """Give what stands there already and may be replaced by a language's kernelspec.

    Returns:
        ``None`` where nothing stands there.

    Raises:
        KernelspecError: What stands there is another language's or another program's, or a link.
    """
    if directory.is_symlink():
        raise KernelspecError(f"{directory} is a link; remove it, or choose another --kernel-name")
    if not directory.exists():
        return None
    previous = read(directory)
    if not previous.language:
        raise KernelspecError(
            f"{directory} belongs to another program; choose another --kernel-name, or remove it"
        )
    if previous.language != language:
        # what a package brought is not ours to remove
        way_out = f", or first: polykernel uninstall {previous.name}" if previous.installed else ""
        raise KernelspecError(
            f"{directory} is the kernelspec of {previous.language}, not of {language}; "
            f"choose another --kernel-name{way_out}"
        )
    return previous


def _write(directory: Path, files: dict[str, bytes]) -> None:
    """Write these files into a folder; at any time Jupyter sees a whole kernelspec, or none."""
    if directory.exists():
        for name in sorted(files, key=lambda name: name == "kernel.json"):
            _replace_file(directory / name, files[name])
        return
    directory.parent.mkdir(parents=True, exist_ok=True)
    # not inside the folder: Jupyter would list it as a kernel
    beside = directory.parent.resolve().parent / f".polykernel-{secrets.token_hex(8)}"
    beside.mkdir()
    try:
        for name, data in files.items():
            (beside / name).write_bytes(data)
        beside.rename(directory)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _replace_file(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _dump(content: dict[str, Any]) -> bytes:
    # in ASCII, as Jupyter writes it: a path may hold bytes that are no UTF-8
    return (json.dumps(content, indent=2) + "\n").encode()


@contextmanager
def _writing(directory: Path, advice: str = "") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise KernelspecError(f"can't write {directory}: {error.strerror}{advice}") from None
