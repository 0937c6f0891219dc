"""The connection's keys: in no log, no process list, no environment, no evaluator's memory."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel

KEY = "the-key-that-must-not-be-told"
BY_A_SHELL = """
import subprocess
listed = subprocess.run("ls -l /proc/self/fd", shell=True, capture_output=True, text=True,
                        close_fds=False)
print(listed.stdout)
"""
BY_A_FORK = """
import os
if not os.fork():
    names = [f"/proc/self/fd/{number}" for number in range(200)]
    print(*[os.readlink(name) for name in names if os.path.islink(name)])
    os._exit(0)
os.wait()
"""


def secrets(kernel: Kernel) -> list[bytes]:
    """Give the keys of a kernel's connection."""
    names = [name for name in ("key", "curve_publickey", "curve_secretkey") if name in kernel.info]
    found = [kernel.info[name] for name in names]
    return [each if isinstance(each, bytes) else each.encode() for each in found]


def sockets(pid: int) -> set[str]:
    """Give the sockets that a process has, by the numbers that the system gives them."""
    found = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed just now
            name = os.readlink(each)  # noqa: PTH115
            if name.startswith("socket:"):
                found.add(name)
    return found


def memory(pid: int) -> bytes:
    """Give all that a process can write to in its memory."""
    parts = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as file:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if found:
                start, end = (int(each, 16) for each in found.groups())
                file.seek(start)
                parts.append(file.read(end - start))
    return b"\0".join(parts)


@pytest.mark.parametrize("encryption", ["disabled", "required"])
def test_no_process_of_a_kernel_shows_a_key_or_the_connection_files_path(
    kernel: Callable[..., Kernel], encryption: str
) -> None:
    started = kernel("polykernel-python", encryption=encryption, key=KEY.encode())
    started.execute("import subprocess; child = subprocess.Popen(['sleep', '100'])")
    path = str(started.folder / "connection.json")
    below = started.processes()
    assert len(below) == 3, "the evaluator, its child, the guard"
    for process in [psutil.Process(started.pid), *below]:
        told = "\0".join([*process.cmdline(), *process.environ().values()]).encode()
        assert not [key for key in secrets(started) if key in told]
        if process.pid != started.pid:
            assert path.encode() not in told
    found = started.execute("import os, sys; path = str({**os.environ}) + str(sys.argv); path")
    assert path not in found.result


@pytest.mark.parametrize("encryption", ["disabled", "required"])
def test_an_evaluator_has_no_key_in_its_memory(
    kernel: Callable[..., Kernel], encryption: str
) -> None:
    started = kernel("polykernel-python", encryption=encryption, key=KEY.encode())
    assert KEY.encode() in memory(started.pid), "else this test sees nothing"
    for _ in range(2):
        found = memory(started.evaluator().pid)
        assert len(found) > 1 << 20
        assert not [key for key in secrets(started) if key in found]
        started.execute("import os; os._exit(1)")
        started.execute("'a fresh evaluator, started while front ends are connected'")


def test_an_evaluator_and_its_children_inherit_no_socket(kernel: Callable[..., Kernel]) -> None:
    started = kernel("polykernel-python")
    for _ in range(5):
        started.connect().ready()
    for _ in range(2):
        of_host = sockets(started.pid)
        assert len(of_host) > 10, "those of six front ends, else this test sees nothing"
        for each in started.processes():
            assert not of_host & sockets(each.pid)
        assert len(sockets(started.evaluator().pid)) <= 1, "its own, for large data"
        for cell in (BY_A_SHELL, BY_A_FORK):
            listed = started.execute(cell).text()
            assert "pipe:" in listed
            assert "socket:" not in listed
        started.execute("os._exit(1)")
        started.execute("'a fresh evaluator, started while front ends are connected'")


INHERITED = """
import os, socket, sys
left_open = socket.socket(); left_open.set_inheritable(True)
os.execv(sys.executable, [sys.executable, "-P", "-m", "polykernel", "run", "python"])
"""


def test_what_the_launcher_left_open_is_not_handed_on(tmp_path: Path) -> None:
    environment = {**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}
    environment.pop("JPY_PARENT_PID", None)
    with subprocess.Popen(
        [sys.executable, "-c", INHERITED], env=environment, stdout=subprocess.PIPE, text=True
    ) as host:
        try:
            assert host.stdout is not None
            assert host.stdout.readline().startswith("Connection file: ")
            of_host = sockets(host.pid)
            assert of_host
            for each in psutil.Process(host.pid).children(recursive=True):
                assert not of_host & sockets(each.pid)
        finally:
            host.terminate()


def broken(**fields: Any) -> str:
    ports = dict.fromkeys(("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"), 0)
    return json.dumps({**ports, "key": KEY, **fields})


@pytest.mark.parametrize(
    "text",
    [
        broken()[:-1],
        broken() + "}",
        f'"{KEY}"',
        f'{{"key": "{KEY}\\ud800"}}',
        f'{{"key": "{KEY}", "a": {"[" * 5000}',
        broken(key=[KEY]),
        broken(key={KEY: KEY}),
        broken(shell_port="many"),
        broken(transport="udp"),
        broken(ip="256.0.0.1"),
        broken(signature_scheme="hmac-none"),
        broken(signature_scheme="none"),
        broken(curve_secretkey=KEY, curve_publickey=KEY),
        broken(curve_secretkey=KEY),
        broken(registration_port=0, kernel_id="k", registration_ip="127.0.0.1"),
    ],
)
def test_a_malformed_connection_file_is_told_without_its_key(tmp_path: Path, text: str) -> None:
    path = tmp_path / "connection.json"
    path.write_text(text, errors="surrogatepass")
    command = [
        sys.executable,
        "-P",
        "-X",
        "dev",
        "-m",
        "polykernel",
        "run",
        "echo",
        "-f",
        str(path),
    ]
    done = subprocess.run(
        [*command, "-vvv"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "polykernel: " in done.stderr
    assert "Traceback" not in done.stderr
    assert KEY not in done.stderr + done.stdout


def test_a_log_of_everything_tells_of_strangers_without_the_key(
    kernel: Callable[..., Kernel],
) -> None:
    started = kernel("polykernel-python", key=KEY.encode(), arguments=["-vvv"])
    client = started.client
    for frames in (
        [b"<IDS|MSG>", b"wrong", b"{}", b"{}", b"{}", b"{}"],
        [b"<IDS|MSG>"],
        [b"no delimiter"],
        [b"<IDS|MSG>", b"", b"\xff", b"{}", b"{}", b"{}"],
    ):
        client.send_frames(frames)
    wrong = client.stranger({**started.info})
    wrong.session.key = b"another one"
    wrong.send("execute_request", {"code": "'accepted'"})
    client.execute("import os; os._exit(1)")
    client.request("connect_request")
    started.wait_for_log("wrong signature")
    wrong.close()
    assert "accepted" not in started.log
    assert KEY not in started.log
    assert client.session.key == KEY.encode()
