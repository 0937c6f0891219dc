"""What docs/plugins.md (plugins.md) shows is so: its commands are run, and what it says is held."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sample_environment
from sample_plugins import distribution
from support.tutorial import Command, File, Other, Reader, environment, read

import polykernel
from polykernel import hookspecs
from polykernel.scaffold import Scaffold

if TYPE_CHECKING:
    from sample_environment import Environment

PAGE = (Path(__file__).parent.parent.parent / "docs" / "plugins.md").read_text("utf-8")
STEPS = list(read(PAGE))
JOY = Scaffold(
    name="joy",
    kind="class",
    display_name="Joy",
    file_extension=".joy",
    mimetype="text/x-joy",
    distribution="polykernel-joy",
).files()


@pytest.fixture
def made(tmp_path: Path) -> Environment:
    """An environment with a plugin that is wrong as the page has it."""
    made = sample_environment.make(tmp_path)
    plugin = JOY["src/polykernel_joy/plugin.py"].decode()
    assert 'mimetype="text/x-joy"' in plugin
    distribution(
        made.site,
        "polykernel-joy",
        "[polykernel]\njoy = polykernel_joy.plugin\n",
        {
            "polykernel_joy/__init__.py": "",
            "polykernel_joy/plugin.py": plugin.replace("mimetype=", "mime_type="),
        },
        version="0.1.0",
    )
    scripts = made.root / "scripts"
    scripts.mkdir()
    for name, command in (("polykernel", "-P -m polykernel"), ("python", "-P")):
        (scripts / name).write_text(f'#!/bin/sh\nexec "{made.python}" {command} "$@"\n')
        (scripts / name).chmod(0o755)
    made.env = environment(made.env, scripts)
    return made


@pytest.mark.parametrize(
    "command", [step for step in STEPS if isinstance(step, Command)], ids=lambda step: step.text
)
def test_a_command_prints_what_the_page_says(made: Environment, command: Command) -> None:
    line = next(
        number
        for number, text in enumerate(
            (made.site / "polykernel_joy" / "plugin.py").read_text("utf-8").splitlines(), 1
        )
        if "Language(" in text
    )
    shown = command._replace(printed=command.printed.replace("plugin.py:14", f"plugin.py:{line}"))
    Reader(made.home, made.env).do(shown)


def test_the_entry_point_is_the_one_that_is_written() -> None:
    (block,) = (step for step in STEPS if isinstance(step, Other))
    written = tomllib.loads(JOY["pyproject.toml"].decode())
    assert tomllib.loads(block.content)["project"] == {
        "entry-points": written["project"]["entry-points"]
    }


def test_the_version_is_said_as_the_page_says() -> None:
    (line,) = (step.path for step in STEPS if isinstance(step, File))
    assert line == f"polykernel_api_version = {polykernel.API_VERSION}"
    assert f"\n{line}\n" in JOY["src/polykernel_joy/plugin.py"].decode()


def test_every_hook_is_in_the_table() -> None:
    hooks = [name for name, hook in vars(hookspecs).items() if hasattr(hook, "polykernel_spec")]
    for hook in hooks:
        assert f"\n| `{hook}(" in PAGE
