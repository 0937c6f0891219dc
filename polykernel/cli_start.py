"""From the command line to what only POSIX systems can run."""

from __future__ import annotations

import gc
import sys

from polykernel.errors import PolykernelError
from polykernel.lean import import_msgspec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def start_host(**values: Any) -> int:
    """Run a kernel: see :func:`polykernel.run.run`, which takes these values."""
    refuse_windows()
    gc.disable()  # until the loop runs: what is made at the start stays
    import_msgspec()
    from polykernel.run import run

    return run(**values)


def refuse_windows(platform: str = sys.platform) -> None:
    """Say that Windows is not supported, instead of failing somewhere inside.

    Raises:
        PolykernelError: This is Windows.
    """
    if platform == "win32":
        raise PolykernelError(
            "Windows is not supported yet: kernels run on Linux and macOS, and in WSL on Windows"
        )
