"""Languages that do what a test tells them to."""

from __future__ import annotations

import sys
from pathlib import Path

from polykernel import Language, hookimpl

PROGRAM = str(Path(__file__).parent / "program.py")


def _language(name: str, **how: object) -> Language:
    return Language(
        name=name,
        display_name=f"Sample {name}",
        version="1.0",
        mimetype="text/plain",
        file_extension=".txt",
        **how,  # type: ignore[arg-type]  # evaluator or command
    )


def _program(name: str, *options: str) -> Language:
    return _language(name, command=(sys.executable, PROGRAM, *options))


@hookimpl
def polykernel_languages() -> list[Language]:
    return [
        _program("program"),
        _program("marks", "--marks"),
        _program("acknowledges", "--interrupts"),
        _program("beside", "--beside"),
        _program("dies-at-start", "--die-at-start"),
        _program("dies-twice", "--die-twice"),
        _program("wrong-version", "--wrong-version"),
        _language("no-program", command=("no-such-program-anywhere",)),
        _language("sample", evaluator="polykernel_sample.evaluators:Sample"),
        _language("broken-start", evaluator="polykernel_sample.evaluators:BrokenStart"),
        _language("broken-import", evaluator="polykernel_sample.broken:Nothing"),
        _language("noisy", evaluator="polykernel_sample.noisy:Noisy"),
        _language("dies-loading", evaluator="polykernel_sample.dying:Nothing"),
        _language("hangs-loading", evaluator="polykernel_sample.hanging:Nothing"),
        _language("raises", evaluator="polykernel_sample.hostile:Raises"),
        _language("wrong-types", evaluator="polykernel_sample.hostile:WrongTypes"),
        _language("hangs-completing", evaluator="polykernel_sample.hostile:HangsCompleting"),
        _language("hangs-ending", evaluator="polykernel_sample.hostile:HangsEnding"),
        _language(
            "options",
            evaluator="polykernel_sample.evaluators:Sample",
            options={"é": [1, {"deep": None}]},
        ),
        _language("buggy", evaluator="polykernel_sample.evaluators:Buggy"),
    ]
