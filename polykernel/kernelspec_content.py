"""What stands in a language's kernelspec: ``kernel.json`` and the logos.

Polykernel's own languages have a template in ``kernelspecs/``. A stranger's plugin brings its logos
in a folder ``kernelspec`` of its package, or in the kernelspec that its wheel installs; for one
without any they are drawn.
"""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import importlib.util
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polykernel
from polykernel import limits
from polykernel.logos import draw

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

    from polykernel.interpreters import Interpreter
    from polykernel.plugins import FoundLanguage

PROTOCOL = "5.6"  # from which on a launcher may ask for the handshake; its messages are of 5.5
LOGOS = ("logo-svg.svg", "logo-32x32.png", "logo-64x64.png")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """How one installation of a language differs from its default.

    Args:
        display_name: What the launcher shows; the language's own where empty.
        env: Variables that the kernel's environment gets.
        interpreter: What evaluates the code, asked for the modules of debuggers; the host's own
            interpreter where ``None``.
        limits: What is limited, as the user wrote it, by the names of :mod:`polykernel.limits`.
        dev: Whether cells run in a fresh evaluator when the plugin's files have changed.
        replay: Whether earlier cells are run again then.

    Raises:
        LimitError: One of the limits is none.
    """

    display_name: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    interpreter: Interpreter | None = None
    limits: Mapping[str, str] = field(default_factory=dict)
    dev: bool = False
    replay: bool = False

    def __post_init__(self) -> None:
        limits.parse(self.limits, "")


def kernel_json(found: FoundLanguage, variant: Variant) -> dict[str, Any]:
    """Make the content of ``kernel.json`` (specification, "Kernel specs").

    ``metadata.polykernel`` says that ``polykernel install`` wrote it.
    """
    template = _template(found)
    content = _read_json(template / "kernel.json") if template else {}
    metadata = {"debugger": False, **content.get("metadata", {}), "supported_encryption": ["curve"]}
    interpreter = variant.interpreter
    if found.language.debugger:
        metadata["debugger"] = _has_debugger(found.language.debugger, interpreter)
    metadata["polykernel"] = {
        "language": found.language.name,
        "version": polykernel.__version__,
        "python": interpreter.executable if interpreter else None,
    }
    content |= {
        "argv": _argv(found, variant),
        "display_name": variant.display_name or default_display_name(found, dev=variant.dev),
        "language": found.language.name,
        "interrupt_mode": "message",
        "kernel_protocol_version": PROTOCOL,
        "metadata": metadata,
    }
    if variant.env:
        content["env"] = dict(variant.env)
    return content


def default_display_name(found: FoundLanguage, *, dev: bool) -> str:
    """Give what the launcher shows where nothing else was asked for."""
    template = _template(found)
    content = _read_json(template / "kernel.json") if template else {}
    return f"{content.get('display_name') or found.language.display_name}{' (dev)' * dev}"


def _has_debugger(module: str, interpreter: Interpreter | None) -> bool:
    if interpreter is None:
        return importlib.util.find_spec(module) is not None
    return module not in interpreter.missing_modules


def _argv(found: FoundLanguage, variant: Variant) -> list[str]:
    interpreter = variant.interpreter
    argv = [sys.executable, "-P", "-m", "polykernel", "run", found.language.name]
    argv += ["--plugin", found.plugin.module]
    if interpreter:
        argv += ["--python", interpreter.executable]
        if _is_this_python(found.language.version):
            argv += ["--language-version", interpreter.version]
    for name, written in variant.limits.items():
        argv += [limits.flag(name), written]
    argv += ["--dev"] * variant.dev + ["--replay"] * variant.replay
    return [*argv, "-f", "{connection_file}"]


def _is_this_python(version: str) -> bool:
    # such a language is the interpreter that runs it; with another one its version is another
    return version == sys.version.split()[0]


def logos(found: FoundLanguage) -> dict[str, bytes]:
    """Read the logos of a language, by their file names, or draw them where its plugin has none."""
    for folder in _logo_folders(found):
        there = {name: (folder / name).read_bytes() for name in LOGOS if (folder / name).is_file()}
        if there:
            return there
    return draw(found.language.name)


def _logo_folders(found: FoundLanguage) -> Iterable[Traversable]:
    template = _template(found)
    if template:
        yield template
    package = found.plugin.module.rpartition(".")[0]
    if package:
        resources = importlib.resources.files(package) / "kernelspec"
        yield resources / found.language.name
        yield resources
    yield from _shared_data(found)


def _template(found: FoundLanguage) -> Path | None:
    """Find the folder in ``kernelspecs/`` that was drawn for this language of this plugin."""
    package = Path(polykernel.__file__).parent
    # in a wheel, in a checkout
    for templates in (package / "_kernelspecs", package.parent / "kernelspecs"):
        folder = templates / found.language.name
        if (folder / "kernel.json").is_file() and _runs(_read_json(folder / "kernel.json"), found):
            return folder
    return None


def _shared_data(found: FoundLanguage) -> Iterable[Path]:
    """Find kernelspecs of this language that the plugin's own wheel has installed."""
    if not found.plugin.distribution:
        return
    for file in importlib.metadata.files(found.plugin.distribution) or ():
        if file.name == "kernel.json" and file.parts[-5:-2] == ("share", "jupyter", "kernels"):
            path = Path(str(file.locate()))
            if path.is_file() and _runs(_read_json(path), found):
                yield path.parent


def _runs(content: dict[str, Any], found: FoundLanguage) -> bool:
    argv = content.get("argv")
    return isinstance(argv, list) and found.language.name in argv and found.plugin.module in argv


def _read_json(path: Path) -> dict[str, Any]:
    """Read an object; empty where the file is not what it should be, as a stranger's may be."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
