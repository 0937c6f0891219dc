"""Says whether what a language needs to run is there: its evaluator, modules and programs."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from typing import TYPE_CHECKING

from polykernel.interpreters import ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polykernel.language import Language


def trouble(language: Language, python: str = "", env: Mapping[str, str] | None = None) -> str:
    """Look for the runtime of a language.

    Args:
        language: Which one.
        python: The interpreter that evaluates; this one where empty.
        env: Variables that the kernelspec adds to the environment.

    Returns:
        What is missing and what to do, in one line; empty where all is there.

    Raises:
        EvaluatorStartError: The interpreter does not run.
    """
    missing = [*_evaluator(language), *_modules(language, python, env), *_programs(language, env)]
    if not missing:
        return ""
    hint = f"; {language.install_hint}" if language.install_hint else ""
    return f"{language.display_name} needs {', '.join(missing)}{hint}"


def _evaluator(language: Language) -> list[str]:
    module = language.evaluator.partition(":")[0]
    if not module:
        return []
    try:
        found = importlib.util.find_spec(module) is not None
    except Exception:  # the package that it is in can't be imported
        found = False
    return [] if found else [f"its evaluator module {module}, which its plugin does not bring"]


def _modules(language: Language, python: str, env: Mapping[str, str] | None) -> list[str]:
    if not language.modules:
        return []
    interpreter = ask(python or sys.executable, language.modules, env)
    return [
        f"the Python module {name} in {interpreter.executable}"
        for name in interpreter.missing_modules
    ]


def _programs(language: Language, env: Mapping[str, str] | None) -> list[str]:
    path = (env or {}).get("PATH")
    programs = dict.fromkeys([*language.command[:1], *language.programs])
    missing = [name for name in programs if shutil.which(name, path=path) is None]
    if not missing:
        return []
    return [f"the program{'s' if missing[1:] else ''} {', '.join(missing)} on the PATH"]
