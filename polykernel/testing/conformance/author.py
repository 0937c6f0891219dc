"""Checks of the class that an author has written: names and signatures, without running it."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, cast

from polykernel import launch
from polykernel.testing.conformance import look as looking
from polykernel.testing.conformance.register import Broken, NotTried, check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polykernel.testing.conformance.look import Looked
    from polykernel.testing.conformance.trial import Trial

_BASE = "polykernel/evaluator/base.py"


def look(trial: Trial) -> Looked:
    """Look at the class in its own interpreter, once.

    Raises:
        NotTried: It is a program, or the class can't be loaded.
    """
    if trial.looked is not None:
        return trial.looked
    if not trial.language.evaluator:
        raise NotTried("it is run by a program, not by a class")
    python, _, *arguments = launch.command_of(
        trial.language, trial.python or None, str(trial.found.plugin)
    )
    try:
        done = subprocess.run(
            [python, looking.__file__, *arguments],
            capture_output=True,
            env=os.environ,
            timeout=trial.patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotTried(
            f"importing {trial.language.evaluator} did not end within {trial.patience:g} seconds: "
            "what takes time belongs into start()"
        ) from None
    try:
        seen = json.loads(done.stdout)
    except ValueError:
        raise NotTried(f"its class can't be looked at: {done.stderr.decode()[-300:]}") from None
    if seen["trouble"]:
        raise NotTried(f"its class can't be loaded (see life.start): {seen['trouble']}")
    trial.looked = cast("Looked", seen)
    return trial.looked


def _refuse(trial: Trial, wrong: Sequence[str]) -> None:
    """Tell what is wrong with the class, if anything is."""
    if wrong:
        where = look(trial)["where"]
        raise Broken("; ".join(wrong), sent=f"the class {trial.language.evaluator} ({where})")


@check(
    rule="A method of Evaluator is overridden under its own name; under another one nobody "
    "calls it.",
    section=_BASE,
    mend="Rename it, or let its name begin with '_' where it means something else.",
    kernel=False,
)
def names(trial: Trial) -> None:
    """No method has a name that is nearly one of Evaluator's."""
    near = look(trial)["near"]
    _refuse(trial, [f"{each['name']}, meant is {each['meant']}?" for each in near])


@check(
    rule="The runtime hands each method the arguments that Evaluator's own has, by position.",
    section=_BASE,
    mend="Give it these parameters.",
    kernel=False,
)
def signatures(trial: Trial) -> None:
    """Its methods take what the runtime hands them."""
    _refuse(trial, look(trial)["signatures"])


@check(
    rule="Flags of Evaluator are True or False, versions are strings; subshells are declared in "
    "the Language as well, which front ends are told before the evaluator runs.",
    section=_BASE,
    mend="Set them so.",
    kernel=False,
)
def attributes(trial: Trial) -> None:
    """Its attributes are what they should be, and the Language agrees."""
    seen = look(trial)
    wrong = [*seen["attributes"]]
    if seen["abilities"]["subshells"] != trial.language.subshells:
        wrong.append(
            f"subshells is {seen['abilities']['subshells']} in the class and "
            f"{trial.language.subshells} in the Language"
        )
    _refuse(trial, wrong)
