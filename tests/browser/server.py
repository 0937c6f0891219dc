"""A real Jupyter server on loopback, with JupyterLab and Notebook 7, and nothing of the user's.

Its root folder, home, settings, workspaces and runtime folder are temporary; its kernelspecs are
those of this environment.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import urllib.request
from collections import deque
from typing import TYPE_CHECKING, Any

import psutil
from support import commands, ports, processes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

READY = "is running at"
PATIENCE = 60  # seconds until a process that should end is killed

# What people see, but for what moves by itself: offers, look-ups, cells that leave the page unseen.
SETTINGS: dict[str, dict[str, Any]] = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/extensionmanager-extension/plugin": {"enabled": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}


class JupyterServer:
    """One server process. It and its kernels have ended when :meth:`stop` returns.

    Args:
        folder: Where everything that it writes is kept.
        jupyter_path: Folders of further kernelspecs, as in ``JUPYTER_PATH``.
        kernels: The kernelspecs that it shows; all that it finds where empty.
        culls_after: Seconds without activity after which it ends a kernel, as idle.
        python: The interpreter that it runs in.
        variables: More of its environment.
    """

    def __init__(
        self,
        folder: Path,
        jupyter_path: Sequence[Path] = (),
        kernels: Sequence[str] = (),
        culls_after: int = 0,
        python: str = sys.executable,
        variables: Mapping[str, str] = {},
    ) -> None:
        self.root = folder / "root"
        self.token = secrets.token_hex(16)
        (self.port,) = ports.take(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.log: deque[str] = deque(maxlen=1000)
        _prepare(folder, self.port, self.token, kernels, culls_after)
        self._process = subprocess.Popen(
            [python, "-m", "jupyterlab", "--no-browser"],
            cwd=self.root,
            env={**commands.environment(folder, jupyter_path), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, name="log of the Jupyter server")
        self._reader.start()
        self._ready.wait()
        if self._process.poll() is not None:
            self._reader.join()
            raise RuntimeError("the Jupyter server did not start:\n" + "".join(self.log))
        # it says that it is running a moment before it listens
        processes.until(self._listens, "a server that listens", PATIENCE)

    def _listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.log.append(line)
                if READY in line:
                    self._ready.set()
        self._process.wait()
        self._ready.set()

    def request(self, method: str, path: str, content: object = None) -> Any:
        """Call the server's REST interface.

        Raises:
            urllib.error.HTTPError: The server refused.
        """
        request = urllib.request.Request(
            f"{self.url}/api/{path}",
            method=method,
            headers={"Authorization": f"token {self.token}"},
            data=None if content is None else json.dumps(content).encode(),
        )
        with urllib.request.urlopen(request) as response:
            body = response.read()
        return json.loads(body) if body else None

    def stop(self) -> list[str]:
        """End the server and its kernels.

        Returns:
            The command of each process that it left behind; those have been killed.
        """
        process = psutil.Process(self._process.pid)
        family = process.children(recursive=True)
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _gone, left = psutil.wait_procs(family, timeout=PATIENCE)
        commands = []
        for orphan in left:
            try:
                commands.append(" ".join(orphan.cmdline()))
                orphan.kill()
            except psutil.NoSuchProcess:
                pass
        self._reader.join()
        return commands


def _prepare(folder: Path, port: int, token: str, kernels: Sequence[str], culls_after: int) -> None:
    for name in ("root", "home", "config", "runtime", "data"):
        (folder / name).mkdir()
    for plugin, values in SETTINGS.items():
        settings = folder / "settings" / f"{plugin}.jupyterlab-settings"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(json.dumps(values))
    config: dict[str, dict[str, Any]] = {
        "ServerApp": {
            "ip": "127.0.0.1",
            "port": port,
            "port_retries": 0,
            "open_browser": False,
            "allow_root": os.geteuid() == 0,
            "root_dir": str(folder / "root"),
        },
        "IdentityProvider": {"token": token},
        "JupyterNotebookApp": {"expose_app_in_browser": True},
        "LabApp": {
            "expose_app_in_browser": True,
            "news_url": None,
            "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
            "extension_manager": "readonly",
            "user_settings_dir": str(folder / "settings"),
            "workspaces_dir": str(folder / "workspaces"),
        },
        "LanguageServerManager": {"autodetect": False},
        "MappingKernelManager": {
            "cull_idle_timeout": culls_after,
            "cull_interval": 1,
            "cull_connected": True,
        },
    }
    if kernels:
        config["KernelSpecManager"] = {
            "allowed_kernelspecs": list(kernels),
            "ensure_native_kernel": False,
        }
    (folder / "config" / "jupyter_server_config.json").write_text(json.dumps(config))
