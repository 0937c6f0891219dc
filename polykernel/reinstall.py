"""Writes the command that installs a kernelspec again, as it was meant to be."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from polykernel import kernelspecs, limits, plugins
from polykernel.errors import PolykernelError
from polykernel.kernelspec_content import default_display_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polykernel.kernelspecs import Kernelspec
    from polykernel.plugins import FoundLanguage


def command(kernelspec: Kernelspec, python: str | None = None) -> str:
    """Write the command that installs it again, in its place, by its name and with its options.

    Args:
        kernelspec: What is to be installed again; ``LANGUAGE`` stands for what can't be read.
        python: The interpreter that evaluates; as it was where ``None``.
    """
    found = _found(kernelspec)
    language = _recorded_language(kernelspec)
    if not language:
        language = found.language.name if found else "LANGUAGE"
    words = ["polykernel", "install", language, *_place(kernelspec)]
    dev = "--dev" in kernelspec.argv
    if kernelspec.name != kernelspecs.default_name(language) + "-dev" * dev:
        words += ["--kernel-name", kernelspec.name]
    words += _display_name(kernelspec, found, dev=dev)
    python = kernelspec.option("--python") if python is None else python
    if python:
        words += ["--python", python]
    for name, value in kernelspec.env.items():
        words += ["--env", f"{name}={value}"]
    for name in limits.OPTIONS:
        written = kernelspec.option(limits.flag(name))
        if written:
            words += [limits.flag(name), written]
    words += [flag for flag in ("--dev", "--replay") if flag in kernelspec.argv]
    return shlex.join(words)


def _recorded_language(kernelspec: Kernelspec) -> str:
    content = kernelspec.content
    recorded = (kernelspec.language, kernelspec.installed.get("language"), content.get("language"))
    return next((each for each in recorded if isinstance(each, str) and each), "")


def _found(kernelspec: Kernelspec) -> FoundLanguage | None:
    """Find its language; where it is malformed, the one that has given it its name."""
    name = _recorded_language(kernelspec) or kernelspec.name.removeprefix("polykernel-")
    try:
        return plugins.find(name, kernelspec.option("--plugin"))
    except PolykernelError:
        return None


def _place(kernelspec: Kernelspec) -> Iterator[str]:
    folder = kernelspec.directory.parent
    if folder == kernelspecs.kernels_folder(user=True):
        yield "--user"
    elif folder == kernelspecs.kernels_folder(sys_prefix=True):
        yield "--sys-prefix"
    elif len(folder.parents) > 2:
        yield from ("--prefix", str(folder.parents[2]))


def _display_name(
    kernelspec: Kernelspec, found: FoundLanguage | None, *, dev: bool
) -> Iterator[str]:
    written = kernelspec.content.get("display_name")
    if not isinstance(written, str) or not written:
        return
    if found is None or written != default_display_name(found, dev=dev):
        yield from ("--display-name", written)
