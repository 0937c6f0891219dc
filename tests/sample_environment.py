"""A virtual environment of its own, in which polykernel can be imported, for the commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Environment:
    """A virtual environment and a home folder; ``site`` is on its path, for distributions."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def prefix(self) -> Path:
        return self.root / "env"

    @property
    def python(self) -> str:
        return str(self.prefix / "bin" / "python")

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def site(self) -> Path:
        return self.root / "site"

    @property
    def kernels(self) -> Path:
        return self.prefix / "share" / "jupyter" / "kernels"

    @property
    def user_kernels(self) -> Path:
        return self.home / "jupyter" / "kernels"

    def polykernel(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the command, its output captured."""
        return self.run("-P", "-m", "polykernel", *arguments, **options)

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run its Python."""
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        options = {"env": self.env, "cwd": self.home, "capture_output": True, **options}
        return subprocess.run([self.python, *arguments], text=True, check=False, **options)

    def json(self, *arguments: str) -> Any:
        """Run the command, and read what it prints as JSON."""
        done = self.polykernel(*arguments, "--json")
        return json.loads(done.stdout)

    def content(self, kernel_name: str) -> dict[str, Any]:
        """Read a kernelspec of the environment."""
        path = self.kernels / kernel_name / "kernel.json"
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return content


def make(root: Path) -> Environment:
    """Make one; what the tests' own environment can import, it can import too."""
    environment = Environment(root)
    environment.home.mkdir(parents=True)
    environment.site.mkdir()
    venv.create(environment.prefix, symlinks=True)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = environment.prefix / "lib" / version / "site-packages"
    # a folder that a .pth file names has no .pth files of its own read: all are named here
    (packages / "tests.pth").write_text("\n".join(path for path in sys.path if Path(path).is_dir()))
    environment.env = {
        "PATH": os.environ["PATH"],
        "HOME": str(environment.home),
        "JUPYTER_DATA_DIR": str(environment.home / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(environment.home / "runtime"),
        "PYTHONPATH": str(environment.site),
    }
    return environment
