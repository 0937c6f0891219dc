"""The keys of the table ``[repl]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polykernel_declared.fields import Field, WrongDeclaration
from polykernel_declared.repl.checks import check_patterns, check_start

if TYPE_CHECKING:
    from collections.abc import Mapping

_LINES = "a string or a list of strings"
_PATTERN = "a regular expression"

FIELDS = (
    Field("command", "a list of strings", "The program and its arguments", required=True),
    Field("environment", "a table of strings", "Variables that its environment gets"),
    Field("setup", _LINES, "Lines that are sent at the start: they set the prompts, for instance"),
    Field(
        "prompt",
        _PATTERN,
        "Its prompt, behind which it waits; best with `{token}`, a random word that `command` or "
        "`setup` has put into it. Left out, the program shows none: it is known by the place in "
        "it that reads",
    ),
    Field("continuation", _PATTERN, "The prompt by which it asks for one more line of a statement"),
    Field(
        "error",
        _PATTERN,
        "What an error looks like, with groups `ename` and `evalue`; from the first line that "
        "matches what stands before the first `\\n`, output is the error's",
    ),
    Field(
        "result",
        _PATTERN,
        "What the value of a statement begins with, with a group `value`: from there to the end it "
        "is the cell's result",
    ),
    Field(
        "complete",
        _PATTERN,
        "Is found in code that is complete; comments are left out before, and a literal is a `_`",
    ),
    Field("incomplete", _PATTERN, "Is found, likewise, in code that wants another line"),
    Field("brackets", "a string", "Pairs that must be closed, `()[]{}` where it is left out"),
    Field("quotes", "a string", "What texts are put into, `\"'` where it is left out"),
    Field(
        "escape",
        "a string",
        "What makes a quote in a text no end of it, `\\` where it is left out; empty, where "
        "nothing does, or a quote is written twice",
    ),
    Field(
        "literal",
        _PATTERN,
        "What else brackets and quotes do not count in, as characters and texts that `quotes` does "
        "not tell; comes before all others",
    ),
    Field("comment", _PATTERN, "What a comment to the end of the line begins with"),
    Field(
        "block_comment",
        "two regular expressions",
        "What a comment begins and ends with that may have several lines",
    ),
    Field(
        "end",
        _LINES,
        "Lines that are sent where code ends at the prompt for more: an empty one ends a block of "
        "Python's",
    ),
    Field(
        "cancel",
        _LINES,
        "Lines that leave incomplete code, or a question, where ^C does not; each is sent where "
        "those before have not helped, and U+0004 alone is the end of the file",
    ),
    Field("interrupted", _LINES, "Lines that are sent where ^C makes the program ask something"),
    Field(
        "recover",
        _LINES,
        "Lines that are sent when the prompt is back after ^C, where the program may hear it only "
        "afterwards; what they print is dropped",
    ),
    Field("input", "true or false", "Whether cells can read input; `true` where it is left out"),
    Field("completion", "a string", "The line that prints the completions of `{word}`"),
    Field(
        "completion_match", _PATTERN, "One of them in what it prints; words where it is left out"
    ),
    Field("help", "a string", "The line that prints help on `{word}`"),
    Field("word", _PATTERN, "What can be completed and has help; `\\w+` where it is left out"),
    Field("before", _LINES, "Lines that are sent before each cell; what they print is dropped"),
    Field(
        "after",
        _LINES,
        "Lines that are sent behind each cell, likewise; what stands in the folder "
        "`{display}` then is shown",
    ),
    Field("quit", "a string", "The line that ends the program"),
    Field("version_pattern", _PATTERN, "Where its greeting tells its version"),
    Field("term", "a string", "`TERM`; `dumb` where it is left out"),
    Field("rows", "a whole number above zero", "The window's height, 24 where it is left out"),
    Field("columns", "a whole number above zero", "Its width, 80 where it is left out"),
    Field(
        "patience",
        "a number above zero",
        "Seconds of silence after which the program is taken to wait, only where the system does "
        "not tell; 0.5 where it is left out",
    ),
)


def check(table: Mapping[str, Any]) -> None:
    """Look at what keys hold, and at keys that must go together.

    Raises:
        WrongDeclaration: One can't be used, or some do not go together.
    """
    check_start(table)
    said = " ".join(str(table.get(key, "")) for key in ("command", "setup", "environment"))
    if "{token}" in table.get("prompt", "") and "{token}" not in said:
        raise WrongDeclaration(
            "[repl] prompt has {token}, but neither command nor setup puts it into the prompt"
        )
    if len(table.get("brackets", "")) % 2:
        raise WrongDeclaration(f"[repl] brackets must be pairs, not {table['brackets']!r}")
    if len(table.get("escape", "")) > 1:
        raise WrongDeclaration(
            f"[repl] escape must be one character, or empty, not {table['escape']!r}"
        )
    check_patterns(table)


def programs(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the programs that must be on the ``PATH``."""
    return tuple(table["command"][:1])
