"""Tells polykernel that the language echo exists."""

from polykernel import Language, hookimpl


@hookimpl
def polykernel_languages():
    """Bring one language: echo."""
    return [
        Language(
            name="echo",
            display_name="Echo (polykernel)",
            version="1.0",
            mimetype="text/plain",
            file_extension=".txt",
            evaluator="polykernel_echo.evaluator:Echo",
            pygments_lexer="text",
        )
    ]


@hookimpl
def polykernel_samples(language):
    """Give code that tries echo: all that it can do."""
    from polykernel import Samples  # only `polykernel check` needs it

    return Samples(
        value=("hello", "hello"),
        unicode=("\N{SNAKE} is one character", "\N{SNAKE} is one character"),
        multiline=("one\ntwo", "two"),
    )
