"""A language that nobody runs, for tests of what is told of one."""

from __future__ import annotations

from polykernel.language import Language

NONE = Language(
    name="none",
    display_name="None",
    version="1",
    mimetype="text/plain",
    file_extension=".txt",
    command=("false",),
    banner="banner",
    help_links={"Docs": "https://example.org"},
)
