"""Whether Enter should run the code, or begin another line, and how far to indent it.

Made without ``codeop``, which changes the process's warning filters: this is asked while cells run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from polykernel_python.scanner import Scan, without_escapes

if TYPE_CHECKING:
    from polykernel_python.cells import Compiler

STEP = "    "
_LEAVES = re.compile(r"\s*(?:return|pass|raise|break|continue)\b")


def completeness(code: str, compiler: Compiler) -> str | tuple[str, str]:
    """Answer ``is_complete``.

    Args:
        code: What has been typed.
        compiler: Parses it, with the ``from __future__`` imports of earlier cells.
    """
    lines = code.split("\n")
    if not code.strip():
        return "complete"
    if code.endswith("\\"):
        return "incomplete", _indent(lines[-1])
    scan = Scan(code)
    if scan.string is not None:
        return ("incomplete", "") if len(scan.string.quote) == 3 else "invalid"
    if scan.mismatched:
        return "invalid"
    if scan.brackets:
        return _in_brackets(code, scan, compiler)
    if _parses(code, compiler):
        return _after_block(lines)
    if _header(code, scan) or _could_go_on(code, lines, compiler):
        return _going_on(code, lines, scan, compiler)
    return "invalid"


def _parses(code: str, compiler: Compiler) -> bool:
    try:
        compiler.parse(without_escapes(code))
    except Exception:  # a SyntaxError mostly; null bytes and deep nesting raise others
        return False
    return True


def _after_block(lines: list[str]) -> str | tuple[str, str]:
    """Answer for code that could run: a block goes on until there is an empty line."""
    last = lines[-1]
    if not last.strip() or not last[0].isspace():
        return "complete"
    indent = _indent(last)
    if _LEAVES.match(last):
        indent = indent[: -len(STEP)] if indent.endswith(STEP) else ""
    return "incomplete", indent


def _in_brackets(code: str, scan: Scan, compiler: Compiler) -> str | tuple[str, str]:
    """Answer for code with an open bracket: what stands before it must be right."""
    outermost = scan.tokens[scan.brackets[0]]
    statement_start = code.rfind("\n", 0, outermost.start) + 1
    before = code[:statement_start]
    if before.strip() and not _parses(before, compiler):
        opened = _could_go_on(before.rstrip("\n"), before.rstrip("\n").split("\n"), compiler)
        if not opened and not _header(before, Scan(before)):
            return "invalid"
    innermost = scan.tokens[scan.brackets[-1]]
    line = code[code.rfind("\n", 0, innermost.start) + 1 :].split("\n", 1)[0]
    return "incomplete", _indent(line) + STEP


def _header(code: str, scan: Scan) -> bool:
    """Whether the code ends in the head of a block."""
    tokens = [token for token in scan.tokens if token.kind != "newline"]
    return bool(tokens) and tokens[-1].text == ":" and not code.endswith("\n\n")


def _could_go_on(code: str, lines: list[str], compiler: Compiler) -> bool:
    """Whether some next line would make it Python: a block's body, ``except``, a decorated def."""
    indents = sorted({_indent(line) for line in lines if line.strip()}, key=len)
    last = _indent(next(line for line in reversed(lines) if line.strip()))
    endings = [f"{last}{STEP}pass", f"{last}def f(): pass", f"{last}{STEP}case _: pass"]
    endings.extend(f"{indent}finally: pass" for indent in indents)
    endings.append(f"{last}{STEP}pass\n{last}finally: pass")
    return any(_parses(f"{code}\n{ending}\n", compiler) for ending in endings)


def _going_on(code: str, lines: list[str], scan: Scan, compiler: Compiler) -> str | tuple[str, str]:
    last = next(line for line in reversed(lines) if line.strip())
    indent = _indent(last)
    if _header(code, scan):
        if not _could_go_on(code, lines, compiler):
            return "invalid"
        indent += STEP
    return "incomplete", indent


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
