"""Runs the commands of a page's console blocks, as a user would type them."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sample_environment import Environment

    from documentation.blocks import Block

PATIENCE = 120  # seconds: a bound for what must end, not a measurement
_COMMENT = re.compile(r"\s+#\s.*$")


def commands(block: Block) -> list[str]:
    """Give the commands of a console block: what stands behind ``$``, with its continuations."""
    joined = block.text.replace("\\\n", " ")
    return [
        _COMMENT.sub("", line[2:]).strip() for line in joined.splitlines() if line.startswith("$ ")
    ]


def run(environment: Environment, command: str) -> subprocess.CompletedProcess[str]:
    """Run one in the home folder; ``polykernel`` is the one of the tests' environment."""
    program = environment.prefix / "bin" / "polykernel"
    if not program.exists():
        program.write_text(f'#!/bin/sh\nexec {environment.python} -P -m polykernel "$@"\n')
        program.chmod(0o755)
    path = f"{program.parent}:{environment.env['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=environment.home,
        env={**environment.env, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
