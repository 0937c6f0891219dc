"""Tells polykernel that the language Python exists."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from polykernel import Language, hookimpl

if TYPE_CHECKING:
    from polykernel import Samples


@hookimpl
def polykernel_languages() -> list[Language]:
    """Bring one language: plain Python, as the standard library's own prompt understands it."""
    version = sys.version.split()[0]
    return [
        Language(
            name="python",
            display_name="Python (polykernel)",
            version=version,
            mimetype="text/x-python",
            file_extension=".py",
            evaluator="polykernel_python.evaluator:Python",
            # not "ipython": that one colours magics, which are errors here
            codemirror_mode={"name": "python", "version": 3},
            pygments_lexer="python3",
            subshells=True,
            nbconvert_exporter="python",
            debugger="debugpy",
            banner=f"Python {version} (polykernel). Plain Python: no magics, no !commands.",
            help_links={
                "Python Reference": "https://docs.python.org/3",
                "Python Standard Library": "https://docs.python.org/3/library/index.html",
                "NumPy Reference": "https://numpy.org/doc/stable/reference/",
                "Matplotlib Reference": "https://matplotlib.org/stable/api/index.html",
                "pandas Reference": "https://pandas.pydata.org/docs/reference/index.html",
            },
        )
    ]


@hookimpl
def polykernel_samples(language: str) -> Samples | None:
    """Give code that tries Python."""
    from polykernel import Samples  # only `polykernel check` needs it

    return Samples(
        value=("6 * 7", "42"),
        prints=("print('one\\ntwo')", "one\ntwo\n"),
        prints_stderr=("import sys; print('oh', file=sys.stderr)", "oh\n"),
        unicode=(
            "print('\N{SNAKE} \N{GREEK SMALL LETTER ALPHA}')",
            "\N{SNAKE} \N{GREEK SMALL LETTER ALPHA}",
        ),
        error="1/0",
        complete="x = 1",
        incomplete="if True:",
        invalid="1 +* 2",
        completion=("prin", "print"),
        inspection=("print", "sep"),
        busy_loop="while True: pass",
        waits="import time; time.sleep(10**6)",
        asks="print('It was', input('Which line? '))",
        slow="import time; print('first'); time.sleep(1); print('second')",
        crash="import os; os._exit(3)",
        state=("x = 41", "x + 1", "42"),
        display=(
            "class Bold:\n    def _repr_html_(self): return '<b>bold</b>'\nBold()",
            "text/html",
        ),
        multiline=("for x in range(2):\n    print(x)\n\nx + 8", "9"),
    )
