"""What to write instead, for those who come from IPython: magics, ``!command``, ``name?``.

Asked only about code that is not Python: ``a %b`` never gets here.
"""

from __future__ import annotations

import re
from typing import Callable

_MAGIC = re.compile(r"\s*(?:[\w.,\s\[\]]+=\s*)?(%{1,2})([A-Za-z_]\w*)(.*)")
_COMMAND = re.compile(r"\s*(?:[\w.,\s\[\]]+=\s*)?!{1,2}\s*(?!=)(\S.*)")
_HELP = re.compile(r"\s*(?:\?{1,2}\s*([\w.]+)|([\w.]+)\s*\?{1,2})\s*$")

_MAGICS = {
    "alias": "a function",
    "autoreload": "importlib.reload(module)",
    "capture": "contextlib.redirect_stdout(io.StringIO())",
    "cd": 'import os; os.chdir("folder")',
    "config": "it is not there; for figures: from polykernel_python.figures import set_formats; "
    'set_formats("retina")',
    "debug": "import pdb; pdb.pm()",
    "display": "display(object)",
    "env": 'import os; os.environ["NAME"] = "value"',
    "html": 'from IPython.display import HTML; display(HTML("..."))',
    "javascript": 'from IPython.display import Javascript; display(Javascript("..."))',
    "latex": 'from IPython.display import Latex; display(Latex("..."))',
    "load": 'print(open("file.py").read())',
    "load_ext": "it is not for plain Python; import the library itself",
    "ls": "import os; os.listdir()",
    "markdown": 'from IPython.display import Markdown; display(Markdown("..."))',
    "matplotlib": "it is not needed: figures are shown inline without it",
    "notebook": "it is not needed",
    "pdb": "import pdb; pdb.pm(), after an error",
    "precision": "format(number, '.3f')",
    "prun": 'import cProfile; cProfile.run("code")',
    "pwd": "import os; os.getcwd()",
    "pylab": "import numpy as np, matplotlib.pyplot as plt",
    "reload_ext": "it is not for plain Python; import the library itself",
    "reset": "it is not there; restart the kernel instead",
    "run": 'import runpy; globals().update(runpy.run_path("file.py"))',
    "set_env": 'import os; os.environ["NAME"] = "value"',
    "svg": 'from IPython.display import SVG; display(SVG("..."))',
    "tb": "import traceback; traceback.print_exception(sys.last_value)",
    "time": "import time; start = time.perf_counter(); ...; print(time.perf_counter() - start)",
    "timeit": 'import timeit; timeit.timeit("code", globals=globals(), number=1000)',
    "who": "dir()",
    "who_ls": "dir()",
    "whos": "globals()",
    "writefile": 'pathlib.Path("file").write_text("...")',
}
_SHELLS = ("bash", "sh", "script", "cmd", "zsh", "sx", "system")
_PROGRAMS = ("perl", "ruby", "python2", "python3", "python", "pypy")
_INSTALLERS = ("conda", "mamba", "micromamba", "uv")


def foreign_syntax(code: str, line: int, parses: Callable[[str], bool]) -> tuple[int, str] | None:
    """Tell what a cell that does not parse has of IPython's syntax.

    Args:
        code: The cell.
        line: The line that the syntax error names, from 1.
        parses: Says whether a text is Python.

    Returns:
        The line, from 1, and one sentence about it; ``None`` if it is a mistake of another kind.
    """
    lines = code.split("\n")
    first = next((number for number, text in enumerate(lines) if text.strip()), 0)
    if lines[first].startswith("%%"):
        body = "\n".join(lines[first + 1 :]).strip()
        return _found(first, _about(lines[first], body))
    if 1 <= line <= len(lines) and _about(lines[line - 1]) is not None:
        return _found(line - 1, _about(lines[line - 1]))
    # the parser may have named another line; ask whether the cell is right without the strangers
    strangers = [number for number, text in enumerate(lines) if _about(text) is not None]
    if not strangers:
        return None
    replaced = list(lines)
    for number in strangers:
        text = lines[number]
        replaced[number] = text[: len(text) - len(text.lstrip())] + "pass"
    if not parses("\n".join(replaced)):
        return None
    return _found(strangers[0], _about(lines[strangers[0]]))


def hint_for(error: BaseException) -> str | None:
    """Add a sentence to the errors that people who come from IPython meet."""
    if isinstance(error, ModuleNotFoundError) and error.name == "IPython":
        return (
            "IPython is not installed where this code runs. display() is there without it, and so "
            "is `from polykernel_python.display import clear_output, update_display`."
        )
    if isinstance(error, NameError) and "'get_ipython'" in str(error):
        return "This is plain Python: there is no IPython shell, and so no get_ipython()."
    return None


def _found(place: int, sentence: str | None) -> tuple[int, str] | None:
    return None if sentence is None else (place + 1, sentence)


def _about(text: str, body: str = "") -> str | None:
    match = _MAGIC.match(text)
    if match:
        return _magic(match.group(1), match.group(2), match.group(3).strip(), body)
    match = _COMMAND.match(text)
    if match:
        command = match.group(1).strip()
        head = f"`!{command}` is IPython's way to run a command, and this is plain Python; "
        program, _, rest = command.partition(" ")
        if program in ("pip", "pip3"):
            return head + _pip(rest)
        return f"{head}write: import subprocess; subprocess.run({_quoted(command)}, shell=True)"
    match = _HELP.match(text)
    if match:
        name = match.group(1) or match.group(2)
        return (
            f"`{text.strip()}` is IPython's way to ask for help, and this is plain Python; "
            f"write: help({name}), or press Shift-Tab behind the name"
        )
    return None


def _magic(signs: str, name: str, rest: str, body: str) -> str:
    head = f"`{signs}{name}` is a magic of IPython, and this is plain Python; "
    if name in _SHELLS:
        body = body or rest
        command = _quoted(body) if "\n" not in body else '"""..."""'
        return head + f"write: import subprocess; subprocess.run({command}, shell=True)"
    if name in _PROGRAMS:
        return (
            head + f'write: import subprocess; subprocess.run(["{name}"], input="...", text=True)'
        )
    if name == "pip":
        return head + _pip(rest)
    if name in _INSTALLERS:
        return (
            head
            + f"write: import subprocess; subprocess.run({_quoted(f'{name} {rest}')}, shell=True)"
        )
    instead = _MAGICS.get(name)
    if instead is None:
        return head + "write it in Python"
    return head + (instead if instead.startswith("it is not") else f"write: {instead}")


def _pip(arguments: str) -> str:
    words = "".join(f", {_quoted(word)}" for word in arguments.split())
    return f'write: import subprocess, sys; subprocess.run([sys.executable, "-m", "pip"{words}])'


def _quoted(text: str) -> str:
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return repr(text)
