"""Tries the smallest kernels of examples/smallest/ as their users would.

For each: an environment of its own in ``.venv-smallest``, ``pip install`` of a copy of its folder,
the command that docs/smallest.md names, a cell, a segmentation fault of what runs the cells, and a
cell again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from documentation import smallest  # noqa: E402 -- where it is was said above

ENVIRONMENTS = ROOT / ".venv-smallest"
TRIAL = """
import os, signal, sys
import psutil
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name=sys.argv[1])

def cell(code):
    shown = []
    def hook(message):
        if message["msg_type"] == "execute_result":
            shown.append(message["content"]["data"]["text/plain"])
    reply = client.execute_interactive(code, output_hook=hook, timeout=60)["content"]
    return shown or reply.get("ename") or reply["status"]

host = psutil.Process(manager.provisioner.process.pid)
print("  a cell:", cell("ça va"))
evaluators = [each for each in host.children() if "guard" not in " ".join(each.cmdline())]
(evaluators or [host])[0].send_signal(signal.SIGSEGV)
try:
    host.wait(2)
    print("  after a segmentation fault: the kernel is dead")
except psutil.TimeoutExpired:
    print("  after a segmentation fault:", cell("once more"), cell("and again"))
client.stop_channels()
manager.shutdown_kernel(now=True)
"""


def attempt(framework: smallest.Framework, folder: Path) -> int:
    """Install one, and run its cells; gives the exit code."""
    prefix = ENVIRONMENTS / framework.name
    if not prefix.exists():
        venv.create(prefix, with_pip=True)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(prefix / "bin"), os.environ["PATH"]]),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    copy = folder / "source"  # what pip builds stays out of the repository
    shutil.copytree(framework.folder, copy)
    ours = [str(ROOT)] if framework.name == "polykernel" else []
    packages = [*ours, ".", "jupyter_client", "psutil"]
    for command in (
        ["python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages],
        framework.install,
        ["python", "-c", TRIAL, framework.in_launcher],
    ):
        done = subprocess.run(command, cwd=copy, env=environment, check=False)
        if done.returncode:
            print(f"  failed: {' '.join(command[:4])}")
            return 1
    return 0


def main() -> int:
    """Try all of them."""
    codes = []
    for framework in smallest.FRAMEWORKS:
        print(framework.name, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            codes.append(attempt(framework, Path(folder)))
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
