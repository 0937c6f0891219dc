"""``jupyter console`` on a kernel of a language, whether or not that stands in the launcher."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_core.paths import jupyter_runtime_dir

from polykernel import kernelspecs

if TYPE_CHECKING:
    from polykernel.kernelspec_content import Variant
    from polykernel.plugins import FoundLanguage


def is_there() -> bool:
    """Whether this environment has ``jupyter console``."""
    return importlib.util.find_spec("jupyter_console") is not None


def connection_file() -> Path:
    """Name a connection file that no kernel has."""
    name = f"kernel-polykernel-{os.urandom(4).hex()}.json"
    return Path(jupyter_runtime_dir()) / name


def run(found: FoundLanguage, variant: Variant, connection: Path) -> int:
    """Run a console with a kernel of its own, which ends with it.

    Args:
        found: The language.
        variant: What its kernelspec says.
        connection: The kernel's connection file, for other front ends.

    Returns:
        The console's exit code.

    Raises:
        KernelspecError: The language's runtime is not there.
    """
    with tempfile.TemporaryDirectory(prefix="polykernel-") as folder:
        spec = kernelspecs.install(found, variant, Path(folder) / "kernels")
        paths = [folder, os.environ.get("JUPYTER_PATH", "")]
        environment = {**os.environ, "JUPYTER_PATH": os.pathsep.join(filter(None, paths))}
        command = [sys.executable, "-P", "-m", "jupyter_console"]
        command += ["--kernel", spec.name, "-f", str(connection)]
        with subprocess.Popen(command, env=environment) as process:
            # Ctrl-C is for the console, which hears it itself
            before = signal.signal(signal.SIGINT, signal.SIG_IGN)
            try:
                return process.wait()
            finally:
                signal.signal(signal.SIGINT, before)
