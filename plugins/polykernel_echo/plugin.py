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
