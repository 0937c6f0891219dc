"""``polykernel check``: tries a language, and says what is wrong with it."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

from polykernel.cli_start import refuse_windows
from polykernel.errors import PolykernelError

if TYPE_CHECKING:
    from argparse import Namespace

    from polykernel.plugins import FoundLanguage
    from polykernel.samples import Samples
    from polykernel.testing.conformance.register import Check

DEFAULT_PATIENCE = 30.0  # seconds


def check(arguments: Namespace) -> int:
    """Check a language: 0 where all has passed, 1 where something has failed.

    Raises:
        PolykernelError: There is no such language, it can't be run here, or no such check.
    """
    refuse_windows()
    from polykernel import interpreters, plugins, runtimes
    from polykernel.testing.conformance import register, report, run, trial

    if arguments.list:
        for each in register.checks():
            print(f"{each.name:40}{each.title}")
        return 0
    if arguments.language is None:
        raise PolykernelError("say which language to check; 'polykernel list' shows them")
    loaded = plugins.load(arguments.plugin or "")
    found = loaded.find(arguments.language)
    outdated = [each for each in loaded.outdated if each.plugin == found.plugin]
    python = "" if arguments.python is None else interpreters.ask(arguments.python).executable
    missing = runtimes.trouble(found.language, python)
    if missing:
        raise PolykernelError(f"{found.language.name} can't be checked: {missing}")
    wanted = _chosen(register.checks(), arguments.only)
    samples = _samples(found)
    began = time.monotonic()
    results = []
    terminal = None
    if not arguments.json:
        terminal = report.Terminal(sys.stdout, colours=_shows_colours())
        terminal.begin(found, outdated)
    tried = trial.Trial(found, samples, patience=arguments.patience, python=python)
    try:
        for result in run.run(tried, wanted):
            results.append(result)
            if terminal is not None:
                terminal.tell(result)
    finally:
        tried.close()
    seconds = time.monotonic() - began
    if terminal is not None:
        terminal.end(results, seconds)
    else:
        content = report.as_json(found, outdated, results, seconds)
        print(json.dumps(content, indent=2, ensure_ascii=False))
    return 1 if any(result.status == "failed" for result in results) else 0


def _samples(found: FoundLanguage) -> Samples:
    from polykernel import plugins
    from polykernel.samples import Samples

    return plugins.samples_of(found) or Samples()


def _chosen(checks: list[Check], only: list[str]) -> list[Check]:
    """Take the checks that are wanted: by their names, or all of a topic."""
    names = [name for text in only for name in text.split(",") if name]
    for name in names:
        if not any(name in (each.name, each.topic) for each in checks):
            raise PolykernelError(_unknown(name, checks))
    if not names:
        return checks
    return [each for each in checks if each.name in names or each.topic in names]


def _unknown(name: str, checks: list[Check]) -> str:
    import difflib

    known = sorted({each.name for each in checks} | {each.topic for each in checks})
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return f"there is no check {name!r}{hint}; 'polykernel check --list' shows all"


def _shows_colours() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ
