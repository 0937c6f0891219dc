"""Tells polykernel that the calculator exists: static facts only, nothing of it is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polykernel import Language, hookimpl

if TYPE_CHECKING:
    from polykernel import Samples


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


@hookimpl
def polykernel_samples(language: str) -> Samples | None:
    """Give code that tries the calculator."""
    from polykernel import Samples  # only `polykernel check` needs it

    return Samples(
        value=("1/3 + 1/6", "1/2 = 0.5"),
        prints=("2 + 3\n1;", "2 + 3 → 5\n"),
        unicode=("1/0  # \N{SNAKE}", "1/0  # \N{SNAKE}"),
        error="1/0",
        complete="sqrt(2)",
        incomplete="sqrt(",
        invalid="1 + )",
        completion=("2sq", "sqrt"),
        inspection=("sqrt", "square root"),
        busy_loop="sum(i, 1, 10^6, sum(j, 1, 10^6, 1))",
        state=("x = 41", "x + 1", "42"),
        display=("1/2", "text/latex"),
        multiline=("x = 3\nx^2", "9"),
    )
