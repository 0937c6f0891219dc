"""Tells polykernel that the language Python exists."""

from __future__ import annotations

import sys

from polykernel import Language, hookimpl


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
