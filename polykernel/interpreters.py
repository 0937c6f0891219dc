"""Asks Python interpreters, this one or others, what they are and which modules they have.

Code may be evaluated in an interpreter in which nothing of polykernel is installed, so the
question is a script of its own that any Python can run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polykernel.errors import EvaluatorStartError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OLDEST = (3, 8)
"""The oldest Python that the evaluator's runtime runs on."""

_TIMEOUT = 60.0  # seconds; a cold start from a slow network disk takes long
_MARK = "polykernel-answer:"
_TELLING = 12  # characters of a script's line that don't turn up by chance
# Python 2 must be able to run it too, if only to be told that it is too old
_QUESTION = """
import json, sys
if sys.path and sys.path[0] == "":
    del sys.path[0]
def there(name):
    try:
        from importlib.util import find_spec
        return find_spec(name) is not None
    except Exception:
        return False
missing = [name for name in sys.argv[1:] if not there(name)]
answer = {"version": sys.version.split()[0], "info": sys.version_info[:2], "missing": missing}
print("\\n%s" + json.dumps(answer))
""".replace("%s", _MARK)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """What an interpreter answered.

    Args:
        executable: Its absolute path; links, such as those of virtual environments, as they are.
        version: As in ``3.11.2``.
        missing_modules: Those of the modules asked for that it can't import.
    """

    executable: str
    version: str
    missing_modules: tuple[str, ...] = ()


def absolute(executable: str) -> str:
    """Give the absolute path of an interpreter, named by a path or as on the ``PATH``.

    A link is not followed: a virtual environment's interpreter is found by where its link is.

    Raises:
        EvaluatorStartError: There is no such program.
    """
    if not executable:
        raise EvaluatorStartError("the interpreter's name is empty")
    path = Path(executable).expanduser()
    if path.is_dir():
        inside = path / "bin" / "python"
        hint = f"; did you mean {inside}?" if inside.exists() else ""
        raise EvaluatorStartError(f"{executable} is a folder, not a Python interpreter{hint}")
    found = shutil.which(path.absolute() if os.sep in executable else executable)
    if found is not None:
        return str(Path(found).absolute())
    if path.exists():
        raise EvaluatorStartError(f"{executable} is not executable")
    if path.is_symlink():
        raise EvaluatorStartError(f"{executable} is a link to {path.readlink()}, which is gone")
    where = "" if os.sep in executable else " on the PATH"
    raise EvaluatorStartError(f"there is no interpreter {executable}{where}")


def ask(
    executable: str, modules: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> Interpreter:
    """Ask an interpreter for its version, and for modules.

    Args:
        executable: A path, or a name on the ``PATH``.
        modules: Names of modules that it should be able to import; none is imported, but the
            packages that they are in.
        env: Variables to add to the environment.

    Raises:
        EvaluatorStartError: There is none, it does not run, or is too old; says which.
    """
    path = absolute(executable)
    answer = ask_script(path, _QUESTION, modules, env)
    version = str(answer["version"])
    if tuple(answer["info"]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise EvaluatorStartError(
            f"{path} is Python {version}; Python {oldest} or newer is needed to evaluate code"
        )
    return Interpreter(path, version, tuple(answer["missing"]))


def ask_script(
    executable: str,
    script: str,
    arguments: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
) -> dict[str, Any]:
    """Run a script in an interpreter, and give the JSON object that it prints after the mark.

    Raises:
        EvaluatorStartError: It does not run, does not end, or does not answer like a Python.
    """
    try:
        done = subprocess.run(
            [executable, *options, "-c", script, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            env={**os.environ, **(env or {})},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EvaluatorStartError(f"{executable} did not answer within {_TIMEOUT:.0f} s") from None
    except OSError as error:
        raise EvaluatorStartError(f"{executable} does not run: {error.strerror}") from None
    # site hooks may print before and after
    for line in reversed(done.stdout.decode(errors="replace").splitlines()):
        if line.startswith(_MARK):
            answer: dict[str, Any] = json.loads(line.removeprefix(_MARK))
            return answer
    raise EvaluatorStartError(
        f"{executable} does not answer as a Python interpreter does: {_last_words(done, script)}"
    )


def mark(answer_expression: str) -> str:
    """Write the line of a script that answers to :func:`ask_script`."""
    return f"import json; print('\\n{_MARK}' + json.dumps({answer_expression}))"


def _last_words(done: subprocess.CompletedProcess[bytes], script: str) -> str:
    lines = done.stderr.decode(errors="replace").split("\n")
    words = [line.strip() for line in lines if line.strip()]
    if not words or _repeats(words[-1], script):
        return f"it ended with exit code {done.returncode}"
    return words[-1][:200]


def _repeats(words: str, script: str) -> bool:
    """Whether a program complains about our script: `ls` takes it for the name of a file."""
    return any(line in words for line in script.splitlines() if len(line) >= _TELLING)
