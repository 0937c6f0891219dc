"""Brings the sound language, and one for each fault."""

from __future__ import annotations

import re

from polykernel import Language, Samples, hookimpl


def language(name, evaluator, **facts):
    """Make a language of this package."""
    facts = {
        "name": name,
        "display_name": "Sabotaged " + name,
        "version": "1",
        "mimetype": "text/x-sabotaged",
        "file_extension": ".sabotaged",
        "codemirror_mode": "none",
        "pygments_lexer": "text",
        "evaluator": "polykernel_sabotaged." + evaluator,
        **facts,
    }
    return Language(**facts)


def name_of(fault):
    """MisspeltMethod → misspelt-method."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=A)(?=[A-Z][a-z])", "-", fault).lower()


SAMPLES = Samples(
    value=("= six", "six"),
    prints=("print one", "one\n"),
    prints_stderr=("warn oh", "oh\n"),
    unicode=("print \N{SNAKE}\N{SNAKE}", "\N{SNAKE}\N{SNAKE}"),
    error="fail",
    complete="= six",
    incomplete="= six \\",
    invalid="?",
    completion=("= x pri", "print"),
    inspection=("print", "writes a line"),
    busy_loop="loop",
    waits="wait",
    asks="ask",
    slow="slow",
    crash="crash",
    state=("set 41", "get", "41"),
    display=("rich", "text/html"),
    multiline=("set 7\nget", "7"),
)


@hookimpl
def polykernel_languages():
    """Bring all of them."""
    from polykernel_sabotaged.faults import FAULTS

    return [
        language("sound", "sound:Sound"),
        *(language(name_of(fault), "faults:" + fault) for fault in FAULTS),
    ]


@hookimpl
def polykernel_samples(language):
    """Give the same samples for all: what is wrong is in the evaluators."""
    return SAMPLES
