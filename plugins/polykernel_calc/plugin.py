"""Tells polykernel that the calculator exists: static facts only, nothing of it is loaded."""

from __future__ import annotations

from polykernel import Language, hookimpl


@hookimpl
def polykernel_languages() -> list[Language]:
    """Bring one language: calc."""
    return [
        Language(
            name="calc",
            display_name="Calculator (polykernel)",
            version="1.0",
            mimetype="text/x-calc",
            file_extension=".calc",
            evaluator="polykernel_calc.evaluator:Calc",
            # No front end knows calc. Of the modes in JupyterLab, this one colours line by line
            # (so that `5!` or `2pi` upset nothing), knows `#`, `1_000`, `0xff`, `and`, `or`, `not`,
            # and makes no Python tool believe that the cells are Python.
            codemirror_mode="cython",
            # of Pygments' lexers that find no error in calc code, the one with the most numbers
            pygments_lexer="julia",
            banner="A calculator: exact fractions, decimals, complex numbers. Type help.",
        )
    ]
