"""The language Python in the other interpreters that are on this machine, from 3.8 on."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.kernels import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST, NEWEST = 8, 15


def interpreters() -> dict[str, str]:
    """Find one interpreter of each other version, on the PATH or among pyenv's."""
    candidates = [shutil.which(f"python3.{minor}") for minor in range(OLDEST, NEWEST)]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates += [str(path) for path in sorted(pyenv.glob("3.*/bin/python"))]
    found: dict[str, str] = {}
    for candidate in candidates:
        if candidate is None:
            continue
        asked = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        version = asked.stdout.strip()
        if asked.returncode == 0 and OLDEST <= int(version.split(".")[1]) < NEWEST:
            found.setdefault(version, candidate)
    found.pop(f"{sys.version_info[0]}.{sys.version_info[1]}", None)
    return found


@pytest.fixture(scope="module", params=sorted(interpreters().items()), ids=lambda item: item[0])
def other(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kernel]:
    """A Python kernel whose cells run in another interpreter, with nothing installed there."""
    version, executable = request.param
    folder = tmp_path_factory.mktemp("other")
    name = f"polykernel-python{version}"
    spec = folder / "kernels" / name
    spec.mkdir(parents=True)
    argv = [sys.executable, "-P", "-m", "polykernel", "run", "python"]
    argv += ["--plugin", "polykernel_python.plugin", "--python", executable]
    content = {
        "argv": [*argv, "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
        "interrupt_mode": "message",
    }
    (spec / "kernel.json").write_text(json.dumps(content))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        kernel = Kernel(name, folder)
    yield kernel
    kernel.end()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_an_older_or_newer_python_does_what_a_cell_needs(other: Kernel) -> None:
    assert other.execute("import sys\n'%d.%d' % sys.version_info[:2]").status == "ok"
    assert other.execute("x = 20\nx + 1").result == "21"
    assert other.execute("x;").contents("execute_result") == []
    assert other.execute("_").result == "21"
    assert other.execute("import asyncio\nawait asyncio.sleep(0, 'slept')").result == "'slept'"
    assert other.execute("display({'text/html': '<b>'}, raw=True)").contents("display_data")
    assert other.execute("def f(a):\n    return a\nimport inspect\ninspect.getsource(f)").result
    assert "careful" in other.execute("import warnings\nwarnings.warn('careful')").text("stderr")
    assert "Return the number" in other.execute("help(len)").text()


def test_tracebacks_show_no_frame_of_ours(other: Kernel) -> None:
    outcome = other.execute("def f():\n    return 1 / 0\nf()")
    text = plain(outcome.traceback)
    assert re.search(r"  Cell In\[\d+\], line 3\n    f\(\)\n", text)
    assert re.search(r"  Cell In\[\d+\], line 2, in f\n    return 1 / 0\n", text)
    assert text.endswith("ZeroDivisionError: division by zero")
    assert "polykernel" not in text
    outcome = other.execute("import asyncio\nawait asyncio.sleep(0)\nx = (1,")
    assert outcome.reply["ename"] == "SyntaxError"
    assert "x = (1," in plain(outcome.traceback)
    outcome = other.execute("def f(n): return f(n + 1)\nf(0)")
    assert "Previous line repeated" in outcome.traceback
    outcome = other.execute("!ls")
    assert "subprocess.run" in outcome.traceback


def test_a_cancelled_task_and_an_interrupt_are_told_apart(other: Kernel) -> None:
    code = (
        "import asyncio\ntask = asyncio.ensure_future(asyncio.sleep(60))\ntask.cancel()\nawait task"
    )
    assert other.execute(code).reply["ename"] == "CancelledError"
    client = other.client
    msg_id = client.send_execute("print('begun', flush=True)\nawait asyncio.sleep(60)")
    client.wait_for_text("begun", msg_id)
    client.send("interrupt_request", channel="control")
    outcome = client.outcome(msg_id)
    assert outcome.reply["ename"] == "KeyboardInterrupt"
    assert "Cell In[" in outcome.traceback


def test_completion_help_and_completeness_work(other: Kernel) -> None:
    other.execute("d = {'key': 'text'}\ndef f(alpha, beta=1): 'About f.'")

    def ask(kind: str, code: str) -> dict[str, object]:
        return dict(other.client.request(kind, {"code": code, "cursor_pos": len(code)}).reply)

    assert "upper" in str(ask("complete_request", "d['key'].up")["matches"])
    assert "alpha=" in str(ask("complete_request", "f(al")["matches"])
    assert "decoder" in str(ask("complete_request", "import json.dec")["matches"])
    assert "About f." in str(ask("inspect_request", "f(1, ")["data"])
    assert other.client.request("is_complete_request", {"code": "try:\n    x"}).reply == {
        "status": "incomplete",
        "indent": "    ",
    }


def test_the_debugger_asks_and_stops_with_the_cell(other: Kernel) -> None:
    client = other.client
    msg_id = client.send_execute("a = 1\nbreakpoint()\nb = 2\nb", allow_stdin=True)
    at = 0
    while True:
        seen = client.wait(
            lambda seen: (
                seen.parent == msg_id and seen.msg_type in ("input_request", "execute_reply")
            ),
            "a prompt or the end",
            since=at,
        )
        at = client.seen.index(seen) + 1
        if seen.msg_type == "execute_reply":
            break
        client.answer("n")
    outcome = client.outcome(msg_id)
    assert outcome.status == "ok", outcome.traceback
    assert outcome.result == "2"
    assert "-> b = 2" in outcome.text()
    assert "polykernel" not in outcome.text()
    msg_id = client.send_execute("breakpoint()\nb = 2", allow_stdin=True)
    client.wait_for("input_request", msg_id)
    client.answer("q")
    assert client.outcome(msg_id).reply["ename"] == "BdbQuit"
    assert other.execute("1 + 1").result == "2"
    msg_id = client.send_execute("breakpoint()\nb = 3\nb", allow_stdin=True)
    client.wait_for("input_request", msg_id)
    client.answer("c")
    assert client.outcome(msg_id).result == "3"
