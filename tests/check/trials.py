"""Runs the conformance suite on sabotaged languages."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from polykernel import plugins
from polykernel.testing.conformance import register
from polykernel.testing.conformance.run import Result, run
from polykernel.testing.conformance.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(__file__).parent.parent / "plugins_sabotaged"
MODULE = "polykernel_sabotaged.plugin"
PATIENCE = 10.0  # seconds: what hangs is told after so long

if str(FOLDER) not in sys.path:
    sys.path.insert(0, str(FOLDER))


def environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(FOLDER), os.environ.get("PYTHONPATH", "")]))
    return {"PYTHONPATH": path}


def check(
    name: str,
    /,
    only: Sequence[str] = (),
    samples: dict[str, Any] | None = None,
    patience: float = PATIENCE,
    **facts: Any,
) -> list[Result]:
    """Try a language of the sabotaged plugin, with other facts or samples where they are given."""
    found = plugins.find(name, MODULE)
    if facts:
        changed = dataclasses.replace(found.language, **facts)
        found = msgspec.structs.replace(found, language=changed)
    given = plugins.samples_of(found)
    assert given is not None
    trial = Trial(
        found,
        dataclasses.replace(given, **(samples or {})),
        patience=patience,
        environment=environment(),
    )
    wanted = [
        each for each in register.checks() if not only or each.name in only or each.topic in only
    ]
    try:
        return list(run(trial, wanted))
    finally:
        trial.close()


def failed(results: list[Result]) -> list[str]:
    return [result.check.name for result in results if result.status == "failed"]


def told(results: list[Result]) -> str:
    return "\n".join(
        f"{result.check.name}: {result.status} {result.note}{result.came}" for result in results
    )
